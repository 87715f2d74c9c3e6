// The base of all layers: names, weights, building on first use, and configs in Keras's form.
import { type ConstraintLike, get as getConstraint } from '../constraints/index.js';
import { untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { get as getInitializer, type InitializerLike } from '../initializers/index.js';
import { cast } from '../ops/convert.js';
import { isSymbolic, scope, withPath } from '../ops/define.js';
import { divide } from '../ops/elementwise.js';
import {
  get as getRegularizer,
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import type { DType } from '../tensor/dtype.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { filled, type Tensor } from '../tensor/tensor.js';
import { FormatError, StateError } from '../util/errors.js';
import { camelKeys, Registry, toSnakeCase } from '../util/registry.js';
import type { SerializedObject } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import { maskOf, type Structure, type SymbolicShape, setMask, tensorsOf } from './structure.js';
import { applySymbolic, type LayerNode, nodesOf } from './symbolic.js';

export type { Structure, SymbolicShape } from './structure.js';

/** Options of every layer. */
export interface LayerOptions {
  /** Default: the class in snake case, numbered. */
  readonly name?: string;
  /** Whether its weights are trained. Default true. */
  readonly trainable?: boolean;
  /** Shape of one input without the batch axis, for the first layer of a Sequential model. */
  readonly inputShape?: Shape;
  /** Keras's old `inputShape` of one axis. */
  readonly inputDim?: number;
  /** Keras's old `inputShape` with the batch axis; what holds another unknown size says nothing. */
  readonly batchInputShape?: SymbolicShape;
  /** Kept for files; all layers compute in float32. */
  readonly dtype?: unknown;
  /** A penalty on the outputs, per sample of the batch. */
  readonly activityRegularizer?: RegularizerLike;
}

export const layerOptionNames = [
  'name',
  'trainable',
  'inputShape',
  'inputDim',
  'batchInputShape',
  'dtype',
  'activityRegularizer',
] as const;

/** What a layer is told when it is called. */
export interface CallOptions {
  /**
   * Whether it is training: dropout drops, batch statistics are taken. Default false. For a layer of a functional
   * model, what the model is called with comes first, as in Keras: `fit` trains all layers, `predict` none.
   */
  readonly training?: boolean;
  /** Which time steps count, `[batch, time]` bool. */
  readonly mask?: Tensor | undefined;
  /** The same for each of several inputs. */
  readonly masks?: readonly (Tensor | undefined)[] | undefined;
}

/** Masks of the outputs: of one, or of each of several. */
export type OutputMask = Tensor | readonly (Tensor | undefined)[] | undefined;

/** Options of `addWeight`. */
export interface WeightOptions {
  readonly name?: string;
  readonly shape: Shape;
  /** Default: glorotUniform. */
  readonly initializer?: InitializerLike;
  /** Default true. */
  readonly trainable?: boolean;
  /** Default float32. */
  readonly dtype?: DType;
  /** A penalty on it, added to the loss while it is trained. */
  readonly regularizer?: RegularizerLike;
  /** What it is brought back to after each update. */
  readonly constraint?: ConstraintLike;
}

/** @internal The dtype of every layer, as Keras writes it. */
export const float32Policy: SerializedObject = {
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

/** The shape of one input, if the options tell it. */
function declaredShape(options: LayerOptions): Shape | undefined {
  const { inputDim, inputShape, batchInputShape } = options;
  if (inputDim !== undefined) return [inputDim];
  const shape = inputShape ?? batchInputShape?.slice(1);
  return shape?.every((d): d is number => typeof d === 'number') ? shape : undefined;
}

/** A layer of any inputs and outputs. */
export type AnyLayer = Layer<Structure, Structure>;

/** All layer classes by name. */
export const layers = new Registry<{ fromConfig(config: Record<string, unknown>): AnyLayer }>(
  'layer',
);

function collectLayers(value: unknown, found: Set<AnyLayer>, seen: Set<unknown>): void {
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
export function layersIn(record: object): readonly AnyLayer[] {
  const found = new Set<AnyLayer>();
  const seen = new Set<unknown>();
  for (const value of Object.values(record)) collectLayers(value, found, seen);
  return [...found];
}

/** How many more elements weights may have: no end of them, but while a file is loaded. */
let allowance = Number.POSITIVE_INFINITY;

/**
 * @internal Runs `fn`, in which layers may not make weights of more elements than these. They begin as zeros: what
 * they are to be comes from the file, and random numbers for them would take as long as reading it.
 */
export function withAllowance<T>(elements: number, fn: () => T): T {
  const before = allowance;
  allowance = elements;
  try {
    return fn();
  } finally {
    allowance = before;
  }
}

/** Layers in the midst of a call, so that the outermost one forgets the penalties of the call before. */
let depth = 0;

/** The shapes of what a layer is called with, batch axes null; one shape for one tensor. */
const symbolicShapes = (x: Structure): SymbolicShape | readonly SymbolicShape[] => {
  const shapes = tensorsOf(x).map((t) => [null, ...t.shape.slice(1)]);
  return shapes.length === 1 && !Array.isArray(x) ? shapes[0] : shapes;
};

/**
 * A layer: a function of a tensor with weights of its own. Subclasses make weights in `build` and
 * compute in `call`. A layer of several tensors is a `Layer<readonly Tensor[]>`.
 *
 * @example
 * class Scale extends Layer {
 *   build(inputShape) { this.scale = this.addWeight({ name: 'scale', shape: [inputShape.at(-1)] }); }
 *   call(x) { return x.mul(this.scale.value); }
 * }
 */
export abstract class Layer<In extends Structure = Tensor, Out extends Structure = Tensor> {
  readonly name: string;
  /** What Keras calls its class. */
  readonly className: string;
  private mayTrain: boolean;
  built = false;
  /** @internal What it was built for; undefined if it built itself otherwise. */
  builtFor: SymbolicShape | readonly SymbolicShape[] | undefined = undefined;
  readonly inputShape: Shape | undefined;
  readonly activityRegularizer: Regularizer | undefined;
  /** Whether it passes on the mask of its input. */
  supportsMasking = false;
  private readonly own: Variable[] = [];
  private readonly regularized = new Map<Variable, Regularizer>();
  private added: Tensor[] = [];

  /** @param className what it is called in automatic names and files; default: the name of the class */
  constructor(options: LayerOptions = {}, className: string = new.target.name) {
    this.className = className.replace(/^_+/, '');
    this.name = options.name ?? uniqueName(this.className);
    this.mayTrain = options.trainable ?? true;
    this.inputShape = declaredShape(options);
    this.activityRegularizer = getRegularizer(options.activityRegularizer);
  }

  /** Whether its weights are trained. Set, it reaches all layers within; it counts from the next `compile()`. */
  get trainable(): boolean {
    return this.mayTrain;
  }

  set trainable(trainable: boolean) {
    this.mayTrain = trainable;
    for (const layer of this.sublayers) layer.trainable = trainable;
  }

  /** Makes the weights; called once, with the input's shape (batch axis null), or a list of them. */
  build(_inputShape: In extends Tensor ? SymbolicShape : readonly SymbolicShape[]): void {}

  /** The layer's function. Tensors have the batch on their leading axis. */
  abstract call(x: In, options: CallOptions): Out;

  /** Calls the layer, building it first if need be. */
  apply(x: In, options: CallOptions = {}): Out {
    if (tensorsOf(x).some(isSymbolic)) {
      this.ensureBuilt(symbolicShapes(x));
      return applySymbolic(this, x, options) as Out;
    }
    return withPath(this.name, () => {
      this.ensureBuilt(symbolicShapes(x));
      if (depth === 0) this.forgetLosses();
      depth++;
      try {
        const masks = options.masks ?? (options.mask ? [options.mask] : tensorsOf(x).map(maskOf));
        const masked = masks.some((mask) => mask !== undefined);
        const out = this.call(x, masked ? { ...options, mask: masks[0], masks } : options);
        if (masked || !this.supportsMasking) this.passMask(x, out, masks);
        this.penalize(out);
        return out;
      } finally {
        depth--;
      }
    });
  }

  /** The masks of the outputs; by default that of the input if `supportsMasking`. */
  computeMask(_x: In, masks: readonly (Tensor | undefined)[]): OutputMask {
    return this.supportsMasking ? masks[0] : undefined;
  }

  /** @internal The module that Keras has its class in. */
  get kerasModule(): string {
    return 'keras.layers';
  }

  /** Its calls on symbolic tensors, in order. */
  get nodes(): readonly LayerNode[] {
    return nodesOf(this);
  }

  /**
   * What it was called with first when a functional model was made, or a Sequential one built.
   *
   * @throws StateError if it was not.
   */
  get input(): Structure {
    return this.firstCall('input').input ?? [];
  }

  /**
   * What its first call on symbolic tensors gave: where another model can begin or end.
   *
   * @example new Model({ inputs: model.inputs[0], outputs: model.getLayer('conv2d').output })
   * @throws StateError if there was no such call.
   */
  get output(): Structure {
    return this.firstCall('output').output;
  }

  private firstCall(what: string): LayerNode {
    const [first] = this.nodes;
    if (first) return first;
    throw new StateError(
      `${this.className} "${this.name}" has no ${what} yet: it was not called on a symbolic tensor. Call it on input(…), or build the model that it is in.`,
    );
  }

  private passMask(x: In, out: Out, masks: readonly (Tensor | undefined)[]): void {
    const given = [this.computeMask(x, masks)].flat();
    const inputs = new Set<Tensor>(tensorsOf(x));
    for (const [i, t] of tensorsOf(out).entries()) if (!inputs.has(t)) setMask(t, given[i]);
  }

  private penalize(out: Out): void {
    const { activityRegularizer } = this;
    if (!activityRegularizer) return;
    for (const t of tensorsOf(out)) this.addLoss(divide(activityRegularizer.call(t), t.shape[0]));
  }

  /** Adds a scalar to the loss of the call that is being made. */
  addLoss(loss: Tensor): void {
    this.added.push(loss);
  }

  private forgetLosses(): void {
    this.added = [];
    for (const layer of this.sublayers) layer.forgetLosses();
  }

  private get addedLosses(): readonly Tensor[] {
    return [...this.added, ...this.sublayers.flatMap((layer) => layer.addedLosses)];
  }

  private get penalties(): ReadonlyMap<Variable, Regularizer> {
    return new Map([...this.regularized, ...this.sublayers.flatMap((l) => [...l.penalties])]);
  }

  /** What is added to the loss: by `addLoss` in the last call, and by regularizers of trained weights. */
  get losses(): readonly Tensor[] {
    const { penalties } = this;
    const ofWeights = this.trainableVariables.flatMap(
      (weight) => penalties.get(weight)?.call(weight.value) ?? [],
    );
    return [...this.addedLosses, ...ofWeights];
  }

  /** Builds the layer if it has not been. */
  ensureBuilt(inputShape: SymbolicShape | readonly SymbolicShape[]): void {
    if (this.built) return;
    const { path } = scope;
    untraced(() => {
      scope.path = path; // errors name where the layer is
      this.build(inputShape as Parameters<this['build']>[0]);
    });
    this.builtFor = inputShape;
    this.built = true;
    this.namePaths(this.name);
  }

  /** Adds a weight, initialised at once. */
  addWeight(options: WeightOptions): Variable {
    const { name = `weight_${this.own.length}`, shape, initializer = 'glorotUniform' } = options;
    const trainable = options.trainable ?? true;
    allowance -= sizeOf(shape);
    if (!(allowance >= 0)) {
      throw new FormatError(
        `${this.name}: its weight "${name}" of shape ${formatShape(shape)} is larger than what the file can hold.`,
      );
    }
    const given = getInitializer(initializer);
    const weight = untraced(() => {
      const initial = allowance === Number.POSITIVE_INFINITY ? given.call(shape) : filled(0, shape);
      return new Variable(cast(initial, options.dtype ?? 'float32'), { name, trainable });
    });
    weight.path = `${this.name}/${name}`;
    weight.constraint = getConstraint(options.constraint);
    const regularizer = getRegularizer(options.regularizer);
    if (regularizer) this.regularized.set(weight, regularizer);
    this.own.push(weight);
    return weight;
  }

  /** Layers that this one is made of: those in its own properties, arrays and maps. */
  get sublayers(): readonly AnyLayer[] {
    return layersIn(this);
  }

  /** @internal Sets the paths of all weights below `prefix`. */
  namePaths(prefix: string): void {
    for (const weight of this.own) weight.path = `${prefix}/${weight.name}`;
    for (const layer of this.sublayers) layer.namePaths(`${prefix}/${layer.name}`);
  }

  /** The weights of the layer itself, in Keras's order: those made to be trained first. */
  get ownWeights(): readonly Variable[] {
    const { own } = this;
    return [...own.filter((w) => w.trainable), ...own.filter((w) => !w.trainable)];
  }

  /** All weights in Keras's order: its own, then those of its layers, one after the other. */
  get weights(): readonly Variable[] {
    return [...new Set([...this.ownWeights, ...this.sublayers.flatMap((layer) => layer.weights)])];
  }

  /** The weights that training changes: none if the layer is frozen. */
  get trainableVariables(): readonly Variable[] {
    if (!this.trainable) return [];
    const inner = this.sublayers.flatMap((layer) => layer.trainableVariables);
    return [...new Set([...this.own.filter((weight) => weight.trainable), ...inner])];
  }

  /** The weights that training leaves alone. */
  get nonTrainableVariables(): readonly Variable[] {
    const trained = new Set(this.trainableVariables);
    return this.weights.filter((weight) => !trained.has(weight));
  }

  /** Number of weights, counted in elements. */
  countParams(): number {
    return this.weights.reduce((n, weight) => n + weight.size, 0);
  }

  /** Keras's config: its options in snake case. */
  getConfig(): Record<string, unknown> {
    const base = { name: this.name, trainable: this.trainable, dtype: float32Policy };
    if (!this.activityRegularizer) return base;
    return { ...base, activity_regularizer: serializeRegularizer(this.activityRegularizer) };
  }

  /** A layer made of Keras's config. */
  static fromConfig(
    this: new (
      options: never,
    ) => AnyLayer,
    config: Record<string, unknown>,
  ): AnyLayer {
    const { batchShape: _, dtype: __, ...options } = camelKeys(config);
    return new this(options as never);
  }
}

/** @internal Throws for options that no layer, nor this one, has. */
export const checkLayerOptions = (
  className: string,
  options: object,
  own: readonly string[] = [],
): void => checkOptions(className, options, [...own, ...layerOptionNames]);
