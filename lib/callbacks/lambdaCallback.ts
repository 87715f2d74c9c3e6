// LambdaCallback: hooks as plain functions.
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback } from './callback.js';

const hookNames = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
] as const;

/** The hooks of a callback, as plain functions; `this` in one that is no arrow is the callback. */
export type Hooks = {
  readonly [H in (typeof hookNames)[number]]?:
    | ((...args: Required<Parameters<Callback[H]>>) => ReturnType<Callback[H]>)
    | null
    | undefined;
};

/** Hooks, and what batch hooks need: `'logsOnly'` if they only read logs. */
export interface LambdaOptions extends Hooks {
  /** Default: `'each'`. */
  readonly batchHooks?: Callback['batchHooks'];
}

/**
 * A callback of functions.
 *
 * @example new LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs) })
 * @example new LambdaCallback({ batchHooks: 'logsOnly', onTrainBatchEnd: (step, logs) => … })
 */
export class LambdaCallback extends Callback {
  override readonly batchHooks: Callback['batchHooks'];

  /** @throws ConfigError for a name that is no hook, and for a hook that is no function */
  constructor({ batchHooks = 'each', ...hooks }: LambdaOptions = {}) {
    super();
    checkOptions('LambdaCallback', hooks, [...hookNames, 'batchHooks']);
    if (!['each', 'logsOnly', 'none'].includes(batchHooks)) {
      throw new ConfigError(
        `LambdaCallback: batchHooks: expected 'each', 'logsOnly' or 'none', got ${JSON.stringify(batchHooks)}.`,
      );
    }
    this.batchHooks = batchHooks;
    for (const [name, hook] of Object.entries(hooks)) {
      if (hook === undefined || hook === null) continue;
      if (typeof hook !== 'function') {
        throw new ConfigError(`LambdaCallback: ${name}: expected a function, got ${typeof hook}.`);
      }
      Object.assign(this, { [name]: hook });
    }
  }
}
