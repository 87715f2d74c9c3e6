// Activations that keep what is above 0 (or a threshold) and damp what is below. Where the slope jumps,
// derivatives are those that TensorFlow gives.
import * as ops from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { defineActivation, type Parameter, parameter } from './registry.js';

const { add, divide, expm1, greater, less, maximum, minimum, multiply, negative, subtract, where } =
  ops;

/** Options of `relu`. */
export interface ReluOptions {
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number;
  /** The largest value, or null (the default) for none. */
  readonly maxValue?: number | null;
  /** Values up to it are damped or 0. Default 0. */
  readonly threshold?: number;
}

/** x above 0, slope·x elsewhere, at 0 too. */
const leaky = (x: Tensor, slope: number): Tensor => where(greater(x, 0), x, multiply(x, slope));

/** What `relu` makes of the values above its threshold. */
function upperPart(x: Tensor, maxValue: number | null, threshold: number): Tensor {
  if (threshold === 0 && maxValue === 6) return ops.relu6(x);
  const above = threshold === 0 ? ops.relu(x) : where(greater(x, threshold), x, 0);
  return maxValue === null ? above : maximum(minimum(above, maxValue), 0);
}

/**
 * max(x, 0); with options `x` above the threshold, at most `maxValue`, and `negativeSlope·(x −
 * threshold)` below it.
 *
 * @param negativeSlope slope below the threshold, or all options in one object
 */
export const relu = defineActivation(
  'relu',
  (
    x: Tensor,
    negativeSlope: number | ReluOptions = 0,
    maxValue: number | null = null,
    threshold = 0,
  ): Tensor => {
    const given =
      typeof negativeSlope === 'object' ? negativeSlope : { negativeSlope, maxValue, threshold };
    checkOptions('relu', given, ['negativeSlope', 'maxValue', 'threshold']);
    const slope = given.negativeSlope ?? 0;
    const most = given.maxValue ?? null;
    const from = given.threshold ?? 0;
    if (most !== null && most < 0) {
      throw new ConfigError(`relu: maxValue must be 0 or more, got ${most}.`);
    }
    if (slope !== 0 && most === null && from === 0) return leaky(x, slope);
    const upper = upperPart(x, most, from);
    if (slope === 0) return upper;
    const below = ops.relu(from === 0 ? negative(x) : subtract(from, x));
    return subtract(upper, multiply(below, slope));
  },
);

/** x above 0, `negativeSlope`·x (default 0.2) elsewhere. */
export const leakyRelu = defineActivation(
  'leaky_relu',
  (x: Tensor, negativeSlope?: Parameter<'negativeSlope', number>): Tensor =>
    leaky(x, parameter('leakyRelu', 'negativeSlope', negativeSlope, 0.2)),
);

/** x between 0 and 6. */
export const relu6 = defineActivation('relu6', (x: Tensor): Tensor => ops.relu6(x));

/** x where x > 0, else α(eˣ − 1), with α = 1 by default. Clevert et al. 2015. */
export const elu = defineActivation(
  'elu',
  (x: Tensor, alpha?: Parameter<'alpha', number>): Tensor => {
    const positive = greater(x, 0);
    // Where x is large, eˣ must not overflow: its gradient would be NaN.
    const below = expm1(where(positive, 0, x));
    return where(positive, x, multiply(below, parameter('elu', 'alpha', alpha, 1)));
  },
);

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/** TensorFlow's slope follows eˣ − 1 in float32, which is 0 down to here: such x count as positive. */
const seluKink = -(2 ** -25);

/** scale·x where x ≥ 0, else scale·α(eˣ − 1): keeps mean and variance. Klambauer et al. 2017. */
export const selu = defineActivation('selu', (x: Tensor): Tensor => {
  const below = less(x, seluKink);
  const curve = multiply(expm1(where(below, x, 0)), seluScale * seluAlpha);
  return where(below, curve, multiply(x, seluScale));
});

/**
 * max(x, 0) + α(e^(min(x, 0)/α) − 1), with α = 1 by default. Barron 2017. Its derivative at 0 is 2, as
 * in TensorFlow, where both terms count.
 */
export const celu = defineActivation(
  'celu',
  (x: Tensor, alpha?: Parameter<'alpha', number>): Tensor => {
    const a = parameter('celu', 'alpha', alpha, 1);
    return add(maximum(x, 0), multiply(expm1(divide(minimum(x, 0), a)), a));
  },
);
