// TerminateOnNaN: a run whose loss is not finite ends as if it were done.
import { DataError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback, type Logs } from './callback.js';
import { say } from './messages.js';

/**
 * Ends `fit` in good order at a loss that is NaN or infinite: the epoch is closed with that loss in
 * its logs, and `onTrainEnd` is called. Without it `fit` rejects and names the layer that the value
 * came from. Either way the step that failed changes no weights (in Keras it does).
 */
export class TerminateOnNaN extends Callback {
  override readonly batchHooks = 'logsOnly';
  readonly raiseError: boolean;

  /** @param options `raiseError`: reject instead, without `onTrainEnd`. Default false. */
  constructor(options: { readonly raiseError?: boolean } = {}) {
    super();
    checkOptions('TerminateOnNaN', options, ['raiseError']);
    this.raiseError = options.raiseError ?? false;
  }

  override onBatchEnd(step: number, logs: Logs = {}): void {
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) {
      throw new DataError(
        `TerminateOnNaN: the loss became ${loss} in batch ${step}. Leave this callback out to be told where it came from.`,
      );
    }
    say(`Batch ${step}: invalid loss, terminating training.`);
    this.model.stopTraining = true;
  }
}
