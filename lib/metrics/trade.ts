// The best of one rate that leaves another where it must be: sensitivity at a specificity, and its kin.
import type { Variable } from '../graph/variable.js';
import { divideNoNan } from '../losses/arithmetic.js';
import { checkNumber, checkWhole } from '../losses/options.js';
import { add, greaterEqual, maximum, where } from '../ops/elementwise.js';
import { max } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { mainOptions } from '../util/options.js';
import { checkOptions } from '../util/suggest.js';
import { type Confusion, confusion } from './confusion.js';
import { Metric, type MetricOptions, metricOptionNames, metrics } from './metric.js';

export interface TradeOptions extends MetricOptions {
  /** How many thresholds, evenly from 0 to 1, are tried. Default 200. */
  readonly numThresholds?: number;
  /** Only this class counts. Default null: all, together. */
  readonly classId?: number | null;
}

const rates = {
  sensitivity: ({ truePositives, falseNegatives }: Confusion) =>
    divideNoNan(truePositives, add(truePositives, falseNegatives)),
  specificity: ({ trueNegatives, falsePositives }: Confusion) =>
    divideNoNan(trueNegatives, add(trueNegatives, falsePositives)),
  precision: ({ truePositives, falsePositives }: Confusion) =>
    divideNoNan(truePositives, add(truePositives, falsePositives)),
  recall: ({ truePositives, falseNegatives }: Confusion) =>
    divideNoNan(truePositives, add(truePositives, falseNegatives)),
};

type Rate = keyof typeof rates;

/** Thresholds evenly from 0 to 1; one alone is ½. */
const evenly = (count: number): readonly number[] =>
  count === 1 ? [0.5] : Array.from({ length: count }, (_, i) => i / (count - 1));

abstract class Trade extends Metric {
  private readonly value: number;
  private readonly numThresholds: number;
  private readonly classId: number | null;
  private readonly thresholds: readonly number[];
  private readonly counts: Readonly<Record<keyof Confusion, Variable>>;

  /** The largest `best` among the thresholds where `held` is at least the option of that name. */
  constructor(
    private readonly best: Rate,
    private readonly held: Rate,
    given: readonly [unknown, unknown],
  ) {
    const where = new.target.name;
    const options = mainOptions<TradeOptions & { readonly [rate in Rate]?: number }>(
      where,
      [held],
      given,
    );
    checkOptions(where, options, [held, 'numThresholds', 'classId', ...metricOptionNames]);
    checkNumber(where, held, options[held], { least: 0, most: 1 });
    super(options);
    this.value = options[held] ?? 0;
    this.numThresholds = options.numThresholds ?? 200;
    this.classId = options.classId ?? null;
    checkWhole(where, 'numThresholds', this.numThresholds, 1);
    if (this.classId !== null) checkWhole(where, 'classId', this.classId, 0);
    this.thresholds = evenly(this.numThresholds);
    const shape = [this.numThresholds];
    this.counts = {
      truePositives: this.addVariable({ shape, name: 'true_positives' }),
      falsePositives: this.addVariable({ shape, name: 'false_positives' }),
      trueNegatives: this.addVariable({ shape, name: 'true_negatives' }),
      falseNegatives: this.addVariable({ shape, name: 'false_negatives' }),
    };
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const { name, thresholds, classId, counts } = this;
    const batch = confusion(yTrue, yPred, { name, thresholds, classId, sampleWeight });
    counts.truePositives.assignAdd(batch.truePositives);
    counts.falsePositives.assignAdd(batch.falsePositives);
    counts.trueNegatives.assignAdd(batch.trueNegatives);
    counts.falseNegatives.assignAdd(batch.falseNegatives);
  }

  override result(): Tensor {
    const { truePositives, falsePositives, trueNegatives, falseNegatives } = this.counts;
    const counts: Confusion = {
      truePositives: truePositives.value,
      falsePositives: falsePositives.value,
      trueNegatives: trueNegatives.value,
      falseNegatives: falseNegatives.value,
    };
    const feasible = greaterEqual(rates[this.held](counts), this.value);
    return maximum(max(where(feasible, rates[this.best](counts), 0)), 0);
  }

  override getConfig(): Record<string, unknown> {
    const own = { class_id: this.classId, num_thresholds: this.numThresholds };
    return { ...super.getConfig(), ...own, [this.held]: this.value };
  }
}

/** The largest sensitivity, TP / (TP + FN), at which the specificity is at least as given. */
export class SensitivityAtSpecificity extends Trade {
  constructor(
    specificity: number | (TradeOptions & { readonly specificity: number }),
    rest?: TradeOptions,
  ) {
    super('sensitivity', 'specificity', [specificity, rest]);
  }
}

/** The largest specificity, TN / (TN + FP), at which the sensitivity is at least as given. */
export class SpecificityAtSensitivity extends Trade {
  constructor(
    sensitivity: number | (TradeOptions & { readonly sensitivity: number }),
    rest?: TradeOptions,
  ) {
    super('specificity', 'sensitivity', [sensitivity, rest]);
  }
}

/** The largest precision, TP / (TP + FP), at which the recall is at least as given. */
export class PrecisionAtRecall extends Trade {
  constructor(recall: number | (TradeOptions & { readonly recall: number }), rest?: TradeOptions) {
    super('precision', 'recall', [recall, rest]);
  }
}

/** The largest recall, TP / (TP + FN), at which the precision is at least as given. */
export class RecallAtPrecision extends Trade {
  constructor(
    precision: number | (TradeOptions & { readonly precision: number }),
    rest?: TradeOptions,
  ) {
    super('recall', 'precision', [precision, rest]);
  }
}

metrics.add('SensitivityAtSpecificity', SensitivityAtSpecificity);
metrics.add('SpecificityAtSensitivity', SpecificityAtSensitivity);
metrics.add('PrecisionAtRecall', PrecisionAtRecall);
metrics.add('RecallAtPrecision', RecallAtPrecision);
