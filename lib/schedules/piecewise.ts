// The schedule that is constant between steps.
import { cast, lessEqual, where } from '../ops/elementwise.js';
import { literal, type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { numberOption, toNamed } from '../util/options.js';
import { snakeKeys } from '../util/registry.js';
import { LearningRateSchedule, schedules } from './schedule.js';

/** Options of `PiecewiseConstantDecay`. */
export interface PiecewiseConstantDecayOptions {
  /** The last step of each piece but the last one, in rising order. */
  readonly boundaries?: readonly number[];
  /** The rate of each piece: one more than there are boundaries. */
  readonly values?: readonly number[];
  readonly name?: string;
}

/** `values[i]` up to and including step `boundaries[i]`, and the last value afterwards. */
export class PiecewiseConstantDecay extends LearningRateSchedule {
  private readonly options: Required<PiecewiseConstantDecayOptions>;
  /** `new PiecewiseConstantDecay([1000, 2000], [0.1, 0.01, 0.001])` */
  constructor(
    boundaries: readonly number[] | PiecewiseConstantDecayOptions,
    values?: readonly number[],
    rest?: PiecewiseConstantDecayOptions,
  ) {
    super();
    const given = toNamed<PiecewiseConstantDecayOptions>(
      'PiecewiseConstantDecay',
      [boundaries, values, rest],
      ['boundaries', 'values'],
      ['name'],
    );
    this.options = {
      boundaries: given.boundaries ?? [],
      values: given.values ?? [],
      name: given.name ?? 'PiecewiseConstant',
    };
    this.check();
  }

  private check(): void {
    const { boundaries, values } = this.options;
    for (const value of [...boundaries, ...values]) {
      numberOption('PiecewiseConstantDecay', 'each boundary and value', value);
    }
    if (values.length !== boundaries.length + 1) {
      throw new ConfigError(
        `PiecewiseConstantDecay: expected one value more than the ${boundaries.length} boundaries, got ${values.length}.`,
      );
    }
    if (boundaries.some((b, i) => i > 0 && b <= boundaries[i - 1])) {
      throw new ConfigError('PiecewiseConstantDecay: expected boundaries in rising order.');
    }
  }

  override call(step: Tensor): Tensor {
    const { boundaries, values } = this.options;
    // As in Keras, boundaries take on the dtype of the step: fractions are cut off.
    const limits = boundaries.map((b) => cast(tensor(b), step.dtype));
    return limits.reduceRight<Tensor>(
      (later, limit, i) => where(lessEqual(step, limit), values[i], later),
      literal(values[values.length - 1]),
    );
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ ...this.options });
  }
}
schedules.add('PiecewiseConstantDecay', PiecewiseConstantDecay);
