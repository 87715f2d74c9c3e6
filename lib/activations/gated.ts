// Activations that multiply x by a gate between 0 and 1.
import * as ops from '../ops/elementwise.js';
import { normalizeAxis, sliceAxis } from '../ops/movement.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { defineActivation, type Parameter, parameter } from './registry.js';
import { hardSigmoid } from './sigmoidal.js';

const { add, erf, multiply, power, softplus } = ops;

/** x·sigmoid(x), also called swish. Ramachandran et al. 2017. */
export const silu = defineActivation('silu', (x: Tensor) => multiply(x, ops.sigmoid(x)), ['swish']);
/** `silu` by its other name. */
export const swish = silu;

/** x·hardSigmoid(x), also called hard swish. Howard et al. 2019. */
export const hardSilu = defineActivation('hard_silu', (x: Tensor) => multiply(x, hardSigmoid(x)), [
  'hard_swish',
]);
/** `hardSilu` by its other name. */
export const hardSwish = hardSilu;

/**
 * x·Φ(x), with Φ the normal distribution, or (`approximate`) a tanh close to it. Hendrycks & Gimpel
 * 2016.
 */
export const gelu = defineActivation(
  'gelu',
  (x: Tensor, approximate?: Parameter<'approximate', boolean>): Tensor => {
    const inner = parameter('gelu', 'approximate', approximate, false)
      ? ops.tanh(multiply(add(x, multiply(power(x, 3), 0.044715)), Math.sqrt(2 / Math.PI)))
      : erf(multiply(x, Math.SQRT1_2));
    return multiply(multiply(x, 0.5), add(inner, 1));
  },
);

/** x·tanh(softplus(x)). Misra 2019. */
export const mish = defineActivation('mish', (x: Tensor) => multiply(x, ops.tanh(softplus(x))));

/**
 * The first half of `axis` (default: the last) times the sigmoid of the second. Dauphin et al. 2016.
 *
 * @throws ShapeError if the axis has no halves.
 */
export const glu = defineActivation(
  'glu',
  (x: Tensor, axis?: Parameter<'axis', number>): Tensor => {
    const at = normalizeAxis(parameter('glu', 'axis', axis, -1), x.rank, 'glu');
    const size = x.shape[at];
    if (size % 2 !== 0) {
      throw new ShapeError(
        `glu: expected an even number of elements along axis ${at}, got ${formatShape(x.shape)}.`,
      );
    }
    const gate = ops.sigmoid(sliceAxis(x, at, size / 2, size));
    return multiply(sliceAxis(x, at, 0, size / 2), gate);
  },
);
