// Activations that are one op, or none.
import * as ops from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { defineActivation } from './registry.js';

/** x itself. */
export const linear = defineActivation('linear', (x: Tensor) => x);
/** eˣ */
export const exponential = defineActivation('exponential', (x: Tensor) => ops.exp(x));
