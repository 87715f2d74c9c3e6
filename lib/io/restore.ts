// From configs to models: made, built and compiled as Keras's `load_model` does, without their weights.
import { layers } from '../layers/layer.js';
import { get as getLoss, type LossLike } from '../losses/index.js';
import { get as getMetric, type MetricLike } from '../metrics/index.js';
import { Model } from '../models/model.js';
import { optimizers } from '../optimizers/optimizer.js';
import { ConfigError, FormatError, NeuroneError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import { checkConfig } from './parse.js';
import { type CustomObjects, withCustomObjects } from './registries.js';

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How configs become models. */
export interface RestoreOptions {
  readonly customObjects?: CustomObjects;
  /** Whether to compile the model as it was. Default true. */
  readonly compile?: boolean;
}

/** Options of Keras 2's optimizers that say nothing here. */
const forgotten = new Set(['is_legacy_optimizer', 'jit_compile', 'weight_decay', 'decay']);

function optimizerFrom(given: unknown) {
  if (!isSerialized(given)) return optimizers.get(String(given)).fromConfig({});
  const entries = Object.entries(given.config).filter(
    ([key, value]) => value || !forgotten.has(key),
  );
  const config = Object.fromEntries(entries.filter(([key]) => key !== 'jit_compile'));
  return optimizers.get(given.class_name.replace(/.*>/, '')).fromConfig(config);
}

/** Keras 2 called the default reduction `auto`, and named the function of a loss in its config. */
function modernLoss({ fn: _, ...config }: Json): Json {
  return config.reduction === 'auto' ? { ...config, reduction: 'sum_over_batch_size' } : config;
}

class CompileConfig {
  constructor(private readonly custom: CustomObjects) {}

  /** What a config of a loss or metric stands for; names stay names. */
  private object(given: unknown, make: (o: SerializedObject) => unknown): unknown {
    if (typeof given === 'string') return this.custom[given] ?? given;
    if (!isSerialized(given)) return given ?? undefined;
    const { config } = given as { config: unknown };
    if (typeof config === 'string') return this.custom[config] ?? config;
    return make(given);
  }

  /** The same in lists and records. */
  private nested(given: unknown, make: (o: SerializedObject) => unknown): unknown {
    if (Array.isArray(given)) return given.map((inner) => this.nested(inner, make));
    if (!isRecord(given) || isSerialized(given)) return this.object(given, make);
    return Object.fromEntries(
      Object.entries(given).map(([name, inner]) => [name, this.nested(inner, make)]),
    );
  }

  loss(given: unknown): LossLike | undefined {
    return this.nested(given, (o) => getLoss({ ...o, config: modernLoss(o.config) })) as
      | LossLike
      | undefined;
  }

  metrics(given: unknown): readonly MetricLike[] | undefined {
    // Keras 2 has a list for each output, of which there may be one.
    const list =
      Array.isArray(given) && given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
    return this.nested(list, (o) => this.metric(o)) as readonly MetricLike[] | undefined;
  }

  /** Keras 2 writes functions as `MeanMetricWrapper`, and the name that the user gave. */
  private metric(o: SerializedObject): MetricLike {
    const { fn, name } = o.config;
    if (o.class_name !== 'MeanMetricWrapper' || typeof fn !== 'string') {
      return getMetric(o, { loss: undefined, trueShape: [], predShape: [] });
    }
    return name === 'accuracy' || name === 'acc' ? name : fn;
  }
}

/** Compiles as `compile_config`, or Keras 2's `training_config`, says. */
function compileFrom(model: Model, config: Json, custom: CustomObjects): void {
  const compiled = new CompileConfig(custom);
  const lossWeights = config.loss_weights as number[] | null | undefined;
  const metrics = compiled.metrics(config.metrics);
  const weightedMetrics = compiled.metrics(config.weighted_metrics);
  model.compile({
    optimizer: optimizerFrom(config.optimizer ?? config.optimizer_config ?? 'rmsprop'),
    loss: compiled.loss(config.loss),
    ...(metrics && { metrics }),
    ...(weightedMetrics && { weightedMetrics }),
    ...(lossWeights && { lossWeights }),
  });
  if (model.built) model.optimizer.build(model.trainableVariables);
}

function build(model: Model, config: Json): void {
  const shape = isRecord(config.build_config) ? config.build_config.input_shape : undefined;
  if (model.built || !Array.isArray(shape)) return;
  model.build(shape as (number | null)[]);
}

/**
 * A model of its config.
 *
 * @param where the file, for messages
 * @throws ConfigError for unknown classes and options, FormatError for what is no config
 */
export function restore(config: Json, where: string, options: RestoreOptions = {}): Model {
  const { customObjects = {}, compile = true } = options;
  return withCustomObjects(customObjects, () => {
    const checked = checkConfig(config, where);
    try {
      const model = layers.get(checked.class_name).fromConfig(checked.config);
      if (!(model instanceof Model)) {
        throw new ConfigError(`${checked.class_name} is not a model.`);
      }
      build(model, config);
      const { compile_config } = checked;
      if (compile && isRecord(compile_config) && Object.keys(compile_config).length > 0) {
        compileFrom(model, compile_config, customObjects);
      }
      return model;
    } catch (error) {
      throw inFile(error, where);
    }
  });
}

/** An error that says which file it is about. */
function inFile(error: unknown, where: string): unknown {
  if (error instanceof NeuroneError) {
    const Kind = error.constructor as new (message: string, options: ErrorOptions) => NeuroneError;
    return new Kind(`${where}: ${error.message}`, { cause: error });
  }
  // A config that is none: a layer stumbled over a missing or wrong option.
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  return new FormatError(`${where}: the config makes no model: ${error.message}.`, {
    cause: error,
  });
}
