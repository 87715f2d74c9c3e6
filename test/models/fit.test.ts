// What fit reads and in which order: splits, shuffles, weights, epochs and steps, history.
import { describe, expect, it } from 'vitest';
import { LambdaCallback } from '../../lib/callbacks/lambdaCallback.js';
import { Dense } from '../../lib/layers/dense.js';
import { Sequential } from '../../lib/models/sequential.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import {
  classifier,
  inputs,
  labelsOf,
  line,
  quiet,
  regression,
  sumsOf,
  weightsOf,
} from '../support/models.js';

const x = inputs(50);
const labels = labelsOf(x);
const sums = sumsOf(x);

/** Samples that tell themselves apart: the model predicts 0, so that the loss of a row is its number². */
const numbered = (n: number) => Float32Array.from({ length: n }, (_, i) => i);
const zeros = (n: number) => tensor(new Float32Array(n), { shape: [n, 1] });
const column = (values: Float32Array) => tensor(values, { shape: [values.length, 1] });

/** Which rows each step of each epoch took, of a batch size of 1. */
async function ordersOf(
  rows: number,
  options: { shuffle?: boolean; epochs?: number; stepsPerEpoch?: number; initialEpoch?: number },
  model = line(new SGD(0)),
): Promise<number[][]> {
  const history = await model.fit(zeros(rows), column(numbered(rows)), {
    ...quiet,
    ...options,
    batchSize: 1,
  });
  const taken = Array.from(history.stepLosses, (loss) => Math.round(Math.sqrt(loss)));
  const perEpoch = options.stepsPerEpoch ?? rows;
  return history.epoch.map((_, i) => taken.slice(i * perEpoch, (i + 1) * perEpoch));
}

const ascending = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('order', () => {
  it('as given without shuffling', async () => {
    const [first, second] = await ordersOf(20, { shuffle: false, epochs: 2 });
    expect(first).toEqual(ascending(20));
    expect(second).toEqual(first);
  });

  it('shuffled by default, all rows once, afresh each epoch and each fit', async () => {
    const model = line(new SGD(0));
    const orders = [
      ...(await ordersOf(20, { epochs: 3 }, model)),
      ...(await ordersOf(20, { epochs: 1 }, model)),
    ];
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(ascending(20));
    expect(new Set(orders.map(String)).size).toBe(4);
    expect(orders.map(String)).not.toContain(String(ascending(20)));
  });

  it('the same with the same seed', async () => {
    const run = async (seed: number) => {
      setRandomSeed(seed);
      return String(await ordersOf(20, { epochs: 2 }));
    };
    expect(await run(1)).toBe(await run(1));
    expect(await run(1)).not.toBe(await run(2));
  });

  it('a whole run repeats with its seed, bit for bit', async () => {
    const run = async () => {
      setRandomSeed(7);
      const model = classifier();
      const { stepLosses } = await model.fit(x, labels, { ...quiet, epochs: 3, batchSize: 8 });
      return [...stepLosses, ...weightsOf(model)];
    };
    expect(await run()).toEqual(await run());
  });

  it('shorter epochs go on where the one before stopped, until the data ends', async () => {
    const [first, second, third] = await ordersOf(6, {
      epochs: 3,
      stepsPerEpoch: 3,
      shuffle: false,
    });
    expect([first, second, third]).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [0, 1, 2],
    ]);
    const shuffled = await ordersOf(8, { epochs: 2, stepsPerEpoch: 4 });
    expect(shuffled.flat().toSorted((a, b) => a - b)).toEqual(ascending(8));
  });

  it('rows stay with their labels and weights', async () => {
    const w = Float32Array.from({ length: 30 }, (_, i) => (i % 3) + 1);
    const model = line(new SGD(0));
    const { stepLosses } = await model.fit(zeros(30), column(numbered(30)), {
      ...quiet,
      batchSize: 1,
      sampleWeight: w,
    });
    const expected = Array.from(w, (weight, i) => weight * i * i);
    const ascend = (a: number, b: number) => a - b;
    expectClose(Array.from(stepLosses).toSorted(ascend), expected.toSorted(ascend));
  });
});

