// The base of callbacks: Keras's hooks, sync or async.
import type { AnyModel } from '../models/model.js';

/** Logged values by name. */
export type Logs = Readonly<Record<string, number>>;

/** What `fit` tells callbacks about a run. */
export interface FitParams {
  readonly epochs: number;
  /** Steps per epoch, if known. */
  readonly steps: number | undefined;
  /** Samples per epoch, if known. */
  readonly samples: number | undefined;
  readonly verbose: number;
  /** Whether there is validation data, so that epochs may log `val_…`. */
  readonly validation: boolean;
}

type Hook = void | Promise<void>;

/** Something that `fit`, `evaluate` and `predict` call at their stages. */
export abstract class Callback {
  /** The model; set before the first hook. */
  model!: AnyModel;
  params!: FitParams;
  /**
   * `'logsOnly'`: batch hooks only read logs, and may be called later, for many steps at once.
   * Otherwise each batch hook costs one call of the engine per step.
   */
  readonly batchHooks: 'each' | 'logsOnly' = 'each';

  onTrainBegin(_logs?: Logs): Hook {}
  onTrainEnd(_logs?: Logs): Hook {}
  onEpochBegin(_epoch: number, _logs?: Logs): Hook {}
  onEpochEnd(_epoch: number, _logs?: Logs): Hook {}
  onTrainBatchBegin(_step: number, _logs?: Logs): Hook {}
  onTrainBatchEnd(_step: number, _logs?: Logs): Hook {}
  onTestBegin(_logs?: Logs): Hook {}
  onTestEnd(_logs?: Logs): Hook {}
}

/** Whether a callback has a batch hook that must be called between steps. */
export const watchesBatches = (callback: Callback): boolean =>
  callback.batchHooks !== 'logsOnly' &&
  (callback.onTrainBatchBegin !== Callback.prototype.onTrainBatchBegin ||
    callback.onTrainBatchEnd !== Callback.prototype.onTrainBatchEnd);

/** Whether a callback reads the logs of batches at all. */
export const readsBatches = (callback: Callback): boolean =>
  callback.onTrainBatchBegin !== Callback.prototype.onTrainBatchBegin ||
  callback.onTrainBatchEnd !== Callback.prototype.onTrainBatchEnd;
