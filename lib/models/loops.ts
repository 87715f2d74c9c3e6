// fit, evaluate, predict: passes over data, with callbacks, validation, progress and abort.
import { type Callback, type Logs, readsBatches, watchesBatches } from '../callbacks/callback.js';
import { History } from '../callbacks/history.js';
import { evaluate as evaluateTensors, realize } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import { asTensor } from '../ops/convert.js';
import { cast, multiply } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import { currentSeed } from '../ops/random.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import { allocateData, fromData, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError, DataError, StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type Chunk, type ChunkFailure, runChunks, type Segment } from './chunks.js';
import {
  type BatchSource,
  checkRows,
  type Dataset,
  feedsOf,
  isBatchSource,
  rowsOf,
  type Samples,
  shuffledRows,
  toBatch,
  toInputs,
  toSamples,
  weightsOfClasses,
} from './data.js';
import { explainFailure } from './failure.js';
import type { BatchOptions, EvaluateOptions, FitOptions, Model, PredictOptions } from './model.js';
import { makeProgress, type Progress } from './progress.js';
import { allMetrics, type BatchInfo, type Mode, type Step } from './steps.js';

const fitOptionNames = [
  'batchSize',
  'epochs',
  'validationSplit',
  'validationData',
  'shuffle',
  'callbacks',
  'verbose',
  'classWeight',
  'sampleWeight',
  'initialEpoch',
  'stepsPerEpoch',
  'validationSteps',
  'validationBatchSize',
  'validationFreq',
  'signal',
];

/** Marks the model as busy for the length of `body`. */
async function occupied<T>(model: Model, what: string, body: () => Promise<T>): Promise<T> {
  if (model.busy) {
    throw new StateError(
      `${model.name}: ${what}() was called while ${model.busy}() is running. Await it first.`,
    );
  }
  model.busy = what;
  try {
    return await body();
  } finally {
    model.busy = undefined;
  }
}

function wholeNumber(value: number, name: string, least = 1): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ConfigError(`${name}: expected a whole number ≥ ${least}, got ${value}.`);
}

const batchInfo = (data: Dataset, batch: number): BatchInfo => {
  const info = (t: Tensor | undefined) =>
    t && { shape: [batch, ...t.shape.slice(1)], dtype: t.dtype };
  return { x: info(data.x)!, y: info(data.y), weight: info(data.weight) };
};

/** One pass over a data set in batches: whole ones, then what is left. */
function segmentsOf(
  model: Model,
  mode: Mode,
  data: Dataset,
  options: { batch: number; order: Int32Array | undefined; maxSteps: number | undefined },
): Segment[] {
  const { batch, order } = options;
  const rows = data.x.shape[0];
  const whole = Math.floor(rows / batch);
  const steps = Math.min(whole, options.maxSteps ?? whole);
  const segments: Segment[] = [];
  if (steps > 0) {
    const step = model.stepFor(mode, batchInfo(data, batch));
    segments.push({ step, steps, feeds: (first) => feedsOf(data, order, first * batch) });
  }
  const left = rows - whole * batch;
  if (left > 0 && (options.maxSteps === undefined || options.maxSteps > whole)) {
    const step = model.stepFor(mode, batchInfo(data, left));
    segments.push({ step, steps: 1, feeds: () => feedsOf(data, order, whole * batch) });
  }
  return segments;
}

const lastLogs = (chunk: Chunk): Record<string, number> => {
  const { logNames } = chunk.step;
  const from = (chunk.steps - 1) * (logNames.length + 1) + 1;
  return Object.fromEntries(logNames.map((name, i) => [name, chunk.logs[from + i]]));
};

/** Values that each step logged: its own loss, then running means. */
function logsAt(chunk: Chunk, step: number): Record<string, number> {
  return lastLogs({ ...chunk, steps: step + 1 });
}

function stepLosses(chunk: Chunk): Float32Array {
  const width = chunk.step.logNames.length + 1;
  return Float32Array.from({ length: chunk.steps }, (_, i) => chunk.logs[i * width]);
}

/** Throws what stopped a pass: the signal's reason, or what the failed step says. */
function throwFailure(
  failed: ChunkFailure | undefined,
  data: Dataset,
  order: Int32Array | undefined,
  batch: number,
  signal: AbortSignal | undefined,
): void {
  if (signal?.aborted) throw signal.reason;
  if (!failed) return;
  const { segment, failure, index } = failed;
  const offset =
    segment.step.batch === batch ? index * batch : data.x.shape[0] - segment.step.batch;
  const rows = Int32Array.from({ length: segment.step.batch }, (_, i) =>
    order ? order[offset + i] : offset + i,
  );
  throw explainFailure({ step: segment.step, failure, data, rows, feeds: segment.feeds(index) });
}

