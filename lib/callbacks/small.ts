// Callbacks of a few lines.
import { Callback, type Logs } from './callback.js';

/** The hooks of a callback, as plain functions. */
export type Hooks = Partial<
  Pick<
    Callback,
    | 'onTrainBegin'
    | 'onTrainEnd'
    | 'onEpochBegin'
    | 'onEpochEnd'
    | 'onTrainBatchBegin'
    | 'onTrainBatchEnd'
    | 'onTestBegin'
    | 'onTestEnd'
  >
>;

/** A callback of functions: `new LambdaCallback({ onEpochEnd: (epoch, logs) => … })`. */
export class LambdaCallback extends Callback {
  constructor(hooks: Hooks) {
    super();
    Object.assign(this, hooks);
  }
}

/** Kept for programs written for Keras: here a loss that is not finite always stops the run. */
export class TerminateOnNaN extends Callback {
  override readonly batchHooks = 'logsOnly';
  override onTrainBatchEnd(_step: number, logs: Logs = {}): void {
    if (logs.loss !== undefined && !Number.isFinite(logs.loss)) this.model.stopTraining = true;
  }
}
