// Accuracies: how often predictions are right.
import { checkNumber, checkWhole } from '../losses/options.js';
import { aligned, matchRanks } from '../losses/shapes.js';
import { cast } from '../ops/convert.js';
import { equal, greater } from '../ops/elementwise.js';
import { expandDims, sliceAxis, squeeze } from '../ops/movement.js';
import { any, argmax } from '../ops/reduce.js';
import { inTopK } from '../ops/sort.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { mainOptions } from '../util/options.js';
import { type MetricOptions, metrics } from './metric.js';
import { FormulaMetric, metricFunctions } from './reduction.js';

const matches = (a: Tensor, b: Tensor): Tensor => cast(equal(a, b), 'float32');

/** 1 where a prediction equals its target, per element. */
export const accuracy = (yTrue: Tensor, yPred: Tensor): Tensor =>
  matches(...aligned('accuracy', yTrue, yPred));

export interface BinaryAccuracyOptions {
  /** Above it a probability says yes. Default 0.5. */
  readonly threshold?: number;
}

/** 1 where a probability is on the target's side of the threshold, per element. */
export function binaryAccuracy(
  yTrue: Tensor,
  yPred: Tensor,
  { threshold = 0.5 }: BinaryAccuracyOptions = {},
): Tensor {
  const [t, p] = matchRanks(cast(yTrue, 'float32'), yPred);
  return matches(t, cast(greater(p, threshold), 'float32'));
}

/** Throws unless both have one row of classes per sample. */
function checkRows(name: string, yTrue: Tensor, yPred: Tensor): void {
  if (yPred.rank > 0 && sameShape(yTrue.shape.slice(0, -1), yPred.shape.slice(0, -1))) return;
  throw new ShapeError(
    `${name}: predictions ${formatShape(yPred.shape)} need one-hot targets ${formatShape(yPred.shape)}, got ${formatShape(yTrue.shape)}. For whole-number labels use sparse_${name}.`,
  );
}

/** Labels `[...]` for predictions `[..., classes]`, without a trailing axis of size 1. */
function labelsOf(name: string, yTrue: Tensor, yPred: Tensor): Tensor {
  const trailing = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1;
  const labels = trailing ? squeeze(yTrue, -1) : yTrue;
  const expected = yPred.shape.slice(0, -1);
  if (yPred.rank > 0 && sameShape(labels.shape, expected)) return labels;
  throw new ShapeError(
    `${name}: predictions ${formatShape(yPred.shape)} need labels ${formatShape(expected)}, got ${formatShape(yTrue.shape)}. For one-hot targets use ${name.replace('sparse_', '')}.`,
  );
}

/** 1 where the largest prediction stands at the largest target. */
export function categoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  checkRows('categorical_accuracy', yTrue, yPred);
  return matches(argmax(yTrue, -1), argmax(yPred, -1));
}

/** 1 where the largest prediction stands at the label; of `[..., 1]` values the last axis is dropped. */
export function sparseCategoricalAccuracy(yTrue: Tensor, yPred: Tensor): Tensor {
  const right = matches(labelsOf('sparse_categorical_accuracy', yTrue, yPred), argmax(yPred, -1));
  return right.rank > 1 && right.shape.at(-1) === 1 ? squeeze(right, -1) : right;
}

export interface TopKOptions {
  /** How many of the largest predictions count. Default 5. */
  readonly k?: number;
}

/** 1 where the class of a one-hot target is among the `k` largest predictions. */
export function topKCategoricalAccuracy(
  yTrue: Tensor,
  yPred: Tensor,
  { k = 5 }: TopKOptions = {},
): Tensor {
  checkRows('top_k_categorical_accuracy', yTrue, yPred);
  return cast(inTopK(argmax(yTrue, -1), yPred, k), 'float32');
}

export interface SparseTopKOptions extends TopKOptions {
  /** Whether predictions are class numbers, the likeliest first. Default false. */
  readonly fromSortedIds?: boolean;
}

