// Model: a layer that can be compiled, trained, evaluated and asked for predictions.

import type { Callback } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { untraced } from '../graph/compile.js';
import { evaluate as evaluateTensors } from '../graph/evaluate.js';
import { formatProgram } from '../graph/print.js';
import type { Program } from '../graph/program.js';
import { Variable } from '../graph/variable.js';
import {
  type AnyLayer,
  Layer,
  type LayerOptions,
  layersIn,
  type SymbolicShape,
} from '../layers/layer.js';
import { SparseCategoricalCrossentropy } from '../losses/crossentropy.js';
import { get as getLoss, type LossLike } from '../losses/index.js';
import { get as getMetric, type MetricLike } from '../metrics/index.js';
import { currentSeed, keyOf, nextDraw } from '../ops/random.js';
import { get as getOptimizer } from '../optimizers/index.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, StateError } from '../util/errors.js';
import type { SerializedObject } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import { type BatchSource, type Samples, toLabels, toSamples } from './data.js';
import { evaluateModel, runOne } from './evaluate.js';
import { fitModel } from './fit.js';
import { predictModel, predictNow } from './predict.js';
import type { Profile } from './profile.js';
import {
  type BatchInfo,
  type Compiled,
  type InfoOf,
  keyOfBatch,
  type Mode,
  type Step,
  traceStep,
} from './steps.js';
import { formatSummary, type SummaryRow } from './summary.js';

export interface CompileOptions {
  /** Default: rmsprop in Keras; here `adam` until it is named. */
  readonly optimizer?: string | Optimizer | SerializedObject;
  readonly loss?: LossLike;
  readonly metrics?: readonly MetricLike[];
  /** Metrics that sample weights count in. */
  readonly weightedMetrics?: readonly MetricLike[];
  readonly lossWeights?: readonly number[] | number;
}

export interface FitOptions {
  /** Samples per step. Default 32. */
  readonly batchSize?: number;
  /** Passes over the data. Default 1. */
  readonly epochs?: number;
  /** Fraction of the data, taken from its end before shuffling, to validate on. */
  readonly validationSplit?: number;
  /** `[x, y]` or `[x, y, sampleWeight]` to validate on after each epoch, or an iterable of batches. */
  readonly validationData?: readonly [Samples, Samples, Samples?] | BatchSource;
  /** Whether each epoch takes the samples in a fresh order. Default true. */
  readonly shuffle?: boolean;
  readonly callbacks?: readonly Callback[];
  /** 0 silent, 1 a bar, 2 a line per epoch; `auto`: a bar on a terminal, else lines. */
  readonly verbose?: number | 'auto';
  /** Weight of each class in the loss: `{ 0: 1, 1: 5 }`. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Weight of each sample in the loss. */
  readonly sampleWeight?: Samples;
  /** The epoch to begin at. Default 0. */
  readonly initialEpoch?: number;
  readonly stepsPerEpoch?: number;
  readonly validationSteps?: number;
  readonly validationBatchSize?: number;
  /** Validate every so many epochs. Default 1. */
  readonly validationFreq?: number;
  /** Ends the run after the step that is being computed; `fit` rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface EvaluateOptions {
  readonly batchSize?: number;
  readonly sampleWeight?: Samples;
  readonly steps?: number;
  readonly verbose?: number | 'auto';
  readonly signal?: AbortSignal;
}

export interface PredictOptions {
  readonly batchSize?: number;
  readonly steps?: number;
  readonly verbose?: number | 'auto';
  readonly signal?: AbortSignal;
}

/** Options of trainOnBatch and testOnBatch. */
export interface BatchOptions {
  readonly sampleWeight?: Samples;
  readonly classWeight?: Readonly<Record<number, number>>;
}

/** A program with its text. */
export type PrintableProgram = Program & { toString(): string };

const compileOptionNames = ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'lossWeights'];

/**
 * A model. Subclass it and define `call`, with layers in own properties; or use `Sequential`.
 *
 * @example
 * class Net extends Model {
 *   hidden = new Dense(32, { activation: 'relu' });
 *   out = new Dense(1);
 *   call(x) { return this.out.apply(this.hidden.apply(x)); }
 * }
 */
