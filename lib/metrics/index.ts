// Metrics by class and by name, and what `'accuracy'` means for a loss and a shape.
import type { Loss } from '../losses/loss.js';
import { losses } from '../losses/loss.js';
import type { Shape } from '../tensor/shape.js';
import { sameShape } from '../tensor/shape.js';
import { ConfigError } from '../util/errors.js';
import {
  type FunctionName,
  isFunctionName,
  isSerialized,
  type SerializedObject,
} from '../util/serialize.js';
import { BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy } from './accuracy.js';
import './auc.js';
import './counts.js';
import './fscore.js';
import './iou.js';
import './losses.js';
import { Metric, type MetricFunction, metrics } from './metric.js';
import { MeanMetricWrapper, metricFunctions } from './reduction.js';
import './regression.js';
import './trade.js';

export {
  binaryCrossentropy,
  binaryFocalCrossentropy,
  categoricalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalHinge,
  hinge,
  huber,
  klDivergence,
  kld,
  kullbackLeiblerDivergence,
  logCosh,
  logcosh,
  mae,
  mape,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  mse,
  msle,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from '../losses/index.js';
export {
  Accuracy,
  BinaryAccuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  CategoricalAccuracy,
  categoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  type SparseTopKOptions,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
  type TopKOptions,
  topKCategoricalAccuracy,
} from './accuracy.js';
export { AUC, type AUCOptions } from './auc.js';
export {
  type CountOptions,
  FalseNegatives,
  FalsePositives,
  Precision,
  type PrecisionOptions,
  Recall,
  TrueNegatives,
  TruePositives,
} from './counts.js';
export { type F1Options, F1Score, type FBetaOptions, FBetaScore } from './fscore.js';
export {
  BinaryIoU,
  type BinaryIoUOptions,
  IoU,
  type IoUOptions,
  MeanIoU,
  type MeanIoUOptions,
  OneHotIoU,
  type OneHotIoUOptions,
  OneHotMeanIoU,
  type OneHotMeanIoUOptions,
} from './iou.js';
export {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  CategoricalHinge,
  CosineSimilarity,
  Hinge,
  KLDivergence,
  LogCoshError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SparseCategoricalCrossentropy,
  SquaredHinge,
} from './losses.js';
export { Metric, type MetricFunction, type MetricOptions } from './metric.js';
export { Mean, MeanMetricWrapper, Sum } from './reduction.js';
export {
  ConcordanceCorrelation,
  type CorrelationOptions,
  concordanceCorrelation,
  PearsonCorrelation,
  pearsonCorrelation,
  type R2Options,
  R2Score,
  RootMeanSquaredError,
} from './regression.js';
export {
  PrecisionAtRecall,
  RecallAtPrecision,
  SensitivityAtSpecificity,
  SpecificityAtSensitivity,
  type TradeOptions,
} from './trade.js';

/** What may stand for a metric. */
export type MetricLike = string | Metric | MetricFunction | SerializedObject | FunctionName;

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
  if (isFunctionName(given)) return get(given.config, context);
  if (isSerialized(given)) return metrics.get(given.class_name).fromConfig(given.config);
  if (typeof given !== 'string') {
    throw new ConfigError(`expected a metric, a function or a name, got ${typeof given}.`);
  }
  const plain = given.toLowerCase();
  if (plain === 'accuracy' || plain === 'acc') return accuracyFor(given, context);
  if (plain === 'crossentropy' || plain === 'ce')
    return lossMetric(given, crossentropyFor(context));
  if (metrics.has(given)) return metrics.get(given).fromConfig({ name: given });
  if (metricFunctions.has(given))
    return new MeanMetricWrapper(metricFunctions.get(given), { name: given });
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
