// `model.predict` and `model.predictSync`.
import { evaluate, realize } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import { asTensor } from '../ops/convert.js';
import { concatenate, reshape } from '../ops/movement.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import { allocateData, fromData, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { DataError, StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { runChunks } from './chunks.js';
import {
  type BatchSource,
  checkRows,
  type Dataset,
  isBatchSource,
  type Samples,
  toBatch,
  toInputs,
} from './data.js';
import type { Model, PredictOptions } from './model.js';
import { checkSignal, wholeNumbers } from './occupied.js';
import { segmentsOf, throwFailure } from './pass.js';
import { noBatch } from './prepare.js';

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
  wholeNumbers('predict', options, { batchSize: 1, steps: 1 });
  checkSignal('predict', options.signal);
  const { batchSize: batch = 32 } = options;
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
  if (parts.length === 0) throw noBatch('predict');
  const all = concatenate(parts, 0);
  await evaluate(all);
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
  const step = model.stepFor('predict', { x: t, y: undefined, weight: undefined });
  const [out] = step.graph.runSync({ feeds: [{ source: realized(t).data, first: 0 }] });
  return out;
}