/** Everything that a pass over data tells while it runs. */
interface Pass {
  readonly mode: Mode;
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
  readonly single: boolean;
  readonly maxSteps: number | undefined;
  readonly onChunk: (chunk: Chunk, samples: number) => void | Promise<void>;
  readonly beforeStep?: ((step: number) => void | Promise<void>) | undefined;
  readonly stopped: () => boolean;
}

/** Runs one pass over arrays; returns the last logs. */
async function passOverData(
  model: Model,
  data: Dataset,
  order: Int32Array | undefined,
  pass: Pass,
): Promise<Record<string, number>> {
  let logs: Record<string, number> = {};
  let samples = 0;
  const segments = segmentsOf(model, pass.mode, data, { ...pass, order });
  const failed = await runChunks(segments, {
    ...pass,
    onChunk: async (chunk) => {
      samples += chunk.steps * chunk.step.batch;
      logs = lastLogs(chunk);
      await pass.onChunk(chunk, samples);
    },
  });
  throwFailure(failed, data, order, pass.batch, pass.signal);
  return logs;
}

/** Runs one pass over the batches of an iterator; returns the last logs and whether it ended. */
async function passOverBatches(
  model: Model,
  batches: AsyncIterator<unknown> | Iterator<unknown>,
  weigh: (batch: Dataset) => Promise<Dataset>,
  pass: Pass,
): Promise<{ logs: Record<string, number>; steps: number; ended: boolean }> {
  let logs: Record<string, number> = {};
  let samples = 0;
  let steps = 0;
  while (steps < (pass.maxSteps ?? Number.POSITIVE_INFINITY) && !pass.stopped()) {
    const item = await batches.next();
    if (item.done) return { logs, steps, ended: true };
    const batch = await weigh(await toBatch(item.value));
    const size = batch.x.shape[0];
    const first = steps;
    const segments = segmentsOf(model, pass.mode, batch, {
      batch: size,
      order: undefined,
      maxSteps: 1,
    });
    const failed = await runChunks(segments, {
      ...pass,
      onChunk: async (chunk) => {
        samples += size;
        logs = lastLogs(chunk);
        await pass.onChunk({ ...chunk, first }, samples);
      },
    });
    throwFailure(failed, batch, undefined, size, pass.signal);
    steps++;
  }
  return { logs, steps, ended: false };
}

function resetMetrics(model: Model): void {
  const { compiled } = model;
  compiled.lossTracker.resetState();
  for (const metric of allMetrics(compiled)) metric.resetState();
}

const iteratorOf = (source: BatchSource): AsyncIterator<unknown> | Iterator<unknown> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();

/** Arrays, or a source of batches. */
type Prepared =
  | { readonly kind: 'arrays'; readonly data: Dataset }
  | { readonly kind: 'batches'; readonly source: BatchSource };

async function prepare(
  model: Model,
  x: Samples | BatchSource,
  y: Samples | undefined,
  sampleWeight: Samples | undefined,
  where: string,
): Promise<Prepared> {
  if (isBatchSource(x)) return { kind: 'batches', source: x };
  const data: Dataset = {
    x: await toInputs(x),
    y: y === undefined ? undefined : await model.targets(y),
    weight: sampleWeight === undefined ? undefined : await toSamples(sampleWeight, 'sampleWeight'),
  };
  checkRows(data, where);
  return { kind: 'arrays', data };
}

/** Sample weights with class weights multiplied in. */
async function withClassWeight(
  data: Dataset,
  classWeight: Readonly<Record<number, number>> | undefined,
): Promise<Dataset> {
  if (!classWeight || !data.y) return data;
  const ofClass = weightsOfClasses(data.y, classWeight);
  if (!data.weight) return { ...data, weight: ofClass };
  const flat = reshape(cast(data.weight, 'float32'), [data.x.shape[0]]);
  const weight = multiply(flat, ofClass);
  await evaluateTensors(weight);
  return { ...data, weight };
}

/** What `validationSplit` leaves to train on, and takes from the end. */
function split(data: Dataset, fraction: number): { train: Dataset; validation: Dataset } {
  if (!(fraction > 0 && fraction < 1)) {
    throw new ConfigError(`fit: validationSplit must be between 0 and 1, got ${fraction}.`);
  }
  const rows = data.x.shape[0];
  const at = Math.floor(rows * (1 - fraction));
  if (at === 0 || at === rows) {
    throw new DataError(
      `fit: validationSplit ${fraction} of ${rows} samples leaves none to ${at === 0 ? 'train' : 'validate'} on.`,
    );
  }
  return { train: rowsOf(data, 0, at), validation: rowsOf(data, at, rows) };
}

