// Binary search as ops, for layers that look numbers up inside of models.
import {
  add,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  minimum,
  subtract,
  where,
} from '../../ops/elementwise.js';
import { broadcastTo, gather } from '../../ops/movement.js';
import { fromData, type Tensor } from '../../tensor/tensor.js';

/** A whole number as a tensor. */
const whole = (value: number): Tensor => fromData(Int32Array.of(value), [], 'int32');

/** How many of the ascending `keys` are not above each element of `x`; all of them for NaN. */
export function countUpTo(keys: Tensor, x: Tensor): Tensor {
  const n = keys.size;
  let count = broadcastTo(whole(0), x.shape);
  if (n === 0) return count;
  for (let step = 2 ** Math.floor(Math.log2(n)); step >= 1; step /= 2) {
    const next = add(count, whole(step));
    const key = gather(keys, minimum(subtract(next, whole(1)), whole(n - 1)));
    const reached = logicalAnd(lessEqual(next, whole(n)), logicalNot(less(x, key)));
    count = where(reached, next, count);
  }
  return count;
}
