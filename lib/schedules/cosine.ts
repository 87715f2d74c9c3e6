// Schedules that follow half a cosine: Loshchilov & Hutter 2016, "SGDR: Stochastic Gradient Descent with
// Warm Restarts", with a linear warm-up as in Goyal et al. 2017.
import { asFloat } from '../ops/convert.js';
import {
  add,
  cos,
  divide,
  floor,
  less,
  log,
  minimum,
  multiply,
  power,
  subtract,
  where,
} from '../ops/elementwise.js';
import { literal, type Tensor } from '../tensor/tensor.js';
import { numberOption, toNamed } from '../util/options.js';
import { snakeKeys } from '../util/registry.js';
import { LearningRateSchedule, schedules, stepsOption } from './schedule.js';

/** (1 + cos πp) / 2: from 1 to 0 while p goes from 0 to 1. */
const halfCosine = (progress: Tensor): Tensor =>
  multiply(add(cos(multiply(progress, Math.PI)), 1), 0.5);

/** Options of `CosineDecay`. */
export interface CosineDecayOptions {
  readonly initialLearningRate?: number;
  /** Steps from the highest rate to the lowest, without the warm-up. */
  readonly decaySteps?: number;
  /** The lowest rate, as a fraction of the highest. Default 0. */
  readonly alpha?: number;
  /** The rate that the warm-up leads to, or null (the default) for no warm-up. */
  readonly warmupTarget?: number | null;
  /** Steps of the warm-up. Default 0. */
  readonly warmupSteps?: number;
  readonly name?: string;
}

/** A linear warm-up from the initial rate to `warmupTarget`, then half a cosine down to `alpha` times that. */
export class CosineDecay extends LearningRateSchedule {
  private readonly options: Required<CosineDecayOptions>;
  /** `new CosineDecay(0, 1000, { warmupTarget: 0.1, warmupSteps: 100 })` */
  constructor(
    initialLearningRate: number | CosineDecayOptions,
    decaySteps?: number,
    alpha?: number | CosineDecayOptions,
    rest?: CosineDecayOptions,
  ) {
    super();
    const name = 'CosineDecay';
    const given = toNamed<CosineDecayOptions>(
      name,
      [initialLearningRate, decaySteps, alpha, rest],
      ['initialLearningRate', 'decaySteps', 'alpha'],
      ['warmupTarget', 'warmupSteps', 'name'],
    );
    const target = given.warmupTarget ?? null;
    this.options = {
      initialLearningRate: numberOption(name, 'initialLearningRate', given.initialLearningRate),
      decaySteps: stepsOption(name, 'decaySteps', given.decaySteps),
      alpha: numberOption(name, 'alpha', given.alpha, 0),
      name: given.name ?? name,
      warmupTarget: target === null ? null : numberOption(name, 'warmupTarget', target),
      warmupSteps: numberOption(name, 'warmupSteps', given.warmupSteps, 0),
    };
  }

  private decay(step: Tensor, from: number): Tensor {
    const { decaySteps, alpha } = this.options;
    const cosine = halfCosine(divide(step, decaySteps));
    return multiply(add(multiply(cosine, 1 - alpha), alpha), from);
  }

  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, warmupTarget, warmupSteps } = this.options;
    if (warmupTarget === null) {
      return this.decay(minimum(asFloat(step), decaySteps), initialLearningRate);
    }
    const now = minimum(asFloat(step), decaySteps + warmupSteps);
    const rise = subtract(literal(warmupTarget), initialLearningRate);
    const warming = add(multiply(divide(now, warmupSteps), rise), initialLearningRate);
    const decaying = this.decay(subtract(now, warmupSteps), warmupTarget);
    return where(less(now, warmupSteps), warming, decaying);
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ ...this.options });
  }
}
schedules.add('CosineDecay', CosineDecay);

/** Options of `CosineDecayRestarts`. */
export interface CosineDecayRestartsOptions {
  readonly initialLearningRate?: number;
  /** Steps of the first period. */
  readonly firstDecaySteps?: number;
  /** How much longer each period is than the one before. Default 2. */
  readonly tMul?: number;
  /** The highest rate of each period, as a fraction of that of the one before. Default 1. */
  readonly mMul?: number;
  /** The lowest rate, as a fraction of the initial one. Default 0. */
  readonly alpha?: number;
  readonly name?: string;
}

/** Half cosines one after the other, each from `mMul` times the height and over `tMul` times the steps. */
export class CosineDecayRestarts extends LearningRateSchedule {
  private readonly options: Required<CosineDecayRestartsOptions>;
  /** `new CosineDecayRestarts(0.1, 1000, { tMul: 1.5, mMul: 0.9 })` */
  constructor(
    initialLearningRate: number | CosineDecayRestartsOptions,
    firstDecaySteps?: number,
    rest?: CosineDecayRestartsOptions,
  ) {
    super();
    const name = 'CosineDecayRestarts';
    const given = toNamed<CosineDecayRestartsOptions>(
      name,
      [initialLearningRate, firstDecaySteps, rest],
      ['initialLearningRate', 'firstDecaySteps'],
      ['tMul', 'mMul', 'alpha', 'name'],
    );
    this.options = {
      initialLearningRate: numberOption(name, 'initialLearningRate', given.initialLearningRate),
      firstDecaySteps: stepsOption(name, 'firstDecaySteps', given.firstDecaySteps),
      tMul: numberOption(name, 'tMul', given.tMul, 2),
      mMul: numberOption(name, 'mMul', given.mMul, 1),
      alpha: numberOption(name, 'alpha', given.alpha, 0),
      name: given.name ?? 'SGDRDecay',
    };
  }

  /** The number of the period, and the part of it that is over. */
  private period(step: Tensor): [Tensor, Tensor] {
    const { firstDecaySteps, tMul } = this.options;
    const done = divide(asFloat(step), firstDecaySteps);
    if (tMul === 1) {
      const periods = floor(done);
      return [periods, subtract(done, periods)];
    }
    // In float32, as in Keras: the error of 1 − tMul grows with the number of periods.
    const shorter = Math.fround(1 - Math.fround(tMul));
    const periods = floor(divide(log(subtract(1, multiply(done, shorter))), log(tMul)));
    const length = power(tMul, periods);
    const before = divide(subtract(1, length), shorter);
    return [periods, divide(subtract(done, before), length)];
  }

  override call(step: Tensor): Tensor {
    const { initialLearningRate, mMul, alpha } = this.options;
    const [periods, progress] = this.period(step);
    const cosine = multiply(power(mMul, periods), halfCosine(progress));
    return multiply(add(multiply(cosine, 1 - alpha), alpha), initialLearningRate);
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ ...this.options });
  }
}
schedules.add('CosineDecayRestarts', CosineDecayRestarts);
