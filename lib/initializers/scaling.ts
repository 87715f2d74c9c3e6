// Initializers whose variance follows from the shape, so that signals keep their size from layer to layer.
import { normal, truncatedNormal, uniform } from '../ops/random.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { numberOption, toNamed } from '../util/options.js';
import { toSnakeCase } from '../util/registry.js';
import { suggestion } from '../util/suggest.js';
import { initializers } from './initializer.js';
import { Seeded, type SeedOption } from './random.js';

/** Which axes of a weight count inputs and outputs, where that does not follow from their order. */
export interface FanAxes {
  readonly inputAxes?: readonly number[] | null;
  readonly outputAxes?: readonly number[] | null;
}

function along(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((n, axis) => {
    const size = shape.at(axis);
    if (size !== undefined && Number.isInteger(axis)) return n * size;
    throw new ShapeError(`initializer: axis ${axis} is outside of ${formatShape(shape)}.`);
  }, 1);
}

/**
 * Numbers of inputs and outputs of one unit of a weight: the last two axes, times the rest; or the
 * product of the axes that are named, if those of both sides are.
 */
export function computeFans(
  shape: Shape,
  { inputAxes, outputAxes }: FanAxes = {},
): { fanIn: number; fanOut: number } {
  if (inputAxes && outputAxes) {
    return { fanIn: along(shape, inputAxes), fanOut: along(shape, outputAxes) };
  }
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 };
  if (shape.length === 1) return { fanIn: shape[0], fanOut: shape[0] };
  const field = shape.slice(0, -2).reduce((n, d) => n * d, 1);
  return { fanIn: shape[shape.length - 2] * field, fanOut: shape[shape.length - 1] * field };
}

/** Options of all initializers with a variance of the shape. */
export interface FanOptions extends SeedOption, FanAxes {}

/** Options of `VarianceScaling`. */
export interface VarianceScalingOptions extends FanOptions {
  /** Default 1. */
  readonly scale?: number;
  /** What the scale is divided by. Default 'fan_in'. */
  readonly mode?: 'fan_in' | 'fan_out' | 'fan_avg' | 'fanIn' | 'fanOut' | 'fanAvg';
  /** 'truncated_normal' (the default; also 'normal'), 'untruncated_normal' or 'uniform'. */
  readonly distribution?: string;
}

const modes = ['fan_in', 'fan_out', 'fan_avg'];
const distributions = ['truncated_normal', 'untruncated_normal', 'uniform'];
/** @internal Names of the options of all of them. */
export const fanNames = ['seed', 'inputAxes', 'outputAxes'] as const;

/** Standard deviation of a normal that is cut off at two of its standard deviations. */
const truncatedStddev = 0.87962566103423978;

function choice(what: string, given: string, choices: readonly string[]): string {
  const name = toSnakeCase(given);
  if (choices.includes(name)) return name;
  throw new ConfigError(
    `VarianceScaling: unknown ${what} "${given}".${suggestion(name, choices)} Known: ${choices.join(', ')}.`,
  );
}

/** Variance `scale / fan`. */
export class VarianceScaling extends Seeded {
  readonly scale: number;
  readonly mode: string;
  readonly distribution: string;
  readonly inputAxes: readonly number[] | null;
  readonly outputAxes: readonly number[] | null;
  /** `new VarianceScaling(2, 'fan_out', 'uniform', { seed: 1 })` or all in one object. */
  constructor(
    scale?: number | VarianceScalingOptions,
    mode?: VarianceScalingOptions['mode'] | VarianceScalingOptions,
    distribution?: string | VarianceScalingOptions,
    rest?: VarianceScalingOptions,
  ) {
    const given = toNamed<VarianceScalingOptions>(
      new.target.name,
      [scale, mode, distribution, rest],
      ['scale', 'mode', 'distribution'],
      fanNames,
    );
    super(given);
    this.scale = numberOption('VarianceScaling', 'scale', given.scale, 1);
    if (this.scale <= 0) {
      throw new ConfigError(`VarianceScaling: scale must be above 0, got ${this.scale}.`);
    }
    this.mode = choice('mode', given.mode ?? 'fan_in', modes);
    const wanted = given.distribution ?? 'truncated_normal';
    const isNormal = wanted.toLowerCase() === 'normal';
    this.distribution = choice(
      'distribution',
      isNormal ? 'truncated_normal' : wanted,
      distributions,
    );
    this.inputAxes = given.inputAxes ?? null;
    this.outputAxes = given.outputAxes ?? null;
  }

  override call(shape: Shape): Tensor {
    const { fanIn, fanOut } = computeFans(shape, this);
    const fans: Record<string, number> = {
      fan_in: fanIn,
      fan_out: fanOut,
      fan_avg: (fanIn + fanOut) / 2,
    };
    const variance = this.scale / Math.max(1, fans[this.mode]);
    const { seed } = this;
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return uniform(shape, { minval: -limit, maxval: limit, seed });
    }
    if (this.distribution === 'untruncated_normal') {
      return normal(shape, { stddev: Math.sqrt(variance), seed });
    }
    return truncatedNormal(shape, { stddev: Math.sqrt(variance) / truncatedStddev, seed });
  }

  /** Axes are written where they are given: only the newest Keras knows them. */
  protected fanConfig(): Record<string, unknown> {
    const { inputAxes, outputAxes } = this;
    return {
      ...super.getConfig(),
      ...(inputAxes && { input_axes: inputAxes }),
      ...(outputAxes && { output_axes: outputAxes }),
    };
  }

  override getConfig(): Record<string, unknown> {
    const { scale, mode, distribution } = this;
    return { ...this.fanConfig(), scale, mode, distribution };
  }
}
initializers.add('VarianceScaling', VarianceScaling);
