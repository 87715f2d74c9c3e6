// `model.predict` and `model.predictSync`.
import type { PredictLogs } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callbackList.js';
import { evaluate, realize } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import type { Structure } from '../layers/structure.js';
import { asTensor } from '../ops/convert.js';
import { concatenate, reshape } from '../ops/movement.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import { allocateData, fromData, type Tensor, tensor } from '../tensor/tensor.js';
import { DataError, StateError } from '../util/errors.js';
import { givenOptions } from '../util/options.js';
import { runChunks } from './chunks.js';
import {
  arrange,
  type BatchSource,
  type Dataset,
  isBatchSource,
  isShaped,
  partsIn,
  rawBatch,
  rowsIn,
  type Samples,
  type SamplesOf,
} from './data.js';
import { type BatchHooks, batchHooks, passParams } from './hooks.js';
import type { AnyModel, PredictOptions } from './model.js';
import { checkSignal, wholeNumbers } from './occupied.js';
import { segmentsOf, throwFailure } from './pass.js';
import { batchesIn, noBatch, toDataset } from './prepare.js';

/** Predictions of all rows, written by the engine into one array per output. */
async function predictData(
  model: AnyModel,
  data: Dataset,
  batch: number,
  options: PredictOptions,
  hooks: BatchHooks<PredictLogs>,
): Promise<readonly Tensor[]> {
  const size = Math.min(batch, rowsIn(data));
  const segments = segmentsOf(model, 'predict', data, {
    batch: size,
    order: undefined,
    maxSteps: options.steps,
  });
  const infos = segments[0].step.graph.lowered.outputs;
  for (const { shape } of infos) {
    if (shape[0] === size) continue;
    throw new StateError(
      `${model.name}: predict expects outputs with the batch on the first axis, got ${formatShape(shape)} for ${size} samples.`,
    );
  }
  const total = segments.reduce((n, segment) => n + segment.steps * segment.step.batch, 0);
  const arrays = infos.map(({ shape, dtype }) => {
    const perRow = sizeOf(shape.slice(1));
    return { shape: shape.slice(1), dtype, perRow, data: allocateData(dtype, total * perRow) };
  });
  let start = 0;
  const placed = segments.map((segment) => {
    const base = start;
    const { batch: own } = segment.step;
    start += segment.steps * own;
    const outputs = (first: number, steps: number) =>
      arrays.map(({ data: all, perRow }) =>
        all.subarray((base + first * own) * perRow, (base + (first + steps) * own) * perRow),
      );
    return { ...segment, outputs };
  });
  const outputsOf = (from: number, to: number): readonly Tensor[] =>
    arrays.map(({ data: all, perRow, shape, dtype }) =>
      fromData(all.subarray(from * perRow, to * perRow), [to - from, ...shape], dtype),
    );
  let done = 0;
  const failed = await runChunks(placed, {
    single: hooks.single,
    signal: options.signal,
    onChunk: ({ first, steps, step }) => {
      const base = done;
      done += steps * step.batch;
      return hooks.afterSteps(first, steps, (i) => {
        const from = base + i * step.batch;
        return { outputs: arrange(model.outputForm, outputsOf(from, from + step.batch)) };
      });
    },
    beforeStep: hooks.beforeStep,
    stopped: () => hooks.single && model.stopPredicting,
  });
  throwFailure(failed, data, undefined, size, options.signal);
  return outputsOf(0, done);
}

/** `model.predict`. */
export async function predictModel(
  model: AnyModel,
  x: SamplesOf | BatchSource,
  given: PredictOptions,
): Promise<Structure> {
  const options = givenOptions(`${model.name}.predict`, given, [
    'batchSize',
    'steps',
    'verbose',
    'callbacks',
    'signal',
  ]);
  wholeNumbers('predict', options, { batchSize: 1, steps: 1 });
  checkSignal('predict', options.signal);
  const { batchSize: batch = 32, steps, verbose } = options;
  const callbacks = new CallbackList(options.callbacks, model);
  options.signal?.throwIfAborted();
  model.stopPredicting = false;
  const dataOf = (given: SamplesOf): Promise<Dataset> =>
    toDataset(model, { x: given, y: undefined, sampleWeight: undefined }, 'predict');
  const data = isBatchSource(x) ? undefined : await dataOf(x);
  const size = {
    samples: data && rowsIn(data),
    batches: isBatchSource(x) ? batchesIn(x) : undefined,
  };
  callbacks.begin(passParams(size, { batch, steps, verbose }));
  await callbacks.onPredictBegin();
  const outputs = data
    ? await predictData(model, data, batch, options, predictHooks(callbacks))
    : await predictBatches(model, x as AsyncIterable<unknown>, options, { callbacks, dataOf });
  await callbacks.onPredictEnd();
  return arrange(model.outputForm, outputs);
}

const predictHooks = (callbacks: CallbackList, firstStep = 0): BatchHooks<PredictLogs> =>
  batchHooks(
    callbacks,
    'predict',
    (callback, step, logs) => callback.onPredictBatchEnd(step, logs),
    firstStep,
  );

/** Predictions of batches, one after the other. */
async function predictBatches(
  model: AnyModel,
  batches: AsyncIterable<unknown>,
  options: PredictOptions,
  run: {
    readonly callbacks: CallbackList;
    readonly dataOf: (given: SamplesOf) => Promise<Dataset>;
  },
): Promise<readonly Tensor[]> {
  const parts: (readonly Tensor[])[] = [];
  for await (const item of batches) {
    const data = await run.dataOf(rawBatch(item).x);
    const hooks = predictHooks(run.callbacks, parts.length);
    parts.push(await predictData(model, data, rowsIn(data), options, hooks));
    if (parts.length === options.steps || (hooks.single && model.stopPredicting)) break;
  }
  if (parts.length === 0) throw noBatch('predict');
  const all = parts[0].map((_, i) =>
    concatenate(
      parts.map((part) => part[i]),
      0,
    ),
  );
  await evaluate(...all);
  return all;
}

/** An input of predictSync, computed. */
function inputNow(x: Samples): Tensor {
  const given = isShaped(x) ? tensor(x.data, { shape: x.shape }) : asTensor(x);
  if (given.rank === 0)
    throw new DataError('predictSync: expected samples along a first axis, got a scalar.');
  const t = given.rank === 1 ? reshape(given, [given.size, 1]) : given;
  realize([t]);
  realized(t).run?.wait();
  return t;
}

/** `model.predictSync`. */
export function predictNow(model: AnyModel, given: SamplesOf): Structure {
  const { form, parts } = partsIn(given, model.inputCount);
  const x = parts.map(inputNow);
  const step = model.stepFor('predict', { x, form, y: [], weights: [] });
  const feeds = x.map((t) => ({ source: realized(t).data, first: 0 }));
  return arrange(model.outputForm, step.graph.runSync({ feeds }));
}
