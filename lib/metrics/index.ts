// Metrics by class and by name, and what `'accuracy'` means for a loss and a shape.
import type { Loss } from '../losses/loss.js';
import { losses } from '../losses/loss.js';
import { meanAbsoluteError, meanSquaredError } from '../losses/regression.js';
import { matchRanks } from '../losses/shapes.js';
import { cast, equal, greater } from '../ops/elementwise.js';
import { squeeze } from '../ops/movement.js';
import { argmax } from '../ops/reduce.js';
import type { Shape } from '../tensor/shape.js';
import { sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import {
  MeanMetricWrapper,
  Metric,
  type MetricFunction,
  type MetricOptions,
  metricOptionNames,
  metrics,
} from './metric.js';

export {
  Mean,
  MeanMetricWrapper,
  Metric,
  type MetricFunction,
  type MetricOptions,
} from './metric.js';

const matches = (a: Tensor, b: Tensor): Tensor => cast(equal(a, b), 'float32');

/** 1 where a probability is on the target's side of the threshold, per element. */
export const binaryAccuracy = (yTrue: Tensor, yPred: Tensor, threshold = 0.5): Tensor => {
  const [t, p] = matchRanks(cast(yTrue, 'float32'), yPred);
  return matches(t, cast(greater(p, threshold), 'float32'));
};

/** 1 where the largest prediction stands at the one of a one-hot target. */
export const categoricalAccuracy = (yTrue: Tensor, yPred: Tensor): Tensor =>
  matches(argmax(yTrue), argmax(yPred));

/** 1 where the largest prediction stands at the label. */
export const sparseCategoricalAccuracy = (yTrue: Tensor, yPred: Tensor): Tensor => {
  const trailing = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1;
  const labels = trailing ? squeeze(yTrue, -1) : yTrue;
  return matches(cast(labels, 'int32'), argmax(yPred));
};

/** How often predictions equal targets. */
export class Accuracy extends MeanMetricWrapper {
  constructor(options: MetricOptions = {}) {
    checkOptions('Accuracy', options, metricOptionNames);
    super((t, p) => matches(...matchRanks(cast(t, 'float32'), p)), options, 'accuracy');
  }
}
/** How often probabilities are on the right side of a threshold (default 0.5). */
export class BinaryAccuracy extends MeanMetricWrapper {
  readonly threshold: number;
  constructor(options: MetricOptions & { threshold?: number } = {}) {
    checkOptions('BinaryAccuracy', options, ['threshold', ...metricOptionNames]);
    const threshold = options.threshold ?? 0.5;
    super((t, p) => binaryAccuracy(t, p, threshold), options, 'binary_accuracy');
    this.threshold = threshold;
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), threshold: this.threshold };
  }
}
/** How often the largest prediction is that of a one-hot target. */
export class CategoricalAccuracy extends MeanMetricWrapper {
  constructor(options: MetricOptions = {}) {
    checkOptions('CategoricalAccuracy', options, metricOptionNames);
    super(categoricalAccuracy, options, 'categorical_accuracy');
  }
}
/** How often the largest prediction is that of a whole-number label. */
export class SparseCategoricalAccuracy extends MeanMetricWrapper {
  constructor(options: MetricOptions = {}) {
    checkOptions('SparseCategoricalAccuracy', options, metricOptionNames);
    super(sparseCategoricalAccuracy, options, 'sparse_categorical_accuracy');
  }
}
/** Mean squared error over all elements. */
export class MeanSquaredError extends MeanMetricWrapper {
  constructor(options: MetricOptions = {}) {
    checkOptions('MeanSquaredError', options, metricOptionNames);
    super(meanSquaredError, options, 'mean_squared_error');
  }
}
/** Mean absolute error over all elements. */
export class MeanAbsoluteError extends MeanMetricWrapper {
  constructor(options: MetricOptions = {}) {
    checkOptions('MeanAbsoluteError', options, metricOptionNames);
    super(meanAbsoluteError, options, 'mean_absolute_error');
  }
}
metrics.add('Accuracy', Accuracy);
metrics.add('BinaryAccuracy', BinaryAccuracy);
metrics.add('CategoricalAccuracy', CategoricalAccuracy);
metrics.add('SparseCategoricalAccuracy', SparseCategoricalAccuracy);
metrics.add('MeanSquaredError', MeanSquaredError, ['mse']);
metrics.add('MeanAbsoluteError', MeanAbsoluteError, ['mae']);

/** What may stand for a metric. */
export type MetricLike = string | Metric | MetricFunction | SerializedObject;

/** The loss and shapes that `'accuracy'` and `'crossentropy'` are resolved by. */
export interface MetricContext {
  readonly loss: Loss | undefined;
  readonly trueShape: Shape;
  readonly predShape: Shape;
}

/** Which accuracy `'accuracy'` is, by Keras's rules. */
function accuracyFor(name: string, { trueShape, predShape }: MetricContext): Metric {
  const binary = predShape.at(-1) === 1;
  if (binary) return new BinaryAccuracy({ name });
  const sparse =
    !sameShape(trueShape, predShape) &&
    (trueShape.length < predShape.length || trueShape.at(-1) === 1);
  return sparse ? new SparseCategoricalAccuracy({ name }) : new CategoricalAccuracy({ name });
}

/**
 * The metric that a name, function, object or config stands for; named as the user wrote it.
 *
 * @throws ConfigError for an unknown name, with the nearest one.
 */
export function get(given: MetricLike, context: MetricContext): Metric {
  if (given instanceof Metric) return given;
  if (typeof given === 'function') return new MeanMetricWrapper(given);
  if (isSerialized(given)) return metrics.get(given.class_name).fromConfig(given.config);
  if (typeof given !== 'string') {
    throw new ConfigError(`expected a metric, a function or a name, got ${typeof given}.`);
  }
  const plain = given.toLowerCase();
  if (plain === 'accuracy' || plain === 'acc') return accuracyFor(given, context);
  if (plain === 'crossentropy' || plain === 'ce')
    return lossMetric(given, crossentropyFor(context));
  if (metrics.has(given)) return metrics.get(given).fromConfig({ name: given });
  if (losses.has(given)) return lossMetric(given, given);
  return metrics.get(given).fromConfig({});
}

const lossMetric = (name: string, loss: string): Metric =>
  new MeanMetricWrapper(losses.get(loss).fn, { name });

function crossentropyFor({ trueShape, predShape }: MetricContext): string {
  if (predShape.at(-1) === 1) return 'binary_crossentropy';
  return sameShape(trueShape, predShape)
    ? 'categorical_crossentropy'
    : 'sparse_categorical_crossentropy';
}
