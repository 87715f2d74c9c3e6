// EarlyStopping: ends training when a logged value stops improving.
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback, type Logs } from './callback.js';

export interface EarlyStoppingOptions {
  /** The logged value to watch. Default `val_loss`. */
  readonly monitor?: string;
  /** Smallest change that counts as an improvement. Default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement before it stops. Default 0. */
  readonly patience?: number;
  readonly verbose?: number;
  /** Default `auto`: `max` for accuracies and the like, else `min`. */
  readonly mode?: 'auto' | 'min' | 'max';
  /** A value that must be reached at all. */
  readonly baseline?: number | null;
  /** Whether to end with the weights of the best epoch. Default false. */
  readonly restoreBestWeights?: boolean;
  /** Epochs before it begins to watch. Default 0. */
  readonly startFromEpoch?: number;
}

const optionNames = [
  'monitor',
  'minDelta',
  'patience',
  'verbose',
  'mode',
  'baseline',
  'restoreBestWeights',
  'startFromEpoch',
];

/** Stops training when `monitor` has not improved for `patience` epochs. */
export class EarlyStopping extends Callback {
  private readonly options: Required<Omit<EarlyStoppingOptions, 'baseline'>>;
  private readonly baseline: number | undefined;
  private readonly direction: 1 | -1;
  private wait = 0;
  private best = 0;
  private bestWeights: readonly Tensor[] | undefined;
  /** The epoch after which it stopped; 0 if it did not. */
  stoppedEpoch = 0;
  bestEpoch = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    checkOptions('EarlyStopping', options, optionNames);
    const { baseline, ...rest } = options;
    this.options = {
      monitor: 'val_loss',
      minDelta: 0,
      patience: 0,
      verbose: 0,
      mode: 'auto',
      restoreBestWeights: false,
      startFromEpoch: 0,
      ...rest,
    };
    const { mode, monitor } = this.options;
    if (!['auto', 'min', 'max'].includes(mode)) {
      throw new ConfigError(`EarlyStopping: mode must be auto, min or max, got "${mode}".`);
    }
    this.baseline = baseline ?? undefined;
    const grows =
      mode === 'max' || (mode === 'auto' && /acc|auc|precision|recall|f1|r2/i.test(monitor));
    this.direction = grows ? 1 : -1;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.bestWeights = undefined;
    this.best = this.direction === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  private improves(value: number, on: number): boolean {
    return (value - on) * this.direction > Math.abs(this.options.minDelta);
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const { monitor, restoreBestWeights, startFromEpoch, patience } = this.options;
    const value = logs[monitor];
    if (value === undefined) {
      // With validationFreq some epochs are not validated.
      const validated = Object.keys(logs).some((name) => name.startsWith('val_'));
      if (monitor.startsWith('val_') && this.params.validation && !validated) return;
      throw new ConfigError(
        `EarlyStopping: "${monitor}" is not logged; logged are ${Object.keys(logs).join(', ')}.`,
      );
    }
    if (epoch < startFromEpoch) return;
    if (restoreBestWeights && !this.bestWeights) {
      this.bestWeights = await this.model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait += 1;
    if (this.improves(value, this.best)) {
      this.best = value;
      this.bestEpoch = epoch;
      if (restoreBestWeights) this.bestWeights = await this.model.getWeights();
      if (this.baseline === undefined || this.improves(value, this.baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    if (this.options.restoreBestWeights && this.bestWeights)
      this.model.setWeights(this.bestWeights);
    if (this.stoppedEpoch > 0 && this.options.verbose > 0) {
      console.error(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    }
  }
}