export abstract class Model extends Layer {
  /** Set to true to end `fit` after the present epoch; in a batch hook, after the present step. */
  stopTraining = false;
  /** @internal What it is doing. */
  busy: string | undefined;
  /** @internal Whether `fit` is in a hook between two passes over data. */
  betweenPasses = false;
  /** @internal Runs so far: part of the seed of each shuffle. */
  fits = 0;
  private compiledState: Compiled | undefined;
  private steps = new Map<string, Step>();
  private lastInfo: BatchInfo | undefined;
  private key: Variable | undefined;
  /** Shape of one input, once built; without the batch axis. */
  builtShape: Shape | undefined;

  constructor(options: LayerOptions = {}) {
    super(options);
  }

  /** The model's layers, in order. */
  get layers(): readonly AnyLayer[] {
    // What the model was compiled to holds no layers, and asks for them itself.
    const held = Object.entries(this).filter(([key]) => key !== 'compiledState' && key !== 'steps');
    return layersIn(Object.fromEntries(held));
  }

  override get sublayers(): readonly AnyLayer[] {
    return this.layers;
  }

  /** Makes the weights for inputs of this shape (with the batch axis, whose size does not matter). */
  override build(inputShape?: SymbolicShape | readonly SymbolicShape[]): void {
    const shape = inputShape?.slice(1);
    if (!shape?.every((d): d is number => typeof d === 'number')) {
      throw new ShapeError(
        `${this.name}: build() needs the shape of the input, e.g. [null, 784], got ${inputShape ? JSON.stringify(inputShape) : 'nothing'}.`,
      );
    }
    this.prepare({
      x: { shape: [1, ...shape], dtype: 'float32' },
      y: undefined,
      weight: undefined,
    });
  }

  override ensureBuilt(inputShape: SymbolicShape): void {
    if (this.built) return;
    this.built = true;
    const shape = inputShape.slice(1);
    if (shape.every((d): d is number => typeof d === 'number')) this.builtShape = shape;
  }

  /** Traces a prediction, which builds every layer. */
  private prepare(info: BatchInfo): Step {
    const step = this.stepFor('predict', info);
    this.builtShape = info.x.shape.slice(1);
    this.built = true;
    this.namePaths(this.name);
    return step;
  }

  /** @internal The variable that counts random steps. */
  readonly randomKey = (): Variable => {
    this.key ??= untraced(() => {
      const variable = new Variable(keyOf(currentSeed(), nextDraw() * 2 ** 20), {
        trainable: false,
      });
      variable.name = 'seed_generator_state';
      return variable;
    });
    return this.key;
  };

  /**
   * Chooses optimizer, loss and metrics; anything compiled before is forgotten.
   *
   * @throws ConfigError for unknown options and names, with the nearest one.
   */
  compile(options: CompileOptions): void {
    checkOptions(`${this.name}.compile`, options, compileOptionNames);
    const { optimizer = 'adam', loss, metrics = [], weightedMetrics = [] } = options;
    for (const [name, list] of Object.entries({ metrics, weightedMetrics })) {
      if (Array.isArray(list)) continue;
      throw new ConfigError(
        `${this.name}.compile: ${name}: expected an array, got ${typeof list}.`,
      );
    }
    const resolved = loss === undefined ? undefined : getLoss(loss);
    const of = (list: readonly MetricLike[], trueShape: Shape, predShape: Shape) =>
      list.map((metric) => getMetric(metric, { loss: resolved, trueShape, predShape }));
    // Unknown names are an error here, at the user's line, although accuracy waits for shapes.
    of(
      [...metrics, ...weightedMetrics].filter((m) => typeof m === 'string'),
      [1],
      [1, 2],
    );
    const model = this;
    this.compiledState = {
      optimizer: getOptimizer(optimizer),
      loss: resolved,
      lossWeight: this.lossWeightOf(options.lossWeights),
      get trainable() {
        return model.trainedVariables();
      },
      makeMetrics: (trueShape, predShape) => ({
        plain: of(metrics, trueShape, predShape),
        weighted: of(weightedMetrics, trueShape, predShape),
      }),
      metrics: undefined,
    };
    this.trained = this.built ? this.trainableVariables : undefined;
    this.steps = new Map([...this.steps].filter(([, step]) => step.logNames.length === 0));
  }

