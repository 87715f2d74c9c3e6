// LearningRateScheduler: sets the learning rate at the beginning of each epoch.
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback, type LogValue } from './callback.js';
import { logRates, optimizersOf } from './learningRate.js';
import { say } from './messages.js';

/** The learning rate of an epoch (from 0), given the present one. */
export type EpochSchedule = (epoch: number, learningRate: number) => number;

/**
 * Sets the learning rate to what `schedule` gives, at the beginning of every epoch, and logs it as
 * `learning_rate`.
 *
 * @example new LearningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.9))
 */
export class LearningRateScheduler extends Callback {
  readonly verbose: number;

  /** @param options `verbose`: above 0 says what is set */
  constructor(
    readonly schedule: EpochSchedule,
    options: { readonly verbose?: number } = {},
  ) {
    super();
    if (typeof schedule !== 'function') {
      throw new ConfigError(
        `LearningRateScheduler: expected a function (epoch, rate) => rate, got ${typeof schedule}.`,
      );
    }
    checkOptions('LearningRateScheduler', options, ['verbose']);
    this.verbose = options.verbose ?? 0;
  }

  override onEpochBegin(epoch: number): void {
    for (const { optimizer, label } of optimizersOf(this.model.optimizer)) {
      const rate = this.schedule(epoch, optimizer.learningRate);
      if (typeof rate !== 'number') {
        throw new ConfigError(
          `LearningRateScheduler: the schedule must return a number, got ${typeof rate} for epoch ${epoch}.`,
        );
      }
      optimizer.learningRate = rate;
      if (this.verbose > 0) {
        say(`Epoch ${epoch + 1}: LearningRateScheduler setting ${label}learning rate to ${rate}.`);
      }
    }
  }

  override onEpochEnd(_epoch: number, logs: Record<string, LogValue> = {}): void {
    logRates(this.model.optimizer, logs);
  }
}
