// From Keras's names and configs to our objects: everything that the golden tests assume about how
// neurone's objects are made stands here.
import {
  initializers,
  layers,
  losses,
  metrics,
  ops,
  optimizers,
  type Tensor,
} from '../../lib/index.js';
import type { AnyLayer } from '../../lib/layers/layer.js';
import type { KerasConfig, KerasObject } from './golden.js';

type FromConfig<T> = { fromConfig(config: KerasConfig): T };

/** The class of a namespace with Keras's name. */
function classOf<T>(namespace: object, what: string, name: string): FromConfig<T> {
  const found = Object.entries(namespace).find(([key]) => key === name)?.[1];
  if (typeof found !== 'function' || !('fromConfig' in found)) {
    throw new Error(`No ${what} class "${name}" with fromConfig is exported.`);
  }
  return found as FromConfig<T>;
}

export const loadLayer = (o: KerasObject): layers.Layer =>
  classOf<layers.Layer>(layers, 'layer', o.class_name).fromConfig(o.config);

/** A layer of any inputs and outputs. */
export const loadAnyLayer = (o: KerasObject): AnyLayer =>
  classOf<AnyLayer>(layers, 'layer', o.class_name).fromConfig(o.config);

export const loadLoss = (o: KerasObject): losses.Loss =>
  classOf<losses.Loss>(losses, 'loss', o.class_name).fromConfig(o.config);

export const loadMetric = (o: KerasObject): metrics.Metric =>
  classOf<metrics.Metric>(metrics, 'metric', o.class_name).fromConfig(o.config);

export const loadInitializer = (o: KerasObject): initializers.Initializer =>
  classOf<initializers.Initializer>(initializers, 'initializer', o.class_name).fromConfig(o.config);

interface ExponentialDecay {
  readonly initial_learning_rate: number;
  readonly decay_steps: number;
  readonly decay_rate: number;
}

const isSchedule = (rate: unknown): rate is { readonly config: ExponentialDecay } =>
  typeof rate === 'object' && rate !== null && 'config' in rate;

/** Keras's ExponentialDecay as a user would write it: a function of the step tensor. */
export const exponentialDecay =
  (config: ExponentialDecay) =>
  (step: Tensor): Tensor =>
    ops.multiply(
      config.initial_learning_rate,
      ops.power(config.decay_rate, ops.divide(step.cast('float32'), config.decay_steps)),
    );

/** An optimizer of a Keras config; a schedule becomes a function of the step. */
export function loadOptimizer({ class_name, config }: KerasObject): optimizers.Optimizer {
  const rate = config.learning_rate;
  if (!isSchedule(rate)) {
    return classOf<optimizers.Optimizer>(optimizers, 'optimizer', class_name).fromConfig(config);
  }
  const learningRate = exponentialDecay(rate.config);
  if (class_name === 'Adam') return new optimizers.Adam({ learningRate });
  return new optimizers.SGD({ learningRate, momentum: Number(config.momentum) });
}

/** A name stays a name; an object is loaded. */
export const named = <T>(value: string | KerasObject, load: (o: KerasObject) => T): string | T =>
  typeof value === 'string' ? value : load(value);

/** Options that Keras 3.15 writes for its own later features, all null; older Keras refuses them. */
const recent = ['quantization_config', 'input_axes', 'output_axes'];

/** A config without the options that only the newest Keras knows. */
export function portable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(portable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inner !== null || !recent.includes(key))
      .map(([key, inner]) => [key, portable(inner)]),
  );
}
