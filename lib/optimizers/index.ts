// Optimizers by class and by name.
import { ConfigError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import './adam.js';
import './sgd.js';
import { Optimizer, optimizers } from './optimizer.js';

export { Adam, type AdamOptions } from './adam.js';
export { type LearningRate, Optimizer, type OptimizerOptions } from './optimizer.js';
export { SGD, type SGDOptions } from './sgd.js';

/** The optimizer that a name, an object or a config stands for. */
export function get(given: string | Optimizer | SerializedObject): Optimizer {
  if (given instanceof Optimizer) return given;
  if (typeof given === 'string') return optimizers.get(given).fromConfig({});
  if (isSerialized(given)) return optimizers.get(given.class_name).fromConfig(given.config);
  throw new ConfigError(`expected an optimizer or the name of one, got ${typeof given}.`);
}
