// The base of losses: values per sample, weights, and Keras's reductions.
import { divide, equal, multiply, where } from '../ops/elementwise.js';
import { expandDims, squeeze } from '../ops/movement.js';
import { sum } from '../ops/reduce.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { camelKeys, Registry } from '../util/registry.js';

/** How values per sample become one: their sum over the number of elements, or just their sum. */
export type Reduction = 'sum_over_batch_size' | 'sum' | 'mean' | 'mean_with_sample_weight' | 'none';

const reductions: Readonly<Record<string, Reduction>> = {
  sum_over_batch_size: 'sum_over_batch_size',
  sumOverBatchSize: 'sum_over_batch_size',
  sum: 'sum',
  mean: 'mean',
  mean_with_sample_weight: 'mean_with_sample_weight',
  meanWithSampleWeight: 'mean_with_sample_weight',
  none: 'none',
};

export interface LossOptions {
  readonly name?: string;
  /** Default: 'sum_over_batch_size'. */
  readonly reduction?: string | null;
  /** Kept for files; losses compute in float32. */
  readonly dtype?: unknown;
}

export const lossOptionNames = ['name', 'reduction', 'dtype'] as const;

/** A function of targets and predictions that gives one value per sample. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** Makes ranks agree that differ by an axis of size 1 at the end, as Keras does. */
export function matchRanks(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.rank === b.rank + 1 && a.shape.at(-1) === 1) {
    return b.rank === 1 ? [a, expandDims(b, -1)] : [squeeze(a, -1), b];
  }
  if (b.rank === a.rank + 1 && b.shape.at(-1) === 1) {
    return a.rank === 1 ? [expandDims(a, -1), b] : [a, squeeze(b, -1)];
  }
  return [a, b];
}

/** Weighted values reduced as `reduction` says. */
export function reduceWeighted(
  values: Tensor,
  sampleWeight: Tensor | undefined,
  reduction: Reduction,
): Tensor {
  let weighted = values;
  let weights: Tensor | undefined;
  if (sampleWeight) {
    const [v, w] = matchRanks(values, sampleWeight);
    const expanded = v.rank > w.rank ? expandTo(w, v.rank) : w;
    weighted = multiply(v, expanded);
    weights = expanded;
  }
  if (reduction === 'none') return weighted;
  const total = sum(weighted);
  if (reduction === 'sum' || values.size === 0) return total;
  if (reduction === 'mean_with_sample_weight' && weights) {
    const divisor = sum(weights);
    return divide(total, where(equal(divisor, 0), 1, divisor));
  }
  return divide(total, weighted.size);
}

const expandTo = (w: Tensor, rank: number): Tensor => {
  let out = w;
  while (out.rank < rank) out = expandDims(out, -1);
  return out;
};

/** A loss; subclasses define `call`, which gives one value per sample. */
export abstract class Loss {
  readonly name: string;
  readonly reduction: Reduction;

  constructor(defaultName: string, options: LossOptions = {}) {
    this.name = options.name ?? defaultName;
    const wanted =
      options.reduction ?? (options.reduction === null ? 'none' : 'sum_over_batch_size');
    const reduction = reductions[wanted];
    if (!reduction) {
      throw new ConfigError(
        `${this.name}: unknown reduction "${wanted}". Known: ${Object.keys(reductions).join(', ')}.`,
      );
    }
    this.reduction = reduction;
  }

  /** Values per sample, before weights and reduction. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** The loss of a batch: weighted, reduced. */
  apply(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): Tensor {
    return reduceWeighted(this.call(yTrue, yPred), sampleWeight, this.reduction);
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name, reduction: this.reduction };
  }

  static fromConfig(this: new (options: never) => Loss, config: Record<string, unknown>): Loss {
    return new this(camelKeys(config) as never);
  }
}

/** A loss that a function defines. */
export class FunctionLoss extends Loss {
  constructor(
    private readonly fn: LossFunction,
    options: LossOptions = {},
  ) {
    super(fn.name || 'loss', options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(yTrue, yPred);
  }
}

/** A loss class with Keras's config. */
export interface LossClass {
  fromConfig(config: Record<string, unknown>): Loss;
}

/** A built-in loss: its class, and the function of the same formula. */
export interface LossEntry {
  readonly Class: LossClass;
  readonly fn: LossFunction;
}

/** All losses by the names of their classes and functions. */
export const losses = new Registry<LossEntry>('loss');

/** Throws unless targets and predictions have one shape. */
export function checkShapes(loss: string, yTrue: Tensor, yPred: Tensor): void {
  if (sameShape(yTrue.shape, yPred.shape)) return;
  throw new ShapeError(
    `${loss}: targets ${formatShape(yTrue.shape)} and predictions ${formatShape(yPred.shape)} differ. Check the units of the last layer, or the shape of y.`,
  );
}