interface Sources {
  readonly train: Prepared;
  readonly validation: Prepared | undefined;
}

async function prepareFit(
  model: Model,
  x: Samples | BatchSource,
  y: Samples | undefined,
  options: FitOptions,
): Promise<Sources> {
  const train = await prepare(model, x, y, options.sampleWeight, 'fit');
  const given = options.validationData;
  if (train.kind === 'arrays') {
    if (!train.data.y) throw new DataError('fit: y is missing.');
    if (given === undefined && options.validationSplit) {
      const parts = split(train.data, options.validationSplit);
      const weighted = await withClassWeight(parts.train, options.classWeight);
      return {
        train: { kind: 'arrays', data: weighted },
        validation: { kind: 'arrays', data: parts.validation },
      };
    }
  } else if (options.validationSplit) {
    throw new ConfigError('fit: validationSplit needs arrays; give validationData beside batches.');
  }
  const weighted: Prepared =
    train.kind === 'arrays'
      ? { kind: 'arrays', data: await withClassWeight(train.data, options.classWeight) }
      : train;
  if (given === undefined) return { train: weighted, validation: undefined };
  const validation = Array.isArray(given)
    ? await prepare(model, given[0], given[1], given[2], 'validationData')
    : await prepare(model, given as BatchSource, undefined, undefined, 'validationData');
  return { train: weighted, validation };
}

/** Runs one hook of all callbacks, in order. */
async function each(callbacks: readonly Callback[], hook: (c: Callback) => void | Promise<void>) {
  for (const callback of callbacks) await hook(callback);
}

/** Training, one epoch after the other. */
export function fitModel(
  model: Model,
  x: Samples | BatchSource,
  y: Samples | undefined,
  options: FitOptions,
): Promise<History> {
  return occupied(model, 'fit', async () => {
    checkOptions(`${model.name}.fit`, options, fitOptionNames);
    void model.compiled;
    const { epochs = 1, batchSize = 32, initialEpoch = 0, signal } = options;
    wholeNumber(batchSize, 'fit: batchSize');
    wholeNumber(epochs, 'fit: epochs', 0);
    signal?.throwIfAborted();
    const sources = await prepareFit(model, x, y, options);
    const rows = sources.train.kind === 'arrays' ? sources.train.data.x.shape[0] : undefined;
    const steps =
      options.stepsPerEpoch ?? (rows === undefined ? undefined : Math.ceil(rows / batchSize));
    const samples = rows === undefined ? undefined : Math.min(rows, (steps ?? 0) * batchSize);
    const progress = await makeProgress({ epochs, samples, verbose: options.verbose ?? 'auto' });
    const history = new History();
    const callbacks = [history, ...(options.callbacks ?? [])];
    for (const callback of callbacks) {
      callback.model = model;
      callback.params = { epochs, steps, samples, verbose: options.verbose === 0 ? 0 : 1 };
    }
    const epochOptions = { ...options, batchSize, history, callbacks, progress };
    const run = new FitRun(model, sources, epochOptions);
    model.stopTraining = false;
    try {
      await each(callbacks, (c) => c.onTrainBegin());
      for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
        await run.epoch(epoch);
      }
      await each(callbacks, (c) => c.onTrainEnd());
    } finally {
      progress.end();
    }
    return history;
  });
}

interface FitRunOptions extends FitOptions {
  readonly batchSize: number;
  readonly history: History;
  readonly callbacks: readonly Callback[];
  readonly progress: Progress;
}

/** The state of one call of fit. */
class FitRun {
  private readonly seed = currentSeed();
  private readonly stream: number;
  private readonly single: boolean;
  private readonly readers: readonly Callback[];
  private batches: AsyncIterator<unknown> | Iterator<unknown> | undefined;

  constructor(
    private readonly model: Model,
    private readonly sources: Sources,
    private readonly options: FitRunOptions,
  ) {
    this.stream = model.fits++ * 100_003;
    this.single = options.callbacks.some(watchesBatches);
    this.readers = options.callbacks.filter(readsBatches);
  }

  private async onChunk(chunk: Chunk, samples: number): Promise<void> {
    this.options.history.addStepLosses(stepLosses(chunk));
    this.options.progress.update(samples, lastLogs(chunk));
    if (this.readers.length === 0) return;
    for (let i = 0; i < chunk.steps; i++) {
      const logs = logsAt(chunk, i);
      for (const reader of this.readers) {
        if (reader.batchHooks === 'logsOnly') await reader.onTrainBatchBegin(chunk.first + i);
        await reader.onTrainBatchEnd(chunk.first + i, logs);
      }
    }
  }

