// The base of all layers: names, weights, building on first use, and configs in Keras's form.
import { untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { get as getInitializer, type InitializerLike } from '../initializers/index.js';
import { withPath } from '../ops/define.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { camelKeys, Registry, toSnakeCase } from '../util/registry.js';
import type { SerializedObject } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';

/** A shape whose batch axis, and perhaps others, is not known: `[null, 784]`. */
export type SymbolicShape = readonly (number | null)[];

/** Options of every layer. */
export interface LayerOptions {
  /** Default: the class in snake case, numbered. */
  readonly name?: string;
  /** Whether its weights are trained. Default true. */
  readonly trainable?: boolean;
  /** Shape of one input without the batch axis, for the first layer of a Sequential model. */
  readonly inputShape?: Shape;
  /** Kept for files; all layers compute in float32. */
  readonly dtype?: unknown;
}

export const layerOptionNames = ['name', 'trainable', 'inputShape', 'dtype'] as const;

/** What a layer is told when it is called. */
export interface CallOptions {
  /** Whether it is training: dropout drops, batch statistics are taken. Default false. */
  readonly training?: boolean;
  /** Which time steps count, `[batch, time]` bool. */
  readonly mask?: Tensor | undefined;
}

/** Options of `addWeight`. */
export interface WeightOptions {
  readonly name?: string;
  readonly shape: Shape;
  /** Default: glorotUniform. */
  readonly initializer?: InitializerLike;
  /** Default true. */
  readonly trainable?: boolean;
}

/** The dtype of every layer, as Keras writes it. */
const float32Policy: SerializedObject = {
  module: 'keras',
  class_name: 'DTypePolicy',
  config: { name: 'float32' },
  registered_name: null,
};

const counts = new Map<string, number>();

/** `dense`, `dense_1`, …: Keras's automatic names. */
export function uniqueName(className: string): string {
  const base = toSnakeCase(className);
  const n = counts.get(base) ?? 0;
  counts.set(base, n + 1);
  return n === 0 ? base : `${base}_${n}`;
}

/** Starts the numbering of automatic names again. */
export const clearSession = (): void => counts.clear();

/** All layer classes by name. */
export const layers = new Registry<{ fromConfig(config: Record<string, unknown>): Layer }>('layer');

function collectLayers(value: unknown, found: Set<Layer>, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Layer) {
    found.add(value);
    return;
  }
  const plain = Object.getPrototypeOf(value) === Object.prototype;
  if (value instanceof Map) for (const inner of value.values()) collectLayers(inner, found, seen);
  else if (Array.isArray(value) || value instanceof Set)
    for (const inner of value) collectLayers(inner, found, seen);
  else if (plain) for (const inner of Object.values(value)) collectLayers(inner, found, seen);
}

/** @internal The layers in a record's values, and in arrays, maps, sets and records there. */
export function layersIn(record: object): readonly Layer[] {
  const found = new Set<Layer>();
  const seen = new Set<unknown>();
  for (const value of Object.values(record)) collectLayers(value, found, seen);
  return [...found];
}

/**
 * A layer: a function of a tensor with weights of its own. Subclasses make weights in `build` and
 * compute in `call`.
 *
 * @example
 * class Scale extends Layer {
 *   build(inputShape) { this.scale = this.addWeight({ name: 'scale', shape: [inputShape.at(-1)] }); }
 *   call(x) { return x.mul(this.scale.value); }
 * }
 */
export abstract class Layer {
  readonly name: string;
  /** Takes effect at the next `model.compile()`. */
  trainable: boolean;
  built = false;
  readonly inputShape: Shape | undefined;
  private readonly own: Variable[] = [];

  constructor(options: LayerOptions = {}) {
    this.name = options.name ?? uniqueName(new.target.name);
    this.trainable = options.trainable ?? true;
    this.inputShape = options.inputShape;
  }

  /** Makes the weights; called once, with the input's shape (batch axis null). */
  build(_inputShape: SymbolicShape): void {}

  /** The layer's function. `x` has the batch on its leading axis. */
  abstract call(x: Tensor, options: CallOptions): Tensor;

  /** Calls the layer, building it first if need be. */
  apply(x: Tensor, options: CallOptions = {}): Tensor {
    return withPath(this.name, () => {
      this.ensureBuilt([null, ...x.shape.slice(1)]);
      return this.call(x, options);
    });
  }

  /** Builds the layer if it has not been. */
  ensureBuilt(inputShape: SymbolicShape): void {
    if (this.built) return;
    untraced(() => this.build(inputShape));
    this.built = true;
    this.namePaths(this.name);
  }

  /** Adds a weight, initialised at once. */
  addWeight(options: WeightOptions): Variable {
    const { name = `weight_${this.own.length}`, shape, initializer = 'glorotUniform' } = options;
    const trainable = options.trainable ?? true;
    const weight = untraced(
      () => new Variable(getInitializer(initializer).call(shape), { name, trainable }),
    );
    weight.path = `${this.name}/${name}`;
    this.own.push(weight);
    return weight;
  }

  /** Layers that this one is made of: those in its own properties, arrays and maps. */
  get sublayers(): readonly Layer[] {
    return layersIn(this);
  }

  /** @internal Sets the paths of all weights below `prefix`. */
  namePaths(prefix: string): void {
    for (const weight of this.own) weight.path = `${prefix}/${weight.name}`;
    for (const layer of this.sublayers) layer.namePaths(`${prefix}/${layer.name}`);
  }

  /** All weights, trainable ones first, as Keras lists them. */
  get weights(): readonly Variable[] {
    return [...this.trainableVariables, ...this.nonTrainableVariables];
  }

  /** The weights that training changes: none if the layer is frozen. */
  get trainableVariables(): readonly Variable[] {
    if (!this.trainable) return [];
    const inner = this.sublayers.flatMap((layer) => layer.trainableVariables);
    return [...this.own.filter((weight) => weight.trainable), ...inner];
  }

  /** The weights that training leaves alone. */
  get nonTrainableVariables(): readonly Variable[] {
    const trained = new Set(this.trainableVariables);
    const all = [...this.own, ...this.sublayers.flatMap((layer) => layer.weights)];
    return all.filter((weight) => !trained.has(weight));
  }

  /** Number of weights, counted in elements. */
  countParams(): number {
    return this.weights.reduce((n, weight) => n + weight.size, 0);
  }

  /** Penalties that the layer adds to the loss, for the call that was traced last. */
  get losses(): readonly Tensor[] {
    return this.sublayers.flatMap((layer) => layer.losses);
  }

  /** Keras's config: its options in snake case. */
  getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.trainable, dtype: float32Policy };
  }

  /** A layer made of Keras's config. */
  static fromConfig(this: new (options: never) => Layer, config: Record<string, unknown>): Layer {
    const { batchShape: _, batchInputShape: __, dtype: ___, ...options } = camelKeys(config);
    return new this(options as never);
  }
}

/** @internal Throws for options that no layer, nor this one, has. */
export const checkLayerOptions = (
  className: string,
  options: object,
  own: readonly string[] = [],
): void => checkOptions(className, options, [...own, ...layerOptionNames]);
