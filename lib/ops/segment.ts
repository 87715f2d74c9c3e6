// Sums by segment: counts, histograms and confusion matrices.
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { asFloat, cast } from './convert.js';
import { atPath, call } from './define.js';
import { gatherGradOp } from './movement.js';

/**
 * The sums of those slices of `data` that belong to the same segment: `[n, ...]` with whole-number
 * `ids` `[n]` → `[segments, ...]`, float32. Slices are added in their order.
 *
 * @throws DataError when it runs, for an id outside of 0 … segments − 1.
 */
export function segmentSum(data: TensorLike, ids: TensorLike, segments: number): Tensor {
  const x = asFloat(data);
  const segment = cast(ids, 'int32');
  const leading: Shape = x.shape.slice(0, 1);
  if (x.rank === 0 || !sameShape(segment.shape, leading)) {
    throw new ShapeError(
      `segmentSum: data ${formatShape(x.shape)} needs ids ${formatShape(leading)}, got ${formatShape(segment.shape)}${atPath()}.`,
    );
  }
  return call(gatherGradOp, [x, segment], { axis: 0, size: segments });
}
