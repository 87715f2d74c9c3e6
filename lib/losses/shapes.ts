// How the shapes of targets, predictions and weights are made to agree, as Keras does it.
import { cast } from '../ops/convert.js';
import { expandDims, normalizeAxis, squeeze } from '../ops/movement.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';

/**
 * Makes ranks agree that differ by an axis of size 1 at the end: a vector gets one, anything longer
 * loses it. Keras's `squeeze_or_expand_to_same_rank`.
 */
export function matchRanks(a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.rank === b.rank + 1 && a.shape.at(-1) === 1) {
    return b.rank === 1 ? [a, expandDims(b, -1)] : [squeeze(a, -1), b];
  }
  if (b.rank === a.rank + 1 && b.shape.at(-1) === 1) {
    return a.rank === 1 ? [expandDims(a, -1), b] : [a, squeeze(b, -1)];
  }
  return [a, b];
}

/** Throws unless targets and predictions have one shape. */
export function checkShapes(where: string, yTrue: Tensor, yPred: Tensor): void {
  if (sameShape(yTrue.shape, yPred.shape)) return;
  throw new ShapeError(
    `${where}: targets ${formatShape(yTrue.shape)} and predictions ${formatShape(yPred.shape)} differ. Check the units of the last layer, or the shape of y.`,
  );
}

/** Targets and predictions in float32 and in one shape. */
export function aligned(where: string, yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
  const [t, p] = matchRanks(cast(yTrue, 'float32'), cast(yPred, 'float32'));
  checkShapes(where, t, p);
  return [t, p];
}

/** Whole-number labels `[...]` for predictions `[..., classes]`; a trailing axis of size 1 is dropped. */
export function labelsFor(
  where: string,
  yTrue: Tensor,
  yPred: Tensor,
  axis: number,
  oneHotLoss: string,
): Tensor {
  const at = normalizeAxis(axis, yPred.rank, where);
  const expected = yPred.shape.filter((_, i) => i !== at);
  const labels = yTrue.rank === yPred.rank && yTrue.shape[at] === 1 ? squeeze(yTrue, at) : yTrue;
  if (sameShape(labels.shape, expected)) return labels;
  throw new ShapeError(
    `${where}: predictions ${formatShape(yPred.shape)} need labels ${formatShape(expected)}, got ${formatShape(yTrue.shape)}. For one-hot labels use ${oneHotLoss}.`,
  );
}

/** `t` with axes of size 1 at the end, until it has `rank` of them. */
export function expandTo(t: Tensor, rank: number): Tensor {
  let out = t;
  while (out.rank < rank) out = expandDims(out, -1);
  return out;
}
