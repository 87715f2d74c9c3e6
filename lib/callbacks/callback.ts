// The base of callbacks: Keras's hooks, sync or async.
import type { Structure } from '../layers/structure.js';
import type { AnyModel } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Run } from './run.js';

/** A logged number; or the array of a metric that has one per class or threshold, such as F1Score. */
export type LogValue = number | readonly number[];

/** Logged values by name. A callback that reads arrays too declares `Logs<LogValue>`. */
export type Logs<Value extends LogValue = number> = Readonly<Record<string, Value>>;

/** What logs with known names must be, e.g. `{ loss: number; f1_score: number[] }`. */
export type LogsOf<L> = { readonly [Name in keyof L]: LogValue };

/** What `predict` tells after a batch: the model's outputs for it. */
export interface PredictLogs {
  readonly outputs: Structure;
}

/** What `fit`, `evaluate` and `predict` tell callbacks about a run. */
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

/** What a callback knows of a run, for another process to go on with. */
export interface CallbackState {
  readonly values: Readonly<Record<string, number | null>>;
  readonly tensors: readonly Tensor[];
}

/** What a hook returns: nothing, now or later. */
export type Hook = void | Promise<void>;

/**
 * Something that `fit`, `evaluate` and `predict` call at their stages; each hook is awaited. The
 * callbacks of a list are called in their order, and see what those before them put into the logs.
 */
export abstract class Callback {
  /** The model; set before the first hook. */
  model!: AnyModel;
  params!: FitParams;
  /** @internal The run of `fit` that it belongs to; undefined in evaluate and predict. */
  run: Run | undefined;
  /**
   * `'each'`: batch hooks are called between steps, which costs one call of the engine per step if
   * the callback has any. `'logsOnly'`: they only read logs, and may be called later, for many steps
   * at once. `'none'`: they are not called.
   */
  readonly batchHooks: 'each' | 'logsOnly' | 'none' = 'each';

  /** @internal Whether a list puts it behind the others: it saves what they have come to. */
  readonly comesLast: boolean = false;

  /** Called by `setModel` of a list, before the first hook. */
  setModel(model: AnyModel): void {
    this.model = model;
  }
  setParams(params: FitParams): void {
    this.params = params;
  }

  /** What BackupAndRestore saves of it beside the model; nothing by default. */
  getState(): CallbackState | undefined {
    return undefined;
  }
  /** Goes on from a state that `getState` gave, after `onTrainBegin`. */
  setState(_state: CallbackState): void {}

  onTrainBegin(_logs?: Logs): Hook {}
  /** `logs` are those of the last epoch. */
  onTrainEnd(_logs?: Logs): Hook {}
  onEpochBegin(_epoch: number, _logs?: Logs): Hook {}
  /** `logs` hold losses and metrics of the epoch, those of validation as `val_…`. */
  onEpochEnd(_epoch: number, _logs?: Logs): Hook {}
  /** Keras's older name of `onTrainBatchBegin`, called by it unless that is overridden. */
  onBatchBegin(_step: number, _logs?: Logs): Hook {}
  /** Keras's older name of `onTrainBatchEnd`, called by it unless that is overridden. */
  onBatchEnd(_step: number, _logs?: Logs): Hook {}
  onTrainBatchBegin(step: number, logs?: Logs): Hook {
    return this.onBatchBegin(step, logs);
  }
  /** `logs` are the means of the epoch so far. */
  onTrainBatchEnd(step: number, logs?: Logs): Hook {
    return this.onBatchEnd(step, logs);
  }
  /** Of `evaluate`, and of each validation in `fit`. */
  onTestBegin(_logs?: Logs): Hook {}
  onTestEnd(_logs?: Logs): Hook {}
  onTestBatchBegin(_step: number, _logs?: Logs): Hook {}
  onTestBatchEnd(_step: number, _logs?: Logs): Hook {}
  onPredictBegin(_logs?: Logs): Hook {}
  onPredictEnd(_logs?: Logs): Hook {}
  onPredictBatchBegin(_step: number, _logs?: Logs): Hook {}
  onPredictBatchEnd(_step: number, _logs?: PredictLogs): Hook {}
}

const hooksOfBatches = {
  train: ['onTrainBatchBegin', 'onTrainBatchEnd', 'onBatchBegin', 'onBatchEnd'],
  test: ['onTestBatchBegin', 'onTestBatchEnd'],
  predict: ['onPredictBatchBegin', 'onPredictBatchEnd'],
} as const;

/** What a pass over data does. */
export type PassMode = keyof typeof hooksOfBatches;

/** Whether a callback has batch hooks of a kind of pass. */
export const readsBatches = (callback: Callback, mode: PassMode): boolean =>
  callback.batchHooks !== 'none' &&
  hooksOfBatches[mode].some((hook) => callback[hook] !== Callback.prototype[hook]);

/** Whether a callback has a batch hook that must be called between steps. */
export const watchesBatches = (callback: Callback, mode: PassMode): boolean =>
  callback.batchHooks === 'each' && readsBatches(callback, mode);
