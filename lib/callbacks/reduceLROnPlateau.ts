// ReduceLROnPlateau: lowers the learning rate when a logged value stops improving.
import { ConfigError } from '../util/errors.js';
import { mainOptions } from '../util/options.js';
import type { CallbackState, LogValue } from './callback.js';
import { logRates, optimizersOf, setRate } from './learningRate.js';
import { say } from './messages.js';
import { MonitorCallback, type MonitorOptions } from './monitor.js';

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by; below 1. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement before the rate is lowered. Default 10. */
  readonly patience?: number;
  /** Smallest change that counts as an improvement. Default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after lowering the rate in which it does not count. Default 0. */
  readonly cooldown?: number;
  /** The rate is not lowered below it. Default 0. */
  readonly minLr?: number;
}

const optionNames = ['factor', 'patience', 'minDelta', 'cooldown', 'minLr'] as const;

/**
 * Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs, and
 * logs it as `learning_rate`. If the rate follows a schedule, what the schedule gives is scaled from
 * then on (in Keras that is an error); `minLr` bounds the rate at the moment it is lowered.
 */
export class ReduceLROnPlateau extends MonitorCallback {
  readonly factor: number;
  readonly patience: number;
  readonly cooldown: number;
  readonly minLr: number;
  private wait = 0;
  private cooldownCounter = 0;

  /** @throws ConfigError for unknown options or modes, and a factor that does not lower */
  constructor(monitor?: string | ReduceLROnPlateauOptions, rest?: ReduceLROnPlateauOptions) {
    const given = [monitor, rest];
    const options = mainOptions<ReduceLROnPlateauOptions>('ReduceLROnPlateau', ['monitor'], given);
    super({ minDelta: 1e-4, ...options }, optionNames);
    this.factor = options.factor ?? 0.1;
    this.patience = options.patience ?? 10;
    this.cooldown = options.cooldown ?? 0;
    this.minLr = options.minLr ?? 0;
    if (!(this.factor < 1)) {
      throw new ConfigError(`ReduceLROnPlateau: factor must be below 1, got ${this.factor}.`);
    }
  }

  override onTrainBegin(): void {
    super.onTrainBegin();
    this.best = undefined;
    this.cooldownCounter = 0;
    this.wait = 0;
  }

  override onEpochEnd(epoch: number, logs: Record<string, LogValue> = {}): void {
    this.findDirection();
    logRates(this.model.optimizer, logs);
    const value = this.monitored(logs);
    if (value === undefined) return;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter -= 1;
      this.wait = 0;
    }
    if (this.improves(value, this.best)) {
      this.best = value;
      this.wait = 0;
      return;
    }
    if (this.cooldownCounter > 0) return;
    this.wait += 1;
    if (this.wait >= this.patience && this.reduce(epoch)) {
      this.cooldownCounter = this.cooldown;
      this.wait = 0;
    }
  }

  /** Lowers the rates that are above the least; whether there was one. */
  private reduce(epoch: number): boolean {
    let reduced = false;
    for (const { optimizer, label } of optimizersOf(this.model.optimizer)) {
      const old = optimizer.learningRate;
      if (!(old > Math.fround(this.minLr))) continue;
      const rate = Math.max(old * this.factor, this.minLr);
      setRate(optimizer, rate);
      if (this.verbose > 0) {
        say(`Epoch ${epoch + 1}: ReduceLROnPlateau reducing ${label}learning rate to ${rate}.`);
      }
      reduced = true;
    }
    return reduced;
  }

  override getState(): CallbackState {
    const { wait, best = null, cooldownCounter } = this;
    return { values: { wait, best, cooldownCounter }, tensors: [] };
  }

  override setState({ values }: CallbackState): void {
    this.wait = values.wait ?? 0;
    this.best = values.best ?? undefined;
    this.cooldownCounter = values.cooldownCounter ?? 0;
  }
}
