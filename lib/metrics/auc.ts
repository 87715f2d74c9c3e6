// The area under a curve of rates over thresholds (ROC, precision–recall), by a Riemann sum.
import type { Variable } from '../graph/variable.js';
import { divideNoNan, epsilon } from '../losses/arithmetic.js';
import { checkWhole, oneOf } from '../losses/options.js';
import {
  add,
  divide,
  equal,
  greater,
  log,
  logicalAnd,
  maximum,
  minimum,
  multiply,
  sigmoid,
  subtract,
  where,
} from '../ops/elementwise.js';
import { sliceAxis } from '../ops/movement.js';
import { mean, sum } from '../ops/reduce.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type Confusion, confusion, thresholdsOf } from './confusion.js';
import { Metric, type MetricOptions, metricOptionNames, metrics } from './metric.js';

const curves = ['ROC', 'PR', 'PRGAIN'] as const;
const summations = ['interpolation', 'majoring', 'minoring'] as const;

export interface AUCOptions extends MetricOptions {
  /** How many thresholds, evenly from 0 to 1, the curve is made of. Default 200. */
  readonly numThresholds?: number;
  /** `'ROC'` (default), `'PR'` (precision over recall) or `'PRGAIN'` (their gains). */
  readonly curve?: string;
  /** Heights between thresholds: `'interpolation'` (default), `'majoring'` or `'minoring'`. */
  readonly summationMethod?: string;
  /** Thresholds of your own in [0, 1], to which the ends are added; then `numThresholds` is ignored. */
  readonly thresholds?: readonly number[] | null;
  /** Whether each label has an area of its own, and the result is their mean. Default false. */
  readonly multiLabel?: boolean;
  /** How many labels, with `multiLabel`. Default null: as the first batch has. */
  readonly numLabels?: number | null;
  /** Weights of the labels. Default null: alike. */
  readonly labelWeights?: readonly number[] | null;
  /** Whether predictions are logits. Default false. */
  readonly fromLogits?: boolean;
}

const optionNames = [
  'numThresholds',
  'curve',
  'summationMethod',
  'thresholds',
  'multiLabel',
  'numLabels',
  'labelWeights',
  'fromLogits',
  ...metricOptionNames,
];

/** All but the last along the first axis, and all but the first. */
const neighbours = (t: Tensor): [Tensor, Tensor] => {
  const n = t.shape[0];
  return [sliceAxis(t, 0, 0, n - 1), sliceAxis(t, 0, 1, n)];
};

/**
 * The approximate area under a curve, of binary targets and probabilities. Precision over recall is
 * interpolated as Davis and Goadrich (2006) do it.
 */
export class AUC extends Metric {
  private readonly config: Record<string, unknown>;
  private readonly curve: (typeof curves)[number];
  private readonly summation: (typeof summations)[number];
  private readonly thresholds: readonly number[];
  private readonly multiLabel: boolean;
  private readonly labelWeights: Tensor | undefined;
  private readonly fromLogits: boolean;
  private counts: Readonly<Record<keyof Confusion, Variable>> | undefined;

  constructor(options: AUCOptions = {}) {
    checkOptions('AUC', options, optionNames);
    super(options);
    this.curve = oneOf('AUC', 'curve', options.curve ?? 'ROC', curves);
    const method = options.summationMethod ?? 'interpolation';
    this.summation = oneOf('AUC', 'summationMethod', method, summations);
    this.multiLabel = options.multiLabel ?? false;
    this.fromLogits = options.fromLogits ?? false;
    const { thresholds = null, numLabels = null, labelWeights = null } = options;
    this.labelWeights = labelWeights === null ? undefined : tensor([...labelWeights]);
    const inner = thresholds
      ? [...thresholdsOf('AUC', thresholds, 0.5)].sort((a, b) => a - b)
      : innerThresholds(options.numThresholds ?? 200);
    this.thresholds = [-epsilon, ...inner, 1 + epsilon];
    this.config = {
      num_thresholds: this.thresholds.length,
      curve: this.curve,
      summation_method: this.summation,
      multi_label: this.multiLabel,
      num_labels: numLabels,
      label_weights: labelWeights,
      from_logits: this.fromLogits,
      ...(thresholds && { thresholds: inner }),
    };
    if (numLabels !== null) checkWhole('AUC', 'numLabels', numLabels, 1);
    if (numLabels !== null && !this.multiLabel) {
      throw new ConfigError('AUC: numLabels needs multiLabel: true.');
    }
    if (numLabels !== null || !this.multiLabel) this.build(numLabels);
  }

  /** Makes the state, once the number of labels is known. */
  private build(labels: number | null): Readonly<Record<keyof Confusion, Variable>> {
    const shape = [this.thresholds.length, ...(labels === null ? [] : [labels])];
    this.counts = {
      truePositives: this.addVariable({ shape, name: 'true_positives' }),
      falsePositives: this.addVariable({ shape, name: 'false_positives' }),
      trueNegatives: this.addVariable({ shape, name: 'true_negatives' }),
      falseNegatives: this.addVariable({ shape, name: 'false_negatives' }),
    };
    return this.counts;
  }

