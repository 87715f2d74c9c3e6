// Arithmetic that losses and metrics share with Keras.
import { divide, equal, where } from '../ops/elementwise.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';

/** Keras's epsilon: probabilities are clipped to [ε, 1 − ε], divisors kept from 0. */
export const epsilon = 1e-7;

/** a / b, and 0 where b is 0. */
export function divideNoNan(a: TensorLike, b: Tensor): Tensor {
  const zero = equal(b, 0);
  return where(zero, 0, divide(a, where(zero, 1, b)));
}
