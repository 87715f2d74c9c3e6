// neurone as a user has it: the built package, `fit`, `predict`, `predictSync`.

import { bandwidth } from './bandwidth.js';
import { syntheticData } from './data.js';
import { imageStream } from './imageStream.js';
import {
  bitsOfWeights,
  compileTime,
  growthOverFits,
  growthOverPredictions,
} from './neuroneOnly.js';
import { serve } from './serve.js';
import { filesOf } from './wholeFiles.js';

const neurone = await import('neurone');

const { Activation, Add, BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Dropout } =
  neurone.layers;
const { Flatten, GlobalAveragePooling2D, MaxPooling2D, Rescaling } = neurone.layers;

const makers = {
  rescale: ({ scale }) => new Rescaling(scale),
  dense: ({ units, activation }) => new Dense(units, { activation }),
  dropout: ({ rate }) => new Dropout(rate),
  activation: ({ name }) => new Activation(name),
  flatten: () => new Flatten(),
  batchNorm: () => new BatchNormalization(),
  globalAverage: () => new GlobalAveragePooling2D(),
  maxPool: ({ size, stride, padding }) => new MaxPooling2D(size, { strides: stride, padding }),
  conv: ({ filters, kernel, stride, padding, bias, activation }) =>
    new Conv2D(filters, kernel, { strides: stride, padding, useBias: bias, activation }),
  depthwise: ({ kernel, stride, padding }) =>
    new DepthwiseConv2D(kernel, { strides: stride, padding, useBias: false }),
};

function apply(layers, x) {
  return layers.reduce((y, layer) => {
    if (layer.type !== 'residual') return makers[layer.type](layer).apply(y);
    return new Add().apply([apply(layer.body, y), apply(layer.shortcut, y)]);
  }, x);
}

/** Sequential where the network is one. */
function networkOf({ layers, input, dtype }) {
  if (layers.every(({ type }) => type !== 'residual')) {
    return new neurone.Sequential(layers.map((layer) => makers[layer.type](layer)));
  }
  const inputs = neurone.input(input, { dtype });
  return new neurone.Model({ inputs, outputs: apply(layers, inputs) });
}

function network(workload) {
  const model = networkOf(workload);
  const { Adam, SGD } = neurone.optimizers;
  const optimizer =
    workload.optimizer === 'adam' ? new Adam(1e-3) : new SGD(1e-3, { momentum: 0.9 });
  model.compile({ optimizer, loss: workload.loss });
  return model;
}

function tensors(workload) {
  const { x, y, yShape } = syntheticData(workload);
  const shape = [workload.rows, ...workload.input];
  return {
    x: neurone.tensor(x, { shape, dtype: workload.dtype }),
    y: neurone.tensor(y, { shape: yShape }),
  };
}

function create(workload) {
  const model = network(workload);
  const { rows, input, batchSize } = workload;
  if (workload.mode === 'predictOne') {
    const { x } = syntheticData(workload);
    const shape = [1, ...input];
    return { rows, one: () => model.predictSync(neurone.tensor(x, { shape })).dataSync() };
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

const files = filesOf(neurone, network);

await serve(async (workload) => create(workload), {
  files: ({ workload }) => files(workload),
  peak,
  bandwidth: (request) => bandwidth(neurone, request),
  imageStream: (request) => imageStream(neurone, request),
  compileTime: () => compileTime(network, tensors),
  bits: ({ workload }) => bitsOfWeights(neurone, network(workload), tensors(workload), workload),
  fits: ({ workload, count }) =>
    growthOverFits(() => network(workload), tensors(workload), workload, count),
  predictions: ({ workload, count }) =>
    growthOverPredictions(network(workload), tensors(workload).x, count),
});