/** 1 where the label is among the `k` largest predictions. */
export function sparseTopKCategoricalAccuracy(
  yTrue: Tensor,
  yPred: Tensor,
  { k = 5, fromSortedIds = false }: SparseTopKOptions = {},
): Tensor {
  const labels = labelsOf('sparse_top_k_categorical_accuracy', yTrue, yPred);
  if (!fromSortedIds) return cast(inTopK(labels, yPred, k), 'float32');
  const last = yPred.rank - 1;
  const first = sliceAxis(yPred, last, 0, Math.min(k, yPred.shape[last]));
  return cast(any(equal(expandDims(labels, -1), first), -1), 'float32');
}

/** How often predictions equal targets. */
export class Accuracy extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'accuracy', fn: accuracy, defaults: {} }, options);
  }
}

/** How often probabilities are on the right side of a threshold. */
export class BinaryAccuracy extends FormulaMetric<BinaryAccuracyOptions> {
  constructor(options: MetricOptions & BinaryAccuracyOptions = {}) {
    super({ name: 'binary_accuracy', fn: binaryAccuracy, defaults: { threshold: 0.5 } }, options);
    checkNumber('BinaryAccuracy', 'threshold', this.options.threshold);
  }
}

/** How often the largest prediction is that of a one-hot target. */
export class CategoricalAccuracy extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    super({ name: 'categorical_accuracy', fn: categoricalAccuracy, defaults: {} }, options);
  }
}

/** How often the largest prediction is that of a whole-number label. */
export class SparseCategoricalAccuracy extends FormulaMetric {
  constructor(options: MetricOptions = {}) {
    const name = 'sparse_categorical_accuracy';
    super({ name, fn: sparseCategoricalAccuracy, defaults: {} }, options);
  }
}

/** How often the class of a one-hot target is among the `k` likeliest. */
export class TopKCategoricalAccuracy extends FormulaMetric<TopKOptions> {
  /** `new TopKCategoricalAccuracy(5)` or `new TopKCategoricalAccuracy({ k: 5 })` */
  constructor(k?: number | (MetricOptions & TopKOptions), rest?: MetricOptions & TopKOptions) {
    const options = mainOptions<MetricOptions & TopKOptions>(new.target.name, ['k'], [k, rest]);
    const name = 'top_k_categorical_accuracy';
    super({ name, fn: topKCategoricalAccuracy, defaults: { k: 5 } }, options);
    checkWhole('TopKCategoricalAccuracy', 'k', this.options.k, 1);
  }
}

/** How often a whole-number label is among the `k` likeliest classes. */
export class SparseTopKCategoricalAccuracy extends FormulaMetric<SparseTopKOptions> {
  /** `new SparseTopKCategoricalAccuracy(5)` or `new SparseTopKCategoricalAccuracy({ k: 5 })` */
  constructor(
    k?: number | (MetricOptions & SparseTopKOptions),
    rest?: MetricOptions & SparseTopKOptions,
  ) {
    const options = mainOptions<MetricOptions & SparseTopKOptions>(
      new.target.name,
      ['k'],
      [k, rest],
    );
    super(
      {
        name: 'sparse_top_k_categorical_accuracy',
        fn: sparseTopKCategoricalAccuracy,
        defaults: { k: 5, fromSortedIds: false },
        unwritten: ['fromSortedIds'],
      },
      options,
    );
    checkWhole('SparseTopKCategoricalAccuracy', 'k', this.options.k, 1);
  }
}

metrics.add('Accuracy', Accuracy);
metrics.add('BinaryAccuracy', BinaryAccuracy);
metrics.add('CategoricalAccuracy', CategoricalAccuracy);
metrics.add('SparseCategoricalAccuracy', SparseCategoricalAccuracy);
metrics.add('TopKCategoricalAccuracy', TopKCategoricalAccuracy);
metrics.add('SparseTopKCategoricalAccuracy', SparseTopKCategoricalAccuracy);
metricFunctions.add('binary_accuracy', binaryAccuracy);
metricFunctions.add('categorical_accuracy', categoricalAccuracy);
metricFunctions.add('sparse_categorical_accuracy', sparseCategoricalAccuracy);
metricFunctions.add('top_k_categorical_accuracy', topKCategoricalAccuracy);
metricFunctions.add('sparse_top_k_categorical_accuracy', sparseTopKCategoricalAccuracy);
