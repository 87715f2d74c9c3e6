// Tensors made of a shape alone: zeros, ones, one number, the identity.
import { type DType, isDType } from '../tensor/dtype.js';
import { type Shape, wholeShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, DTypeError } from '../util/errors.js';
import { asTensor, cast } from './convert.js';
import { equal } from './elementwise.js';
import { arange, broadcastTo, expandDims } from './movement.js';

function checkType(where: string, dtype: DType): void {
  if (isDType(dtype)) return;
  throw new DTypeError(
    `${where}: unknown dtype "${dtype}"; expected float32, int32, uint8 or bool.`,
  );
}

const filledWith = (where: string, value: TensorLike, shape: Shape, dtype: DType): Tensor => {
  checkType(where, dtype);
  return broadcastTo(cast(value, dtype), wholeShape(shape, where));
};

/** A tensor of zeros. */
export const zeros = (shape: Shape, dtype: DType = 'float32'): Tensor =>
  filledWith('zeros', 0, shape, dtype);

/** A tensor of ones. */
export const ones = (shape: Shape, dtype: DType = 'float32'): Tensor =>
  filledWith('ones', 1, shape, dtype);

/** A tensor of `value`, which broadcasts to `shape`. Default dtype: that of the value. */
export const full = (shape: Shape, value: TensorLike, dtype?: DType): Tensor =>
  filledWith('full', value, shape, dtype ?? asTensor(value).dtype);

/**
 * Ones on a diagonal, zeros elsewhere: `[rows, columns]`.
 *
 * @param columns default: as many as rows
 * @param k which diagonal: 0 the main one, 1 that above it, −1 that below
 */
export function eye(rows: number, columns: number = rows, k = 0, dtype: DType = 'float32'): Tensor {
  checkType('eye', dtype);
  const wrong = [rows, columns].find((n) => !(Number.isInteger(n) && n >= 0));
  if (wrong !== undefined || !Number.isInteger(k)) {
    throw new ConfigError(`eye: expected whole numbers of rows and columns, got ${wrong ?? k}.`);
  }
  return cast(equal(expandDims(arange(k, rows + k), 1), expandDims(arange(0, columns), 0)), dtype);
}
