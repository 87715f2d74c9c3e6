// Constraints on the norm of the weights of each unit, which are those along `axis`: 0 for a dense kernel
// [inputs, units], [0, 1, 2] for a convolution's [height, width, inputs, filters].
import { add, clip, divide, maximum, multiply, sqrt, square } from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { numberOption, toNamed } from '../util/options.js';
import { Constraint, constraints } from './constraint.js';

/** Added to norms before dividing by them. */
const epsilon = 1e-7;

/** Axes along which norms are taken; null: all of them. */
type Axis = number | readonly number[] | null;

function axisOption(where: string, given: Axis | undefined): Axis {
  const axis = given === undefined ? 0 : given;
  if (axis === null || [axis].flat().every(Number.isInteger)) return axis;
  throw new ConfigError(`${where}: expected a whole number, a list of them, or null as axis.`);
}

const normsOf = (w: Tensor, axis: Axis): Tensor =>
  sqrt(sum(square(w), axis ?? undefined, { keepDims: true }));

/** Scales each unit's weights from its norm to the desired one. */
const scaled = (w: Tensor, norms: Tensor, desired: Tensor): Tensor =>
  multiply(w, divide(desired, add(norms, epsilon)));

/** Weights ≥ 0. */
export class NonNeg extends Constraint {
  override call(w: Tensor): Tensor {
    return maximum(w, 0);
  }
}
constraints.add('NonNeg', NonNeg);

/** Options of `MaxNorm`. */
export interface MaxNormOptions {
  /** The largest norm of a unit. Default 2. */
  readonly maxValue?: number;
  /** Axes along which norms are taken, or null for all of them. Default 0. */
  readonly axis?: Axis;
}

/** Norms of at most `maxValue`. */
export class MaxNorm extends Constraint {
  readonly maxValue: number;
  readonly axis: Axis;
  /** `new MaxNorm(2)`, `new MaxNorm(2, [0, 1, 2])` or `new MaxNorm({ maxValue, axis })` */
  constructor(maxValue?: number | MaxNormOptions, axis?: Axis | MaxNormOptions) {
    super();
    const given = toNamed<MaxNormOptions>('MaxNorm', [maxValue, axis], ['maxValue', 'axis']);
    this.maxValue = numberOption('MaxNorm', 'maxValue', given.maxValue, 2);
    this.axis = axisOption('MaxNorm', given.axis);
  }
  override call(w: Tensor): Tensor {
    const norms = normsOf(w, this.axis);
    return scaled(w, norms, clip(norms, 0, this.maxValue));
  }
  override getConfig(): Record<string, unknown> {
    return { max_value: this.maxValue, axis: this.axis };
  }
}
constraints.add('MaxNorm', MaxNorm);

/** Options of `UnitNorm`. */
export interface UnitNormOptions {
  /** Axes along which norms are taken, or null for all of them. Default 0. */
  readonly axis?: Axis;
}

/** Norms of 1. */
export class UnitNorm extends Constraint {
  readonly axis: Axis;
  /** `new UnitNorm(0)` or `new UnitNorm({ axis })` */
  constructor(axis?: Axis | UnitNormOptions) {
    super();
    this.axis = axisOption('UnitNorm', toNamed<UnitNormOptions>('UnitNorm', [axis], ['axis']).axis);
  }
  override call(w: Tensor): Tensor {
    return divide(w, add(normsOf(w, this.axis), epsilon));
  }
  override getConfig(): Record<string, unknown> {
    return { axis: this.axis };
  }
}
constraints.add('UnitNorm', UnitNorm);

/** Options of `MinMaxNorm`. */
export interface MinMaxNormOptions {
  /** Default 0. */
  readonly minValue?: number;
  /** Default 1. */
  readonly maxValue?: number;
  /** How much of the way to the nearest allowed norm is gone at each update. Default 1. */
  readonly rate?: number;
  /** Axes along which norms are taken, or null for all of them. Default 0. */
  readonly axis?: Axis;
}

/** Norms from `minValue` to `maxValue`, at once or by and by. */
export class MinMaxNorm extends Constraint {
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: Axis;
  /** `new MinMaxNorm(0.5, 2)`, `new MinMaxNorm(0.5, 2, { rate: 0.9 })` or all in one object. */
  constructor(
    minValue?: number | MinMaxNormOptions,
    maxValue?: number,
    rate?: number | MinMaxNormOptions,
    axis?: Axis,
  ) {
    super();
    const name = 'MinMaxNorm';
    const given = toNamed<MinMaxNormOptions>(
      name,
      [minValue, maxValue, rate, axis],
      ['minValue', 'maxValue', 'rate', 'axis'],
    );
    this.minValue = numberOption(name, 'minValue', given.minValue, 0);
    this.maxValue = numberOption(name, 'maxValue', given.maxValue, 1);
    this.rate = numberOption(name, 'rate', given.rate, 1);
    this.axis = axisOption(name, given.axis);
  }
  override call(w: Tensor): Tensor {
    const norms = normsOf(w, this.axis);
    const allowed = multiply(clip(norms, this.minValue, this.maxValue), this.rate);
    return scaled(w, norms, add(allowed, multiply(norms, 1 - this.rate)));
  }
  override getConfig(): Record<string, unknown> {
    return {
      min_value: this.minValue,
      max_value: this.maxValue,
      rate: this.rate,
      axis: this.axis,
    };
  }
}
constraints.add('MinMaxNorm', MinMaxNorm);
