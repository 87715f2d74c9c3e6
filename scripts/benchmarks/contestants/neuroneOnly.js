// What only neurone is asked for: compile time, equal bits, flat memory.

import { performance } from 'node:perf_hooks';
import { median } from '../statistics.js';
import { tinyOf } from '../workloads.js';

const PROGRAMS = 30;
const WARM_AFTER = 10;

async function timed(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/**
 * Milliseconds by which the first training step of a new structure is longer than a steady one: every
 * model has widths of its own, so that no program comes from the cache; the first ones warm the JIT.
 */
export async function compileTime(network, tensors) {
  const excess = [];
  for (let i = 0; i < PROGRAMS; i++) {
    const workload = { ...tinyOf([64 + i, 32 + i]), rows: 32 };
    const model = network(workload);
    model.build([null, ...workload.input]);
    const { x, y } = tensors(workload);
    const step = () => model.trainOnBatch(x, y);
    const first = await timed(step);
    const steady = [];
    for (let k = 0; k < 10; k++) steady.push(await timed(step));
    if (i >= WARM_AFTER) excess.push(first - median(steady));
  }
  return { milliseconds: excess };
}

/** SHA-256 of the weights after a short seeded training. */
export async function bitsOfWeights(neurone, model, { x, y }, { batchSize }) {
  neurone.setRandomSeed(7);
  await model.fit(x, y, { batchSize, epochs: 2, verbose: 0 });
  const { createHash } = await import('node:crypto'); // not while the start is measured
  const hash = createHash('sha256');
  for (const weight of await model.getWeights()) {
    const values = await weight.data();
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return { bits: hash.digest('hex') };
}

/** RSS after each tenth of `count` calls. */
async function rssByTenth(count, action) {
  const rss = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const pending = action(count / 10);
    if (pending instanceof Promise) await pending;
    rss.push(process.memoryUsage.rss());
  }
  return { rssByTenth: rss };
}

/** Every fit is of a new model, as in a search over seeds. */
export function growthOverFits(newModel, { x, y }, { batchSize }, count) {
  return rssByTenth(count, async (fits) => {
    for (let i = 0; i < fits; i++) {
      await newModel().fit(x, y, { batchSize, epochs: 1, verbose: 0 });
    }
  });
}

/** A synchronous loop: no finalizer and no timer gets a turn within a tenth. */
export async function growthOverPredictions(model, x, count) {
  return rssByTenth(count, (calls) => {
    for (let i = 0; i < calls; i++) model.predictSync(x).dataSync();
  });
}
