// CallbackList: callbacks that are called together, in order.
import type { AnyModel } from '../models/model.js';
import { ConfigError } from '../util/errors.js';
import {
  Callback,
  type FitParams,
  type Hook,
  type Logs,
  type LogValue,
  type PassMode,
  type PredictLogs,
  readsBatches,
} from './callback.js';
import { ProgbarLogger } from './progbarLogger.js';
import type { Run } from './run.js';

/**
 * Several callbacks as one. Each hook of the list calls that of every callback in turn and awaits it.
 * Logs are copied once per call: what a callback adds to them, those after it see, and the caller not.
 *
 * @example
 * const list = new CallbackList([new CSVLogger('log.csv')], model);
 * await list.onEpochEnd(0, { loss: 0.5 });
 */
export class CallbackList extends Callback {
  readonly callbacks: readonly Callback[];

  /** @throws ConfigError if one of them is no Callback */
  constructor(
    callbacks: Callback | readonly Callback[] = [],
    model?: AnyModel,
    params?: FitParams,
  ) {
    super();
    const given = [callbacks ?? []].flat();
    if (!given.every((c) => c instanceof Callback)) {
      throw new ConfigError(
        'callbacks: expected Callback objects, one or an array of them. For plain functions use new LambdaCallback({ onEpochEnd, … }).',
      );
    }
    const flat = given.flatMap((c) => (c instanceof CallbackList ? c.callbacks : [c]));
    this.callbacks = [...flat.filter((c) => !c.comesLast), ...flat.filter((c) => c.comesLast)];
    if (model) this.setModel(model);
    if (params) this.setParams(params);
  }

  override setModel(model: AnyModel): void {
    super.setModel(model);
    for (const callback of this.callbacks) callback.setModel(model);
  }
  override setParams(params: FitParams): void {
    super.setParams(params);
    for (const callback of this.callbacks) callback.setParams(params);
  }
  /** @internal Before the first hook of a run. */
  begin(params: FitParams, run?: Run): void {
    this.setParams(params);
    for (const callback of this.callbacks) callback.run = run;
  }
  /** @internal The `verbose` of the caller's own progress: none if one of the callbacks shows it. */
  ownProgress(verbose: number | 'auto' = 'auto'): number | 'auto' {
    return this.callbacks.some((callback) => callback instanceof ProgbarLogger) ? 0 : verbose;
  }
  /** The callbacks that have batch hooks of a kind of pass. */
  readers(mode: PassMode): readonly Callback[] {
    return this.callbacks.filter((callback) => readsBatches(callback, mode));
  }

  /** Calls a hook of all callbacks. Between passes hooks may evaluate the model; in a batch not. */
  private async each<L extends object>(
    logs: L,
    hook: (callback: Callback, copy: L) => Hook,
    between = false,
  ): Promise<void> {
    const copy = { ...logs };
    for (const callback of this.callbacks) {
      if (between) this.model.betweenPasses = true;
      try {
        await hook(callback, copy);
      } finally {
        if (between) this.model.betweenPasses = false;
      }
    }
  }

  /** `each` for hooks that read logged values. Arrays among them concern who asked for such a metric. */
  private told(
    logs: Logs<LogValue>,
    hook: (callback: Callback, copy: Logs) => Hook,
    between = false,
  ): Promise<void> {
    return this.each(logs as Logs, hook, between);
  }

  override onTrainBegin(logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTrainBegin(copy), true);
  }
  override onTrainEnd(logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTrainEnd(copy), true);
  }
  override onEpochBegin(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onEpochBegin(epoch, copy), true);
  }
  override onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onEpochEnd(epoch, copy), true);
  }
  override onTestBegin(logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTestBegin(copy), true);
  }
  override onTestEnd(logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTestEnd(copy), true);
  }
  override onPredictBegin(logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onPredictBegin(copy));
  }
  override onPredictEnd(logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onPredictEnd(copy));
  }
  override onBatchBegin(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onBatchBegin(step, copy));
  }
  override onBatchEnd(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onBatchEnd(step, copy));
  }
  override onTrainBatchBegin(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTrainBatchBegin(step, copy));
  }
  override onTrainBatchEnd(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTrainBatchEnd(step, copy));
  }
  override onTestBatchBegin(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTestBatchBegin(step, copy));
  }
  override onTestBatchEnd(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onTestBatchEnd(step, copy));
  }
  override onPredictBatchBegin(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    return this.told(logs, (c, copy) => c.onPredictBatchBegin(step, copy));
  }
  override onPredictBatchEnd(step: number, logs: PredictLogs): Promise<void> {
    return this.each(logs, (c, copy) => c.onPredictBatchEnd(step, copy));
  }
}
