// What compiling makes of a model: optimizer, losses, metrics, and the programs of its steps.
import { currentBackend } from '../backend/select.js';
import { untraced } from '../graph/compile.js';
import { formatProgram } from '../graph/print.js';
import { Variable } from '../graph/variable.js';
import type { Structure } from '../layers/structure.js';
import { SparseCategoricalCrossentropy } from '../losses/crossentropy.js';
import { currentSeed, keyOf, nextDraw } from '../ops/random.js';
import { get as getOptimizer } from '../optimizers/index.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, namingPlace, ShapeError, StateError } from '../util/errors.js';
import { givenOptions } from '../util/options.js';
import { formOf, type Samples, toLabels, toSamples } from './data.js';
import type { CompileOptions, PrintableProgram } from './model-options.js';
import { checkLosses, checkMetrics, resolveLosses, resolveMetrics } from './outputs.js';
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
import { StructuredModel } from './structured-model.js';

const compileOptionNames = ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'lossWeights'];

/** @internal A model with what it was compiled with. */
export class CompiledModel<In extends Structure, Out extends Structure> extends StructuredModel<
  In,
  Out
> {
  /** @internal What `compile` was last called with, for files. */
  compileOptions: CompileOptions | undefined;
  private compiledState: Compiled | undefined;
  private steps = new Map<string, Step>();
  private lastInfo: BatchInfo | undefined;
  /** @internal How far the random numbers have come, once there were any. */
  randomState: Variable | undefined;
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
  compile(given: CompileOptions = {}): void {
    const where = `${this.name}.compile`;
    const options = givenOptions(where, given, compileOptionNames);
    const { optimizer = 'rmsprop', loss, lossWeights } = options;
    const metrics = { plain: options.metrics ?? [], weighted: options.weightedMetrics ?? [] };
    // Unknown names are an error here, at the user's line, although metrics wait for shapes.
    checkLosses(loss, `${where}: loss`);
    checkMetrics(metrics.plain, `${where}: metrics`);
    checkMetrics(metrics.weighted, `${where}: weightedMetrics`);
    const model = this;
    const state: Compiled = {
      optimizer: namingPlace(`${where}: optimizer`, () => getOptimizer(optimizer)),
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
        state.metrics = resolveMetrics(metrics, outputs, state.losses, where);
      },
    };
    if (this.knowsOutputs) state.losses = state.lossesFor({ names: this.outputNames });
    this.compiledState = state;
    this.compileOptions = options;
    this.trained = this.built ? this.trainableVariables : undefined;
    this.steps = new Map([...this.steps].filter(([, step]) => step.logs.length === 0));
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
    if (mode !== 'train' && mode !== 'test' && mode !== 'predict') {
      throw new ConfigError(
        `${this.name}: program() is of 'train', 'test' or 'predict', got ${JSON.stringify(mode)}.`,
      );
    }
    const { program } = this.stepFor(mode, this.assumedInfo(mode)).graph;
    const methods = () => {
      const executable = currentBackend().load(program);
      const names = executable.methods();
      executable.unload();
      return names;
    };
    return { ...program, toString: () => formatProgram(program, methods()) };
  }
}
