// The base of learning-rate schedules, and all of them by name.
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { numberOption } from '../util/options.js';
import { camelKeys, Registry } from '../util/registry.js';

/** A function of the step (int32 scalar, 0 for the first) that gives the learning rate. */
export type ScheduleFunction = (step: Tensor) => Tensor;

/** A schedule as an object; subclasses define `call`. */
export abstract class LearningRateSchedule {
  /** The learning rate at `step`, an int32 scalar. */
  abstract call(step: Tensor): Tensor;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    return {};
  }

  /** One made of Keras's config. */
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

/** @internal A number of steps above 0. */
export function stepsOption(where: string, name: string, given: number | undefined): number {
  const steps = numberOption(where, name, given);
  if (steps > 0) return steps;
  throw new ConfigError(`${where}: ${name} must be above 0, got ${steps}.`);
}
