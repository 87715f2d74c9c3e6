// Losses of regression: distances of predictions from targets, meaned over the last axis.
import {
  absolute,
  add,
  divide,
  lessEqual,
  log,
  maximum,
  minimum,
  multiply,
  negative,
  rsqrt,
  softplus,
  square,
  subtract,
  where,
} from '../ops/elementwise.js';
import { type Axes, mean, sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { mainOptions } from '../util/options.js';
import { epsilon } from './arithmetic.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { checkNumber } from './options.js';
import { aligned } from './shapes.js';

const difference = (name: string, yTrue: Tensor, yPred: Tensor): Tensor => {
  const [t, p] = aligned(name, yTrue, yPred);
  return subtract(p, t);
};

/** Mean of (yTrue − yPred)²: minus the log-likelihood of a normal distribution. */
export const meanSquaredError = (yTrue: Tensor, yPred: Tensor): Tensor =>
  mean(square(difference('mean_squared_error', yTrue, yPred)), -1);

/** Mean of |yTrue − yPred|: minus the log-likelihood of a Laplace distribution. */
export const meanAbsoluteError = (yTrue: Tensor, yPred: Tensor): Tensor =>
  mean(absolute(difference('mean_absolute_error', yTrue, yPred)), -1);

/** 100 · mean of |yTrue − yPred| / max(|yTrue|, ε). */
export function meanAbsolutePercentageError(yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = aligned('mean_absolute_percentage_error', yTrue, yPred);
  const relative = absolute(divide(subtract(t, p), maximum(absolute(t), epsilon)));
  return multiply(mean(relative, -1), 100);
}

/** Mean of (ln(1 + yTrue) − ln(1 + yPred))²; both are at least ε. */
export function meanSquaredLogarithmicError(yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = aligned('mean_squared_logarithmic_error', yTrue, yPred);
  const logarithm = (x: Tensor): Tensor => log(add(maximum(x, epsilon), 1));
  return mean(square(subtract(logarithm(p), logarithm(t))), -1);
}

/** Mean of ln cosh(yPred − yTrue): like the squared error near 0, like the absolute one far from it. */
export function logCosh(yTrue: Tensor, yPred: Tensor): Tensor {
  const x = difference('log_cosh', yTrue, yPred);
  return mean(subtract(add(x, softplus(multiply(x, -2))), Math.LN2), -1);
}

export interface HuberOptions {
  /** Where the squared error becomes an absolute one. Default 1. */
  readonly delta?: number;
}

/** Mean of e²/2 where |e| ≤ δ, and δ·|e| − δ²/2 beyond (Huber 1964). */
export function huber(yTrue: Tensor, yPred: Tensor, { delta = 1 }: HuberOptions = {}): Tensor {
  const e = difference('huber', yTrue, yPred);
  const size = absolute(e);
  const far = subtract(multiply(size, delta), 0.5 * delta * delta);
  return mean(where(lessEqual(size, delta), multiply(square(e), 0.5), far), -1);
}

export interface CosineOptions {
  /** The axis along which vectors lie. Default −1. */
  readonly axis?: Axes;
}

/** x / ‖x‖ along `axis`; a zero vector stays one. */
const unit = (x: Tensor, axis: Axes): Tensor =>
  multiply(x, minimum(rsqrt(sum(square(x), axis, { keepDims: true })), 1 / epsilon));

/** @internal The cosine of the angle between targets and predictions: what the metric means. */
export function cosine(yTrue: Tensor, yPred: Tensor, { axis = -1 }: CosineOptions = {}): Tensor {
  const [t, p] = aligned('cosine_similarity', yTrue, yPred);
  return sum(multiply(unit(t, axis), unit(p, axis)), axis);
}

/** Minus the cosine of the angle between targets and predictions: −1 where they point the same way. */
export const cosineSimilarity = (yTrue: Tensor, yPred: Tensor, options?: CosineOptions): Tensor =>
  negative(cosine(yTrue, yPred, options));

/** Mean squared error. */
export class MeanSquaredError extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'mean_squared_error', fn: meanSquaredError, defaults: {} }, options);
  }
}

/** Mean absolute error. */
export class MeanAbsoluteError extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'mean_absolute_error', fn: meanAbsoluteError, defaults: {} }, options);
  }
}

/** Mean absolute error in percent of the targets. */
export class MeanAbsolutePercentageError extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    const name = 'mean_absolute_percentage_error';
    super({ name, fn: meanAbsolutePercentageError, defaults: {} }, options);
  }
}

/** Mean squared error of the logarithms of 1 + y. */
export class MeanSquaredLogarithmicError extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    const name = 'mean_squared_logarithmic_error';
    super({ name, fn: meanSquaredLogarithmicError, defaults: {} }, options);
  }
}

/** Mean logarithm of the hyperbolic cosine of the error. */
export class LogCosh extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'log_cosh', fn: logCosh, defaults: {} }, options);
  }
}

/** Huber's loss: outliers count linearly. */
export class Huber extends FormulaLoss<HuberOptions> {
  /** `new Huber(1)` or `new Huber({ delta: 1 })` */
  constructor(delta?: number | (LossOptions & HuberOptions), rest?: LossOptions & HuberOptions) {
    const options = mainOptions<LossOptions & HuberOptions>('Huber', ['delta'], [delta, rest]);
    const defaults = { delta: 1 };
    super({ name: 'huber_loss', fn: huber, defaults, unwritten: ['delta'] }, options);
    checkNumber('Huber', 'delta', this.formula.delta);
  }
}

/** Minus the cosine similarity: between −1, alike, and 1, opposite. */
export class CosineSimilarity extends FormulaLoss<CosineOptions> {
  constructor(options: LossOptions & CosineOptions = {}) {
    const defaults = { axis: -1 };
    const name = 'cosine_similarity';
    super({ name, fn: cosineSimilarity, defaults, unwritten: ['axis'] }, options);
  }
}

losses.add('mean_squared_error', { Class: MeanSquaredError, fn: meanSquaredError }, ['mse']);
losses.add('mean_absolute_error', { Class: MeanAbsoluteError, fn: meanAbsoluteError }, ['mae']);
losses.add(
  'mean_absolute_percentage_error',
  { Class: MeanAbsolutePercentageError, fn: meanAbsolutePercentageError },
  ['mape'],
);
losses.add(
  'mean_squared_logarithmic_error',
  { Class: MeanSquaredLogarithmicError, fn: meanSquaredLogarithmicError },
  ['msle'],
);
losses.add('log_cosh', { Class: LogCosh, fn: logCosh }, ['logcosh']);
losses.add('huber', { Class: Huber, fn: huber }, ['huber_loss']);
losses.add('cosine_similarity', { Class: CosineSimilarity, fn: cosineSimilarity }, [
  'cosine_proximity',
]);
