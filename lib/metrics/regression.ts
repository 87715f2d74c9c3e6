// Metrics of regression: the root of the mean squared error, R², and correlations.
import type { Variable } from '../graph/variable.js';
import { epsilon } from '../losses/arithmetic.js';
import { checkWhole, oneOf } from '../losses/options.js';
import { aligned, expandTo } from '../losses/shapes.js';
import { cast } from '../ops/convert.js';
import {
  add,
  divide,
  greater,
  isfinite,
  isnan,
  logicalOr,
  multiply,
  sqrt,
  square,
  subtract,
  where,
} from '../ops/elementwise.js';
import { broadcastTo } from '../ops/movement.js';
import { type Axes, mean, std, sum, variance } from '../ops/reduce.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Metric, type MetricOptions, metricOptionNames, metrics } from './metric.js';
import { FormulaMetric, Mean, metricFunctions } from './reduction.js';

/** √ of the mean squared error over all batches. */
export class RootMeanSquaredError extends Metric {
  private readonly mean: Mean;
  constructor(options: MetricOptions = {}) {
    checkOptions('RootMeanSquaredError', options, metricOptionNames);
    super(options, 'root_mean_squared_error');
    this.mean = new Mean({ name: this.name });
  }
  override get variables(): readonly Variable[] {
    return this.mean.variables;
  }
  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const [t, p] = aligned(this.name, yTrue, yPred);
    this.mean.updateState(square(subtract(p, t)), sampleWeight);
  }
  override result(): Tensor {
    return sqrt(this.mean.result());
  }
  override resetState(): void {
    this.mean.resetState();
  }
}

export interface CorrelationOptions {
  /** The axis, or axes, along which samples of one sequence lie. Default −1. */
  readonly axis?: Axes;
}

const keep = { keepDims: true };

/** Pearson's correlation of targets and predictions along `axis`. */
export function pearsonCorrelation(
  yTrue: Tensor,
  yPred: Tensor,
  { axis = -1 }: CorrelationOptions = {},
): Tensor {
  const standard = (x: Tensor): Tensor => {
    const centred = subtract(x, mean(x, axis, keep));
    return divide(centred, std(centred, axis, keep));
  };
  const [t, p] = aligned('pearson_correlation', yTrue, yPred).map(standard);
  return mean(multiply(t, p), axis);
}

/** Lin's concordance correlation coefficient (1989) along `axis`. */
export function concordanceCorrelation(
  yTrue: Tensor,
  yPred: Tensor,
  { axis = -1 }: CorrelationOptions = {},
): Tensor {
  const [t, p] = aligned('concordance_correlation', yTrue, yPred);
  const [meanOfTrue, meanOfPred] = [t, p].map((x) => mean(x, axis, keep));
  const spread = (x: Tensor, centre: Tensor): Tensor => variance(subtract(x, centre), axis, keep);
  // Keras subtracts the mean of the predictions from both; the mean of the product is the same.
  const product = multiply(subtract(t, meanOfPred), subtract(p, meanOfPred));
  const spreads = add(spread(t, meanOfTrue), spread(p, meanOfPred));
  const norm = add(spreads, square(subtract(meanOfTrue, meanOfPred)));
  return mean(divide(multiply(product, 2), add(norm, epsilon)), axis);
}

/** Pearson's correlation: 1 where predictions rise with targets. */
export class PearsonCorrelation extends FormulaMetric<CorrelationOptions> {
  constructor(options: MetricOptions & CorrelationOptions = {}) {
    const name = 'pearson_correlation';
    super({ name, fn: pearsonCorrelation, defaults: { axis: -1 } }, options);
  }
}

/** The concordance correlation: 1 only where predictions equal targets. */
export class ConcordanceCorrelation extends FormulaMetric<CorrelationOptions> {
  constructor(options: MetricOptions & CorrelationOptions = {}) {
    const name = 'concordance_correlation';
    super({ name, fn: concordanceCorrelation, defaults: { axis: -1 } }, options);
  }
}

const aggregations = ['uniform_average', 'variance_weighted_average'] as const;

export interface R2Options extends MetricOptions {
  /**
   * How the scores of outputs become one: `'uniform_average'` (default) or
   * `'variance_weighted_average'`; null for one score per output.
   */
  readonly classAggregation?: string | null;
  /** Number of independent variables: above 0 the adjusted score is given. Default 0. */
  readonly numRegressors?: number;
}