  /** Throws unless predictions have the labels that the state and the weights are of. */
  private checkLabels(yPred: Tensor): void {
    const known = this.counts?.truePositives.shape[1] ?? this.labelWeights?.size;
    const labels = yPred.shape.at(-1);
    const wanted = this.multiLabel ? (known ?? labels) : (this.labelWeights?.size ?? labels);
    if ((!this.multiLabel || yPred.rank === 2) && labels === wanted) {
      if (!this.multiLabel || !this.labelWeights || this.labelWeights.size === labels) return;
    }
    throw new ShapeError(
      `${this.name}: expected predictions [batch, ${known ?? this.labelWeights?.size ?? 'labels'}], got ${formatShape(yPred.shape)}.`,
    );
  }

  /** `yTrue` and `yPred` of one shape; `[batch, labels]` with `multiLabel`. */
  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    this.checkLabels(yPred);
    const { name, thresholds, multiLabel } = this;
    const counts = this.counts ?? this.build(yPred.shape[1]);
    const batch = confusion(yTrue, this.fromLogits ? sigmoid(yPred) : yPred, {
      name,
      thresholds,
      multiLabel,
      sampleWeight,
      labelWeights: multiLabel ? undefined : this.labelWeights,
    });
    counts.truePositives.assignAdd(batch.truePositives);
    counts.falsePositives.assignAdd(batch.falsePositives);
    counts.trueNegatives.assignAdd(batch.trueNegatives);
    counts.falseNegatives.assignAdd(batch.falseNegatives);
  }

  override result(): Tensor {
    if (!this.counts) {
      throw new StateError(`${this.name}: no batch has told how many labels there are.`);
    }
    const counts: Confusion = {
      truePositives: this.counts.truePositives.value,
      falsePositives: this.counts.falsePositives.value,
      trueNegatives: this.counts.trueNegatives.value,
      falseNegatives: this.counts.falseNegatives.value,
    };
    const exact = this.curve === 'PR' && this.summation === 'interpolation';
    return this.ofLabels(sum(exact ? precisionRecallTerms(counts) : this.terms(counts), 0));
  }

  /** Areas between neighbouring thresholds. */
  private terms(counts: Confusion): Tensor {
    const { x, y } = points(this.curve, counts);
    const [x0, x1] = neighbours(x);
    const [y0, y1] = neighbours(y);
    const heights = {
      interpolation: () => divide(add(y0, y1), 2),
      majoring: () => maximum(y0, y1),
      minoring: () => minimum(y0, y1),
    };
    return multiply(subtract(x0, x1), heights[this.summation]());
  }

  /** The areas of labels as one. */
  private ofLabels(areas: Tensor): Tensor {
    if (!this.multiLabel) return areas;
    if (!this.labelWeights) return mean(areas);
    return divideNoNan(sum(multiply(areas, this.labelWeights)), sum(this.labelWeights));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.config };
  }
}
metrics.add('AUC', AUC);

function innerThresholds(count: number): number[] {
  checkWhole('AUC', 'numThresholds', count, 2);
  return Array.from({ length: count - 2 }, (_, i) => (i + 1) / (count - 1));
}

/** The curve's coordinates at each threshold. */
function points(curve: string, counts: Confusion): { x: Tensor; y: Tensor } {
  const { truePositives: tp, falsePositives: fp, trueNegatives: tn, falseNegatives: fn } = counts;
  const recall = divideNoNan(tp, add(tp, fn));
  if (curve === 'ROC') return { x: divideNoNan(fp, add(fp, tn)), y: recall };
  if (curve === 'PR') return { x: recall, y: divideNoNan(tp, add(tp, fp)) };
  const odds = divideNoNan(add(tp, fn), add(tn, fp));
  const gain = (mistakes: Tensor): Tensor => subtract(1, multiply(odds, divideNoNan(mistakes, tp)));
  const none = equal(tp, 0);
  return { x: maximum(where(none, 0, gain(fn)), 0), y: where(none, 1, gain(fp)) };
}

/** Areas under precision over recall: true positives grow linearly between thresholds, precision not. */
function precisionRecallTerms(counts: Confusion): Tensor {
  const { truePositives: tp, falsePositives, falseNegatives } = counts;
  const [tp0, tp1] = neighbours(tp);
  const [p0, p1] = neighbours(add(tp, falsePositives));
  const [, fn1] = neighbours(falseNegatives);
  const dtp = subtract(tp0, tp1);
  const slope = divideNoNan(dtp, maximum(subtract(p0, p1), 0));
  const intercept = subtract(tp1, multiply(slope, p1));
  const both = logicalAnd(greater(p0, 0), greater(p1, 0));
  const ratio = where(both, divideNoNan(p0, maximum(p1, 0)), 1);
  const area = multiply(slope, add(dtp, multiply(intercept, log(ratio))));
  return divideNoNan(area, maximum(add(tp1, fn1), 0));
}
