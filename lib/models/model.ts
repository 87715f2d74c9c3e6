// Model: a layer that can be compiled, trained, evaluated and asked for predictions.
import type { LogsOf } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { type AnyLayer, checkLayerOptions, layers as layerRegistry } from '../layers/layer.js';
import type { Structure } from '../layers/structure.js';
import { Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { CompiledModel } from './compiled-model.js';
import type { BatchSource, SamplesOf } from './data.js';
import { evaluateModel, runOne } from './evaluate.js';
import { fitModel } from './fit.js';
import { functionalConfig, functionalFromConfig } from './graph-config.js';
import type {
  BatchOptions,
  EvaluateOptions,
  FitOptions,
  ModelOptions,
  OutputsOf,
  PredictOptions,
} from './model-options.js';
import { predictModel, predictNow } from './predict.js';
import type { Profile } from './profile.js';
import { type SummaryOptions, summarize } from './summary.js';

export type {
  BatchOptions,
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  ModelOptions,
  OutputsOf,
  PredictOptions,
  PrintableProgram,
} from './model-options.js';

/** A model of any inputs and outputs. */
export type AnyModel = Model<Structure, Structure>;

/**
 * A model. Make a functional one of symbolic tensors; or subclass it and define `call`, with layers in own
 * properties; or use `Sequential`.
 *
 * @example
 * const x = input([784]);
 * const model = new Model({ inputs: x, outputs: new Dense(10).apply(x) });
 *
 * class Net extends Model {
 *   hidden = new Dense(32, { activation: 'relu' });
 *   out = new Dense(1);
 *   call(x) { return this.out.apply(this.hidden.apply(x)); }
 * }
 */
export class Model<
  In extends Structure = Tensor,
  Out extends Structure = Tensor,
> extends CompiledModel<In, Out> {
  /** Set to true to end `fit` after the present epoch; in a batch hook, after the present step. */
  stopTraining = false;
  /** Set to true in a batch hook to end `evaluate` after the present step. */
  stopEvaluating = false;
  /** Set to true in a batch hook to end `predict` after the present step. */
  stopPredicting = false;
  /** @internal What it is doing. */
  busy: string | undefined;
  /** @internal Whether `fit` is in a hook between two passes over data. */
  betweenPasses = false;
  /** @internal Runs so far: part of the seed of each shuffle. */
  fits = 0;

  constructor(options: ModelOptions<In, Out> = {}, className?: string) {
    if (new.target === Model) checkLayerOptions('Model', options, ['inputs', 'outputs']);
    if ((options as unknown) instanceof Tensor) {
      throw new ConfigError(
        'Model: expected an object of options, got a tensor. Write new Model({ inputs, outputs }).',
      );
    }
    super(
      options,
      className ?? (options.inputs && new.target === Model ? 'Functional' : undefined),
    );
  }

  /**
   * Trains.
   *
   * @param x samples along the first axis; or batches as `[x, y]`, from any (async) iterable
   * @returns the history: losses and metrics per epoch, and the loss of every step
   * @throws StateError while another `fit` of this model runs; DataError for bad data. A step that
   *   fails leaves everything as it was before it.
   */
  fit<L extends LogsOf<L> = Record<string, number>>(
    x: SamplesOf | BatchSource,
    y?: SamplesOf | null,
    options: FitOptions = {},
  ): Promise<History<L>> {
    return fitModel(this, x, y ?? undefined, options);
  }

  /**
   * Loss and metrics on data, by name. A metric with a value per class or threshold is an array, for which
   * TypeScript asks the logs' type: `evaluate<{ loss: number; f1_score: number[] }>(x, y)`.
   */
  evaluate<L extends LogsOf<L> = Record<string, number>>(
    x: SamplesOf | BatchSource,
    y?: SamplesOf | null,
    options: EvaluateOptions = {},
  ): Promise<L> {
    return evaluateModel(this, x, y ?? undefined, options);
  }

  /** The model's outputs for all samples, `[samples, …]`: one tensor, or several as the model has them. */
  predict(x: SamplesOf | BatchSource, options: PredictOptions = {}): Promise<OutputsOf<Out>> {
    return predictModel(this, x, options) as Promise<OutputsOf<Out>>;
  }

  /**
   * The outputs for a few samples, at once and on the calling thread: for serving single requests.
   * While the model trains it waits for the present step.
   */
  predictSync(x: SamplesOf): OutputsOf<Out> {
    return predictNow(this, x) as OutputsOf<Out>;
  }

  /** The outputs for one batch, computed at once however many samples it has; no callbacks. */
  predictOnBatch(x: SamplesOf): Promise<OutputsOf<Out>> {
    return this.predict(x, { batchSize: Number.MAX_SAFE_INTEGER });
  }

  /** One step of training; returns loss and metrics of this batch alone. */
  trainOnBatch<L extends LogsOf<L> = Record<string, number>>(
    x: SamplesOf,
    y?: SamplesOf | null,
    options: BatchOptions = {},
  ): Promise<L> {
    return runOne(this, 'train', x, y ?? undefined, options);
  }

  /** Loss and metrics of one batch. */
  testOnBatch<L extends LogsOf<L> = Record<string, number>>(
    x: SamplesOf,
    y?: SamplesOf | null,
    options: BatchOptions = {},
  ): Promise<L> {
    return runOne(this, 'test', x, y ?? undefined, options);
  }

  /** Copies of all weights, in the order of `model.weights`. */
  override async getWeights(): Promise<Tensor[]> {
    this.requireBuilt('getWeights');
    return super.getWeights();
  }

  /** Sets all weights, in the order of `model.weights`. */
  override setWeights(weights: readonly TensorLike[]): void {
    this.requireBuilt('setWeights');
    super.setWeights(weights);
  }

  /** The layer with a name, or at an index. */
  getLayer(which: string | number): AnyLayer {
    const found =
      typeof which === 'number'
        ? this.layers.at(which)
        : this.layers.find((layer) => layer.name === which);
    if (found) return found;
    throw new ConfigError(
      `${this.name}: no layer ${JSON.stringify(which)}; there are ${this.layers.map((l) => l.name).join(', ')}.`,
    );
  }

  override countParams(): number {
    this.requireBuilt('countParams');
    return super.countParams();
  }

  /** Prints the table of layers and returns it. */
  summary(options: SummaryOptions = {}): string {
    const text = summarize(this, options);
    (options.print ?? console.log)(text);
    return text;
  }

  /**
   * Times one training step, or a prediction where there are no targets, call by call.
   *
   * @returns a table (`toString()`), its rows, and a trace for chrome://tracing (`chromeTrace()`).
   */
  async profile(
    x: SamplesOf,
    y?: SamplesOf,
    options: { readonly steps?: number } = {},
  ): Promise<Profile> {
    const { profileModel } = await import('./profile.js');
    return profileModel(this, x, y, options);
  }

  /** Keras's config: of a functional model its layers and their calls. */
  override getConfig(): Record<string, unknown> {
    if (this.graph) return functionalConfig(this.name, this.trainable, this.graph);
    throw new ConfigError(
      `${this.name}: a subclassed model has no config. Define getConfig() and a static fromConfig(config), and register() the class.`,
    );
  }

  /** A functional model made of Keras's config. */
  static override fromConfig(config: Record<string, unknown>): AnyModel {
    const { inputs, outputs, name, trainable } = functionalFromConfig(config);
    return new Model({ inputs, outputs, name, trainable });
  }
}
layerRegistry.add('Functional', Model, ['Model']);
