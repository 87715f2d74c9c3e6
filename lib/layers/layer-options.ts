// What layers are given: when they are made, called, and asked for a weight.
import type { ConstraintLike } from '../constraints/index.js';
import type { InitializerLike } from '../initializers/index.js';
import type { RegularizerLike } from '../regularizers/index.js';
import type { DType } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, namingPlace } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import type { SymbolicShape } from './structure.js';

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

export const weightOptionNames = [
  'name',
  'shape',
  'initializer',
  'trainable',
  'dtype',
  'regularizer',
  'constraint',
] as const;

/** @internal The shape of one input, if the options tell it. */
export function declaredShape(options: LayerOptions): Shape | undefined {
  const { inputDim, inputShape, batchInputShape } = options;
  if (inputDim !== undefined) return [inputDim];
  const shape = inputShape ?? batchInputShape?.slice(1);
  return shape?.every((d): d is number => typeof d === 'number') ? shape : undefined;
}

/** @internal Throws for options that no layer, nor this one, has; `unlisted` are those that only configs name. */
export const checkLayerOptions = (
  className: string,
  options: object | null | undefined,
  own: readonly string[] = [],
  unlisted: readonly string[] = [],
): void => {
  if (options === null || options === undefined) {
    throw new ConfigError(`${className}: expected ${own[0] ?? 'options'}, got ${options}.`);
  }
  checkOptions(className, options, [...own, ...layerOptionNames], unlisted);
};

/** @internal What `fn` makes of an option; its error says first which option of which layer. */
export const argument = <T>(
  layer: { readonly className: string; readonly name: string },
  option: string,
  fn: () => T,
): T => namingPlace(`${layer.className} "${layer.name}": ${option}`, fn);
