export { Callback, type FitParams, type Logs } from './callback.js';
export { EarlyStopping, type EarlyStoppingOptions } from './earlyStopping.js';
export { History } from './history.js';
export { LambdaCallback, TerminateOnNaN } from './small.js';