  private pass(): Pass {
    const { model, options } = this;
    const each = this.readers.filter((c) => c.batchHooks !== 'logsOnly');
    return {
      mode: 'train',
      batch: options.batchSize,
      signal: options.signal,
      single: this.single,
      maxSteps: options.stepsPerEpoch,
      onChunk: (chunk, samples) => this.onChunk(chunk, samples),
      beforeStep: this.single
        ? async (step) => {
            for (const callback of each) await callback.onTrainBatchBegin(step);
          }
        : undefined,
      stopped: () => this.single && model.stopTraining,
    };
  }

  /** One epoch: training, validation, callbacks. */
  async epoch(epoch: number): Promise<void> {
    const { callbacks, progress, validationFreq = 1 } = this.options;
    await each(callbacks, (c) => c.onEpochBegin(epoch));
    progress.beginEpoch(epoch);
    resetMetrics(this.model);
    const logs: Record<string, number> = { ...(await this.train(epoch)) };
    if (this.sources.validation && (epoch + 1) % validationFreq === 0) {
      const validated = await this.validate(this.sources.validation);
      for (const [name, value] of Object.entries(validated)) logs[`val_${name}`] = value;
    }
    progress.endEpoch(logs);
    await each(callbacks, (c) => c.onEpochEnd(epoch, logs));
  }

  private async train(epoch: number): Promise<Logs> {
    const { model, options } = this;
    const { train } = this.sources;
    if (train.kind === 'arrays') {
      const rows = train.data.x.shape[0];
      const shuffle = options.shuffle ?? true;
      const order = shuffle ? shuffledRows(rows, this.seed, this.stream + epoch) : undefined;
      return passOverData(model, train.data, order, this.pass());
    }
    this.batches ??= iteratorOf(train.source);
    const { logs, ended, steps } = await passOverBatches(
      model,
      this.batches,
      (batch) => this.prepareBatch(batch),
      this.pass(),
    );
    if (ended) this.batches = undefined;
    if (ended && steps === 0) throw new DataError('fit: the iterator yielded no batch.');
    return logs;
  }

  private async prepareBatch(batch: Dataset): Promise<Dataset> {
    if (!batch.y) throw new DataError('fit: a batch has no y; yield [x, y].');
    const y = await this.model.targets(batch.y);
    return withClassWeight({ ...batch, y }, this.options.classWeight);
  }

  private async validate(source: Prepared): Promise<Record<string, number>> {
    const { options, model } = this;
    await each(options.callbacks, (c) => c.onTestBegin());
    const logs = await test(model, source, {
      batch: options.validationBatchSize ?? options.batchSize,
      steps: options.validationSteps,
      signal: options.signal,
    });
    await each(options.callbacks, (c) => c.onTestEnd(logs));
    return logs;
  }
}

interface TestOptions {
  readonly batch: number;
  readonly steps: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSamples?: (samples: number, logs: Logs) => void;
}

/** Loss and metrics over a data set. */
async function test(
  model: Model,
  source: Prepared,
  options: TestOptions,
): Promise<Record<string, number>> {
  resetMetrics(model);
  const pass: Pass = {
    mode: 'test',
    batch: options.batch,
    signal: options.signal,
    single: false,
    maxSteps: options.steps,
    onChunk: (chunk, samples) => options.onSamples?.(samples, lastLogs(chunk)),
    stopped: () => false,
  };
  if (source.kind === 'arrays') return passOverData(model, source.data, undefined, pass);
  const prepareBatch = async (batch: Dataset): Promise<Dataset> =>
    batch.y ? { ...batch, y: await model.targets(batch.y) } : batch;
  const { logs } = await passOverBatches(model, iteratorOf(source.source), prepareBatch, pass);
  return logs;
}

/** `model.evaluate`. */
export function evaluateModel(
  model: Model,
  x: Samples | BatchSource,
  y: Samples | undefined,
  options: EvaluateOptions,
): Promise<Record<string, number>> {
  return occupied(model, 'evaluate', async () => {
    checkOptions(`${model.name}.evaluate`, options, [
      'batchSize',
      'sampleWeight',
      'steps',
      'verbose',
      'signal',
    ]);
    void model.compiled;
    options.signal?.throwIfAborted();
    const source = await prepare(model, x, y, options.sampleWeight, 'evaluate');
    if (source.kind === 'arrays' && !source.data.y) throw new DataError('evaluate: y is missing.');
    const samples = source.kind === 'arrays' ? source.data.x.shape[0] : undefined;
    const verbose = options.verbose ?? 'auto';
    const progress = await makeProgress({ epochs: 1, samples, verbose, title: 'Evaluate' });
    progress.beginEpoch(0);
    try {
      const logs = await test(model, source, {
        batch: wholeNumber(options.batchSize ?? 32, 'evaluate: batchSize'),
        steps: options.steps,
        signal: options.signal,
        onSamples: (done, soFar) => progress.update(done, soFar),
      });
      progress.endEpoch(logs);
      return logs;
    } finally {
      progress.end();
    }
  });
}

