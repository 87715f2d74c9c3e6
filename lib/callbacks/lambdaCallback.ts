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
export type Hooks = Partial<Pick<Callback, (typeof hookNames)[number]>>;

/**
 * A callback of functions.
 *
 * @example new LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs) })
 */
export class LambdaCallback extends Callback {
  /** @throws ConfigError for a name that is no hook, and for a hook that is no function */
  constructor(hooks: Hooks) {
    super();
    checkOptions('LambdaCallback', hooks, hookNames);
    for (const [name, hook] of Object.entries(hooks)) {
      if (hook === undefined || hook === null) continue;
      if (typeof hook !== 'function') {
        throw new ConfigError(`LambdaCallback: ${name}: expected a function, got ${typeof hook}.`);
      }
      Object.assign(this, { [name]: hook });
    }
  }
}
