// Losses of regression: squared and absolute errors.
import { absolute, cast, square, subtract } from '../ops/elementwise.js';
import { mean } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import {
  checkShapes,
  Loss,
  type LossOptions,
  losses,
  lossOptionNames,
  matchRanks,
} from './loss.js';

const difference = (name: string, yTrue: Tensor, yPred: Tensor): Tensor => {
  const [t, p] = matchRanks(cast(yTrue, 'float32'), yPred);
  checkShapes(name, t, p);
  return subtract(p, t);
};

/** Mean over the last axis of (yTrue − yPred)²: minus the log-likelihood of a normal distribution. */
export const meanSquaredError = (yTrue: Tensor, yPred: Tensor): Tensor =>
  mean(square(difference('mean_squared_error', yTrue, yPred)), -1);

/** Mean over the last axis of |yTrue − yPred|: minus the log-likelihood of a Laplace distribution. */
export const meanAbsoluteError = (yTrue: Tensor, yPred: Tensor): Tensor =>
  mean(absolute(difference('mean_absolute_error', yTrue, yPred)), -1);

/** Mean squared error. */
export class MeanSquaredError extends Loss {
  constructor(options: LossOptions = {}) {
    checkOptions('MeanSquaredError', options, lossOptionNames);
    super('mean_squared_error', options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanSquaredError(yTrue, yPred);
  }
}

/** Mean absolute error. */
export class MeanAbsoluteError extends Loss {
  constructor(options: LossOptions = {}) {
    checkOptions('MeanAbsoluteError', options, lossOptionNames);
    super('mean_absolute_error', options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanAbsoluteError(yTrue, yPred);
  }
}

losses.add('mean_squared_error', { Class: MeanSquaredError, fn: meanSquaredError }, ['mse']);
losses.add('mean_absolute_error', { Class: MeanAbsoluteError, fn: meanAbsoluteError }, ['mae']);
