// Losses that are likelihoods: divergence of distributions, counts, a normal distribution whose variance
// is learnt too, and quantiles.

import { cast } from '../ops/convert.js';
import {
  add,
  clip,
  divide,
  exp,
  log,
  maximum,
  multiply,
  negative,
  square,
  subtract,
} from '../ops/elementwise.js';
import { broadcastTo, sliceAxis } from '../ops/movement.js';
import { mean, sum } from '../ops/reduce.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { epsilon } from './arithmetic.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { checkNumber } from './options.js';
import { aligned, expandTo } from './shapes.js';

/** Sum over the last axis of yTrue · ln(yTrue / yPred), both between ε and 1. */
export function klDivergence(yTrue: Tensor, yPred: Tensor): Tensor {
  const [target, predicted] = aligned('kl_divergence', yTrue, yPred);
  const t = clip(target, epsilon, 1);
  return sum(multiply(t, log(divide(t, clip(predicted, epsilon, 1)))), -1);
}

/** Mean over the last axis of yPred − yTrue · ln(yPred + ε): minus the log-likelihood of counts. */
export function poisson(yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = aligned('poisson', yTrue, yPred);
  return mean(subtract(p, multiply(t, log(add(p, epsilon)))), -1);
}

export interface GaussianOptions {
  /** Whether the constant ½ ln 2π counts. Default true: the whole negative log-likelihood. */
  readonly full?: boolean;
}

/**
 * Minus the log-likelihood of targets `[..., n]` under normal distributions whose mean and variance are
 * predicted: `[..., 2n]`, first the n means μ, then the n logarithms of variances s = ln σ². Mean over
 * the last axis of ½ (s + (y − μ)² e⁻ˢ + ln 2π) (Nix and Weigend 1994). Any real s is a variance, so the
 * layer before it needs no activation. For n = 1 the targets may be `[...]`.
 */
export function gaussianNegativeLogLikelihood(
  yTrue: Tensor,
  yPred: Tensor,
  { full = true }: GaussianOptions = {},
): Tensor {
  const n = Math.floor((yPred.shape.at(-1) ?? 0) / 2);
  const expected = [...yPred.shape.slice(0, -1), n];
  const t = yTrue.rank === yPred.rank - 1 && n === 1 ? expandTo(yTrue, yPred.rank) : yTrue;
  if (yPred.rank === 0 || yPred.shape.at(-1) !== 2 * n || !sameShape(t.shape, expected)) {
    throw new ShapeError(
      `gaussian_negative_log_likelihood: targets ${formatShape(yTrue.shape)} need predictions with twice their last axis (means, then logarithms of variances), got ${formatShape(yPred.shape)}.`,
    );
  }
  const mu = sliceAxis(yPred, yPred.rank - 1, 0, n);
  const s = sliceAxis(yPred, yPred.rank - 1, n, 2 * n);
  const distance = multiply(square(subtract(cast(t, 'float32'), mu)), exp(negative(s)));
  const constant = full ? 0.5 * Math.log(2 * Math.PI) : 0;
  return add(multiply(mean(add(s, distance), -1), 0.5), constant);
}

export interface QuantileOptions {
  /** The quantile to predict, between 0 and 1, or one for each column of the predictions. Default 0.5. */
  readonly quantile?: number | readonly number[];
}

/**
 * Pinball loss: mean over the last axis of max(τ·e, (τ − 1)·e) with e = yTrue − yPred, which is least
 * where yPred is the τ-quantile (Koenker and Bassett 1978). With several quantiles predictions are
 * `[..., quantiles]`, and targets `[..., 1]`, `[...]` or as many.
 */
export function quantile(
  yTrue: Tensor,
  yPred: Tensor,
  { quantile: tau = 0.5 }: QuantileOptions = {},
): Tensor {
  const target = cast(yTrue, 'float32');
  if (typeof tau === 'number') {
    const [t, p] = aligned('quantile', target, yPred);
    const e = subtract(t, p);
    return mean(maximum(multiply(e, tau), multiply(e, tau - 1)), -1);
  }
  const t = target.rank === yPred.rank - 1 ? expandTo(target, yPred.rank) : target;
  const shape = broadcastShapes(t.shape, yPred.shape);
  if (yPred.shape.at(-1) !== tau.length || !shape || !sameShape(shape, yPred.shape)) {
    throw new ShapeError(
      `quantile: ${tau.length} quantiles need predictions [..., ${tau.length}] and targets [..., 1], got ${formatShape(yPred.shape)} and ${formatShape(yTrue.shape)}.`,
    );
  }
  const e = subtract(broadcastTo(t, shape), yPred);
  const taus = tensor([...tau]);
  return mean(maximum(multiply(e, taus), multiply(e, subtract(taus, 1))), -1);
}

/** Kullback–Leibler divergence of two distributions. */
export class KLDivergence extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'kl_divergence', fn: klDivergence, defaults: {} }, options);
  }
}

/** Minus the log-likelihood of counts under predicted rates. */
export class Poisson extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'poisson', fn: poisson, defaults: {} }, options);
  }
}

/** Minus the log-likelihood of a normal distribution whose variance is predicted too. */
export class GaussianNegativeLogLikelihood extends FormulaLoss<GaussianOptions> {
  constructor(options: LossOptions & GaussianOptions = {}) {
    const name = 'gaussian_negative_log_likelihood';
    super({ name, fn: gaussianNegativeLogLikelihood, defaults: { full: true } }, options);
  }
}

/** The pinball loss: for predicting a quantile, or several, instead of a mean. */
export class Quantile extends FormulaLoss<QuantileOptions> {
  constructor(options: LossOptions & QuantileOptions = {}) {
    super({ name: 'quantile', fn: quantile, defaults: { quantile: 0.5 } }, options);
    const taus = [this.formula.quantile].flat();
    if (taus.length === 0)
      throw new ConfigError('Quantile: quantile must name at least one, got [].');
    for (const tau of taus) {
      checkNumber('Quantile', 'quantile', tau, { least: 0, most: 1, open: true });
    }
  }
}

losses.add('kl_divergence', { Class: KLDivergence, fn: klDivergence }, [
  'kld',
  'kullback_leibler_divergence',
]);
losses.add('poisson', { Class: Poisson, fn: poisson });
losses.add(
  'gaussian_negative_log_likelihood',
  { Class: GaussianNegativeLogLikelihood, fn: gaussianNegativeLogLikelihood },
  ['gaussian_nll'],
);
losses.add('quantile', { Class: Quantile, fn: quantile }, ['pinball']);
