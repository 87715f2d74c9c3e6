// The batch hooks of callbacks in one pass over data: between steps, or later for many steps at once.
import {
  type Callback,
  type FitParams,
  type Hook,
  type PassMode,
  watchesBatches,
} from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/callbackList.js';

const beginOf = {
  train: 'onTrainBatchBegin',
  test: 'onTestBatchBegin',
  predict: 'onPredictBatchBegin',
} as const;

/** What a pass calls; `L` are the logs of its steps. */
export interface BatchHooks<L> {
  /** Whether each step must end before the next begins. */
  readonly single: boolean;
  /** The number of the pass's first step. */
  readonly firstStep: number;
  readonly beforeStep: ((step: number) => Promise<void>) | undefined;
  /** Tells of `steps` steps from `first` on. */
  readonly afterSteps: (first: number, steps: number, logsAfter: (i: number) => L) => Promise<void>;
}

/**
 * @param end calls the hook at the end of a step
 * @param firstStep the number of the pass's first step, if it goes on in the midst of an epoch
 */
export function batchHooks<L>(
  list: CallbackList,
  mode: PassMode,
  end: (callback: Callback, step: number, logs: L) => Hook,
  firstStep = 0,
): BatchHooks<L> {
  const begin = beginOf[mode];
  const readers = list.readers(mode);
  const watchers = readers.filter((callback) => watchesBatches(callback, mode));
  const single = watchers.length > 0;
  return {
    single,
    firstStep,
    beforeStep: single
      ? async (step) => {
          for (const callback of watchers) await callback[begin](firstStep + step, {});
        }
      : undefined,
    async afterSteps(first, steps, logsAfter) {
      if (readers.length === 0) return;
      for (let i = 0; i < steps; i++) {
        const step = firstStep + first + i;
        const logs = logsAfter(i);
        for (const callback of readers) {
          if (callback.batchHooks === 'logsOnly') await callback[begin](step, {});
          await end(callback, step, logs);
        }
      }
    },
  };
}

/** What callbacks are told about a pass over arrays or batches. */
export function passParams(
  /** Samples of arrays, or else batches, as far as they are known. */
  given: { readonly samples: number | undefined; readonly batches: number | undefined },
  options: {
    readonly batch: number;
    readonly steps: number | undefined;
    readonly verbose: number | 'auto' | undefined;
  },
): FitParams {
  const { batch, verbose = 'auto' } = options;
  const all = given.samples === undefined ? given.batches : Math.ceil(given.samples / batch);
  const steps = Math.min(
    all ?? Number.POSITIVE_INFINITY,
    options.steps ?? Number.POSITIVE_INFINITY,
  );
  return {
    epochs: 1,
    steps: Number.isFinite(steps) ? steps : undefined,
    samples: given.samples === undefined ? undefined : Math.min(given.samples, steps * batch),
    verbose: verbose === 'auto' ? 1 : verbose,
    validation: false,
  };
}