/** Predictions of all rows, written by the engine into one array. */
async function predictData(
  model: Model,
  data: Dataset,
  batch: number,
  options: PredictOptions,
): Promise<Tensor> {
  const rows = data.x.shape[0];
  const size = Math.min(batch, rows);
  const segments = segmentsOf(model, 'predict', data, {
    batch: size,
    order: undefined,
    maxSteps: options.steps,
  });
  const [info] = segments[0].step.graph.lowered.outputs;
  if (info.shape[0] !== size) {
    throw new StateError(
      `${model.name}: predict expects outputs with the batch on the first axis, got ${formatShape(info.shape)} for ${size} samples.`,
    );
  }
  const perRow = sizeOf(info.shape.slice(1));
  const total = segments.reduce((n, segment) => n + segment.steps * segment.step.batch, 0);
  const out = allocateData(info.dtype, total * perRow);
  let start = 0;
  const placed = segments.map((segment) => {
    const base = start;
    const { batch: own } = segment.step;
    start += segment.steps * own;
    return {
      ...segment,
      outputs: (first: number, steps: number) => [
        out.subarray((base + first * own) * perRow, (base + (first + steps) * own) * perRow),
      ],
    };
  });
  const failed = await runChunks(placed, {
    single: false,
    signal: options.signal,
    onChunk: () => {},
    stopped: () => false,
  });
  throwFailure(failed, data, undefined, size, options.signal);
  return fromData(out, [total, ...info.shape.slice(1)], info.dtype);
}

/** `model.predict`. */
export async function predictModel(
  model: Model,
  x: Samples | BatchSource,
  options: PredictOptions,
): Promise<Tensor> {
  checkOptions(`${model.name}.predict`, options, ['batchSize', 'steps', 'verbose', 'signal']);
  const batch = wholeNumber(options.batchSize ?? 32, 'predict: batchSize');
  options.signal?.throwIfAborted();
  if (!isBatchSource(x)) {
    const data = { x: await toInputs(x), y: undefined, weight: undefined };
    checkRows(data, 'predict');
    return predictData(model, data, batch, options);
  }
  const parts: Tensor[] = [];
  for await (const item of x as AsyncIterable<unknown>) {
    const data = { ...(await toBatch(item)), y: undefined, weight: undefined };
    parts.push(await predictData(model, data, data.x.shape[0], options));
    if (parts.length === options.steps) break;
  }
  if (parts.length === 0) throw new DataError('predict: the iterator yielded no batch.');
  const { concatenate } = await import('../ops/movement.js');
  const all = concatenate(parts, 0);
  await evaluateTensors(all);
  return all;
}

/** `model.predictSync`. */
export function predictNow(model: Model, x: TensorLike): Tensor {
  const given = asTensor(x);
  if (given.rank === 0)
    throw new DataError('predictSync: expected samples along a first axis, got a scalar.');
  const t = given.rank === 1 ? reshape(given, [given.size, 1]) : given;
  realize([t]);
  realized(t).run?.wait();
  const step: Step = model.stepFor('predict', { x: t, y: undefined, weight: undefined });
  const [out] = step.graph.runSync({ feeds: [{ source: realized(t).data, first: 0 }] });
  return out;
}

/** `model.trainOnBatch` and `model.testOnBatch`. */
export function runOne(
  model: Model,
  mode: 'train' | 'test',
  x: Samples,
  y: Samples,
  options: BatchOptions,
): Promise<Record<string, number>> {
  return occupied(model, `${mode}OnBatch`, async () => {
    const source = await prepare(model, x, y, options.sampleWeight, `${mode}OnBatch`);
    if (source.kind !== 'arrays')
      throw new DataError(`${mode}OnBatch: expected arrays, got an iterator.`);
    const data = await withClassWeight(source.data, options.classWeight);
    const batch = data.x.shape[0];
    resetMetrics(model);
    return passOverData(model, data, undefined, {
      mode,
      batch,
      signal: undefined,
      single: true,
      maxSteps: 1,
      onChunk: () => {},
      stopped: () => false,
    });
  });
}
