// The engine in the long run: flat memory, a free event loop, visitors between steps.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { Dense } from '../../lib/layers/dense.js';
import { Sequential } from '../../lib/models/sequential.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { classifier, inputs, labelsOf, quiet, rejection, weightsOf } from '../support/models.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/**
 * Bytes in use: of the process where the engine allocates by itself; on the JS backend what V8 knows of,
 * because the process also keeps pages that V8 has freed.
 */
function bytesInUse(): number {
  const { rss, heapUsed, external } = process.memoryUsage();
  return backend() === 'native' ? rss : heapUsed + external;
}

/** Megabytes by which the process grows per thousand rounds, after a warm-up. */
async function growth(rounds: number, round: (i: number) => unknown): Promise<number> {
  const run = async (n: number) => {
    for (let i = 0; i < n; i++) await round(i);
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    return bytesInUse() / 2 ** 20;
  };
  const before = await run(Math.ceil(rounds / 2));
  const after = await run(rounds);
  return ((after - before) / rounds) * 1000;
}

/** A leak of one weight matrix or batch per round would be far above this. */
const limit = 12;
const x = inputs(256, 16);
const labels = labelsOf(x);

describe('memory', () => {
  it('small fits of one model', async () => {
    const model = classifier();
    const fit = () => model.fit(x, labels, { ...quiet, batchSize: 64 });
    expect(await growth(1000, fit)).toBeLessThan(limit);
  });

  it('models that come and go', async () => {
    const fit = async () => {
      const model = new Sequential([new Dense(64), new Dense(2, { activation: 'softmax' })]);
      model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
      await model.fit(x, labels, { ...quiet, batchSize: 128 });
    };
    // Until the backend holds as many programs as it keeps.
    await growth(400, fit);
    expect(await growth(300, fit)).toBeLessThan(40);
  });

  it('predictSync', async () => {
    const model = classifier();
    const one = x.slice(0, 1);
    expect(await growth(5000, () => model.predictSync(one))).toBeLessThan(limit);
  });

  it('predictSync and dataSync in a loop that never awaits', () => {
    const model = new Sequential([new Dense(256, { inputShape: [16] })]);
    const loop = (n: number) => {
      for (let i = 0; i < n; i++) model.predictSync(x).mul(2).dataSync();
      return process.memoryUsage().rss / 2 ** 20;
    };
    const before = loop(500);
    // 256 kB a round: a leak would be 500 MB.
    expect(loop(2000) - before).toBeLessThan(200);
  });

  it('lazy arithmetic, failed steps, aborted runs', async () => {
    const a = tensor(new Float32Array(4096).fill(1));
    const arithmetic = (i: number) => a.add(i).mul(a).sum().dataSync();
    expect(await growth(2000, arithmetic)).toBeLessThan(limit);
    const model = classifier();
    const bad = Int32Array.from(labels.dataSync()).fill(9, 200);
    const failing = () => rejection(model.fit(x, bad, { ...quiet, batchSize: 64 }));
    expect(await growth(300, failing)).toBeLessThan(40);
  });
});

describe.runIf(backend() === 'native')('native', () => {
  const big = () => {
    const model = new Sequential([
      new Dense(512, { activation: 'relu' }),
      new Dense(512),
      new Dense(2),
    ]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    return model;
  };
  const many = inputs(4096, 64);
  const targets = inputs(4096, 2, 5);

  it('the event loop turns while it trains', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const begin = performance.now();
    const options = { ...quiet, epochs: 1000, signal: AbortSignal.timeout(300) };
    await rejection(big().fit(many, targets, options));
    clearInterval(timer);
    // A loop that were blocked for the length of the run would tick once.
    expect(ticks).toBeGreaterThan((performance.now() - begin) / 100);
  });

  it('predictSync and predict between the steps of a run', async () => {
    const model = big();
    const one = many.slice(0, 1);
    model.build([null, 64]);
    const controller = new AbortController();
    const options = { ...quiet, epochs: 1e6, signal: controller.signal };
    const run = rejection(model.fit(many, targets, options));
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const [value] = model.predictSync(one).dataSync();
      expect(Number.isFinite(value)).toBe(true);
      seen.add(value);
      if (i % 5 === 0) expect((await model.predict(one)).shape).toEqual([1, 2]);
    }
    expect(seen.size).toBeGreaterThan(1);
    controller.abort();
    await run;
    expect(weightsOf(model).every(Number.isFinite)).toBe(true);
  });
});
