// A model's config as Keras writes it: what `config.json` in a `.keras` file and `toJSON()` hold.
import { isOperationModule } from '../layers/operations/registry.js';
import { serializeLayer } from '../layers/serialize.js';
import { Loss, type LossFunction, losses } from '../losses/loss.js';
import { Metric } from '../metrics/metric.js';
import type { Model } from '../models/model.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { toSnakeCase } from '../util/registry.js';
import { isSerialized, serialize } from '../util/serialize.js';
import { registeredName } from './register.js';
import { registryOf } from './registries.js';

type Json = Record<string, unknown>;

const functional = {
  module: 'keras.src.models.functional',
  class_name: 'Functional',
  registered_name: 'Functional',
};

/** Module and names of a class that Keras knows otherwise than we do. */
function kerasNames(className: string, module: string): Json {
  if (isOperationModule(module)) {
    return { module, class_name: className, registered_name: className };
  }
  const registered = registeredName(className);
  const registry = registryOf(module);
  if (registered !== undefined || (registry && !registry.has(className))) {
    return { module: null, class_name: className, registered_name: registered ?? className };
  }
  if (className === 'Input') return { module, class_name: 'InputLayer' };
  if (className === 'Sequential') return { module: 'keras', class_name: className };
  if (className === 'Functional' || className === 'Model') return functional;
  return { module, class_name: className };
}

/** The same with all classes in it named as Keras names them. */
export function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== 'object' || value === null) return value;
  const record = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, named(inner)]),
  );
  if (!isSerialized(record) || typeof record.module !== 'string') return record;
  return { ...record, ...kerasNames(record.class_name, record.module) };
}

/** A function by its name: of Keras if there is one of ours, else of the user's. */
function functionConfig(fn: LossFunction): unknown {
  const loss = losses.names.find((name) => losses.get(name).fn === fn);
  if (loss !== undefined) return toSnakeCase(loss);
  const name = fn.name;
  return { module: 'builtins', class_name: 'function', config: name, registered_name: 'function' };
}

/** Losses and metrics in any nesting, as Keras writes them. */
function compiledConfig(given: unknown): unknown {
  if (given === undefined || given === null) return null;
  if (typeof given === 'function') return functionConfig(given as LossFunction);
  if (given instanceof Loss) return named(serialize('keras.losses', given));
  if (given instanceof Metric) return named(serialize('keras.metrics', given));
  if (Array.isArray(given)) return given.map(compiledConfig);
  if (typeof given !== 'object' || isSerialized(given)) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, inner]) => [name, compiledConfig(inner)]),
  );
}

const listOrNull = (given: unknown): unknown =>
  Array.isArray(given) && given.length === 0 ? null : compiledConfig(given);

const optimizerConfig = (optimizer: Optimizer): unknown =>
  named(serialize('keras.optimizers', optimizer));

/** What the model was compiled with, but for the optimizer; undefined if it was not. */
export function compileConfig(model: Model): { optimizer: unknown; rest: Json } | undefined {
  const { compileOptions: options } = model;
  if (!options) return undefined;
  const rest = {
    loss: compiledConfig(options.loss),
    loss_weights: options.lossWeights ?? null,
    metrics: listOrNull(options.metrics),
    weighted_metrics: listOrNull(options.weightedMetrics),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  };
  return { optimizer: optimizerConfig(model.optimizer), rest };
}

/** `{ module, class_name, config, registered_name }` of a model. */
export function modelConfig(model: Model): Json {
  return named(serializeLayer(model)) as Json;
}

/** The whole of `config.json`. */
export function fullConfig(model: Model): Json {
  const compiled = compileConfig(model);
  return {
    ...modelConfig(model),
    compile_config: compiled ? { optimizer: compiled.optimizer, ...compiled.rest } : {},
  };
}

/**
 * Options that are floats in Python, which tells 0 from 0.0: SGD refuses a momentum of 0. The others that may be
 * whole numbers are sizes, axes, seeds and counts of steps.
 */
const floats = new Set(
  `alpha beta beta_1 beta_2 clipnorm clipvalue decay_rate delta ema_momentum end_learning_rate epsilon factor gain
   gamma global_clipnorm initial_accumulator_value initial_learning_rate l1 l2 label_smoothing learning_rate
   learning_rate_power m_mul max_value maxval mean min_value minval momentum negative_slope offset power rate
   rho scale stddev t_mul threshold value warmup_target weight_decay`.split(/\s+/),
);

/** JSON as Python's `json` writes and reads it: floats look like floats, and may be infinite. */
export function toText(config: unknown): string {
  const text = JSON.stringify(config, (key, value: unknown) => {
    if (typeof value !== 'number') return value;
    if (!Number.isFinite(value)) return `\u0000${value}`;
    return floats.has(key) && Number.isSafeInteger(value) ? `\u0000${value}.0` : value;
  });
  return text.replace(/"\\u0000(-?Infinity|NaN|-?\d+\.0)"/g, '$1');
}
