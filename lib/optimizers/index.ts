// Optimizers by class and by name.
import { ConfigError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import { Optimizer, optimizers } from './optimizer.js';

export { Adadelta, type AdadeltaOptions } from './adadelta.js';
export { Adafactor, type AdafactorOptions } from './adafactor.js';
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions } from './adam.js';
export { AdamW, type AdamWOptions } from './adam-w.js';
export { Adamax, type AdamaxOptions } from './adamax.js';
export { Ftrl, type FtrlOptions } from './ftrl.js';
export { Lamb, type LambOptions } from './lamb.js';
export { Lion, type LionOptions } from './lion.js';
export { LossScaleOptimizer, type LossScaleOptimizerOptions } from './loss-scale-optimizer.js';
export {
  MultiOptimizer,
  type MultiOptimizerOptions,
  OptimizerMap,
  type OptimizerSelector,
} from './multi-optimizer.js';
export { Muon, type MuonOptions } from './muon.js';
export { Nadam, type NadamOptions } from './nadam.js';
export { Optimizer } from './optimizer.js';
export type { LearningRate, OptimizerOptions } from './options.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { ScheduleFreeAdamW, type ScheduleFreeAdamWOptions } from './schedule-free-adam-w.js';
export { SGD, type SGDOptions } from './sgd.js';

/** The optimizer that a name, an object or a config stands for. */
export function get(given: string | Optimizer | SerializedObject): Optimizer {
  if (given instanceof Optimizer) return given;
  if (typeof given === 'string') return optimizers.get(given).fromConfig({});
  if (isSerialized(given)) return optimizers.get(given.class_name).fromConfig(given.config);
  throw new ConfigError(`expected an optimizer or the name of one, got ${typeof given}.`);
}