describe('batches', () => {
  it('the tail is a smaller batch, and the mean is over samples', async () => {
    const model = line(new SGD(0));
    const history = await model.fit(zeros(5), column(numbered(5)), {
      ...quiet,
      batchSize: 2,
      shuffle: false,
    });
    expectClose(history.stepLosses, [0.5, (4 + 9) / 2, 16]);
    expectClose(history.history.loss, [(0 + 1 + 4 + 9 + 16) / 5]);
  });

  it('a batch larger than the data', async () => {
    const { stepLosses } = await classifier().fit(x, labels, { ...quiet, batchSize: 1000 });
    expect(stepLosses).toHaveLength(1);
  });

  it('stepsPerEpoch with a tail', async () => {
    const model = line(new SGD(0));
    const options = { ...quiet, batchSize: 2, shuffle: false, epochs: 3, stepsPerEpoch: 2 };
    const { stepLosses, epoch } = await model.fit(zeros(5), column(numbered(5)), options);
    expectClose(stepLosses, [0.5, 6.5, 16, 0.5, 6.5]);
    expect(epoch).toEqual([0, 1, 2]);
  });

  it('feeds may be nested arrays, typed arrays with a shape, shared memory, bytes', async () => {
    const rows = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const shared = new Float32Array(new SharedArrayBuffer(24));
    shared.set(rows.flat());
    const kinds = [
      rows,
      { data: Float32Array.from(rows.flat()), shape: [3, 2] },
      { data: Float64Array.from(rows.flat()), shape: [3, 2] },
      { data: Uint8Array.from(rows.flat()), shape: [3, 2] },
      { data: shared, shape: [3, 2] },
      tensor(rows),
    ];
    const model = new Sequential([new Dense(1, { useBias: false, inputShape: [2] })]);
    model.compile({ optimizer: new SGD(0.01), loss: 'mse' });
    const run = async (data: (typeof kinds)[number]) => {
      model.setWeights([tensor([[1], [2]])]);
      const { stepLosses } = await model.fit(data, [5, 11, 16], quiet);
      return [...stepLosses, ...weightsOf(model)];
    };
    const expected = await run(rows);
    expectClose(expected.slice(0, 1), [1 / 3]);
    for (const kind of kinds) expectClose(await run(kind), expected);
  });
});

describe('epochs', () => {
  it('history: logs per epoch, losses per step', async () => {
    const model = classifier();
    const history = await model.fit(x, labels, { ...quiet, epochs: 3, batchSize: 20 });
    expect(history.epoch).toEqual([0, 1, 2]);
    expect(Object.keys(history.history)).toEqual(['loss', 'accuracy']);
    expect(history.history.loss).toHaveLength(3);
    expect(history.stepLosses).toHaveLength(9);
    expect(history.stepLosses).toBeInstanceOf(Float32Array);
  });

  it('initialEpoch, and none to run', async () => {
    const model = classifier();
    const begun: number[] = [];
    const callbacks = [new LambdaCallback({ onEpochBegin: (epoch) => void begun.push(epoch) })];
    const history = await model.fit(x, labels, { ...quiet, epochs: 5, initialEpoch: 3, callbacks });
    expect([begun, history.epoch]).toEqual([
      [3, 4],
      [3, 4],
    ]);
    for (const options of [{ epochs: 0 }, { epochs: 2, initialEpoch: 2 }]) {
      const none = await model.fit(x, labels, { ...quiet, ...options });
      expect([none.epoch, none.history, none.stepLosses.length]).toEqual([[], {}, 0]);
    }
  });

  it('training learns', async () => {
    const model = regression();
    const options = { ...quiet, epochs: 60, batchSize: 5 };
    const { history } = await model.fit(x, sums, options);
    expect(history.loss.at(-1)).toBeLessThan(history.loss[0] / 20);
  });
});
