// Losses by class, by function and by name.
import { ConfigError } from '../util/errors.js';
import {
  type FunctionName,
  isFunctionName,
  isSerialized,
  type SerializedObject,
} from '../util/serialize.js';
import './circle.js';
import './crossentropy.js';
import './ctc.js';
import './focal.js';
import './hinge.js';
import './likelihood.js';
import './regression.js';
import './segmentation.js';
import { FunctionLoss, Loss, type LossFunction, losses, nameOfLoss } from './loss.js';

export { Circle, type CircleOptions, circle } from './circle.js';
export {
  BinaryCrossentropy,
  binaryCrossentropy,
  binaryCrossentropy as bce,
  CategoricalCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type SparseCrossentropyOptions,
  sparseCategoricalCrossentropy,
} from './crossentropy.js';
export { CTC, ctc } from './ctc.js';
export {
  BinaryFocalCrossentropy,
  type BinaryFocalOptions,
  binaryFocalCrossentropy,
  CategoricalFocalCrossentropy,
  type CategoricalFocalOptions,
  CategoricalGeneralizedCrossEntropy,
  categoricalFocalCrossentropy,
  categoricalGeneralizedCrossEntropy,
  type GeneralizedOptions,
} from './focal.js';
export {
  CategoricalHinge,
  categoricalHinge,
  Hinge,
  hinge,
  SquaredHinge,
  squaredHinge,
} from './hinge.js';
export {
  GaussianNegativeLogLikelihood,
  type GaussianOptions,
  gaussianNegativeLogLikelihood,
  KLDivergence,
  klDivergence,
  klDivergence as kld,
  klDivergence as kullbackLeiblerDivergence,
  Poisson,
  poisson,
  Quantile,
  type QuantileOptions,
  quantile,
} from './likelihood.js';
export { Loss, type LossFunction, type LossOptions } from './loss.js';
export type { Reduction } from './reduction.js';
export {
  CosineSimilarity,
  cosineSimilarity,
  cosineSimilarity as cosineProximity,
  Huber,
  type HuberOptions,
  huber,
  LogCosh,
  logCosh,
  logCosh as logcosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  meanAbsoluteError,
  meanAbsoluteError as mae,
  meanAbsolutePercentageError,
  meanAbsolutePercentageError as mape,
  meanSquaredError,
  meanSquaredError as mse,
  meanSquaredLogarithmicError,
  meanSquaredLogarithmicError as msle,
} from './regression.js';
export {
  Dice,
  type DiceOptions,
  dice,
  Tversky,
  type TverskyOptions,
  tversky,
} from './segmentation.js';

/** The class behind a function of ours, which knows what targets it takes. */
function builtIn(fn: LossFunction): Loss | undefined {
  const name = nameOfLoss(fn);
  return name === undefined ? undefined : losses.get(name).Class.fromConfig({});
}

/** What may stand for a loss. */
export type LossLike = string | Loss | LossFunction | SerializedObject | FunctionName;

/**
 * The loss that a name, function, object or config stands for.
 *
 * @throws ConfigError for an unknown name, with the nearest one.
 */
export function get(given: LossLike): Loss {
  if (given instanceof Loss) return given;
  if (typeof given === 'function') return builtIn(given) ?? new FunctionLoss(given);
  if (typeof given === 'string') return losses.get(given).Class.fromConfig({});
  if (isFunctionName(given)) return get(given.config);
  if (isSerialized(given)) return losses.get(given.class_name).Class.fromConfig(given.config);
  throw new ConfigError(`expected a loss, a function or a name, got ${typeof given}.`);
}
