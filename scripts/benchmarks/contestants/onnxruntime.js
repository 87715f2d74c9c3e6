// onnxruntime-node, inference only: `node …/onnxruntime.js FOLDER THREADS MODEL.onnx`, where FOLDER
// holds its node_modules. Its pool spins for some milliseconds after a run, then sleeps.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { syntheticData } from './data.js';
import { serve } from './serve.js';

const [folder, threads, model] = process.argv.slice(2);
const { InferenceSession, Tensor } = createRequire(join(folder, 'package.json'))(
  'onnxruntime-node',
);

await serve(async (workload) => {
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const { rows, features, batchSize } = workload;
  const { x } = syntheticData(workload);
  const run = (values, count) =>
    session.run({ x: new Tensor('float32', values, [count, features]) });
  if (workload.mode === 'predictOne') {
    return { rows, one: () => run(x, 1).then(({ y }) => y.data) };
  }
  return {
    rows,
    async epochs(count) {
      const stride = batchSize * features;
      for (let i = 0; i < count; i++) {
        for (let at = 0; at < x.length; at += stride) {
          const { y } = await run(x.subarray(at, at + stride), batchSize);
          if (y.data.length !== batchSize * workload.outputs) throw new Error('short output');
        }
      }
    },
  };
});