interface Moments {
  readonly squaredSum: Variable;
  readonly sum: Variable;
  readonly residual: Variable;
  readonly count: Variable;
}

/** The coefficient of determination, 1 − residual / total, for targets and predictions `[batch, outputs]`. */
export class R2Score extends Metric {
  private readonly classAggregation: (typeof aggregations)[number] | null;
  private readonly numRegressors: number;
  private readonly numSamples: Variable;
  private moments: Moments | undefined;

  constructor(options: R2Options = {}) {
    const names = ['classAggregation', 'numRegressors', ...metricOptionNames];
    checkOptions('R2Score', options, names);
    super(options, 'r2_score');
    const { classAggregation = 'uniform_average', numRegressors = 0 } = options;
    this.classAggregation =
      classAggregation === null
        ? null
        : oneOf('R2Score', 'classAggregation', classAggregation, aggregations);
    checkWhole('R2Score', 'numRegressors', numRegressors, 0);
    this.numRegressors = numRegressors;
    this.numSamples = this.addVariable({ shape: [], name: 'num_samples' });
  }

  private build(yTrue: Tensor, yPred: Tensor): Moments {
    if (yPred.rank !== 2) {
      throw new ShapeError(
        `${this.name}: expected targets and predictions [batch, outputs], got ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}.`,
      );
    }
    const shape = [yPred.shape[1]];
    this.moments ??= {
      squaredSum: this.addVariable({ shape, name: 'squared_sum' }),
      sum: this.addVariable({ shape, name: 'sum' }),
      residual: this.addVariable({ shape, name: 'residual' }),
      count: this.addVariable({ shape, name: 'count' }),
    };
    return this.moments;
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const [t, p] = aligned(this.name, yTrue, yPred);
    const state = this.build(t, p);
    const w = expandTo(sampleWeight ? cast(sampleWeight, 'float32') : tensor([1]), 2);
    const fits = broadcastShapes(w.shape, t.shape);
    if (!fits || !sameShape(fits, t.shape)) {
      throw new ShapeError(
        `${this.name}: weights ${formatShape(w.shape)} do not fit targets ${formatShape(t.shape)}.`,
      );
    }
    const weights = broadcastTo(w, t.shape);
    const weighted = multiply(t, weights);
    state.sum.assignAdd(sum(weighted, 0));
    state.squaredSum.assignAdd(sum(multiply(t, weighted), 0));
    state.residual.assignAdd(sum(multiply(square(subtract(t, p)), weights), 0));
    state.count.assignAdd(sum(weights, 0));
    this.numSamples.assignAdd(t.size);
  }

  /** One score per output with no aggregation, `[outputs]`; a scalar else, and before any batch. */
  override result(): Tensor {
    if (!this.moments) return tensor(0);
    const { squaredSum, sum: total, residual, count } = this.moments;
    const average = divide(total.value, count.value);
    const spread = subtract(squaredSum.value, multiply(total.value, average));
    const raw = subtract(1, divide(residual.value, spread));
    const scores = where(logicalOr(isfinite(raw), isnan(raw)), raw, 0);
    return this.adjusted(this.aggregated(scores, spread));
  }

  private aggregated(scores: Tensor, spread: Tensor): Tensor {
    if (this.classAggregation === null) return scores;
    if (this.classAggregation === 'uniform_average') return mean(scores);
    return divide(sum(multiply(spread, scores)), sum(spread));
  }

  /** The score for as many independent variables; left as it is where there are too few samples. */
  private adjusted(score: Tensor): Tensor {
    if (this.numRegressors === 0) return score;
    const n = this.numSamples.value;
    const freedom = subtract(subtract(n, this.numRegressors), 1);
    const enough = greater(freedom, 0);
    const unexplained = multiply(subtract(1, score), subtract(n, 1));
    return where(enough, subtract(1, divide(unexplained, where(enough, freedom, 1))), score);
  }

  override getConfig(): Record<string, unknown> {
    const own = { class_aggregation: this.classAggregation, num_regressors: this.numRegressors };
    return { ...super.getConfig(), ...own };
  }
}

metrics.add('RootMeanSquaredError', RootMeanSquaredError);
metrics.add('PearsonCorrelation', PearsonCorrelation);
metrics.add('ConcordanceCorrelation', ConcordanceCorrelation);
metrics.add('R2Score', R2Score);
metricFunctions.add('pearson_correlation', pearsonCorrelation);
metricFunctions.add('concordance_correlation', concordanceCorrelation);
