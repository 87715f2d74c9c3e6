#!/usr/bin/env node
// GB/s of the elementwise, reduction and movement kernels on shapes of image work, counting every
// operand once, in per cent of a triad's (a + b of 64 MB each) in the same run.
//
//   node scripts/benchmarks/elements.js [--threads n] [--only text] [--seconds s] [--addon path,path]
//
// Several addons are measured in turn. NEURONE_ISA chooses the instruction set.

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    threads: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '0.1' },
    addon: { type: 'string', default: 'build/Release/neurone.node' },
  },
});

const progress = new Int32Array(new SharedArrayBuffer(4));
const addons = options.addon.split(',').map((path) => {
  const addon = createRequire(import.meta.url)(resolve(path));
  addon.start(() => {}, progress);
  addon.setThreads(Number(options.threads));
  return addon;
});

const dtypes = ['f32', 'i32', 'u8', 'bool'];
const sizeOf = (shape) => shape.reduce((n, d) => n * d, 1);

/** An operand from text such as `128,32,32,3` or `u8:128,32,32,3`; `.` is a scalar. */
function operand(text) {
  const [shape, type = 'f32'] = text.split(':').reverse();
  const sizes = shape === '.' ? [] : shape.split(',').map(Number);
  return { dtype: dtypes.indexOf(type), shape: sizes };
}

function allocate({ dtype, shape }) {
  const n = sizeOf(shape);
  return dtype === 0 ? new Float32Array(n) : dtype === 1 ? new Int32Array(n) : new Uint8Array(n);
}

/** One kernel call as the addon's numbers; see lib/backend/encode.ts. */
function load(addon, { kernel, inputs, output, attrs, bytes }) {
  const words = [inputs.length + 1, 1, 0, 0, inputs.length, 0, 0, 1, 0];
  for (const [i, { dtype, shape }] of inputs.entries())
    words.push(dtype, 0, i, shape.length, ...shape);
  words.push(output.dtype, 4, 0, output.shape.length, ...output.shape);
  words.push(addon.kernels.indexOf(kernel), inputs.length, ...inputs.keys(), 1, inputs.length);
  const list = attrs.flatMap((value) =>
    Array.isArray(value) ? [value.length, ...value] : [value],
  );
  words.push(list.length, ...list, bytes / 16);
  return addon.load(Float64Array.from(words));
}

/** The least seconds of a call with each addon, measured in turn. */
function measure(call) {
  const arrays = call.inputs.map((input) => {
    const array = allocate(input);
    for (let i = 0; i < array.length; i++) {
      array[i] =
        input.dtype === 0 ? Math.random() : Math.random() * (input.dtype === 3 ? 2 : call.n);
    }
    return array;
  });
  const y = allocate(call.output);
  const ids = addons.map((addon) => load(addon, call));
  const run = (addon, id, steps) => {
    const before = process.hrtime.bigint();
    addon.wait(
      addon.enqueue(
        id,
        arrays,
        [],
        [],
        [y],
        [],
        [],
        Float64Array.of(steps, 0),
        new Float64Array(5),
      ),
    );
    return Number(process.hrtime.bigint() - before) / 1e9 / steps;
  };
  const best = addons.map((addon, i) => Math.min(run(addon, ids[i], 1), run(addon, ids[i], 1)));
  for (let round = 0; round < 4; round++) {
    for (const [i, addon] of addons.entries()) {
      const steps = Math.max(1, Math.round(Number(options.seconds) / 4 / best[i]));
      best[i] = Math.min(best[i], run(addon, ids[i], steps));
    }
  }
  for (const [i, addon] of addons.entries()) addon.unload(ids[i]);
  return best;
}

/** `kernel inputs… > output attrs (as JSON)`; integer inputs are below `n`. */
function call(text, n = 256) {
  const [before, after] = text.split(' > ');
  const [kernel, ...inputs] = before.split(' ');
  const [output, attrs = '[]'] = after.split(' ');
  const operands = inputs.map(operand);
  const y = operand(output);
  const bytesOf = ({ dtype, shape }) => sizeOf(shape) * (dtype < 2 ? 4 : 1);
  // These read as much of their table as they write.
  const read = { gather: [operands[1], y], slice: [y] }[kernel] ?? operands;
  const bytes = [...read, y].reduce((sum, value) => sum + bytesOf(value), 0);
  return { title: text, kernel, inputs: operands, output: y, attrs: JSON.parse(attrs), bytes, n };
}

const triad = call('add 16777216 16777216 > 16777216');

