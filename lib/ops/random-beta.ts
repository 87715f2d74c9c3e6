// Random weights between 0 and 1, and random orders, as programs without loops can draw them.
import type { Shape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import {
  add,
  cast,
  divide,
  greater,
  less,
  log,
  logicalAnd,
  maximum,
  multiply,
  rsqrt,
  sigmoid,
  subtract,
  where,
} from './elementwise.js';
import { oneHot } from './movement.js';
import { type DrawOptions, normal, uniform } from './random.js';
import { argmax, sum } from './reduce.js';
import { argsort } from './sort.js';

/** Attempts at one number. Each is accepted with a probability above 0.95. */
const attempts = 8;

/** The logarithm of (0, 1] from [0, 1). */
const logUniform = (shape: Shape, next: () => DrawOptions): Tensor =>
  log(subtract(1, uniform(shape, next())));

/**
 * Logarithms of gamma variates of shape `alpha` (a scalar above 0): those of alpha + 1, of which the first
 * accepted of a few attempts is taken, times a power of a uniform one. Marsaglia and Tsang 2000. As
 * logarithms, because those of small alpha are too small for a float.
 */
function logGamma(count: number, alpha: TensorLike, next: () => DrawOptions): Tensor {
  const d = add(alpha, 1 - 1 / 3);
  const shape = [count, attempts];
  const x = normal(shape, next());
  const root = add(multiply(x, rsqrt(multiply(d, 9))), 1);
  const inside = greater(root, 0);
  const logV = multiply(log(maximum(root, 1e-30)), 3);
  const v = multiply(multiply(root, root), root);
  const bound = add(multiply(multiply(x, x), 0.5), multiply(d, add(subtract(1, v), logV)));
  const accepted = logicalAnd(inside, less(logUniform(shape, next), bound));
  const first = oneHot(argmax(cast(accepted, 'int32'), 1), attempts);
  const logOfV = sum(where(greater(first, 0), logV, 0), 1);
  return add(add(log(d), logOfV), divide(logUniform([count], next), alpha));
}

/** @internal Variates `[count]` of the beta distribution with both parameters `alpha`, a scalar above 0. */
export const symmetricBeta = (count: number, alpha: TensorLike, next: () => DrawOptions): Tensor =>
  sigmoid(subtract(logGamma(count, alpha, next), logGamma(count, alpha, next)));

/** @internal The numbers from 0 to `count` − 1 in a random order, int32. */
export const permutation = (count: number, next: () => DrawOptions): Tensor =>
  argsort(uniform([count], next()));
