// ProgbarLogger: the progress that fit, evaluate and predict show, as a callback.
import { Callback, type FitParams, type Logs, type LogValue } from './callback.js';
import { makeProgress, type Progress, type Terminal } from './progress.js';

/**
 * Shows progress on standard error: a bar on a terminal, a line per epoch elsewhere. `fit` and
 * `evaluate` show it by themselves; with this callback in the list they leave it to it. `predict`
 * shows progress only with it. Validation in `fit` is silent, as in Keras.
 */
export class ProgbarLogger extends Callback {
  override readonly batchHooks = 'logsOnly';
  private progress: Progress | undefined;
  private fitting = false;

  /** @param stream where to show it; default standard error */
  constructor(private readonly stream?: Terminal) {
    super();
  }

  override setParams(params: FitParams): void {
    super.setParams(params);
    this.fitting = false;
  }

  private async begin(epoch: number, title?: string): Promise<void> {
    const { epochs, samples, steps, verbose } = this.params;
    const options = { epochs, verbose, samples, steps };
    this.progress?.end();
    this.progress = await makeProgress({
      ...options,
      ...(title !== undefined && { title }),
      ...(this.stream && { stream: this.stream }),
    });
    this.progress.beginEpoch(epoch);
  }

  private update(step: number, logs: Logs<LogValue>): void {
    const { samples, steps } = this.params;
    // The last batch may be smaller: samples are what the share of the steps comes to.
    const seen =
      samples !== undefined && steps ? Math.round((samples * (step + 1)) / steps) : undefined;
    this.progress?.update(seen, logs, step + 1);
  }

  private end(logs: Logs<LogValue>): void {
    this.progress?.endEpoch(logs);
    this.progress?.end();
    this.progress = undefined;
  }

  override onTrainBegin(): void {
    this.fitting = true;
  }
  override onEpochBegin(epoch: number): Promise<void> {
    return this.begin(epoch);
  }
  override onTrainBatchEnd(step: number, logs: Logs<LogValue> = {}): void {
    this.update(step, logs);
  }
  override onEpochEnd(_epoch: number, logs: Logs<LogValue> = {}): void {
    this.end(logs);
  }
  override onTrainEnd(): void {
    this.progress?.end();
    this.fitting = false;
  }
  override async onTestBegin(): Promise<void> {
    if (!this.fitting) await this.begin(0, 'Evaluate');
  }
  override onTestBatchEnd(step: number, logs: Logs<LogValue> = {}): void {
    if (!this.fitting) this.update(step, logs);
  }
  override onTestEnd(logs: Logs<LogValue> = {}): void {
    if (!this.fitting) this.end(logs);
  }
  override onPredictBegin(): Promise<void> {
    return this.begin(0, 'Predict');
  }
  override onPredictBatchEnd(step: number): void {
    this.update(step, {});
  }
  override onPredictEnd(): void {
    this.end({});
  }
}
