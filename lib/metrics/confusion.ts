// Counts of true and false positives and negatives at thresholds: what precision, recall and areas
// under curves are made of.
import { oneOf } from '../losses/options.js';
import { expandTo, matchRanks } from '../losses/shapes.js';
import { cast } from '../ops/convert.js';
import {
  add,
  ceil,
  clip,
  equal,
  greater,
  greaterEqual,
  lessEqual,
  logicalAnd,
  logicalOr,
  maximum,
  minimum,
  multiply,
  subtract,
  where,
} from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import {
  arange,
  broadcastTo,
  expandDims,
  reshape,
  sliceAxis,
  stack,
  transpose,
} from '../ops/movement.js';
import { sum } from '../ops/reduce.js';
import { segmentSum } from '../ops/segment.js';
import { topK } from '../ops/sort.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';

/** Counts at each threshold, `[thresholds]`, or `[thresholds, labels]` for several labels. */
export interface Confusion {
  readonly truePositives: Tensor;
  readonly falsePositives: Tensor;
  readonly trueNegatives: Tensor;
  readonly falseNegatives: Tensor;
}

export interface ConfusionOptions {
  /** For the errors: the metric's name. */
  readonly name: string;
  readonly thresholds: readonly number[];
  readonly sampleWeight?: Tensor | undefined;
  /** Only the largest `topK` predictions of a row can be positive. */
  readonly topK?: number | null;
  /** Only this class counts. */
  readonly classId?: number | null;
  /** Counts for each label on its own: targets and predictions are `[batch, labels]`. */
  readonly multiLabel?: boolean;
  /** A weight per label, where labels are counted together. */
  readonly labelWeights?: Tensor | undefined;
}

/** What predictions outside of the largest `topK` become: below every threshold. */
export const never = -1e10;

/** Thresholds as they are given: none for the default, one, or several in [0, 1]. */
export function thresholdsOf(
  name: string,
  given: number | readonly number[] | null | undefined,
  byDefault: number,
): readonly number[] {
  const list = given === null || given === undefined ? undefined : [given].flat();
  const wrong = list?.find((t) => !(t >= 0 && t <= 1));
  if (wrong === undefined && list?.length !== 0) return list ?? [byDefault];
  throw new ConfigError(
    `${name}: thresholds must lie between 0 and 1, got ${list?.length === 0 ? 'none' : wrong}.`,
  );
}

/** Whether there are three thresholds or more, evenly from 0 to 1: then predictions fall in buckets. */
export const areEven = (thresholds: readonly number[]): boolean =>
  thresholds.length >= 3 &&
  thresholds.every((t, i) => {
    const even = i / (thresholds.length - 1);
    return Math.abs(t - even) <= 1e-7 + 1e-5 * even;
  });

/** Predictions of each row that are not among its `k` largest become `never`; of equals the first stay. */
function keepTopK(name: string, p: Tensor, k: number): Tensor {
  const classes = p.shape[p.rank - 1];
  if (p.rank < 2 || k > classes) {
    throw new ShapeError(
      `${name}: topK ${k} needs predictions [batch, classes] with at least ${k} classes, got ${formatShape(p.shape)}.`,
    );
  }
  const last = p.rank - 1;
  const [values, positions] = topK(p, k).map((t) => sliceAxis(t, last, k - 1, k));
  const amongEquals = logicalAnd(equal(p, values), lessEqual(arange(0, classes), positions));
  return where(logicalOr(greater(p, values), amongEquals), p, never);
}

function classOf(name: string, t: Tensor, classId: number): Tensor {
  if (t.rank >= 2 && classId < t.shape[t.rank - 1]) {
    return sliceAxis(t, t.rank - 1, classId, classId + 1);
  }
  throw new ShapeError(
    `${name}: classId ${classId} needs predictions [batch, classes] with more than ${classId} classes, got ${formatShape(t.shape)}.`,
  );
}

/** Targets, predictions and weights of one shape; weights per sample count for all of its values. */
function prepare(
  yTrue: Tensor,
  yPred: Tensor,
  options: ConfusionOptions,
): { t: Tensor; p: Tensor; w: Tensor | undefined } {
  const { name, topK = null, classId = null, sampleWeight } = options;
  let [p, t] = matchRanks(cast(yPred, 'float32'), cast(yTrue, 'float32'));
  if (!sameShape(t.shape, p.shape)) {
    throw new ShapeError(
      `${name}: targets ${formatShape(yTrue.shape)} and predictions ${formatShape(yPred.shape)} differ.`,
    );
  }
  if (topK !== null) p = keepTopK(name, p, topK);
  if (classId !== null) [t, p] = [classOf(name, t, classId), classOf(name, p, classId)];
  if (!sampleWeight) return { t, p, w: undefined };
  const flat = sampleWeight.rank > p.rank ? reshape(sampleWeight, p.shape) : sampleWeight;
  const w = expandTo(cast(flat, 'float32'), p.rank);
  const fits = broadcastShapes(w.shape, p.shape);
  if (fits && sameShape(fits, p.shape)) return { t, p, w: broadcastTo(w, p.shape) };
  throw new ShapeError(
    `${name}: weights ${formatShape(sampleWeight.shape)} do not fit predictions ${formatShape(p.shape)}. Give one weight per sample, or one per value.`,
  );
}

