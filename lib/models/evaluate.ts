// `model.evaluate`, and single batches: loss and metrics over data.
import type { Logs } from '../callbacks/callback.js';
import { DataError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type BatchSource, type Dataset, type RawBatch, rowsIn, type SamplesOf } from './data.js';
import type { AnyModel, BatchOptions, EvaluateOptions } from './model.js';
import { checkSignal, occupied, wholeNumbers } from './occupied.js';
import { type Pass, passOverBatches, passOverData, resetMetrics } from './pass.js';
import {
  closeIterator,
  iteratorOf,
  noBatch,
  type Prepared,
  prepare,
  toDataset,
  withClassWeight,
} from './prepare.js';
import { makeProgress } from './progress.js';

interface TestOptions {
  /** What reads the data, in errors. */
  readonly where: string;
  readonly batch: number;
  readonly steps: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSamples?: (samples: number, logs: Logs) => void;
}

/** Loss and metrics over a data set. */
export async function test(
  model: AnyModel,
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
    onChunk: (report) => options.onSamples?.(report.samples, report.logsAfter(report.steps - 1)),
    stopped: () => false,
  };
  if (source.kind === 'arrays') return passOverData(model, source.data, undefined, pass);
  const prepareBatch = (batch: RawBatch): Promise<Dataset> => toDataset(model, batch, 'batch');
  const batches = iteratorOf(source.source);
  try {
    const { logs, steps } = await passOverBatches(model, batches, prepareBatch, pass);
    if (steps === 0) throw noBatch(options.where);
    return logs;
  } finally {
    await closeIterator(batches, source.source);
  }
}

/** `model.evaluate`. */
export function evaluateModel(
  model: AnyModel,
  x: SamplesOf | BatchSource,
  y: SamplesOf | undefined,
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
    wholeNumbers('evaluate', options, { batchSize: 1, steps: 1 });
    checkSignal('evaluate', options.signal);
    options.signal?.throwIfAborted();
    const source = await prepare(model, x, y, options.sampleWeight, 'evaluate');
    const wanted = model.compileOptions?.loss !== undefined;
    if (source.kind === 'arrays' && source.data.y.length === 0 && wanted)
      throw new DataError('evaluate: y is missing.');
    const samples = source.kind === 'arrays' ? rowsIn(source.data) : undefined;
    const verbose = options.verbose ?? 'auto';
    const progress = await makeProgress({ epochs: 1, samples, verbose, title: 'Evaluate' });
    progress.beginEpoch(0);
    try {
      const logs = await test(model, source, {
        where: 'evaluate',
        batch: options.batchSize ?? 32,
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

/** `model.trainOnBatch` and `model.testOnBatch`. */
export function runOne(
  model: AnyModel,
  mode: 'train' | 'test',
  x: SamplesOf,
  y: SamplesOf,
  options: BatchOptions,
): Promise<Record<string, number>> {
  return occupied(model, `${mode}OnBatch`, async () => {
    const source = await prepare(model, x, y, options.sampleWeight, `${mode}OnBatch`);
    if (source.kind !== 'arrays')
      throw new DataError(`${mode}OnBatch: expected arrays, got an iterator.`);
    const data = await withClassWeight(source.data, options.classWeight);
    const batch = rowsIn(data);
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
