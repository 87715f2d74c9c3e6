// Schedules that decay with the step: exponentially, hyperbolically, polynomially.
import { asFloat } from '../ops/convert.js';
import {
  add,
  ceil,
  divide,
  equal,
  floor,
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

/** Options of `ExponentialDecay` and `InverseTimeDecay`. */
export interface DecayOptions {
  readonly initialLearningRate?: number;
  /** Steps after which the rate has decayed once. */
  readonly decaySteps?: number;
  readonly decayRate?: number;
  /** Decay at whole multiples of `decaySteps` only. Default false. */
  readonly staircase?: boolean;
  /** Default: Keras's name of the class. */
  readonly name?: string;
}
export type ExponentialDecayOptions = DecayOptions;

/** Reads the options of a decay by a rate, with their defaults. */
function decayOptions(where: string, args: readonly unknown[]): Required<DecayOptions> {
  const given = toNamed<DecayOptions>(
    where,
    args,
    ['initialLearningRate', 'decaySteps', 'decayRate'],
    ['staircase', 'name'],
  );
  return {
    initialLearningRate: numberOption(where, 'initialLearningRate', given.initialLearningRate),
    decaySteps: stepsOption(where, 'decaySteps', given.decaySteps),
    decayRate: numberOption(where, 'decayRate', given.decayRate),
    staircase: given.staircase ?? false,
    name: given.name ?? where,
  };
}

/** step / decaySteps, or its whole part. */
function progressOf(step: Tensor, { decaySteps, staircase }: Required<DecayOptions>): Tensor {
  const progress = divide(asFloat(step), decaySteps);
  return staircase ? floor(progress) : progress;
}

/** initial · rate^(step / decaySteps) */
export class ExponentialDecay extends LearningRateSchedule {
  private readonly options: Required<DecayOptions>;
  /** `new ExponentialDecay(0.1, 1000, 0.96, { staircase: true })` */
  constructor(
    initialLearningRate: number | DecayOptions,
    decaySteps?: number,
    decayRate?: number,
    rest?: DecayOptions,
  ) {
    super();
    this.options = decayOptions('ExponentialDecay', [
      initialLearningRate,
      decaySteps,
      decayRate,
      rest,
    ]);
  }
  override call(step: Tensor): Tensor {
    const { initialLearningRate, decayRate } = this.options;
    return multiply(power(decayRate, progressOf(step, this.options)), initialLearningRate);
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ ...this.options });
  }
}
schedules.add('ExponentialDecay', ExponentialDecay);

/** initial / (1 + rate · step / decaySteps) */
export class InverseTimeDecay extends LearningRateSchedule {
  private readonly options: Required<DecayOptions>;
  /** `new InverseTimeDecay(0.1, 1000, 0.5, { staircase: true })` */
  constructor(
    initialLearningRate: number | DecayOptions,
    decaySteps?: number,
    decayRate?: number,
    rest?: DecayOptions,
  ) {
    super();
    this.options = decayOptions('InverseTimeDecay', [
      initialLearningRate,
      decaySteps,
      decayRate,
      rest,
    ]);
  }
  override call(step: Tensor): Tensor {
    const { initialLearningRate, decayRate } = this.options;
    return divide(initialLearningRate, add(multiply(progressOf(step, this.options), decayRate), 1));
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ ...this.options });
  }
}
schedules.add('InverseTimeDecay', InverseTimeDecay);

/** Options of `PolynomialDecay`. */
export interface PolynomialDecayOptions {
  readonly initialLearningRate?: number;
  /** Steps until `endLearningRate` is reached. */
  readonly decaySteps?: number;
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: linear. */
  readonly power?: number;
  /** Begin again, over twice, three times, … as many steps, when the end is reached. Default false. */
  readonly cycle?: boolean;
  readonly name?: string;
}

/** (initial − end)·(1 − step / decaySteps)^power + end, and `end` afterwards. */
export class PolynomialDecay extends LearningRateSchedule {
  private readonly options: Required<PolynomialDecayOptions>;
  /** `new PolynomialDecay(0.1, 10_000, 0.01, { power: 0.5 })` */
  constructor(
    initialLearningRate: number | PolynomialDecayOptions,
    decaySteps?: number,
    endLearningRate?: number | PolynomialDecayOptions,
    rest?: PolynomialDecayOptions,
  ) {
    super();
    const name = 'PolynomialDecay';
    const given = toNamed<PolynomialDecayOptions>(
      name,
      [initialLearningRate, decaySteps, endLearningRate, rest],
      ['initialLearningRate', 'decaySteps', 'endLearningRate'],
      ['power', 'cycle', 'name'],
    );
    this.options = {
      initialLearningRate: numberOption(name, 'initialLearningRate', given.initialLearningRate),
      decaySteps: stepsOption(name, 'decaySteps', given.decaySteps),
      endLearningRate: numberOption(name, 'endLearningRate', given.endLearningRate, 0.0001),
      power: numberOption(name, 'power', given.power, 1),
      cycle: given.cycle ?? false,
      name: given.name ?? name,
    };
  }
  override call(step: Tensor): Tensor {
    const { initialLearningRate, endLearningRate, decaySteps, cycle } = this.options;
    const now = asFloat(step);
    const rounds = where(equal(now, 0), 1, ceil(divide(now, decaySteps)));
    const progress = cycle
      ? divide(now, multiply(rounds, decaySteps))
      : divide(minimum(now, decaySteps), decaySteps);
    const decayed = multiply(
      power(subtract(1, progress), this.options.power),
      subtract(literal(initialLearningRate), endLearningRate),
    );
    return add(decayed, endLearningRate);
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ ...this.options });
  }
}
schedules.add('PolynomialDecay', PolynomialDecay);
