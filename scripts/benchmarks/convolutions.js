#!/usr/bin/env node
// GFLOP/s of the convolution kernels on training shapes, in per cent of what the matrix product kernel
// reaches in the same run. FLOPs are those of the definition, so an algorithm with fewer can pass 100 %.
// For one image the weights of the forward direction are constant, as in predictions.
//
//   node scripts/benchmarks/convolutions.js [--threads n] [--only text] [--seconds s] [--json]
//
// NEURONE_ISA and NEURONE_CONV choose instruction set and algorithm.

import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '0.06' },
    json: { type: 'boolean', default: false },
  },
});
delete process.env.OPENBLAS_CORETYPE;

const addon = createRequire(import.meta.url)('../../build/Release/neurone.node');
const progress = new Int32Array(new SharedArrayBuffer(4));
addon.start(() => {}, progress);
addon.setThreads(Number(options.threads));

const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);

/** One kernel call as the addon's numbers, its last input a state; see lib/backend/encode.ts. */
function load({ kernel, inputs, output, attrs, flops, constant = false }) {
  const [float32, input, state, outputKind] = [0, 0, 2, 4];
  const last = inputs.length - 1;
  const words = [inputs.length + 1, 1, 0, 0, last, 0, 1, 1, 0, constant ? 1 : 0];
  for (const [i, shape] of inputs.entries()) {
    words.push(float32, ...(i < last ? [input, i] : [state, 0]), shape.length, ...shape);
  }
  words.push(float32, outputKind, 0, output.length, ...output);
  words.push(addon.kernels.indexOf(kernel), inputs.length, ...inputs.keys(), 1, inputs.length);
  const list = attrs.flatMap((value) =>
    Array.isArray(value) ? [value.length, ...value] : [value],
  );
  words.push(list.length, ...list, flops / 50);
  return addon.load(Float64Array.from(words));
}

/** Prepares a call and returns how it is measured: GFLOP/s over about so many seconds. */
function prepare(call) {
  const id = load(call);
  const arrays = call.inputs.map((shape) =>
    Float32Array.from({ length: sizeOf(shape) }, () => Math.random() - 0.5),
  );
  const y = new Float32Array(sizeOf(call.output));
  const run = (steps) => {
    const [chain, version] = [0, 1];
    const numbers = Float64Array.of(steps, chain, version);
    const result = new Float64Array(5);
    const before = process.hrtime.bigint();
    const states = arrays.slice(-1);
    const inputs = arrays.slice(0, -1);
    addon.wait(addon.enqueue(id, inputs, states, states, [y], [], [], numbers, result));
    return Number(process.hrtime.bigint() - before) / 1e9 / steps;
  };
  const once = Math.min(run(1), run(1));
  const steps = Math.max(1, Math.round(Number(options.seconds) / 3 / once));
  const measure = () => call.flops / Math.min(run(steps), run(steps), run(steps)) / 1e9;
  return { measure, method: addon.methods(id)[0], done: () => addon.unload(id) };
}

/** [images, size, channels, filters, kernel, stride], padded as 'same' unless `valid`. */
const shapes = {
  'ResNet-20 stage 1': [128, 32, 16, 16, 3, 1],
  'ResNet-20 stage 2 in': [128, 32, 16, 32, 3, 2],
  'ResNet-20 stage 2': [128, 16, 32, 32, 3, 1],
  'ResNet-20 stage 3 in': [128, 16, 32, 64, 3, 2],
  'ResNet-20 stage 3': [128, 8, 64, 64, 3, 1],
  'ResNet-20 first': [128, 32, 3, 16, 3, 1],
  'VGG 64': [64, 32, 64, 64, 3, 1],
  'VGG 64-128': [64, 16, 64, 128, 3, 1],
  'VGG 128': [64, 16, 128, 128, 3, 1],
  'MNIST second': [128, 13, 32, 64, 3, 1, 'valid'],
  'MNIST first': [128, 28, 1, 32, 3, 1, 'valid'],
  'ResNet50 56 x1': [1, 56, 64, 64, 3, 1],
  'ResNet50 28 x1': [1, 28, 128, 128, 3, 1],
  'ResNet50 14 x1': [1, 14, 256, 256, 3, 1],
  'ResNet50 7 x1': [1, 7, 512, 512, 3, 1],
  'ResNet50 56 x32': [32, 56, 64, 64, 3, 1],
  'ResNet50 28 x32': [32, 28, 128, 128, 3, 1],
  'ResNet50 14 x32': [32, 14, 256, 256, 3, 1],
  'ResNet50 7 x32': [32, 7, 512, 512, 3, 1],
  'ResNet50 28/2 x32': [32, 28, 128, 128, 3, 2],
  'ResNet50 1x1 64-256': [32, 56, 64, 256, 1, 1],
  'ResNet50 1x1 1024-256': [32, 14, 1024, 256, 1, 1],
  'ResNet50 1x1 512-2048': [32, 7, 512, 2048, 1, 1],
  'ResNet50 1x1/2 256-512': [32, 56, 256, 512, 1, 2],
  'ResNet50 first': [8, 224, 3, 64, 7, 2],
};

function callsOf([images, size, channels, filters, kernel, stride, valid]) {
  const output = Math.ceil((valid ? size - kernel + 1 : size) / stride);
  const padding = valid ? 0 : Math.max(0, (output - 1) * stride + kernel - size);
  const before = Math.floor(padding / 2);
  const both = (n) => [n, n];
  const attrs = [both(stride), both(1), both(before), both(padding - before), 1];
  const x = [images, size, size, channels];
  const w = [kernel, kernel, channels, filters];
  const y = [images, output, output, filters];
  const flops = 2 * sizeOf(y) * sizeOf(w.slice(0, 3));
  return {
    forward: {
      kernel: 'conv',
      inputs: [x, w],
      output: y,
      attrs: [...attrs, 0, 0, 0],
      flops,
      constant: images === 1,
    },
    input: {
      kernel: 'convInputGrad',
      inputs: [y, w],
      output: x,
      attrs: [both(size), ...attrs],
      flops,
    },
    kernel: {
      kernel: 'convKernelGrad',
      inputs: [x, y],
      output: w,
      attrs: [both(kernel), ...attrs],
      flops,
    },
  };
}

const n = 768;
const product = {
  kernel: 'matmul',
  inputs: [
    [n, n],
    [n, n],
  ],
  output: [n, n],
  attrs: [0, 0],
};
const peak = prepare({ ...product, flops: 2 * n ** 3 });
const results = [];
for (const [name, shape] of Object.entries(shapes)) {
  if (!name.includes(options.only)) continue;
  const best = peak.measure();
  const row = { name, shape, peak: best };
  for (const [direction, call] of Object.entries(callsOf(shape))) {
    const { measure, method, done } = prepare(call);
    row[direction] = { method, gflops: measure() };
    done();
  }
  results.push(row);
  if (options.json) continue;
  const cell = ({ method, gflops }) =>
    `${gflops.toFixed(0).padStart(5)} ${((100 * gflops) / best).toFixed(0).padStart(4)} % ${method.padEnd(10)}`;
  console.log(
    `${name.padEnd(24)} ${shape.slice(0, 6).join(' ').padEnd(20)} ${cell(row.forward)} ${cell(row.input)} ${cell(row.kernel)} (peak ${best.toFixed(0)})`,
  );
}
if (options.json) console.log(JSON.stringify(results));
process.exit(0);
