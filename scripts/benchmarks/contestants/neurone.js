// neurone as a user has it: the built package, `fit`, `predict`, `predictSync`.

import { syntheticData } from './data.js';
import {
  bitsOfWeights,
  compileTime,
  growthOverFits,
  growthOverPredictions,
} from './neuroneOnly.js';
import { serve } from './serve.js';
import { filesOf } from './wholeFiles.js';

const neurone = await import('neurone');

function perceptron(workload) {
  const { Dense, Dropout, Rescaling } = neurone.layers;
  const model = new neurone.Sequential();
  if (workload.dtype === 'uint8') model.add(new Rescaling(1 / 255));
  for (const units of workload.hidden) {
    model.add(new Dense(units, { activation: 'relu' }));
    if (workload.dropout > 0) model.add(new Dropout(workload.dropout));
  }
  const sparse = workload.loss === 'sparse_categorical_crossentropy';
  model.add(new Dense(workload.outputs, { activation: sparse ? 'softmax' : 'linear' }));
  const { Adam, SGD } = neurone.optimizers;
  const optimizer =
    workload.optimizer === 'adam' ? new Adam(1e-3) : new SGD(1e-3, { momentum: 0.9 });
  model.compile({ optimizer, loss: workload.loss });
  return model;
}

function tensors(workload) {
  const { x, y, yShape } = syntheticData(workload);
  return {
    x: neurone.tensor(x, { shape: [workload.rows, workload.features], dtype: workload.dtype }),
    y: neurone.tensor(y, { shape: yShape }),
  };
}

function create(workload) {
  const model = perceptron(workload);
  const { rows, features, batchSize } = workload;
  if (workload.mode === 'predictOne') {
    const { x } = syntheticData(workload);
    return {
      rows,
      one: () => model.predictSync(neurone.tensor(x, { shape: [1, features] })).dataSync(),
    };
  }
  const { x, y } = tensors(workload);
  if (workload.mode === 'predict') {
    return {
      rows,
      async epochs(count) {
        for (let i = 0; i < count; i++) await (await model.predict(x, { batchSize })).data();
      },
    };
  }
  return { rows, epochs: (epochs) => model.fit(x, y, { batchSize, epochs, verbose: 0 }) };
}

/** Best GFLOP/s of a 2048³ product within `seconds`. */
async function peak({ seconds }) {
  const size = 2048;
  const operand = () =>
    neurone.tensor(new Float32Array(size ** 2).fill(0.5), { shape: [size, size] });
  const [a, b] = [operand(), operand()];
  // One column is read back, so that the copy of the result does not count.
  const product = neurone.compile((p, q) => p.matmul(q).slice(0, 1));
  let best = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const start = performance.now();
    await product(a, b).data();
    best = Math.min(best, performance.now() - start);
  }
  return { gflops: (2 * size ** 3) / best / 1e6 };
}

const files = filesOf(neurone, perceptron);

await serve(async (workload) => create(workload), {
  files: ({ workload }) => files(workload),
  peak,
  compileTime: () => compileTime(perceptron, tensors),
  bits: ({ workload }) => bitsOfWeights(neurone, perceptron(workload), tensors(workload), workload),
  fits: ({ workload, count }) =>
    growthOverFits(() => perceptron(workload), tensors(workload), workload, count),
  predictions: ({ workload, count }) =>
    growthOverPredictions(perceptron(workload), tensors(workload).x, count),
});
