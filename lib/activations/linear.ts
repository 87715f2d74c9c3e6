// Activations that are one op, or none.
import * as ops from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { activations } from './registry.js';

/** x itself. */
export const linear = activations.add('linear', (x: Tensor) => x);
/** eˣ */
export const exponential = activations.add('exponential', (x: Tensor) => ops.exp(x));
