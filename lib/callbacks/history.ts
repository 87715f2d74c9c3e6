// History: what `fit` returns.
import { Callback, type Logs, type LogsOf, type LogValue } from './callback.js';

/**
 * The logs of every epoch, and the loss of every step. `L` are the logs of one epoch, numbers by default:
 * `model.fit<{ loss: number; f1_score: number[] }>(…)` says that a metric is an array.
 */
export class History<L extends LogsOf<L> = Record<string, number>> extends Callback {
  /** One array per logged name: `loss`, `accuracy`, `val_loss`, …. */
  readonly history = {} as { [Name in keyof L]: L[Name][] };
  /** The epochs that were run, from 0. */
  readonly epoch: number[] = [];
  private chunks: Float32Array[] = [];

  /** The loss of every step, in order. */
  get stepLosses(): Float32Array {
    if (this.chunks.length !== 1) {
      const all = new Float32Array(this.chunks.reduce((n, chunk) => n + chunk.length, 0));
      let next = 0;
      for (const chunk of this.chunks) {
        all.set(chunk, next);
        next += chunk.length;
      }
      this.chunks = [all];
    }
    return this.chunks[0];
  }

  /** @internal */
  addStepLosses(losses: Float32Array): void {
    this.chunks.push(losses);
  }

  override onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): void {
    this.epoch.push(epoch);
    const history: Record<string, LogValue[]> = this.history;
    for (const [name, value] of Object.entries(logs)) {
      history[name] ??= [];
      history[name].push(value);
    }
  }
}
