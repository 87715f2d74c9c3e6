// Counts of right and wrong answers, and precision and recall, which are their ratios.
import type { Variable } from '../graph/variable.js';
import { divideNoNan } from '../losses/arithmetic.js';
import { checkWhole } from '../losses/options.js';
import { add } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import { type Confusion, confusion, never, thresholdsOf } from './confusion.js';
import { Metric, type MetricOptions, metricOptionNames, metrics } from './metric.js';

/** One threshold, or several; null for the default. */
export type Thresholds = number | readonly number[] | null;

export interface CountOptions extends MetricOptions {
  /** Above it a prediction is positive; several give one result each. Default 0.5. */
  readonly thresholds?: Thresholds;
}

/** A vector of one value as a scalar. */
const unwrap = (values: Tensor): Tensor => (values.size === 1 ? reshape(values, []) : values);

abstract class Count extends Metric {
  private readonly given: Thresholds;
  private readonly thresholds: readonly number[];
  private readonly accumulator: Variable;

  constructor(
    private readonly condition: keyof Confusion,
    options: CountOptions,
  ) {
    checkOptions(new.target.name, options, ['thresholds', ...metricOptionNames]);
    super(options);
    this.given = options.thresholds ?? null;
    this.thresholds = thresholdsOf(new.target.name, this.given, 0.5);
    this.accumulator = this.addVariable({ shape: [this.thresholds.length], name: 'accumulator' });
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const { name, thresholds } = this;
    const counts = confusion(yTrue, yPred, { name, thresholds, sampleWeight });
    this.accumulator.assignAdd(counts[this.condition]);
  }

  override result(): Tensor {
    return unwrap(this.accumulator.value);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), thresholds: this.given };
  }
}

/** How many positives are predicted so. */
export class TruePositives extends Count {
  constructor(options: CountOptions = {}) {
    super('truePositives', options);
  }
}

/** How many negatives are predicted so. */
export class TrueNegatives extends Count {
  constructor(options: CountOptions = {}) {
    super('trueNegatives', options);
  }
}

/** How many negatives are predicted positive. */
export class FalsePositives extends Count {
  constructor(options: CountOptions = {}) {
    super('falsePositives', options);
  }
}

/** How many positives are predicted negative. */
export class FalseNegatives extends Count {
  constructor(options: CountOptions = {}) {
    super('falseNegatives', options);
  }
}

export interface PrecisionOptions extends CountOptions {
  /** Only the `topK` largest predictions of a row can be positive; then there is no threshold by default. */
  readonly topK?: number | null;
  /** Only this class counts. Default null: all, together. */
  readonly classId?: number | null;
}

/** True positives among those and one kind of mistake. */
abstract class Ratio extends Metric {
  private readonly given: Thresholds;
  private readonly thresholds: readonly number[];
  private readonly topK: number | null;
  private readonly classId: number | null;
  private readonly right: Variable;
  private readonly wrong: Variable;

  constructor(
    private readonly mistake: 'falsePositives' | 'falseNegatives',
    options: PrecisionOptions,
  ) {
    const where = new.target.name;
    checkOptions(where, options, ['thresholds', 'topK', 'classId', ...metricOptionNames]);
    super(options);
    const { thresholds = null, topK = null, classId = null } = options;
    if (topK !== null) checkWhole(where, 'topK', topK, 1);
    if (classId !== null) checkWhole(where, 'classId', classId, 0);
    this.given = thresholds;
    this.topK = topK;
    this.classId = classId;
    this.thresholds = thresholdsOf(where, thresholds, topK === null ? 0.5 : never);
    const shape = [this.thresholds.length];
    this.right = this.addVariable({ shape, name: 'true_positives' });
    const name = mistake === 'falsePositives' ? 'false_positives' : 'false_negatives';
    this.wrong = this.addVariable({ shape, name });
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const { name, thresholds, topK, classId } = this;
    const options = { name, thresholds, topK, classId, sampleWeight };
    const counts = confusion(yTrue, yPred, options);
    this.right.assignAdd(counts.truePositives);
    this.wrong.assignAdd(counts[this.mistake]);
  }

  override result(): Tensor {
    const right = this.right.value;
    return unwrap(divideNoNan(right, add(right, this.wrong.value)));
  }

  override getConfig(): Record<string, unknown> {
    const own = { thresholds: this.given, top_k: this.topK, class_id: this.classId };
    return { ...super.getConfig(), ...own };
  }
}

/** How many of those predicted positive are so. */
export class Precision extends Ratio {
  constructor(options: PrecisionOptions = {}) {
    super('falsePositives', options);
  }
}

/** How many of the positives are predicted so. */
export class Recall extends Ratio {
  constructor(options: PrecisionOptions = {}) {
    super('falseNegatives', options);
  }
}

metrics.add('TruePositives', TruePositives);
metrics.add('TrueNegatives', TrueNegatives);
metrics.add('FalsePositives', FalsePositives);
metrics.add('FalseNegatives', FalseNegatives);
metrics.add('Precision', Precision);
metrics.add('Recall', Recall);
