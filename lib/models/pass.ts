// One pass over data: batches made into segments of steps, their logs added up, failures explained.
import type { LogValue } from '../callbacks/callback.js';
import type { PassSums } from '../callbacks/run.js';
import { giveBack } from '../data/lent.js';
import type { Tensor } from '../tensor/tensor.js';
import { DataError } from '../util/errors.js';
import { type Chunk, type ChunkFailure, runChunks, type Segment } from './chunks.js';
import { type Dataset, feedsOf, type RawBatch, rawBatch, rowsIn } from './data.js';
import { explainFailure } from './failure.js';
import type { AnyModel } from './model.js';
import { allMetrics, type BatchInfo, type LogEntry, type Mode } from './steps.js';

/** Shapes and dtypes of batches of a data set. */
export const batchInfo = (data: Dataset, batch: number): BatchInfo => {
  const info = (t: Tensor) => ({ shape: [batch, ...t.shape.slice(1)], dtype: t.dtype });
  return {
    x: data.x.map(info),
    form: data.form,
    y: data.y.map((t) => t && info(t)),
    weights: data.weights.map((t) => t && info(t)),
  };
};

/** One pass over a data set in batches: whole ones, then what is left. */
export function segmentsOf(
  model: AnyModel,
  mode: Mode,
  data: Dataset,
  options: { batch: number; order: Int32Array | undefined; maxSteps: number | undefined },
): Segment[] {
  const { batch, order } = options;
  const rows = order ? order.length : rowsIn(data);
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

/** What the steps of a chunk logged. */
export interface ChunkReport {
  /** Index of the chunk's first step within the pass. */
  readonly first: number;
  readonly steps: number;
  /** Samples of the pass so far. */
  readonly samples: number;
  /** The loss of each step. */
  readonly losses: Float32Array;
  /** The mean loss by sample, and the metrics, after the chunk's step `i`. */
  readonly logsAfter: (i: number) => Record<string, LogValue>;
}

/**
 * Adds up a pass: mean losses here, in double precision; metrics come as they are so far. The loss is a mean
 * over samples, those of single outputs over steps, as Keras on TensorFlow has them.
 */
export class PassLogs {
  private readonly losses: number[];
  private samples: number;
  private steps: number;
  private latest: Record<string, LogValue>;

  /** @param from the sums of the steps before, if the pass goes on from there */
  constructor(from?: PassSums) {
    this.losses = [...(from?.losses ?? [])];
    this.samples = from?.samples ?? 0;
    this.steps = from?.steps ?? 0;
    this.latest = { ...from?.logs };
  }

  get sums(): PassSums {
    const { losses, samples, steps, latest } = this;
    return { losses: [...losses], samples, steps, logs: latest };
  }

  get values(): Record<string, LogValue> {
    return this.latest;
  }

  add({ logs, steps, step, first }: Chunk): ChunkReport {
    const { logs: entries, batch, means } = step;
    const { offset, length = 1 } = entries[entries.length - 1];
    const width = offset + length;
    const losses = new Float32Array(steps);
    const mean = new Float64Array(steps * means);
    for (let i = 0; i < steps; i++) {
      losses[i] = logs[i * width];
      this.samples += batch;
      this.steps += 1;
      for (let n = 0; n < means; n++) {
        this.losses[n] = (this.losses[n] ?? 0) + logs[i * width + n] * (n === 0 ? batch : 1);
        mean[i * means + n] = this.losses[n] / (n === 0 ? this.samples : this.steps);
      }
    }
    const valueAt = ({ offset: at, length }: LogEntry, i: number): LogValue => {
      if (at < means) return mean[i * means + at];
      const from = i * width + at;
      return length === undefined ? logs[from] : Array.from(logs.subarray(from, from + length));
    };
    const logsAfter = (i: number): Record<string, LogValue> =>
      Object.fromEntries(entries.map((entry) => [entry.name, valueAt(entry, i)]));
    this.latest = logsAfter(steps - 1);
    return { first, steps, samples: this.samples, losses, logsAfter };
  }
}

/** Throws what stopped a pass: the signal's reason, or what the failed step says. */
export function throwFailure(
  failed: ChunkFailure | undefined,
  data: Dataset,
  order: Int32Array | undefined,
  batch: number,
  signal: AbortSignal | undefined,
): void {
  if (signal?.aborted) throw signal.reason;
  if (!failed) return;
  const { segment, failure, index } = failed;
  const all = order ? order.length : rowsIn(data);
  const offset = segment.step.batch === batch ? index * batch : all - segment.step.batch;
  const rows = Int32Array.from({ length: segment.step.batch }, (_, i) =>
    order ? order[offset + i] : offset + i,
  );
  throw explainFailure({ step: segment.step, failure, data, rows, feeds: segment.feeds(index) });
}

/** Everything that a pass over data tells while it runs. */
export interface Pass {
  readonly mode: Mode;
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
  readonly single: boolean;
  readonly maxSteps: number | undefined;
  readonly onChunk: (report: ChunkReport) => void | Promise<void>;
  readonly beforeStep?: ((step: number) => void | Promise<void>) | undefined;
  readonly stopped: () => boolean;
  /** Told of a loss that is not finite; whether that ends the pass in good order. */
  readonly onNonFinite?: (loss: number) => Promise<boolean>;
  /** Whether nobody else has its batches, so that their memory goes back when they are read. Default false. */
  readonly ownsBatches?: boolean;
  /** What adds up its logs, if the caller wants to see it. */
  readonly logs?: PassLogs;
}

/** Whether a failure is a loss that is not finite, and the pass takes it for its end. */
const endsWell = async (failed: ChunkFailure | undefined, pass: Pass): Promise<boolean> =>
  failed?.failure.status === 'nonFinite' &&
  ((await pass.onNonFinite?.(failed.failure.value)) ?? false);

/** Runs one pass over arrays; returns the last logs. */
export async function passOverData(
  model: AnyModel,
  data: Dataset,
  order: Int32Array | undefined,
  pass: Pass,
): Promise<Record<string, LogValue>> {
  const logs = pass.logs ?? new PassLogs();
  const segments = segmentsOf(model, pass.mode, data, { ...pass, order });
  const failed = await runChunks(segments, {
    ...pass,
    onChunk: (chunk) => pass.onChunk(logs.add(chunk)),
  });
  if (await endsWell(failed, pass)) return { ...logs.values, loss: failed!.failure.value };
  throwFailure(failed, data, order, pass.batch, pass.signal);
  return logs.values;
}

/** What a promise gives, unless the signal aborts first. */
async function unlessAborted<T>(promise: T | Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Errors of `check` say which batch of an iterator they are about. */
function inBatch(index: number, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`batch ${index}: ${error.message}`);
    throw error;
  }
}

