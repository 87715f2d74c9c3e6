// From values per sample to a loss: masks, weights, and Keras's reductions.
import { cast } from '../ops/convert.js';
import { divide, multiply } from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import { broadcastShapes, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { divideNoNan } from './arithmetic.js';
import { oneOf } from './options.js';
import { expandTo, matchRanks } from './shapes.js';

const reductions = [
  'sum_over_batch_size',
  'sum',
  'mean',
  'mean_with_sample_weight',
  'none',
] as const;

/**
 * How values per sample become one: their sum over their number (`sum_over_batch_size`, `mean`), over
 * the sum of the weights (`mean_with_sample_weight`), just their `sum`; or they stay as they are (`none`).
 */
export type Reduction = (typeof reductions)[number];

/** The reduction of a name; null is `none`. */
export const reductionOf = (where: string, given: string | null | undefined): Reduction =>
  given === null ? 'none' : oneOf(where, 'reduction', given ?? 'sum_over_batch_size', reductions);

/**
 * Weights with the mask in them, or undefined for neither. Where the values will be divided by their
 * number, those that count get the weight number / valid ones, so that it comes to the valid count.
 */
export function applyMask(
  sampleWeight: Tensor | undefined,
  mask: Tensor | undefined,
  reduction: Reduction,
): Tensor | undefined {
  if (!mask) return sampleWeight;
  const counts = cast(mask, 'float32');
  const byValid = reduction === 'mean' || reduction === 'sum_over_batch_size';
  const masked = byValid ? multiply(counts, divideNoNan(counts.size, sum(counts))) : counts;
  if (!sampleWeight) return masked;
  const [m, w] = matchRanks(masked, cast(sampleWeight, 'float32'));
  return multiply(expandTo(w, m.rank), expandTo(m, w.rank));
}

/** Both with one rank; a weight per sample counts for all of the sample's values. */
function weigh(where: string, values: Tensor, weights: Tensor): { weighted: Tensor; used: Tensor } {
  const [v, w] = matchRanks(values, cast(weights, 'float32'));
  const used = expandTo(w, v.rank);
  if (broadcastShapes(v.shape, used.shape)) return { weighted: multiply(v, used), used };
  throw new ShapeError(
    `${where}: weights ${formatShape(weights.shape)} do not fit values ${formatShape(values.shape)}. Give one weight per sample, or one per value.`,
  );
}

/** Values, with weights and mask, reduced as `reduction` says. */
export function reduceWeighted(
  where: string,
  values: Tensor,
  options: { sampleWeight?: Tensor | undefined; mask?: Tensor | undefined; reduction: Reduction },
): Tensor {
  const { reduction } = options;
  const weights = applyMask(options.sampleWeight, options.mask, reduction);
  const { weighted, used } = weights
    ? weigh(where, values, weights)
    : { weighted: values, used: undefined };
  if (reduction === 'none' || weighted.rank === 0) return weighted;
  const total = sum(weighted);
  if (reduction === 'sum' || weighted.size === 0) return total;
  if (reduction === 'mean_with_sample_weight' && used) return divideNoNan(total, sum(used));
  return divide(total, weighted.size);
}
