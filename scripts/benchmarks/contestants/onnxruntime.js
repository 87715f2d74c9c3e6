// onnxruntime-node, inference only: `node …/onnxruntime.js FOLDER THREADS PYTHON`, where FOLDER holds its
// node_modules and PYTHON, with onnx, writes the network. Its pool spins for some milliseconds after a run, then sleeps.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syntheticData } from './data.js';
import { serve } from './serve.js';

const [folder, threads, python] = process.argv.slice(2);
const { InferenceSession, Tensor } = createRequire(join(folder, 'package.json'))(
  'onnxruntime-node',
);

function networkOf(workload) {
  const scratch = mkdtempSync(join(tmpdir(), 'neurone-bench-'));
  const path = join(scratch, 'network.onnx');
  const script = fileURLToPath(new URL('make_onnx.py', import.meta.url));
  try {
    execFileSync(python, [script, JSON.stringify(workload), path], { stdio: ['ignore', 2, 2] });
    return readFileSync(path);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

await serve(async (workload) => {
  const session = await InferenceSession.create(networkOf(workload), {
    executionProviders: ['cpu'],
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const { rows, input, batchSize } = workload;
  const size = input.reduce((n, length) => n * length, 1);
  const shape = [...input.slice(-1), ...input.slice(0, -1)]; // channels first
  const { x } = syntheticData(workload);
  const run = (values, count) =>
    session.run({ x: new Tensor('float32', values, [count, ...shape]) });
  if (workload.mode === 'predictOne') {
    return { rows, one: () => run(x, 1).then(({ y }) => y.data) };
  }
  return {
    rows,
    async epochs(count) {
      const stride = batchSize * size;
      for (let i = 0; i < count; i++) {
        for (let at = 0; at < x.length; at += stride) {
          const { y } = await run(x.subarray(at, at + stride), batchSize);
          if (y.data.length !== batchSize * workload.outputs) throw new Error('short output');
        }
      }
    },
  };
});