/** `[batch, labels]` as `[labels, batch]`; anything else as one label of all its values. */
const byLabel = (t: Tensor, multiLabel: boolean): Tensor =>
  multiLabel ? transpose(t) : reshape(t, [1, t.size]);

/** Weights of those predicted positive and negative, `[labels, thresholds, 2]`: of ones and of zeros. */
interface Split {
  readonly positive: Tensor;
  readonly negative: Tensor;
}

/**
 * By buckets: a prediction falls between two thresholds, and is positive at all below it. `p` is
 * `[labels, n]`, `w` `[labels, n, 2]`. Nothing is got by subtraction, so what is not there is 0.
 */
function byBuckets(p: Tensor, w: Tensor, thresholds: readonly number[]): Split {
  const [labels, n] = p.shape;
  const count = thresholds.length;
  const position = subtract(ceil(multiply(clip(p, 0, 1), count - 1)), 1);
  const bucket = minimum(maximum(cast(position, 'int32'), 0), count - 1);
  const offset = multiply(expandDims(arange(labels), 1), count);
  const ids = reshape(add(bucket, offset), [labels * n]);
  const sums = (x: Tensor): Tensor =>
    reshape(segmentSum(reshape(x, [labels * n, 2]), ids, labels * count), [labels, count, 2]);
  const threshold = arange(count);
  const from = cast(lessEqual(expandDims(threshold, 1), threshold), 'float32');
  const split = (inside: Tensor): Split => ({
    positive: matmul(from, inside),
    negative: matmul(subtract(1, from), inside),
  });
  const closed = thresholds[0] < 0 || thresholds[count - 1] > 1;
  if (closed) return split(sums(w));
  // A prediction of 0 is above no threshold, not even above 0.
  const above = expandDims(greaterEqual(position, 0), -1);
  const { positive, negative } = split(sums(where(above, w, 0)));
  const belowAll = sum(where(above, 0, w), 1, { keepDims: true });
  return { positive, negative: add(negative, belowAll) };
}

/** The same by comparing each prediction with each threshold. */
function byComparison(p: Tensor, w: Tensor, thresholds: readonly number[]): Split {
  const levels = tensor([...thresholds], { shape: [thresholds.length, 1] });
  const above = cast(greater(expandDims(p, 1), levels), 'float32');
  return { positive: matmul(above, w), negative: matmul(subtract(1, above), w) };
}

/** The counts, or sums of weights, of a batch. */
export function confusion(yTrue: Tensor, yPred: Tensor, options: ConfusionOptions): Confusion {
  const { thresholds, multiLabel = false, labelWeights } = options;
  const { t, p, w } = prepare(yTrue, yPred, options);
  const isTrue = cast(cast(t, 'bool'), 'float32');
  const ofLabel = labelWeights && broadcastTo(labelWeights, p.shape);
  const weights = w && ofLabel ? multiply(w, ofLabel) : (w ?? ofLabel);
  const classes = stack(
    [isTrue, subtract(1, isTrue)].map((x) => byLabel(x, multiLabel)),
    -1,
  );
  const weighted = weights
    ? multiply(classes, expandDims(byLabel(weights, multiLabel), -1))
    : classes;
  const scores = byLabel(p, multiLabel);
  const split = areEven(thresholds) ? byBuckets : byComparison;
  const { positive, negative } = split(scores, weighted, thresholds);
  const column = (x: Tensor, i: number): Tensor => {
    const [labels, count] = x.shape;
    const one = reshape(sliceAxis(x, 2, i, i + 1), [labels, count]);
    return multiLabel ? transpose(one) : reshape(one, [count]);
  };
  return {
    truePositives: column(positive, 0),
    falsePositives: column(positive, 1),
    trueNegatives: column(negative, 1),
    falseNegatives: column(negative, 0),
  };
}

/** The averages of classes. */
export const averages = ['micro', 'macro', 'weighted'] as const;

/** How values of classes become one; null for not at all. */
export const averageOf = (
  name: string,
  given: string | null | undefined,
): (typeof averages)[number] | null =>
  given === null || given === undefined ? null : oneOf(name, 'average', given, averages);
