// Model: a layer that can be compiled, trained, evaluated and asked for predictions.

import { currentBackend } from '../backend/select.js';
import type { Callback } from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/callbackList.js';
import type { History } from '../callbacks/history.js';
import { untraced } from '../graph/compile.js';
import { evaluate as evaluateTensors } from '../graph/evaluate.js';
import { formatProgram } from '../graph/print.js';
import type { Program } from '../graph/program.js';
import { Variable } from '../graph/variable.js';
import { Input } from '../layers/input.js';
import {
  type AnyLayer,
  type CallOptions,
  Layer,
  type LayerOptions,
  layers as layerRegistry,
  layersIn,
} from '../layers/layer.js';
import { type Structure, type SymbolicShape, tensorsOf } from '../layers/structure.js';
import { inferSymbolic, symbolsOf } from '../layers/symbolic.js';
import { SparseCategoricalCrossentropy } from '../losses/crossentropy.js';
import { currentSeed, keyOf, nextDraw } from '../ops/random.js';
import { get as getOptimizer } from '../optimizers/index.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, StateError } from '../util/errors.js';
import type { SerializedObject } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import {
  arrange,
  type BatchSource,
  type Form,
  formOf,
  type Samples,
  type SamplesOf,
  toLabels,
  toSamples,
} from './data.js';
import { evaluateModel, runOne } from './evaluate.js';
import { fitModel } from './fit.js';
import { ModelGraph } from './graph.js';
import { functionalConfig, functionalFromConfig } from './graph-config.js';
import {
  checkLosses,
  checkMetrics,
  type Losses,
  type LossWeights,
  type Metrics,
  resolveLosses,
  resolveMetrics,
} from './outputs.js';
import { predictModel, predictNow } from './predict.js';
import type { Profile } from './profile.js';
import {
  type BatchInfo,
  type Compiled,
  type InfoOf,
  keyOfBatch,
  type Mode,
  type Step,
  type StepModel,
  traceStep,
} from './steps.js';
import { type SummaryOptions, summarize } from './summary.js';

export interface CompileOptions {
  /** Default: rmsprop in Keras; here `adam` until it is named. */
  readonly optimizer?: string | Optimizer | SerializedObject;
  /** One for all outputs, a list with one for each, or by the outputs' names. */
  readonly loss?: Losses;
  /** For several outputs: a list for each, or by name. */
  readonly metrics?: Metrics;
  /** Metrics that sample weights count in. */
  readonly weightedMetrics?: Metrics;
  /** What each output's loss counts in the sum. */
  readonly lossWeights?: LossWeights;
}

export interface FitOptions {
  /** Samples per step. Default 32. */
  readonly batchSize?: number;
  /** Passes over the data. Default 1. */
  readonly epochs?: number;
  /** Fraction of the data, taken from its end before shuffling, to validate on. */
  readonly validationSplit?: number;
  /** `[x, y]` or `[x, y, sampleWeight]` to validate on after each epoch, or an iterable of batches. */
  readonly validationData?: readonly [SamplesOf, SamplesOf, SamplesOf?] | BatchSource;
  /** Whether each epoch takes the samples in a fresh order. Default true. */
  readonly shuffle?: boolean;
  readonly callbacks?: readonly Callback[] | CallbackList;
  /** 0 silent, 1 a bar, 2 a line per epoch; `auto`: a bar on a terminal, else lines. */
  readonly verbose?: number | 'auto';
  /** Weight of each class in the loss: `{ 0: 1, 1: 5 }`. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Weight of each sample in the loss. */
  readonly sampleWeight?: SamplesOf;
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
  readonly sampleWeight?: SamplesOf;
  readonly steps?: number;
  readonly verbose?: number | 'auto';
  readonly callbacks?: readonly Callback[] | CallbackList;
  readonly signal?: AbortSignal;
}

export interface PredictOptions {
  readonly batchSize?: number;
  readonly steps?: number;
  readonly verbose?: number | 'auto';
  readonly callbacks?: readonly Callback[] | CallbackList;
  readonly signal?: AbortSignal;
}

/** Options of trainOnBatch and testOnBatch. */
export interface BatchOptions {
  readonly sampleWeight?: SamplesOf;
  readonly classWeight?: Readonly<Record<number, number>>;
}

/** A program with its text. */
export type PrintableProgram = Program & { toString(): string };

const compileOptionNames = ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'lossWeights'];

/** What a model gives for data: tensors in the structure of its outputs. */
export type OutputsOf<Out extends Structure> = Out extends Tensor
  ? Tensor
  : Out extends readonly Tensor[]
    ? Tensor[]
    : { [Name in keyof Out]: Tensor };