  /** One weight for the one output. */
  private lossWeightOf(weights: CompileOptions['lossWeights']): number {
    const [weight, ...more] = weights === undefined ? [1] : [weights].flat();
    if (Number.isFinite(weight) && more.length === 0) return weight;
    throw new ConfigError(
      `${this.name}.compile: lossWeights: expected one number for the one output, got ${JSON.stringify(weights)}.`,
    );
  }

  private trained: readonly Variable[] | undefined;

  /** Forgets all programs and the input's shape: the model's layers have changed. */
  protected forgetSteps(): void {
    this.steps = new Map();
    this.lastInfo = undefined;
    this.built = false;
    this.trained = undefined;
    if (this.compiledState) this.compiledState.metrics = undefined;
  }

  /** The variables that were trainable when the model was compiled, or first built after that. */
  private trainedVariables(): readonly Variable[] {
    this.trained ??= this.trainableVariables;
    return this.trained;
  }

  /** @throws StateError if the model has not been compiled. */
  get compiled(): Compiled {
    if (this.compiledState) return this.compiledState;
    throw new StateError(
      `${this.name}: not compiled. Call model.compile({ optimizer, loss, metrics }) first.`,
    );
  }

  get optimizer(): Optimizer {
    return this.compiled.optimizer;
  }

  /** @internal The traced step for batches of this shape. */
  stepFor(mode: Mode, info: BatchInfo): Step {
    this.checkInput(info.x);
    const key = keyOfBatch(mode, info);
    let step = this.steps.get(key);
    if (!step) {
      if (mode === 'train' && !this.built)
        this.prepare({ ...info, y: undefined, weight: undefined });
      step = traceStep(this, this.compiledState, mode, info);
      this.steps.set(key, step);
    }
    if (mode !== 'predict') this.lastInfo = info;
    return step;
  }

  private checkInput(x: InfoOf): void {
    const shape = x.shape.slice(1);
    if (!this.builtShape || sameShape(shape, this.builtShape)) return;
    throw new ShapeError(
      `${this.name}: expected input ${formatShape([null, ...this.builtShape])}, got ${formatShape([null, ...shape])}. Check the data's shape, or the model's input shape.`,
    );
  }

  /** @internal y as the loss takes it. */
  async targets(y: Samples): Promise<Tensor> {
    const t = await toSamples(y, 'y');
    const { loss } = this.compiled;
    return loss instanceof SparseCategoricalCrossentropy ? toLabels(t) : t;
  }

  /**
   * Trains.
   *
   * @param x samples along the first axis; or batches as `[x, y]`, from any (async) iterable
   * @returns the history: losses and metrics per epoch, and the loss of every step
   * @throws StateError while another `fit` of this model runs; DataError for bad data. A step that
   *   fails leaves everything as it was before it.
   */
  fit(x: Samples | BatchSource, y?: Samples | null, options: FitOptions = {}): Promise<History> {
    return fitModel(this, x, y ?? undefined, options);
  }

  /** Loss and metrics on data, by name. */
  evaluate(
    x: Samples | BatchSource,
    y?: Samples | null,
    options: EvaluateOptions = {},
  ): Promise<Record<string, number>> {
    return evaluateModel(this, x, y ?? undefined, options);
  }

  /** The model's outputs for all samples, `[samples, …]`. */
  predict(x: Samples | BatchSource, options: PredictOptions = {}): Promise<Tensor> {
    return predictModel(this, x, options);
  }

  /**
   * The outputs for a few samples, at once and on the calling thread: for serving single requests.
   * While the model trains it waits for the present step.
   */
  predictSync(x: TensorLike): Tensor {
    return predictNow(this, x);
  }

  /** One step of training; returns loss and metrics. */
  trainOnBatch(
    x: Samples,
    y: Samples,
    options: BatchOptions = {},
  ): Promise<Record<string, number>> {
    return runOne(this, 'train', x, y, options);
  }

  /** Loss and metrics of one batch. */
  testOnBatch(x: Samples, y: Samples, options: BatchOptions = {}): Promise<Record<string, number>> {
    return runOne(this, 'test', x, y, options);
  }

