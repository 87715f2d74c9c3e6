// What native kernels make of weights that no step changes: the same bits as without, for every
// version of the weights, on every instruction set.
import { describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import type { Attrs } from '../../lib/graph/program.js';
import { type Isa, loadIsa, NativeKernel } from '../support/native-kernel.js';
import { uniforms } from './kernels/case.js';

const size = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);
const numbers = (shape: readonly number[], seed: number) =>
  Float32Array.from(uniforms(size(shape), seed), (u) => 2 * u - 1);

type Shapes = readonly (readonly number[])[];

const convolved: Attrs = {
  ...{ strides: [1, 1], dilations: [1, 1], before: [1, 1], after: [1, 1], groups: 1 },
  ...{ activation: 0, scaled: 0, residual: 0 },
};
const pointwise: Attrs = { ...convolved, before: [0, 0], after: [0, 0] };

const dense = (rows: number, inputs: number, units: number): [string, Shapes, number[], Attrs] => [
  'dense',
  [[rows, inputs], [inputs, units], [units]],
  [rows, units],
  { activation: 1 },
];

/** Kernel, inputs, output, attributes. */
const calls: readonly [string, Shapes, readonly number[], Attrs][] = [
  ...[1, 2, 3, 5, 6, 14, 15].map((rows) => dense(rows, 300, 512)),
  ...[1, 3, 7].flatMap((rows) => [dense(rows, 1001, 333), dense(rows, 2000, 130)]),
  dense(1, 500_000, 1),
  dense(1, 10, 10),
  [
    'conv',
    [
      [1, 8, 8, 40],
      [3, 3, 40, 50],
    ],
    [1, 8, 8, 50],
    convolved,
  ], // winograd
  [
    'conv',
    [
      [1, 7, 7, 128],
      [3, 3, 128, 128],
    ],
    [1, 7, 7, 128],
    convolved,
  ],
  [
    'conv',
    [
      [1, 5, 5, 48],
      [5, 5, 48, 64],
    ],
    [1, 3, 3, 64],
    convolved,
  ], // im2col
  [
    'conv',
    [
      [1, 9, 9, 64],
      [1, 1, 64, 96],
    ],
    [1, 9, 9, 96],
    pointwise,
  ],
];

describe.runIf(backend() === 'native')('native', () => {
  describe.each<Isa>(['baseline', 'avx2', 'avx512'])('%s', (isa) => {
    const addon = loadIsa(isa);

    it.each(calls)('%s of %j', (kernel, inputs, output, attrs) => {
      const changing = new NativeKernel(addon, kernel, inputs, output, attrs);
      const constant = new NativeKernel(addon, kernel, inputs, output, attrs, 1);
      for (const version of [1, 2, 3]) {
        const operands = inputs.map((shape, i) => numbers(shape, 10 * version + i));
        const expected = changing.run(operands);
        for (const threads of [1, 2, 1]) {
          const y = constant.run(operands, threads, version);
          expect(y, `version ${version}, ${threads} threads`).toEqual(expected);
        }
      }
      changing.unload();
      constant.unload();
    });

    it('is kept for a version, and made again for another', () => {
      const [kernel, inputs, output, attrs] = dense(1, 300, 512);
      const call = new NativeKernel(addon, kernel, inputs, output, attrs, 1);
      const operands = inputs.map((shape, i) => numbers(shape, i));
      call.run(operands); // met once
      const prepared = call.run(operands);
      operands[1].fill(0);
      expect(call.run(operands)).toEqual(prepared);
      expect(call.run(operands, 1, 2)).not.toEqual(prepared);
      call.unload();
    });
  });
});
