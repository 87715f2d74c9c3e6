// Smooth relatives of max(x, 0).
import * as ops from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { defineActivation, type Parameter, parameter } from './registry.js';

const { add, less, lessEqual, multiply, sqrt, square, where } = ops;

/** ln(1 + eˣ) */
export const softplus = defineActivation('softplus', (x: Tensor) => ops.softplus(x));

/** (x + √(x² + b)) / 2, with b = 4 by default. Barron 2021. */
export const squareplus = defineActivation(
  'squareplus',
  (x: Tensor, b?: Parameter<'b', number>): Tensor =>
    multiply(add(x, sqrt(add(square(x), parameter('squareplus', 'b', b, 4)))), 0.5),
);

/** (x + 1)²/4 between −1 and 1, 0 below and x above. */
export const sparsePlus = defineActivation('sparse_plus', (x: Tensor) =>
  where(lessEqual(x, -1), 0, where(less(x, 1), multiply(square(add(x, 1)), 0.25), x)),
);