const calls = [
  call('multiply 128,32,32,1 128,32,32,3 > 128,32,32,3'),
  call('add 128,32,32,3 128,32,32,1 > 128,32,32,3'),
  call('multiply 128,32,32,3 3 > 128,32,32,3'),
  call('multiply 128,32,32,16 16 > 128,32,32,16'),
  call('subtract 128,1,1,3 128,32,32,3 > 128,32,32,3'),
  call('multiply 128,1,1,64 128,16,16,64 > 128,16,16,64'),
  call('subtract 131072,10 131072,1 > 131072,10'),
  call('multiply 32,112,112,32 32 > 32,112,112,32'),
  call('greater 128,32,32,3 128,32,32,1 > bool:128,32,32,3'),
  call('multiply 16,224,224,1 16,224,224,3 > 16,224,224,3'),
  call('add 4194304 4194304 > 4194304'),
  call('sum 128,32,2,32,2,3 > 128,32,32,3 [[2,4],0]'),
  call('max 128,16,2,16,2,16 > 128,16,16,16 [[2,4],0]'),
  call('sum 128,32,32,3 > 128,32,32,1 [[3],1]'),
  call('sum 131072,10 > 131072 [[1],0]'),
  call('max 131072,10 > 131072 [[1],0]'),
  call('sum 32,7,7,1280 > 32,1280 [[1,2],0]'),
  call('sum 128,8,8,64 > 128,64 [[1,2],0]'),
  call('max 128,8,8,64 > 128,64 [[1,2],0]'),
  call('sum 128,32,32,3 > 128,3 [[1,2],0]'),
  call('sum 128,64,3136 > 128,64 [[2],0]'),
  ...[3, 10, 16, 32, 64, 128, 512].map((c) => {
    const rows = Math.min(131072, Math.floor(2 ** 25 / c));
    return call(`sum ${rows},${c} > ${c} [[0],0]`);
  }),
  call('sum 128,512 > 512 [[0],0]'),
  call('gather 50000,3 i32:131072 > 131072,3 [0]', 50000),
  call('gather 5000,32 i32:65536 > 65536,32 [0]', 5000),
  call('gather 5000,1 i32:262144 > 262144,1 [0]', 5000),
  call('gather 64,512,8 i32:256 > 64,256,8 [1]', 512),
  call('gather 64,4096 i32:2048 > 64,2048 [1]', 4096),
  call('where bool:128,32,32,3 128,32,32,3 . > 128,32,32,3'),
  call('where bool:128,32,32,1 128,32,32,3 128,32,32,3 > 128,32,32,3'),
  call('where bool:16777216 16777216 16777216 > 16777216'),
  call('cast u8:128,32,32,3 > 128,32,32,3'),
  call('cast u8:32,224,224,3 > 32,224,224,3'),
  call('cast 4194304 > bool:4194304'),
  call('multiply 32,224,224,3 . > 32,224,224,3'),
  call('multiply 128,32,32,3 . > 128,32,32,3'),
  call('transpose 128,32,32,3 > 128,3,32,32 [[0,3,1,2]]'),
  call('transpose 128,3,32,32 > 128,32,32,3 [[0,2,3,1]]'),
  call('transpose 32,56,56,64 > 32,64,56,56 [[0,3,1,2]]'),
  call('transpose 32,64,56,56 > 32,56,56,64 [[0,2,3,1]]'),
  call('transpose 1024,1024 > 1024,1024 [[1,0]]'),
  call('transpose 128,32,64 > 32,128,64 [[1,0,2]]'),
  call('transpose 32,128,8,16 > 32,8,128,16 [[0,2,1,3]]'),
  call('transpose u8:128,32,32,3 > u8:128,3,32,32 [[0,3,1,2]]'),
  call('concat 128,32,32,1 128,32,32,2 > 128,32,32,3 [3]'),
  call('concat 128,32,32,16 128,32,32,16 > 128,32,32,32 [3]'),
  call('concat 32,56,56,256 32,56,56,32 > 32,56,56,288 [3]'),
  call('slice 128,32,32,3 > 128,32,32,1 [[0,0,0,1],[1,1,1,1]]'),
  call('slice 128,32,32,32 > 128,32,32,16 [[0,0,0,8],[1,1,1,1]]'),
  call('slice 128,32,32,3 > 128,32,32,3 [[0,0,31,0],[1,1,-1,1]]'),
  call('slice 128,32,32,3 > 128,28,28,3 [[0,2,2,0],[1,1,1,1]]'),
  call('slice 128,32,32,16 > 128,16,16,16 [[0,0,0,0],[1,2,2,1]]'),
  call('broadcastTo 128,32,1,32,1,3 > 128,32,2,32,2,3 []'),
  call('broadcastTo 128,1,1,64 > 128,8,8,64 []'),
  call('pad 128,32,32,3 . > 128,36,36,3 [[0,2,2,0],[0,2,2,0]]'),
  call('pad 128,32,32,16 . > 128,34,34,16 [[0,1,1,0],[0,1,1,0]]'),
];

const reference = triad.bytes / measure(triad)[0] / 1e9;
console.log(`triad ${reference.toFixed(1)} GB/s, ${options.threads} thread(s)`);
for (const each of calls) {
  if (!each.title.includes(options.only)) continue;
  const cells = measure(each).map((seconds) => {
    const rate = each.bytes / seconds / 1e9;
    return `${(seconds * 1e3).toFixed(3).padStart(8)} ms ${rate.toFixed(1).padStart(6)} GB/s ${((100 * rate) / reference).toFixed(0).padStart(4)} %`;
  });
  console.log(`${each.title.padEnd(66)} ${cells.join('  → ')}`);
}
process.exit(0);
