// Aborted runs: they end after the present step, with the weights of the last whole one.
import { describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { Callback } from '../../lib/callbacks/callback.js';
import { LambdaCallback } from '../../lib/callbacks/lambdaCallback.js';
import { tensor } from '../../lib/tensor/tensor.js';
import {
  classifier,
  inputs,
  labelsOf,
  line,
  quiet,
  regression,
  rejection,
  sumsOf,
  weightsOf,
} from '../support/models.js';

const x = inputs(200);
const labels = labelsOf(x);
const sums = sumsOf(x);

describe('an AbortSignal', () => {
  it('aborted before: nothing runs', async () => {
    const model = classifier();
    model.build([null, 3]);
    const before = weightsOf(model);
    const signal = AbortSignal.abort(new Error('not today'));
    await expect(model.fit(x, labels, { ...quiet, signal })).rejects.toThrow('not today');
    await expect(model.evaluate(x, labels, { ...quiet, signal })).rejects.toThrow('not today');
    await expect(model.predict(x, { signal })).rejects.toThrow('not today');
    expect(weightsOf(model)).toEqual(before);
  });

  it('in mid-run: rejects with its reason, with the weights of the last whole step', async () => {
    const model = regression();
    model.build([null, 3]);
    const controller = new AbortController();
    const reason = new Error('enough');
    const states: number[][] = [weightsOf(model)];
    const callbacks = [
      new LambdaCallback({
        onTrainBatchEnd: (step) => {
          states.push(weightsOf(model));
          if (step === 4) controller.abort(reason);
        },
      }),
    ];
    const options = { ...quiet, epochs: 5, callbacks, signal: controller.signal };
    expect(await rejection(model.fit(x, sums, options))).toBe(reason);
    expect(states).toHaveLength(6);
    expect(weightsOf(model)).toEqual(states[5]);
  });

  it('while the engine is at work: a whole number of steps, the same as without an abort', async () => {
    const model = line('sgd');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    const [ones, target] = [
      tensor(new Float32Array(64).fill(1), { shape: [64, 1] }),
      new Float32Array(64).fill(1),
    ];
    const run = model.fit(ones, target, {
      ...quiet,
      epochs: 1e6,
      batchSize: 1,
      shuffle: false,
      signal: controller.signal,
    });
    expect(await rejection(run)).toBe(controller.signal.reason);
    const steps = model.optimizer.iterations.value.dataSync()[0];
    expect(steps).toBeGreaterThan(0);
    const again = line('sgd');
    const wanted = Math.min(steps, 2000);
    let w = 0;
    for (let i = 0; i < wanted; i++)
      w = Math.fround(w - Math.fround(Math.fround(0.01) * Math.fround(2 * Math.fround(w - 1))));
    if (steps < 2000) expect(Math.abs(weightsOf(model)[0] - w)).toBeLessThan(1e-5);
    await again.fit(ones, target, { ...quiet, batchSize: 1 });
    await model.fit(ones, target, { ...quiet, batchSize: 1 });
    expect(model.optimizer.iterations.value.dataSync()[0]).toBe(steps + 64);
  });

  it('AbortSignal.timeout', async () => {
    const model = classifier();
    const run = model.fit(x, labels, { ...quiet, epochs: 1e6, signal: AbortSignal.timeout(30) });
    expect(String(await rejection(run))).toMatch(/timeout/i);
    await expect(model.fit(x, labels, quiet)).resolves.toBeDefined();
  });

  it('an iterator that never answers does not hold it up', async () => {
    const model = classifier();
    const stuck = (async function* () {
      yield [x, labels];
      await new Promise(() => {});
    })();
    const run = model.fit(stuck, null, { ...quiet, signal: AbortSignal.timeout(50) });
    expect(String(await rejection(run))).toMatch(/timeout/i);
    await expect(model.fit(x, labels, quiet)).resolves.toBeDefined();
  });

  it('evaluate and predict end too', async () => {
    const model = classifier();
    const many = inputs(200_000);
    const y = labelsOf(many);
    for (const start of [
      (signal: AbortSignal) => model.evaluate(many, y, { ...quiet, signal, batchSize: 1 }),
      (signal: AbortSignal) => model.predict(many, { signal, batchSize: 1 }),
    ]) {
      const controller = new AbortController();
      const run = start(controller.signal);
      setTimeout(() => controller.abort(new Error('enough')), 10);
      await expect(run).rejects.toThrow('enough');
    }
    await expect(model.evaluate(x, labels, quiet)).resolves.toBeDefined();
  });
});

/** Reads the weights while steps are queued, which makes the next run write to fresh buffers. */
class Reader extends Callback {
  override readonly batchHooks = 'logsOnly';
  seen = 0;
  override onTrainBatchEnd(): void {
    for (const weight of this.model.weights) void weight.value;
    this.seen++;
  }
}

describe('weights that were read while it ran', () => {
  it('survive an abort', async () => {
    const model = regression();
    const reader = new Reader();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 40);
    const options = { ...quiet, epochs: 1e6, batchSize: 2, signal: controller.signal };
    await rejection(model.fit(x, sums, { ...options, callbacks: [reader] }));
    expect(reader.seen).toBeGreaterThan(0);
    for (const weight of model.weights) {
      expect(weight.value.dataSync().some((value) => value !== 0)).toBe(true);
    }
    const iterations = model.optimizer.iterations.value.dataSync()[0];
    expect(iterations).toBeGreaterThanOrEqual(reader.seen);
    // The JS backend computes a run when it is queued.
    if (backend() === 'js') expect(iterations).toBeLessThan(reader.seen + 10_000);
  });

  it('survive a bad label, wherever it stands', async () => {
    for (let round = 0; round < 10; round++) {
      const model = classifier();
      await model.fit(x, labels, quiet);
      const bad = Int32Array.from(labels.dataSync());
      bad[199] = 7;
      const options = { ...quiet, epochs: 3, batchSize: 2, callbacks: [new Reader()] };
      await expect(model.fit(x, bad, options)).rejects.toThrow(/label of row 199 is 7/);
      const last = model.weights.at(-2)!.value.dataSync();
      expect(last.some((value) => value !== 0)).toBe(true);
      expect(model.weights[0].value.dataSync().some((value) => value !== 0)).toBe(true);
    }
  });
});
