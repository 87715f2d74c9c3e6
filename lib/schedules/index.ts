// Learning-rate schedules: functions of the step, computed inside the training program.
import { asFloat } from '../ops/convert.js';
import { divide, floor, multiply, power } from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { camelKeys, Registry, snakeKeys } from '../util/registry.js';

/** A function of the step (int32 scalar, 0 for the first) that gives the learning rate. */
export type ScheduleFunction = (step: Tensor) => Tensor;

/** A schedule as an object; subclasses define `call`. */
export abstract class LearningRateSchedule {
  /** The learning rate at `step`, an int32 scalar. */
  abstract call(step: Tensor): Tensor;

  getConfig(): Record<string, unknown> {
    return {};
  }

  static fromConfig(
    this: new (
      options: never,
    ) => LearningRateSchedule,
    config: Record<string, unknown>,
  ): LearningRateSchedule {
    return new this(camelKeys(config) as never);
  }
}

/** All schedules by name. */
export const schedules = new Registry<{
  fromConfig(config: Record<string, unknown>): LearningRateSchedule;
}>('schedule');

export interface ExponentialDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Decay at whole multiples of `decaySteps` only. Default false. */
  readonly staircase?: boolean;
  readonly name?: string;
}

/** initial · rate^(step / decaySteps) */
export class ExponentialDecay extends LearningRateSchedule {
  private readonly options: ExponentialDecayOptions;
  constructor(options: ExponentialDecayOptions) {
    super();
    this.options = options;
  }
  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, decayRate, staircase } = this.options;
    const progress = divide(asFloat(step), decaySteps);
    return multiply(power(decayRate, staircase ? floor(progress) : progress), initialLearningRate);
  }
  override getConfig(): Record<string, unknown> {
    return snakeKeys({ staircase: false, name: 'ExponentialDecay', ...this.options });
  }
}
schedules.add('ExponentialDecay', ExponentialDecay);
