// `model.evaluate`, and single batches: loss and metrics over data.
import type { Callback, Logs, LogsOf, LogValue } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callbackList.js';
import { makeProgress } from '../callbacks/progress.js';
import { handsOver } from '../data/lent.js';
import { DataError } from '../util/errors.js';
import { givenOptions } from '../util/options.js';
import { type BatchSource, type Dataset, type RawBatch, rowsIn, type SamplesOf } from './data.js';
import { batchHooks, passParams } from './hooks.js';
import type { AnyModel, BatchOptions, EvaluateOptions } from './model.js';
import { checkSignal, occupied, wholeNumbers } from './occupied.js';
import { type Pass, passOverBatches, passOverData, resetMetrics } from './pass.js';
import {
  batchesIn,
  closeIterator,
  iteratorOf,
  noBatch,
  type Prepared,
  prepare,
  toDataset,
  withClassWeight,
} from './prepare.js';

interface TestOptions {
  /** What reads the data, in errors. */
  readonly where: string;
  readonly batch: number;
  readonly steps: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly callbacks: CallbackList;
  /** Told how many samples are done, in how many steps. */
  readonly onProgress?: (samples: number, logs: Logs<LogValue>, steps: number) => void;
}

/** Loss and metrics over a data set, with the hooks of tests. */
export async function test(
  model: AnyModel,
  source: Prepared,
  options: TestOptions,
): Promise<Record<string, LogValue>> {
  model.stopEvaluating = false;
  await options.callbacks.onTestBegin();
  resetMetrics(model);
  const logs = await testPass(model, source, options);
  await options.callbacks.onTestEnd(logs);
  return logs;
}

async function testPass(
  model: AnyModel,
  source: Prepared,
  options: TestOptions,
): Promise<Record<string, LogValue>> {
  const end = (c: Callback, step: number, logs: Logs<LogValue>) =>
    c.onTestBatchEnd(step, logs as Logs);
  const hooks = batchHooks(options.callbacks, 'test', end);
  const pass: Pass = {
    mode: 'test',
    batch: options.batch,
    signal: options.signal,
    single: hooks.single,
    maxSteps: options.steps,
    onChunk: (report) => {
      const { first, steps, samples, logsAfter } = report;
      options.onProgress?.(samples, logsAfter(steps - 1), first + steps);
      return hooks.afterSteps(report.first, report.steps, report.logsAfter);
    },
    beforeStep: hooks.beforeStep,
    stopped: () => hooks.single && model.stopEvaluating,
  };
  if (source.kind === 'arrays') return passOverData(model, source.data, undefined, pass);
  const prepareBatch = (batch: RawBatch): Promise<Dataset> => toDataset(model, batch, 'batch');
  const batches = iteratorOf(source.source);
  try {
    const ownsBatches = handsOver(source.source);
    const given = { ...pass, ownsBatches };
    const { logs, steps } = await passOverBatches(model, batches, prepareBatch, given);
    if (steps === 0) throw noBatch(options.where);
    return logs;
  } finally {
    await closeIterator(batches, source.source);
  }
}

/** `model.evaluate`. */
export function evaluateModel<L extends LogsOf<L>>(
  model: AnyModel,
  x: SamplesOf | BatchSource,
  y: SamplesOf | undefined,
  given: EvaluateOptions,
): Promise<L> {
  return occupied(model, 'evaluate', async () => {
    const options = givenOptions(`${model.name}.evaluate`, given, [
      'batchSize',
      'sampleWeight',
      'steps',
      'verbose',
      'callbacks',
      'signal',
    ]);
    const callbacks = new CallbackList(options.callbacks, model);
    void model.compiled;
    wholeNumbers('evaluate', options, { batchSize: 1, steps: 1 });
    checkSignal('evaluate', options.signal);
    options.signal?.throwIfAborted();
    const source = await prepare(model, x, y, options.sampleWeight, 'evaluate');
    const wanted = model.compileOptions?.loss !== undefined;
    if (source.kind === 'arrays' && source.data.y.length === 0 && wanted)
      throw new DataError('evaluate: y is missing.');
    const { batchSize: batch = 32, steps } = options;
    const size =
      source.kind === 'arrays'
        ? { samples: rowsIn(source.data), batches: undefined }
        : { samples: undefined, batches: batchesIn(source.source) };
    const params = passParams(size, { batch, steps, verbose: options.verbose });
    const progress = await makeProgress({
      epochs: 1,
      samples: params.samples,
      steps: params.steps,
      verbose: callbacks.ownProgress(options.verbose),
      title: 'Evaluate',
    });
    callbacks.begin(params);
    progress.beginEpoch(0);
    try {
      const logs = await test(model, source, {
        where: 'evaluate',
        batch,
        steps,
        signal: options.signal,
        callbacks,
        onProgress: (samples, logs, step) => progress.update(samples, logs, step),
      });
      progress.endEpoch(logs);
      return logs as L;
    } finally {
      progress.end();
    }
  });
}

/** `model.trainOnBatch` and `model.testOnBatch`. */
export function runOne<L extends LogsOf<L>>(
  model: AnyModel,
  mode: 'train' | 'test',
  x: SamplesOf,
  y: SamplesOf | undefined,
  given: BatchOptions,
): Promise<L> {
  return occupied(model, `${mode}OnBatch`, async () => {
    const where = `${model.name}.${mode}OnBatch`;
    const options = givenOptions(where, given, ['sampleWeight', 'classWeight']);
    if (y === undefined && model.compileOptions?.loss !== undefined)
      throw new DataError(`${mode}OnBatch: y is missing.`);
    const source = await prepare(model, x, y, options.sampleWeight, `${mode}OnBatch`);
    if (source.kind !== 'arrays')
      throw new DataError(`${mode}OnBatch: expected arrays, got an iterator.`);
    const data = await withClassWeight(source.data, options.classWeight);
    const batch = rowsIn(data);
    resetMetrics(model);
    const logs = await passOverData(model, data, undefined, {
      mode,
      batch,
      signal: undefined,
      single: true,
      maxSteps: 1,
      onChunk: () => {},
      stopped: () => false,
    });
    return logs as L;
  });
}
