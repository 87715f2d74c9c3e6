// `model.fit`: epochs of training, validation, callbacks, progress and abort.
import type { Callback, Logs, LogsOf, LogValue } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callbackList.js';
import { History } from '../callbacks/history.js';
import { makeProgress, type Progress } from '../callbacks/progress.js';
import type { Run, RunPosition } from '../callbacks/run.js';
import { TerminateOnNaN } from '../callbacks/terminateOnNaN.js';
import { handsOver } from '../data/lent.js';
import { currentSeed } from '../ops/random.js';
import { ConfigError, DataError } from '../util/errors.js';
import { givenOptions } from '../util/options.js';
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
import { type BatchHooks, batchHooks } from './hooks.js';
import type { AnyModel, FitOptions } from './model.js';
import { checkSignal, occupied, wholeNumbers } from './occupied.js';
import {
  type ChunkReport,
  type Pass,
  PassLogs,
  passOverBatches,
  passOverData,
  resetMetrics,
} from './pass.js';
import {
  type Batches,
  batchesIn,
  closeIterator,
  iteratorOf,
  noBatch,
  type Prepared,
  prepareFit,
  type Sources,
  toDataset,
  withClassWeight,
} from './prepare.js';

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

/** @throws ConfigError for options that make no sense. */
function checkFitOptions(options: FitOptions): void {
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
  const { classWeight = {}, shuffle = true } = options;
  if (typeof shuffle !== 'boolean') {
    throw new ConfigError(`fit: shuffle: expected true or false, got ${JSON.stringify(shuffle)}.`);
  }
  if (typeof classWeight !== 'object' || Symbol.iterator in classWeight) {
    throw new ConfigError(
      `fit: classWeight: expected an object with a weight by class, e.g. { 0: 1, 1: 5 }, got ${typeof classWeight === 'object' ? classWeight.constructor.name : typeof classWeight}.`,
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
export function fitModel<L extends LogsOf<L>>(
  model: AnyModel,
  x: SamplesOf | BatchSource,
  y: SamplesOf | undefined,
  given: FitOptions,
): Promise<History<L>> {
  // Read at the call: the seed may be set for something else while data is prepared.
  const seed = currentSeed();
  return occupied(model, 'fit', async () => {
    const options = givenOptions(`${model.name}.fit`, given, fitOptionNames);
    checkFitOptions(options);
    const own = new CallbackList(options.callbacks);
    void model.compiled;
    const { epochs = 1, batchSize = 32, initialEpoch = 0, signal } = options;
    signal?.throwIfAborted();
    const sources = await prepareFit(model, x, y, options);
    const { train } = sources;
    const rows = train.kind === 'arrays' ? rowsIn(train.data) : undefined;
    const batches =
      train.kind === 'arrays' ? Math.ceil(rowsIn(train.data) / batchSize) : batchesIn(train.source);
    const steps = options.stepsPerEpoch ?? batches;
    const samples = rows === undefined ? undefined : Math.min(rows, (steps ?? 0) * batchSize);
    const progress = await makeProgress({
      epochs,
      samples,
      steps,
      verbose: own.ownProgress(options.verbose),
    });
    const history = new History<L>();
    const callbacks = new CallbackList([...own.callbacks, history], model);
    const epochOptions = { ...options, batchSize, history, callbacks, progress };
    const run = new FitRun(model, sources, epochOptions, seed);
    const validation = sources.validation !== undefined;
    const verbose = options.verbose === 'auto' ? 1 : (options.verbose ?? 1);
    callbacks.begin({ epochs, steps, samples, verbose, validation }, run);
    model.stopTraining = false;
    try {
      await callbacks.onTrainBegin();
      let logs: Logs<LogValue> | undefined;
      let epoch = run.resumedAt?.epoch ?? initialEpoch;
      for (; epoch < epochs && !model.stopTraining; epoch++) logs = await run.epoch(epoch);
      if (epochs > 0) model.optimizer.finalizeVariableValues(model.trainableVariables);
      await callbacks.onTrainEnd(logs);
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

interface FitRunOptions extends Omit<FitOptions, 'callbacks'> {
  readonly batchSize: number;
  readonly history: Pick<History, 'addStepLosses'>;
  readonly callbacks: CallbackList;
  readonly progress: Progress;
}

/** A place in the shuffled rows, or in the batches of an iterator. */
type Place = Pick<RunPosition, 'order' | 'taken'>;

/** The state of one call of fit. */
class FitRun implements Run {
  /** Which fit of the model it is: part of the seed of each shuffle. */
  private fit: number;
  private batches: Batches | undefined;
  /** The order of the rows, and what is left of it when epochs are shorter than the data. */
  private order: Int32Array | undefined;
  /** The order of the epoch to come, made while the engine works on the present one. */
  private upcoming: { readonly epoch: number; readonly order: Promise<Int32Array> } | undefined;
  /** Where the present epoch began, and where the next one will. */
  private place: Place = { order: 0, taken: 0 };
  private nextPlace: Place = this.place;
  private now = { epoch: 0, step: 0 };
  private logs = new PassLogs();
  /** Batches that a resumed run has had from the iterator it was reading. */
  private toSkip = 0;
  /** The position that a callback has asked to go on from, until that epoch has begun. */
  resumedAt: RunPosition | undefined;

  constructor(
    private readonly model: AnyModel,
    private readonly sources: Sources,
    private readonly options: FitRunOptions,
    private seed: number,
  ) {
    this.fit = model.fits++;
  }

  get callbacks(): readonly Callback[] {
    return this.options.callbacks.callbacks;
  }

  position(): RunPosition {
    const { seed, fit, now, place, logs } = this;
    return { seed, fit, ...now, ...place, sums: logs.sums };
  }

  resume(at: RunPosition): void {
    this.seed = at.seed;
    this.fit = at.fit;
    this.model.fits = at.fit + 1;
    this.resumedAt = at;
    if (this.sources.train.kind === 'batches') this.toSkip = at.taken;
    this.now = { epoch: at.epoch, step: at.step };
    this.place = { order: at.order, taken: at.taken };
  }

  private async onChunk(report: ChunkReport, hooks: BatchHooks<Logs<LogValue>>): Promise<void> {
    const { history, progress } = this.options;
    history.addStepLosses(report.losses);
    this.now = { ...this.now, step: this.now.step + report.steps };
    progress.update(report.samples, report.logsAfter(report.steps - 1), this.now.step);
    if (this.sources.train.kind === 'batches') {
      this.place = { ...this.place, taken: this.place.taken + report.steps };
    }
    await hooks.afterSteps(report.first, report.steps, report.logsAfter);
  }

  private pass(): Pass {
    const { model, options } = this;
    const { step } = this.now;
    const hooks = batchHooks<Logs<LogValue>>(
      options.callbacks,
      'train',
      (callback, step, logs) => callback.onTrainBatchEnd(step, logs as Logs),
      step,
    );
    return {
      mode: 'train',
      batch: options.batchSize,
      signal: options.signal,
      single: hooks.single,
      maxSteps: options.stepsPerEpoch && options.stepsPerEpoch - step,
      onChunk: (report) => this.onChunk(report, hooks),
      beforeStep: hooks.beforeStep,
      stopped: () => hooks.single && model.stopTraining,
      onNonFinite: (loss) => this.onNonFinite(loss, hooks),
      logs: this.logs,
    };
  }

  /** Tells TerminateOnNaN of a loss that is not finite, if there is one. */
  private async onNonFinite(loss: number, hooks: BatchHooks<Logs<LogValue>>): Promise<boolean> {
    if (!this.callbacks.some((callback) => callback instanceof TerminateOnNaN)) return false;
    await hooks.afterSteps(this.now.step - hooks.firstStep, 1, () => ({
      ...this.logs.values,
      loss,
    }));
    return this.model.stopTraining;
  }

  /** One epoch: training, validation, callbacks; returns its logs. */
  async epoch(epoch: number): Promise<Logs<LogValue>> {
    const { callbacks, progress, validationFreq = 1 } = this.options;
    const { resumedAt } = this;
    await callbacks.onEpochBegin(epoch);
    progress.beginEpoch(epoch);
    resetMetrics(this.model);
    this.now = { epoch, step: resumedAt?.step ?? 0 };
    this.logs = new PassLogs(resumedAt?.sums);
    const logs: Record<string, LogValue> = { ...(await this.train(epoch)) };
    this.resumedAt = undefined;
    if (this.sources.validation && (epoch + 1) % validationFreq === 0) {
      const validated = await this.validate(this.sources.validation);
      for (const [name, value] of Object.entries(validated)) logs[`val_${name}`] = value;
    }
    progress.endEpoch(logs);
    this.now = { epoch: epoch + 1, step: 0 };
    this.place = this.nextPlace;
    this.logs = new PassLogs();
    await callbacks.onEpochEnd(epoch, logs);
    return logs;
  }

  private async train(epoch: number): Promise<Logs<LogValue>> {
    const { model } = this;
    const { train } = this.sources;
    if (train.kind === 'arrays') {
      const rows = rowsIn(train.data);
      const order = await this.orderOf(epoch, rows);
      const done = this.now.step * this.options.batchSize;
      const left = done > 0 ? (order ?? rowsInOrder(rows)).subarray(done) : order;
      const pass = passOverData(model, train.data, left, this.pass());
      this.prepareOrder(epoch + 1, rows);
      return pass;
    }
    const fresh = this.batches === undefined && this.toSkip === 0;
    this.batches ??= await this.openBatches(train.source);
    const { logs, ended, steps } = await passOverBatches(
      model,
      this.batches,
      (batch) => this.prepareBatch(batch),
      { ...this.pass(), ownsBatches: handsOver(train.source) },
    );
    if (ended) {
      this.batches = undefined;
      this.place = { order: 0, taken: 0 };
    }
    this.nextPlace = this.place;
    if (!ended || steps + this.now.step > 0) return logs;
    // The epoch before took the last batch without asking for more.
    if (!fresh) return this.train(epoch);
    throw noBatch(`fit, epoch ${epoch + 1}`);
  }

  /** Begins to read batches, behind those that a resumed run has had. */
  private async openBatches(source: BatchSource): Promise<Batches> {
    const batches = iteratorOf(source);
    const taken = this.toSkip;
    this.toSkip = 0;
    for (let i = 0; i < taken; i++) await batches.next();
    this.place = { order: 0, taken };
    return batches;
  }

  /** The rows of an epoch. With stepsPerEpoch it goes on where the one before stopped, as in Keras. */
  private async orderOf(epoch: number, rows: number): Promise<Int32Array | undefined> {
    const { shuffle = true, stepsPerEpoch, batchSize } = this.options;
    if (!shuffle && stepsPerEpoch === undefined) return undefined;
    const { resumedAt } = this;
    if (resumedAt && !this.order) {
      this.place = { order: resumedAt.order, taken: resumedAt.taken };
      this.order = (await this.orderFrom(resumedAt.order, rows)).subarray(resumedAt.taken);
    }
    if (!this.order?.length) {
      this.place = { order: epoch, taken: 0 };
      this.order = await this.orderFrom(epoch, rows);
    }
    const { order } = this;
    this.order = order.subarray((stepsPerEpoch ?? Number.POSITIVE_INFINITY) * batchSize);
    this.nextPlace = { ...this.place, taken: rows - this.order.length };
    return order;
  }

  private async orderFrom(epoch: number, rows: number): Promise<Int32Array> {
    const { shuffle = true } = this.options;
    return shuffle ? this.shuffled(epoch, rows) : rowsInOrder(rows);
  }

  private shuffled(epoch: number, rows: number): Promise<Int32Array> {
    if (this.upcoming?.epoch === epoch) return this.upcoming.order;
    return shuffledRows(rows, this.seed, this.fit * 100_003 + epoch);
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

  private validate(source: Prepared): Promise<Record<string, LogValue>> {
    const { options, model } = this;
    return test(model, source, {
      where: 'validationData',
      batch: options.validationBatchSize ?? options.batchSize,
      steps: options.validationSteps,
      signal: options.signal,
      callbacks: options.callbacks,
    });
  }
}
