// EarlyStopping: ends training when a logged value stops improving.
import type { Tensor } from '../tensor/tensor.js';
import { mainOptions } from '../util/options.js';
import type { CallbackState, Logs, LogValue } from './callback.js';
import { say } from './messages.js';
import { MonitorCallback, type MonitorOptions } from './monitor.js';

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Smallest change that counts as an improvement. Default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement before it stops. Default 0. */
  readonly patience?: number;
  /** A value that must be bettered for patience to begin anew. */
  readonly baseline?: number | null;
  /** Whether to end with the weights of the best epoch, stopped or not. Default false. */
  readonly restoreBestWeights?: boolean;
  /** Epochs before it begins to watch. Default 0. */
  readonly startFromEpoch?: number;
}

const optionNames = [
  'minDelta',
  'patience',
  'baseline',
  'restoreBestWeights',
  'startFromEpoch',
] as const;

/**
 * Stops training when `monitor` has not improved for `patience` epochs. It never stops after the
 * first epoch. An epoch without the value counts for nothing.
 */
export class EarlyStopping extends MonitorCallback {
  readonly patience: number;
  readonly baseline: number | undefined;
  readonly restoreBestWeights: boolean;
  readonly startFromEpoch: number;
  private wait = 0;
  private bestWeights: readonly Tensor[] | undefined;
  /** The epoch after which it stopped; 0 if it did not. */
  stoppedEpoch = 0;
  bestEpoch = 0;

  /** @throws ConfigError for unknown options or modes */
  constructor(monitor?: string | EarlyStoppingOptions, rest?: EarlyStoppingOptions) {
    const options = mainOptions<EarlyStoppingOptions>(
      'EarlyStopping',
      ['monitor'],
      [monitor, rest],
    );
    super(options, optionNames);
    this.patience = options.patience ?? 0;
    this.baseline = options.baseline ?? undefined;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = options.startFromEpoch ?? 0;
  }

  override onTrainBegin(): void {
    super.onTrainBegin();
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.bestWeights = undefined;
    this.best = undefined;
  }

  override async onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    this.findDirection();
    const value = this.monitored(logs);
    if (value === undefined || epoch < this.startFromEpoch) return;
    const { restoreBestWeights, patience, baseline } = this;
    this.wait += 1;
    if (this.improves(value, this.best)) {
      this.best = value;
      this.bestEpoch = epoch;
      if (restoreBestWeights) this.bestWeights = await this.model.getWeights();
      if (baseline === undefined || this.improves(value, baseline)) this.wait = 0;
      return;
    }
    if (this.wait >= patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    const { verbose, stoppedEpoch, bestEpoch, bestWeights } = this;
    if (stoppedEpoch > 0 && verbose > 0) say(`Epoch ${stoppedEpoch + 1}: early stopping`);
    if (!bestWeights) return;
    if (verbose > 0)
      say(`Restoring model weights from the end of the best epoch: ${bestEpoch + 1}.`);
    this.model.setWeights(bestWeights);
  }

  override getState(): CallbackState {
    const { wait, best = null, bestEpoch, stoppedEpoch, bestWeights = [] } = this;
    return { values: { wait, best, bestEpoch, stoppedEpoch }, tensors: bestWeights };
  }

  override setState({ values, tensors }: CallbackState): void {
    this.wait = values.wait ?? 0;
    this.best = values.best ?? undefined;
    this.bestEpoch = values.bestEpoch ?? 0;
    this.stoppedEpoch = values.stoppedEpoch ?? 0;
    this.bestWeights = tensors.length > 0 ? tensors : undefined;
  }
}
