// Losses by class, by function and by name.
import { ConfigError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import './crossentropy.js';
import './regression.js';
import { FunctionLoss, Loss, type LossFunction, losses } from './loss.js';

export {
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from './crossentropy.js';
export { Loss, type LossFunction, type LossOptions } from './loss.js';
export {
  MeanAbsoluteError,
  MeanSquaredError,
  meanAbsoluteError,
  meanSquaredError,
} from './regression.js';

/** The class behind a function of ours, which knows what targets it takes. */
function builtIn(fn: LossFunction): Loss | undefined {
  const name = losses.names.find((known) => losses.get(known).fn === fn);
  return name === undefined ? undefined : losses.get(name).Class.fromConfig({});
}

/** What may stand for a loss. */
export type LossLike = string | Loss | LossFunction | SerializedObject;

/**
 * The loss that a name, function, object or config stands for.
 *
 * @throws ConfigError for an unknown name, with the nearest one.
 */
export function get(given: LossLike): Loss {
  if (given instanceof Loss) return given;
  if (typeof given === 'function') return builtIn(given) ?? new FunctionLoss(given);
  if (typeof given === 'string') return losses.get(given).Class.fromConfig({});
  if (isSerialized(given)) return losses.get(given.class_name).Class.fromConfig(given.config);
  throw new ConfigError(`expected a loss, a function or a name, got ${typeof given}.`);
}
