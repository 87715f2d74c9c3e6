// Sequential: a stack of layers, each fed by the one before it.
import { Input } from '../layers/input.js';
import {
  type AnyLayer,
  float32Policy,
  Layer,
  type LayerOptions,
  layers as layerRegistry,
  type Structure,
  type SymbolicShape,
} from '../layers/layer.js';
import { deserializeLayer, serializeLayer } from '../layers/serialize.js';
import { SymbolicTensor } from '../layers/symbolic.js';
import { withPath } from '../ops/define.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, StateError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import { ModelGraph } from './graph.js';
import { Model } from './model.js';

/** What a layer of a stack gives to the next one. */
function oneTensor(out: Structure, layer: AnyLayer): Tensor {
  if (out instanceof Tensor) return out;
  throw new ShapeError(
    `${layer.constructor.name} "${layer.name}" has several outputs; a Sequential model passes on one. Use new Model({ inputs, outputs }).`,
  );
}

/** Of `input(…)`, its Input. */
function layerOf(given: AnyLayer | Tensor, where: string): AnyLayer {
  if (given instanceof Layer) return given;
  if (given instanceof SymbolicTensor && given.node.layer instanceof Input) return given.node.layer;
  const found = given instanceof Tensor ? 'a tensor that a layer gave' : typeof given;
  throw new ConfigError(
    `${where}: add() expects a layer, or input(…) as the first, got ${found}. For other graphs of layers there is new Model({ inputs, outputs }).`,
  );
}

/**
 * A stack of layers. The first may be an Input, or what `input(…)` gives.
 *
 * @example new Sequential([input([784]), new Dense(10, { activation: 'softmax' })])
 */
export class Sequential extends Model {
  private readonly stack: AnyLayer[] = [];

  constructor(layers: readonly (AnyLayer | Tensor)[] | null = [], options: LayerOptions = {}) {
    super(options);
    if (layers !== null && !Array.isArray(layers)) {
      throw new ConfigError(
        `${this.name}: expected a list of layers, new Sequential([…]), got ${(layers as object) instanceof Layer ? 'one layer' : typeof layers}.`,
      );
    }
    for (const layer of layers ?? []) this.push(layerOf(layer, this.name));
    this.restart();
  }

  /** The layers, without the input. */
  override get layers(): readonly AnyLayer[] {
    return this.stack.filter((layer) => !(layer instanceof Input));
  }

  /** Puts a layer on top. An Input, or a first layer with `inputShape`, builds the model at once. */
  add(layer: AnyLayer | Tensor): void {
    this.push(layerOf(layer, this.name));
    this.restart();
  }

  private push(layer: AnyLayer): void {
    if (this.stack.some((other) => other.name === layer.name)) {
      throw new ConfigError(
        `${this.name}: there is a layer "${layer.name}" already; names must be unique.`,
      );
    }
    if (layer instanceof Input && this.stack.length > 0) {
      throw new ConfigError(`${this.name}: an Input must come first.`);
    }
    this.stack.push(layer);
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
    if (shape && this.stack.length > 0) this.build(shape);
  }

  /** The input's shape, with the batch axis. */
  private declaredShape(): SymbolicShape | undefined {
    const [first] = this.stack;
    if (first instanceof Input) return [null, ...first.shape];
    if (first?.inputShape) return [null, ...first.inputShape];
    if (first instanceof Model && first.graph?.inputs.length === 1)
      return first.graph.inputs[0].shape;
    return this.builtShapes?.[0];
  }

  override build(inputShape?: SymbolicShape | readonly SymbolicShape[]): void {
    const shape = inputShape ?? this.declaredShape();
    const [first] = this.stack;
    const given = first instanceof Input ? first : undefined;
    if (given) this.chain(given.output);
    else if (isShape(shape)) this.chain(new Input({ batchShape: shape }).output);
    else super.build(shape);
  }

  /** Calls each layer on what the one before it gives. */
  private chain(input: Tensor): void {
    let out = input;
    withPath(this.name, () => {
      for (const layer of this.layers) out = oneTensor(layer.apply(out), layer);
    });
    this.useGraph(new ModelGraph(input, out));
  }

  override ensureBuilt(inputShape: SymbolicShape | readonly SymbolicShape[]): void {
    if (!this.built) this.build(inputShape);
  }

  override ensureOutputs({ x, form }: Parameters<Model['ensureOutputs']>[0]): void {
    if (this.graph) return;
    if (form !== 'one' || x.length !== 1) {
      throw new ShapeError(`${this.name}: a Sequential model has one input, got ${x.length}.`);
    }
    const [{ shape, dtype }] = x;
    if (this.stack.length === 0) {
      throw new StateError(`${this.name}: the model has no layers. Add some before it is used.`);
    }
    // As in Keras, and as it will be when the model comes from a file: bytes are numbers.
    const numbers = dtype === 'uint8' ? 'float32' : dtype;
    this.chain(new Input({ shape: shape.slice(1), dtype: numbers }).output);
  }

  protected override get knowsOutputs(): boolean {
    return true;
  }

  override getConfig(): Record<string, unknown> {
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: float32Policy,
      layers: this.stack.map(serializeLayer),
      build_input_shape: this.declaredShape() ?? null,
    };
  }

  static override fromConfig(config: Record<string, unknown>): Sequential {
    const entries = Array.isArray(config.layers) ? config.layers : [];
    const made = entries
      .filter(isSerialized)
      .map((entry: SerializedObject) => deserializeLayer(entry));
    const model = new Sequential(made, { name: String(config.name) });
    const shape = config.build_input_shape;
    if (!model.built && Array.isArray(shape)) model.build(shape);
    return model;
  }
}
layerRegistry.add('Sequential', Sequential);

const isShape = (
  shape: SymbolicShape | readonly SymbolicShape[] | undefined,
): shape is SymbolicShape =>
  shape !== undefined &&
  shape.length > 0 &&
  shape.every((d) => d === null || typeof d === 'number');