/** Options of a model; `inputs` and `outputs` make a functional one. */
export interface ModelOptions<In extends Structure, Out extends Structure> extends LayerOptions {
  /** Symbolic tensors: one, a list, or by name. */
  readonly inputs?: In;
  readonly outputs?: Out;
}

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
export class Model<In extends Structure = Tensor, Out extends Structure = Tensor> extends Layer<
  In,
  Out
> {
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
  /** @internal The layers between inputs and outputs, if the model was made of those. */
  graph: ModelGraph | undefined;
  /** @internal What `compile` was last called with, for files. */
  compileOptions: CompileOptions | undefined;
  private compiledState: Compiled | undefined;
  private steps = new Map<string, Step>();
  private lastInfo: BatchInfo | undefined;
  /** @internal How far the random numbers have come, once there were any. */
  randomState: Variable | undefined;
  private outForm: Form | undefined;
  private outCount = 0;
  /** Shapes of the inputs, once built; batch axes null. */
  builtShapes: readonly SymbolicShape[] | undefined;

  constructor(options: ModelOptions<In, Out> = {}, className?: string) {
    const { inputs, outputs, ...rest } = options;
    super(rest, className ?? (inputs && new.target === Model ? 'Functional' : undefined));
    if (!inputs && !outputs) return;
    if (!inputs || !outputs) {
      throw new ConfigError(
        `${this.name}: a functional model needs both inputs and outputs; ${inputs ? 'outputs' : 'inputs'} are missing.`,
      );
    }
    this.useGraph(ModelGraph.of(inputs, outputs));
  }

  /** @internal Runs `graph` from now on. */
  protected useGraph(graph: ModelGraph): void {
    this.graph = graph;
    this.built = true;
    this.builtShapes = graph.inputs.map(({ shape }) => shape);
    const single = Array.isArray(graph.outputStructure) && graph.outputs.length === 1;
    this.outForm = single ? 'one' : formOf(graph.outputStructure);
    this.outCount = graph.outputs.length;
    this.namePaths(this.name);
  }

  /** The model's function. A functional model runs its layers. */
  override call(x: In, options: CallOptions): Out {
    if (this.graph) return this.graph.run(this.graph.arrange(x, this.name), options) as Out;
    throw new StateError(
      `${this.name}: a model is made of inputs and outputs, or of a class with call(x, { training }).`,
    );
  }

  /** The model's layers, in order. */
  get layers(): readonly AnyLayer[] {
    if (this.graph) return this.graph.layers;
    // What the model was compiled to holds no layers, and asks for them itself.
    const own = ['compiledState', 'steps', 'compileOptions'];
    return layersIn(Object.fromEntries(Object.entries(this).filter(([key]) => !own.includes(key))));
  }

  override get sublayers(): readonly AnyLayer[] {
    return this.layers;
  }

  /** The symbolic tensors that a functional model was made of. */
  get inputs(): readonly Tensor[] {
    return this.graph?.inputs ?? [];
  }

  get outputs(): readonly Tensor[] {
    return this.graph?.outputs ?? [];
  }

  /** What data of each input may be called by. */
  get inputNames(): readonly string[] {
    return this.graph?.inputNames ?? [];
  }

  /** @internal */
  get inputCount(): number {
    return this.graph?.inputs.length ?? 1;
  }

  /** What targets and losses of each output are called by. */
  get outputNames(): readonly string[] {
    if (this.graph) return this.graph.outputNames;
    if (Array.isArray(this.outForm)) return this.outForm;
    const count = Math.max(1, this.outCount);
    return Array.from({ length: count }, (_, i) => `output_${i + 1}`);
  }

  /** Whether `outputNames` is final: a subclass's outputs are known once it has been traced. */
  protected get knowsOutputs(): boolean {
    return this.graph !== undefined || this.outForm !== undefined;
  }

  /** @internal How the outputs belong together. */
  get outputForm(): Form {
    return this.outForm ?? 'one';
  }

  /** @internal */
  noteOutput(output: Structure): void {
    if (this.outForm !== undefined) return;
    this.outForm = formOf(output);
    this.outCount = tensorsOf(output).length;
  }

  /** Makes the weights for inputs of this shape (with the batch axis, whose size does not matter). */
  override build(inputShape?: SymbolicShape | readonly SymbolicShape[]): void {
    if (this.graph) return;
    const shapes = shapesIn(inputShape);
    if (!shapes) {
      throw new ShapeError(
        `${this.name}: build() needs the shape of the input, e.g. [null, 784], got ${inputShape ? JSON.stringify(inputShape) : 'nothing'}.`,
      );
    }
    const symbols = shapes.map((shape) => new Input({ batchShape: shape }).output);
    this.buildOn(arrange(symbols.length === 1 ? 'one' : 'list', symbols));
  }

  /** Traces a call on symbolic tensors, which builds every layer. */
  private buildOn(x: Structure): void {
    this.built = true;
    const { structure } = inferSymbolic(x, (given) => this.apply(given as In));
    this.noteOutput(structure);
    this.builtShapes = symbolsOf(x).map(({ shape }) => shape);
    this.namePaths(this.name);
  }

  override ensureBuilt(inputShape: SymbolicShape | readonly SymbolicShape[]): void {
    if (this.built) return;
    this.built = true;
    this.builtShapes = shapesIn(inputShape);
  }

  /** @internal Builds the model for inputs like these, so that its outputs are known. */
  ensureOutputs({ x, form }: { readonly x: readonly InfoOf[]; readonly form: Form }): void {
    if (this.graph || this.outForm !== undefined) return;
    const symbols = x.map(({ shape, dtype }) => new Input({ shape: shape.slice(1), dtype }).output);
    this.buildOn(arrange(form, symbols));
  }

  /** @internal The variable that counts random steps. */
  readonly randomKey = (): Variable => {
    this.randomState ??= untraced(() => {
      const variable = new Variable(keyOf(currentSeed(), nextDraw() * 2 ** 20), {
        trainable: false,
      });
      variable.name = 'seed_generator_state';
      return variable;
    });
    return this.randomState;
  };

  /**
   * Chooses optimizer, loss and metrics; anything compiled before is forgotten.
   *
   * @throws ConfigError for unknown options and names, with the nearest one.
   */
  compile(options: CompileOptions): void {
    const where = `${this.name}.compile`;
    checkOptions(where, options, compileOptionNames);
    const { optimizer = 'adam', loss, lossWeights } = options;
    const given = { plain: options.metrics ?? [], weighted: options.weightedMetrics ?? [] };
    // Unknown names are an error here, at the user's line, although metrics wait for shapes.
    checkLosses(loss);
    checkMetrics(given.plain, `${where}: metrics`);
    checkMetrics(given.weighted, `${where}: weightedMetrics`);
    const model = this;
    const state: Compiled = {
      optimizer: getOptimizer(optimizer),
      get trainable() {
        return model.trainedVariables();
      },
      losses: [],
      metrics: undefined,
      lossesFor: (outputs) => resolveLosses(loss, lossWeights, outputs, where),
      resolve: (shapes) => {
        if (state.metrics) return;
        const outputs = { names: model.outputNames, shapes };
        state.losses = state.lossesFor(outputs);
        state.metrics = resolveMetrics(given, outputs, state.losses, where);
      },
    };
    if (this.knowsOutputs) state.losses = state.lossesFor({ names: this.outputNames });
    this.compiledState = state;
    this.compileOptions = options;
    this.trained = this.built ? this.trainableVariables : undefined;
    this.steps = new Map([...this.steps].filter(([, step]) => step.logNames.length === 0));
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

  /** @internal */
  get optimizerVariables(): readonly Variable[] {
    return this.compiledState?.optimizer.variables ?? [];
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
      if (mode !== 'predict' || !this.built) this.ensureOutputs(info);
      step = traceStep(this.asStepModel(), this.compiledState, mode, info);
      this.steps.set(key, step);
    }
    if (mode !== 'predict') this.lastInfo = info;
    return step;
  }

  private asStepModel(): StepModel {
    const model = this;
    return {
      name: this.name,
      randomKey: this.randomKey,
      get outputNames() {
        return model.outputNames;
      },
      get losses() {
        return model.losses;
      },
      apply: (x, options) => this.apply(x as In, options),
      noteOutput: (output) => this.noteOutput(output),
    };
  }

  private checkInput(x: readonly InfoOf[]): void {
    const { builtShapes } = this;
    if (this.graph || !builtShapes || x.length !== builtShapes.length) return;
    for (const [i, { shape }] of x.entries()) {
      const wanted = builtShapes[i];
      const filled = wanted.map((d, axis) => (axis === 0 || d === null ? shape[axis] : d));
      if (sameShape(shape, filled)) continue;
      throw new ShapeError(
        `${this.name}: expected input ${formatShape(wanted)}, got ${formatShape([null, ...shape.slice(1)])}. Check the data's shape, or the model's input shape.`,
      );
    }
  }

  /** @internal y of an output as its loss takes it. */
  async targets(y: Samples, output: number): Promise<Tensor> {
    const t = await toSamples(y, 'y');
    return this.takesLabels(output) ? toLabels(t) : t;
  }

  private takesLabels(output: number): boolean {
    const { compiledState } = this;
    if (compiledState && compiledState.losses.length === 0) {
      compiledState.losses = compiledState.lossesFor({ names: this.outputNames });
    }
    return (compiledState?.losses ?? []).some(
      (one) => one.output === output && one.loss instanceof SparseCategoricalCrossentropy,
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
  fit(
    x: SamplesOf | BatchSource,
    y?: SamplesOf | null,
    options: FitOptions = {},
  ): Promise<History> {
    return fitModel(this, x, y ?? undefined, options);
  }

  /** Loss and metrics on data, by name. */
  evaluate(
    x: SamplesOf | BatchSource,
    y?: SamplesOf | null,
    options: EvaluateOptions = {},
  ): Promise<Record<string, number>> {
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

  /** One step of training; returns loss and metrics. */
  trainOnBatch(
    x: SamplesOf,
    y: SamplesOf,
    options: BatchOptions = {},
  ): Promise<Record<string, number>> {
    return runOne(this, 'train', x, y, options);
  }

  /** Loss and metrics of one batch. */
  testOnBatch(
    x: SamplesOf,
    y: SamplesOf,
    options: BatchOptions = {},
  ): Promise<Record<string, number>> {
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

  /** Prints the table of layers and returns it. */
  summary(options: SummaryOptions = {}): string {
    const text = summarize(this, options);
    (options.print ?? console.log)(text);
    return text;
  }

  /** @internal The batch to compile for when none has been seen: 32 samples, targets like outputs. */
  private assumedInfo(mode: Mode): BatchInfo {
    if (this.lastInfo)
      return mode === 'predict' ? { ...this.lastInfo, y: [], weights: [] } : this.lastInfo;
    const shapes = this.builtShapes;
    if (!shapes) this.requireBuilt('program');
    const symbols = this.graph?.inputs ?? [];
    const x = (shapes ?? []).map(
      (shape, i): InfoOf => ({
        shape: shape.map((d, axis) => d ?? (axis === 0 ? 32 : 16)),
        dtype: symbols[i]?.dtype ?? 'float32',
      }),
    );
    const { inputStructure } = this.graph ?? {};
    const form = inputStructure ? formOf(inputStructure) : x.length === 1 ? 'one' : 'list';
    const info: BatchInfo = { x, form, y: [], weights: [] };
    if (mode === 'predict') return info;
    void this.compiled;
    const y = this.stepFor('predict', info).graph.lowered.outputs.map(
      (output, i): InfoOf =>
        this.takesLabels(i) ? { shape: output.shape.slice(0, -1), dtype: 'int32' } : output,
    );
    return { ...info, y };
  }

  /** What runs, as data that prints: kernels, shapes, layer, FLOPs and bytes of every call. */
  program(mode: Mode = 'train'): PrintableProgram {
    const { program } = this.stepFor(mode, this.assumedInfo(mode)).graph;
    const methods = () => {
      const executable = currentBackend().load(program);
      const names = executable.methods();
      executable.unload();
      return names;
    };
    return { ...program, toString: () => formatProgram(program, methods()) };
  }

  /**
   * Times one training step call by call.
   *
   * @returns a table (`toString()`), its rows, and a trace for chrome://tracing (`chromeTrace()`).
   */
  async profile(
    x: SamplesOf,
    y: SamplesOf,
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

const isHolder = (x: TensorLike): x is { readonly value: Tensor } =>
  typeof x === 'object' && x !== null && 'value' in x;

const isOneShape = (shape: SymbolicShape | readonly SymbolicShape[]): shape is SymbolicShape =>
  shape.every((d) => d === null || typeof d === 'number');

/** One shape or several, checked: whole numbers or null. */
function shapesIn(
  given: SymbolicShape | readonly SymbolicShape[] | undefined,
): readonly SymbolicShape[] | undefined {
  if (!Array.isArray(given) || given.length === 0) return undefined;
  const shapes: readonly SymbolicShape[] = isOneShape(given) ? [given] : given;
  const valid = shapes.every(
    (shape) => Array.isArray(shape) && shape.length > 0 && isOneShape(shape),
  );
  return valid ? shapes : undefined;
}
