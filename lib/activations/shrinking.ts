// Activations that make small values 0, or smaller.
import * as ops from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { defineActivation, type Parameter, parameter } from './registry.js';

const { absolute, add, greater, less, subtract, where } = ops;

/** x where |x| is above `threshold` (default 0.5), else 0. */
export const hardShrink = defineActivation(
  'hard_shrink',
  (x: Tensor, threshold?: Parameter<'threshold', number>): Tensor => {
    const limit = parameter('hardShrink', 'threshold', threshold, 0.5);
    return where(greater(absolute(x), limit), x, 0);
  },
);

/** x moved towards 0 by `threshold` (default 0.5), but not beyond 0. */
export const softShrink = defineActivation(
  'soft_shrink',
  (x: Tensor, threshold?: Parameter<'threshold', number>): Tensor => {
    const limit = parameter('softShrink', 'threshold', threshold, 0.5);
    const below = where(less(x, -limit), add(x, limit), 0);
    return where(greater(x, limit), subtract(x, limit), below);
  },
);

/** x − tanh(x) */
export const tanhShrink = defineActivation('tanh_shrink', (x: Tensor) => subtract(x, ops.tanh(x)));

/** Options of `threshold`; it has no defaults. */
export interface ThresholdOptions {
  /** Values above it stay. */
  readonly threshold?: number;
  /** What the others become. */
  readonly defaultValue?: number;
}

/**
 * x where it is above `threshold`, else `defaultValue`.
 *
 * @example new Activation((x) => activations.threshold(x, 0.5, 0))
 * @throws ConfigError without both of them.
 */
export const threshold = defineActivation(
  'threshold',
  (x: Tensor, limit?: number | ThresholdOptions, defaultValue?: number): Tensor => {
    const given: ThresholdOptions =
      typeof limit === 'object'
        ? limit
        : {
            ...(limit !== undefined && { threshold: limit }),
            ...(defaultValue !== undefined && { defaultValue }),
          };
    checkOptions('threshold', given, ['threshold', 'defaultValue']);
    if (given.threshold === undefined || given.defaultValue === undefined) {
      throw new ConfigError(
        'threshold: expected a threshold and a defaultValue. Use a function: (x) => threshold(x, 0.5, 0).',
      );
    }
    return where(greater(x, given.threshold), x, given.defaultValue);
  },
);
