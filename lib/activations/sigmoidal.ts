// Activations that saturate on both sides, or on one.
import * as derived from '../ops/derived.js';
import * as ops from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { relu6 } from './rectified.js';
import { defineActivation } from './registry.js';

const { add, clip, divide, greaterEqual, lessEqual, multiply, negative, where } = ops;

/** 1 / (1 + e⁻ˣ) */
export const sigmoid = defineActivation('sigmoid', (x: Tensor) => ops.sigmoid(x));
/** Hyperbolic tangent. */
export const tanh = defineActivation('tanh', (x: Tensor) => ops.tanh(x));
/** ln(1 / (1 + e⁻ˣ)) */
export const logSigmoid = defineActivation('log_sigmoid', (x: Tensor) =>
  negative(ops.softplus(negative(x))),
);
/** x/6 + 1/2 between 0 and 1. */
export const hardSigmoid = defineActivation('hard_sigmoid', (x: Tensor) =>
  divide(relu6(add(x, 3)), 6),
);
/** x between −1 and 1. */
export const hardTanh = defineActivation('hard_tanh', (x: Tensor) => clip(x, -1, 1));
/** (x + 1)/2 between −1 and 1, 0 below and 1 above. Blondel et al. 2019. */
export const sparseSigmoid = defineActivation('sparse_sigmoid', (x: Tensor) =>
  where(lessEqual(x, -1), 0, where(greaterEqual(x, 1), 1, multiply(add(x, 1), 0.5))),
);

/** x / (1 + |x|) */
export const softsign = defineActivation('softsign', (x: Tensor) => derived.softsign(x));
