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

function perceptron(workload) {
  const model = tf.sequential();
  workload.hidden.forEach((units, i) => {
    const inputShape = i === 0 ? [workload.features] : undefined;
    model.add(tf.layers.dense({ units, activation: 'relu', inputShape }));
    if (workload.dropout > 0) model.add(tf.layers.dropout({ rate: workload.dropout }));
  });
  const sparse = workload.loss === 'sparse_categorical_crossentropy';
  model.add(
    tf.layers.dense({ units: workload.outputs, activation: sparse ? 'softmax' : 'linear' }),
  );
  const optimizer =
    workload.optimizer === 'adam' ? tf.train.adam(1e-3) : tf.train.momentum(1e-3, 0.9);
  const loss = sparse ? 'sparseCategoricalCrossentropy' : 'meanSquaredError';
  model.compile({ optimizer, loss });
  return model;
}

await serve(async (workload) => {
  const model = perceptron(workload);
  const { rows, features, batchSize } = workload;
  const { x, y, yShape } = syntheticData({ ...workload, dtype: 'float32' }); // it has no uint8
  const inputs = tf.tensor2d(x, [rows, features]);
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
