// F scores: harmonic means of precision and recall, per class or averaged.
import type { Variable } from '../graph/variable.js';
import { epsilon } from '../losses/arithmetic.js';
import { checkNumber } from '../losses/options.js';
import { cast } from '../ops/convert.js';
import {
  absolute,
  add,
  divide,
  greater,
  greaterEqual,
  logicalAnd,
  multiply,
  subtract,
} from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import { max, mean, sum } from '../ops/reduce.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { averageOf, type averages } from './confusion.js';
import { Metric, type MetricOptions, metricOptionNames, metrics } from './metric.js';

export interface F1Options extends MetricOptions {
  /**
   * How the scores of classes become one: their mean (`'macro'`), weighted by how many targets they have
   * (`'weighted'`), or the score of all counts together (`'micro'`). Default null: one per class.
   */
  readonly average?: string | null;
  /** Above it a prediction says yes, in (0, 1]. Default null: the largest of a row alone does. */
  readonly threshold?: number | null;
}

export interface FBetaOptions extends F1Options {
  /** How much more recall counts than precision. Default 1. */
  readonly beta?: number;
}

interface Counts {
  readonly truePositives: Variable;
  readonly falsePositives: Variable;
  readonly falseNegatives: Variable;
  /** How many targets each class has. */
  readonly support: Variable;
}

/** (1 + β²)·precision·recall / (β²·precision + recall), for targets and predictions `[batch, classes]`. */
export class FBetaScore extends Metric {
  protected readonly beta: number;
  private readonly average: (typeof averages)[number] | null;
  private readonly threshold: number | null;
  private counts: Counts | undefined;

  constructor(options: FBetaOptions = {}, defaultName = 'fbeta_score') {
    const where = new.target.name;
    checkOptions(where, options, ['average', 'beta', 'threshold', ...metricOptionNames]);
    super(options, defaultName);
    this.average = averageOf(where, options.average);
    this.beta = options.beta ?? 1;
    this.threshold = options.threshold ?? null;
    checkNumber(where, 'beta', this.beta, { least: 0, open: true });
    if (this.threshold === null || (this.threshold > 0 && this.threshold <= 1)) return;
    throw new ConfigError(
      `${where}: threshold must be above 0 and at most 1, got ${this.threshold}.`,
    );
  }

  private build(yTrue: Tensor, yPred: Tensor): Counts {
    if (yPred.rank !== 2 || !sameShape(yTrue.shape, yPred.shape)) {
      throw new ShapeError(
        `${this.name}: expected targets and predictions [batch, classes], got ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}.`,
      );
    }
    const shape = this.average === 'micro' ? [] : [yPred.shape[1]];
    this.counts ??= {
      truePositives: this.addVariable({ shape, name: 'true_positives' }),
      falsePositives: this.addVariable({ shape, name: 'false_positives' }),
      falseNegatives: this.addVariable({ shape, name: 'false_negatives' }),
      support: this.addVariable({ shape, name: 'intermediate_weights' }),
    };
    return this.counts;
  }

  /** Whether each prediction says yes. */
  private decide(yPred: Tensor): Tensor {
    if (this.threshold !== null) return cast(greater(yPred, this.threshold), 'float32');
    const largest = greaterEqual(yPred, max(yPred, -1, { keepDims: true }));
    return cast(logicalAnd(largest, greater(absolute(yPred), 1e-9)), 'float32');
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const counts = this.build(yTrue, yPred);
    const t = cast(yTrue, 'float32');
    const p = this.decide(cast(yPred, 'float32'));
    const weights = sampleWeight && this.perRow(sampleWeight, t.shape[0]);
    const add = (count: Variable, values: Tensor): void => {
      const weighted = weights ? multiply(values, weights) : values;
      count.assignAdd(this.average === 'micro' ? sum(weighted) : sum(weighted, 0));
    };
    add(counts.truePositives, multiply(p, t));
    add(counts.falsePositives, multiply(p, subtract(1, t)));
    add(counts.falseNegatives, multiply(subtract(1, p), t));
    add(counts.support, t);
  }

  private perRow(sampleWeight: Tensor, rows: number): Tensor {
    if (sampleWeight.size === rows) return reshape(cast(sampleWeight, 'float32'), [rows, 1]);
    throw new ShapeError(
      `${this.name}: expected one weight for each of ${rows} samples, got ${formatShape(sampleWeight.shape)}.`,
    );
  }

  /** One score per class without an average, `[classes]`; a scalar with one, and before any batch. */
  override result(): Tensor {
    if (!this.counts) return tensor(0);
    const tp = this.counts.truePositives.value;
    const rate = (mistakes: Variable): Tensor => divide(tp, add(add(tp, mistakes.value), epsilon));
    const precision = rate(this.counts.falsePositives);
    const recall = rate(this.counts.falseNegatives);
    const square = this.beta * this.beta;
    const both = add(add(multiply(precision, square), recall), epsilon);
    const score = multiply(divide(multiply(precision, recall), both), 1 + square);
    if (this.average === null) return score;
    if (this.average !== 'weighted') return mean(score);
    const support = this.counts.support.value;
    return sum(multiply(score, divide(support, add(sum(support), epsilon))));
  }

  override getConfig(): Record<string, unknown> {
    const { average, beta, threshold } = this;
    return { ...super.getConfig(), average, beta, threshold };
  }
}

/** The harmonic mean of precision and recall, for targets and predictions `[batch, classes]`. */
export class F1Score extends FBetaScore {
  constructor(options: F1Options = {}) {
    checkOptions('F1Score', options, ['average', 'threshold', ...metricOptionNames]);
    super(options, 'f1_score');
  }
  override getConfig(): Record<string, unknown> {
    const { beta: _, ...config } = super.getConfig();
    return config;
  }
}

metrics.add('FBetaScore', FBetaScore);
metrics.add('F1Score', F1Score);
