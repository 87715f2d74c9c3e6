// TensorFlow.js: `node scripts/benchmarks/contestants/tfjs.js FOLDER cpu|wasm|node`, where FOLDER holds
// its node_modules.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { syntheticData } from './data.js';
import { serve } from './serve.js';

const [folder, variant] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const packageName = variant === 'node' ? '@tensorflow/tfjs-node' : '@tensorflow/tfjs';
console.log = console.error;
const tf = require(packageName);

if (variant === 'wasm') {
  const { setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/'));
}
if (variant !== 'node') await tf.setBackend(variant);
await tf.ready();

const makers = {
  dense: ({ units, activation }) => tf.layers.dense({ units, activation: activation ?? 'linear' }),
  dropout: ({ rate }) => tf.layers.dropout({ rate }),
  activation: ({ name }) => tf.layers.activation({ activation: name }),
  flatten: () => tf.layers.flatten(),
  batchNorm: () => tf.layers.batchNormalization(),
  globalAverage: () => tf.layers.globalAveragePooling2d({}),
  maxPool: ({ size, stride, padding }) =>
    tf.layers.maxPooling2d({ poolSize: size, strides: stride, padding }),
  conv: ({ filters, kernel, stride, padding, bias, activation = 'linear' }) =>
    tf.layers.conv2d({
      ...{ filters, kernelSize: kernel, strides: stride, padding },
      ...{ useBias: bias, activation },
    }),
  depthwise: ({ kernel, stride, padding }) =>
    tf.layers.depthwiseConv2d({ kernelSize: kernel, strides: stride, padding, useBias: false }),
};

function apply(layers, x) {
  return layers.reduce((y, layer) => {
    if (layer.type === 'rescale') return y; // its data is scaled already
    if (layer.type !== 'residual') return makers[layer.type](layer).apply(y);
    return tf.layers.add().apply([apply(layer.body, y), apply(layer.shortcut, y)]);
  }, x);
}

function network(workload) {
  const inputs = tf.input({ shape: workload.input });
  const model = tf.model({ inputs, outputs: apply(workload.layers, inputs) });
  const sparse = workload.loss === 'sparse_categorical_crossentropy';
  const optimizer =
    workload.optimizer === 'adam' ? tf.train.adam(1e-3) : tf.train.momentum(1e-3, 0.9);
  const loss = sparse ? 'sparseCategoricalCrossentropy' : 'meanSquaredError';
  model.compile({ optimizer, loss });
  return model;
}

await serve(async (workload) => {
  const model = network(workload);
  const { rows, input, batchSize } = workload;
  const { x, y, yShape } = syntheticData({ ...workload, dtype: 'float32' }); // it has no uint8
  const inputs = tf.tensor(x, [rows, ...input]);
  const targets = tf.tensor(Float32Array.from(y), yShape);
  if (workload.mode === 'train') {
    const options = { batchSize, shuffle: true, verbose: 0 };
    return { rows, epochs: (epochs) => model.fit(inputs, targets, { ...options, epochs }) };
  }
  return {
    rows,
    async epochs(count) {
      for (let i = 0; i < count; i++) {
        const outputs = model.predict(inputs, { batchSize });
        await outputs.data();
        outputs.dispose();
      }
    },
  };
});
