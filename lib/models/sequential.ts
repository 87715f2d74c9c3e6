// Sequential: a stack of layers, each fed by the one before it.
import { Input } from '../layers/core.js';
import {
  type AnyLayer,
  type CallOptions,
  Layer,
  type LayerOptions,
  layers as layerRegistry,
  type Structure,
  type SymbolicShape,
} from '../layers/layer.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';
import { Model } from './model.js';

/** What a layer of a stack gives to the next one. */
function oneTensor(out: Structure, layer: AnyLayer): Tensor {
  if (out instanceof Tensor) return out;
  throw new ShapeError(
    `${layer.constructor.name} "${layer.name}" has several outputs; a Sequential model passes on one. Use new Model({ inputs, outputs }).`,
  );
}

/**
 * A stack of layers.
 *
 * @example new Sequential([new Input({ shape: [784] }), new Dense(10, { activation: 'softmax' })])
 */
export class Sequential extends Model {
  private readonly stack: AnyLayer[] = [];
  private readonly shapes = new Map<AnyLayer, SymbolicShape>();

  constructor(layers: readonly AnyLayer[] | null = [], options: LayerOptions = {}) {
    super(options);
    for (const layer of layers ?? []) this.add(layer);
  }

  /** The layers, without the input. */
  override get layers(): readonly AnyLayer[] {
    return this.stack.filter((layer) => !(layer instanceof Input));
  }

  /** Puts a layer on top. An Input, or a first layer with `inputShape`, builds the model at once. */
  add(layer: AnyLayer): void {
    if (!(layer instanceof Layer)) {
      throw new ConfigError(`${this.name}: add() expects a layer, got ${typeof layer}.`);
    }
    if (this.stack.some((other) => other.name === layer.name)) {
      throw new ConfigError(
        `${this.name}: there is a layer "${layer.name}" already; names must be unique.`,
      );
    }
    if (layer instanceof Input && this.stack.length > 0) {
      throw new ConfigError(`${this.name}: an Input must come first.`);
    }
    this.stack.push(layer);
    this.restart();
  }

  /** Removes and returns the last layer. */
  pop(): AnyLayer | undefined {
    const layer = this.stack.pop();
    this.restart();
    return layer;
  }

  /** Builds what can be built after the stack has changed. */
  private restart(): void {
    const shape = this.declaredShape();
    this.forgetSteps();
    if (shape && this.layers.length > 0) this.build([null, ...shape]);
  }

  private declaredShape() {
    const [first] = this.stack;
    return first instanceof Input ? first.shape : (first?.inputShape ?? this.builtShape);
  }

  override build(inputShape?: SymbolicShape | readonly SymbolicShape[]): void {
    const declared = this.declaredShape();
    super.build(inputShape ?? (declared && [null, ...declared]));
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    let out = x;
    for (const layer of this.stack) {
      out = oneTensor(layer.apply(out, options), layer);
      this.shapes.set(layer, [null, ...out.shape.slice(1)]);
    }
    return out;
  }

  protected override outputShapes(): ReadonlyMap<AnyLayer, SymbolicShape> {
    return this.shapes;
  }

  override getConfig(): Record<string, unknown> {
    const shape = this.declaredShape();
    return {
      name: this.name,
      trainable: this.trainable,
      layers: this.stack.map((layer) => serialize('keras.layers', layer)),
      build_input_shape: shape ? [null, ...shape] : null,
    };
  }

  static override fromConfig(config: Record<string, unknown>): Sequential {
    const entries = Array.isArray(config.layers) ? config.layers : [];
    const made = entries
      .filter(isSerialized)
      .map((entry: SerializedObject) =>
        layerRegistry.get(entry.class_name).fromConfig(entry.config),
      );
    const model = new Sequential(made, { name: String(config.name) });
    const shape = config.build_input_shape;
    if (!model.built && Array.isArray(shape)) model.build(shape);
    return model;
  }
}