  /** Copies of all weights, in the order of `model.weights`. */
  async getWeights(): Promise<Tensor[]> {
    this.requireBuilt('getWeights');
    const values = this.weights.map((weight) => weight.value);
    await evaluateTensors(...values);
    return values;
  }

  /** Sets all weights, in the order of `model.weights`. */
  setWeights(weights: readonly TensorLike[]): void {
    this.requireBuilt('setWeights');
    const own = this.weights;
    if (own.length !== weights.length) {
      throw new ConfigError(
        `${this.name}: setWeights got ${weights.length} tensors for ${own.length} weights.`,
      );
    }
    const given = weights.map((w) =>
      w instanceof Tensor || typeof w === 'number' ? w : isHolder(w) ? w.value : tensor(w),
    );
    for (const [i, w] of given.entries()) {
      const shape = w instanceof Tensor ? w.shape : [];
      if (!sameShape(shape, own[i].shape)) {
        throw new ShapeError(
          `${this.name}: weight ${i} ("${own[i].path}") has shape ${formatShape(own[i].shape)}, got ${formatShape(shape)}.`,
        );
      }
    }
    for (const [i, w] of given.entries()) own[i].assign(w);
  }

  private requireBuilt(what: string): void {
    if (this.built) return;
    throw new StateError(
      `${this.name}: ${what}() needs the weights, which do not exist before the input's shape is known. Call build([null, features]), add an Input layer, or fit first.`,
    );
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

  /** @internal Output shape of each layer, for the summary. */
  protected outputShapes(): ReadonlyMap<AnyLayer, SymbolicShape> {
    return new Map();
  }

  /** Prints the table of layers and returns it. */
  summary(options: { readonly print?: (text: string) => void } = {}): string {
    const shapes = this.built ? this.outputShapes() : new Map<AnyLayer, SymbolicShape>();
    const rows: SummaryRow[] = this.layers.map((layer) => ({
      name: layer.name,
      type: layer.constructor.name.replace(/^_+/, ''),
      outputShape: shapes.get(layer),
      params: layer.countParams(),
    }));
    const count = (variables: readonly Variable[]) => variables.reduce((n, v) => n + v.size, 0);
    const text = formatSummary(this.name, rows, {
      trainable: count(this.trainableVariables),
      nonTrainable: count(this.nonTrainableVariables),
      optimizer: count(this.compiledState?.optimizer.variables ?? []),
    });
    (options.print ?? console.log)(text);
    return text;
  }

  /** @internal The batch to compile for when none has been seen: 32 samples, targets like outputs. */
  private assumedInfo(mode: Mode): BatchInfo {
    if (this.lastInfo)
      return mode === 'predict'
        ? { ...this.lastInfo, y: undefined, weight: undefined }
        : this.lastInfo;
    if (!this.builtShape) this.requireBuilt('program');
    const x: InfoOf = { shape: [32, ...(this.builtShape ?? [])], dtype: 'float32' };
    if (mode === 'predict') return { x, y: undefined, weight: undefined };
    const [output] = this.stepFor('predict', { x, y: undefined, weight: undefined }).graph.lowered
      .outputs;
    const sparse = this.compiled.loss instanceof SparseCategoricalCrossentropy;
    const y: InfoOf = sparse ? { shape: output.shape.slice(0, -1), dtype: 'int32' } : output;
    return { x, y, weight: undefined };
  }

  /** What runs, as data that prints: kernels, shapes, layer, FLOPs and bytes of every call. */
  program(mode: Mode = 'train'): PrintableProgram {
    const { program } = this.stepFor(mode, this.assumedInfo(mode)).graph;
    return { ...program, toString: () => formatProgram(program) };
  }

  /**
   * Times one training step call by call.
   *
   * @returns a table (`toString()`), its rows, and a trace for chrome://tracing (`chromeTrace()`).
   */
  async profile(
    x: Samples,
    y: Samples,
    options: { readonly steps?: number } = {},
  ): Promise<Profile> {
    const { profileModel } = await import('./profile.js');
    return profileModel(this, x, y, options);
  }

  override getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.trainable };
  }
}

const isHolder = (x: TensorLike): x is { readonly value: Tensor } =>
  typeof x === 'object' && x !== null && 'value' in x;