/** Runs one pass over the batches of an iterator; returns the last logs and whether it ended. */
export async function passOverBatches(
  model: AnyModel,
  batches: AsyncIterator<unknown> | Iterator<unknown>,
  prepareBatch: (batch: RawBatch) => Promise<Dataset>,
  pass: Pass,
): Promise<{ logs: Record<string, LogValue>; steps: number; ended: boolean }> {
  const logs = pass.logs ?? new PassLogs();
  let steps = 0;
  while (steps < (pass.maxSteps ?? Number.POSITIVE_INFINITY) && !pass.stopped()) {
    const item = await unlessAborted(batches.next(), pass.signal);
    if (item.done) return { logs: logs.values, steps, ended: true };
    const data = await prepareBatch(rawBatch(item.value));
    const batch = rowsIn(data);
    const first = steps++;
    const { beforeStep } = pass;
    const options = { batch, order: undefined, maxSteps: 1 };
    const failed = await runChunks(segmentsOf(model, pass.mode, data, options), {
      ...pass,
      beforeStep: beforeStep && (() => beforeStep(first)),
      onChunk: (chunk) => pass.onChunk(logs.add({ ...chunk, first })),
    });
    if (await endsWell(failed, pass)) {
      return { logs: { ...logs.values, loss: failed!.failure.value }, steps, ended: false };
    }
    inBatch(first, () => throwFailure(failed, data, undefined, batch, pass.signal));
    if (pass.ownsBatches) giveBack([...data.x, ...data.y, ...data.weights]);
  }
  return { logs: logs.values, steps, ended: false };
}

/** Metrics begin anew with each pass. */
export function resetMetrics(model: AnyModel): void {
  for (const { metric } of allMetrics(model.compiled)) metric.resetState();
}
