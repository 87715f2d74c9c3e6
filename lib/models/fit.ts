// `model.fit`: epochs of training, validation, callbacks, progress and abort.
import { Callback, type Logs, readsBatches, watchesBatches } from '../callbacks/callback.js';
import { History } from '../callbacks/history.js';
import { currentSeed } from '../ops/random.js';
import { ConfigError, DataError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import {
  type BatchSource,
  type Dataset,
  type RawBatch,
  rowsIn,
  rowsInOrder,
  type SamplesOf,
  shuffledRows,
} from './data.js';
import { test } from './evaluate.js';
import type { AnyModel, FitOptions } from './model.js';
import { checkSignal, occupied, wholeNumbers } from './occupied.js';
import {
  type ChunkReport,
  type Pass,
  passOverBatches,
  passOverData,
  resetMetrics,
} from './pass.js';
import {
  type Batches,
  closeIterator,
  iteratorOf,
  noBatch,
  type Prepared,
  prepareFit,
  type Sources,
  toDataset,
  withClassWeight,
} from './prepare.js';
import { makeProgress, type Progress } from './progress.js';

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

/** Runs one hook of all callbacks, in order; between passes, so that hooks may evaluate the model. */
async function each(callbacks: readonly Callback[], hook: (c: Callback) => void | Promise<void>) {
  for (const callback of callbacks) {
    callback.model.betweenPasses = true;
    try {
      await hook(callback);
    } finally {
      callback.model.betweenPasses = false;
    }
  }
}

/** @throws ConfigError for options that make no sense. */
function checkFitOptions(where: string, options: FitOptions): void {
  checkOptions(where, options, fitOptionNames);
  wholeNumbers('fit', options, {
    batchSize: 1,
    epochs: 0,
    initialEpoch: 0,
    stepsPerEpoch: 1,
    validationSteps: 1,
    validationBatchSize: 1,
    validationFreq: 1,
  });
  checkSignal('fit', options.signal);
  const { callbacks = [], classWeight = {} } = options;
  const valid = Array.isArray(callbacks) && callbacks.every((c) => c instanceof Callback);
  if (!valid) {
    throw new ConfigError(
      'fit: callbacks: expected an array of Callback objects. For plain functions use new LambdaCallback({ onEpochEnd, … }).',
    );
  }
  const wrong = Object.entries(classWeight).find(([, weight]) => !Number.isFinite(weight));
  if (wrong) {
    throw new ConfigError(
      `fit: classWeight: expected a number for class ${wrong[0]}, got ${String(wrong[1])}.`,
    );
  }
}

/** Training, one epoch after the other. */
export function fitModel(
  model: AnyModel,
  x: SamplesOf | BatchSource,
  y: SamplesOf | undefined,
  options: FitOptions,
): Promise<History> {
  // Read at the call: the seed may be set for something else while data is prepared.
  const seed = currentSeed();
  return occupied(model, 'fit', async () => {
    checkFitOptions(`${model.name}.fit`, options);
    void model.compiled;
    const { epochs = 1, batchSize = 32, initialEpoch = 0, signal } = options;
    signal?.throwIfAborted();
    const sources = await prepareFit(model, x, y, options);
    const rows = sources.train.kind === 'arrays' ? rowsIn(sources.train.data) : undefined;
    const steps =
      options.stepsPerEpoch ?? (rows === undefined ? undefined : Math.ceil(rows / batchSize));
    const samples = rows === undefined ? undefined : Math.min(rows, (steps ?? 0) * batchSize);
    const progress = await makeProgress({ epochs, samples, verbose: options.verbose ?? 'auto' });
    const history = new History();
    const callbacks = [history, ...(options.callbacks ?? [])];
    for (const callback of callbacks) {
      callback.model = model;
      callback.params = {
        epochs,
        steps,
        samples,
        verbose: options.verbose === 0 ? 0 : 1,
        validation: sources.validation !== undefined,
      };
    }
    const epochOptions = { ...options, batchSize, history, callbacks, progress };
    const run = new FitRun(model, sources, epochOptions, seed);
    model.stopTraining = false;
    try {
      await each(callbacks, (c) => c.onTrainBegin());
      for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
        await run.epoch(epoch);
      }
      if (epochs > 0) model.optimizer.finalizeVariableValues(model.trainableVariables);
      await each(callbacks, (c) => c.onTrainEnd());
    } finally {
      progress.end();
      const closed = run.close();
      // After an abort the iterator may never give what it was asked for.
      if (signal?.aborted) closed.catch(() => {});
      else await closed;
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
  private readonly stream: number;
  private readonly single: boolean;
  private readonly readers: readonly Callback[];
  private batches: Batches | undefined;
  /** The order of the rows, and what is left of it when epochs are shorter than the data. */
  private order: Int32Array | undefined;
  /** The order of the epoch to come, made while the engine works on the present one. */
  private upcoming: { readonly epoch: number; readonly order: Promise<Int32Array> } | undefined;

  constructor(
    private readonly model: AnyModel,
    private readonly sources: Sources,
    private readonly options: FitRunOptions,
    private readonly seed: number,
  ) {
    this.stream = model.fits++ * 100_003;
    this.single = options.callbacks.some(watchesBatches);
    this.readers = options.callbacks.filter(readsBatches);
  }

  private async onChunk(report: ChunkReport): Promise<void> {
    const { history, progress } = this.options;
    history.addStepLosses(report.losses);
    progress.update(report.samples, report.logsAfter(report.steps - 1));
    if (this.readers.length === 0) return;
    for (let i = 0; i < report.steps; i++) {
      const logs = report.logsAfter(i);
      for (const reader of this.readers) {
        if (reader.batchHooks === 'logsOnly') await reader.onTrainBatchBegin(report.first + i);
        await reader.onTrainBatchEnd(report.first + i, logs);
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
      onChunk: (report) => this.onChunk(report),
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
    const { model } = this;
    const { train } = this.sources;
    if (train.kind === 'arrays') {
      const rows = rowsIn(train.data);
      const order = await this.orderOf(epoch, rows);
      const pass = passOverData(model, train.data, order, this.pass());
      this.prepareOrder(epoch + 1, rows);
      return pass;
    }
    const fresh = this.batches === undefined;
    this.batches ??= iteratorOf(train.source);
    const { logs, ended, steps } = await passOverBatches(
      model,
      this.batches,
      (batch) => this.prepareBatch(batch),
      this.pass(),
    );
    if (ended) this.batches = undefined;
    if (!ended || steps > 0) return logs;
    // The epoch before took the last batch without asking for more.
    if (!fresh) return this.train(epoch);
    throw noBatch(`fit, epoch ${epoch + 1}`);
  }

  /** The rows of an epoch. With stepsPerEpoch it goes on where the one before stopped, as in Keras. */
  private async orderOf(epoch: number, rows: number): Promise<Int32Array | undefined> {
    const { shuffle = true, stepsPerEpoch, batchSize } = this.options;
    if (!shuffle && stepsPerEpoch === undefined) return undefined;
    if (!this.order?.length) {
      this.order = shuffle ? await this.shuffled(epoch, rows) : rowsInOrder(rows);
    }
    const { order } = this;
    this.order = order.subarray((stepsPerEpoch ?? Number.POSITIVE_INFINITY) * batchSize);
    return order;
  }

  private shuffled(epoch: number, rows: number): Promise<Int32Array> {
    if (this.upcoming?.epoch === epoch) return this.upcoming.order;
    return shuffledRows(rows, this.seed, this.stream + epoch);
  }

  /** Begins the order of an epoch, if there will be one that needs it. */
  private prepareOrder(epoch: number, rows: number): void {
    const { shuffle = true, epochs = 1 } = this.options;
    if (!shuffle || epoch >= epochs || this.order?.length) return;
    this.upcoming = { epoch, order: this.shuffled(epoch, rows) };
  }

  /** Ends an iterator that it has begun. */
  async close(): Promise<void> {
    const { train } = this.sources;
    if (train.kind === 'batches') await closeIterator(this.batches, train.source);
  }

  private async prepareBatch(batch: RawBatch): Promise<Dataset> {
    if (batch.y === undefined) throw new DataError('fit: a batch has no y; yield [x, y].');
    const data = await toDataset(this.model, batch, 'batch');
    return withClassWeight(data, this.options.classWeight);
  }

  private async validate(source: Prepared): Promise<Record<string, number>> {
    const { options, model } = this;
    await each(options.callbacks, (c) => c.onTestBegin());
    const logs = await test(model, source, {
      where: 'validationData',
      batch: options.validationBatchSize ?? options.batchSize,
      steps: options.validationSteps,
      signal: options.signal,
    });
    await each(options.callbacks, (c) => c.onTestEnd(logs));
    return logs;
  }
}
