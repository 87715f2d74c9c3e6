// The native softmax family on every instruction set, on rows of all the widths at which the kernels
// change their way: against double precision, a row by itself against the same row among others, and
// the same bits for any number of threads.
import { describe, expect, it } from 'vitest';
import type { Addon } from '../../lib/backend/native.js';
import { backend } from '../../lib/backend/select.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { type Isa, loadIsa, NativeKernel } from '../support/native-kernel.js';
import { random, randomInts } from './kernels/case.js';

/** Narrow rows, groups of sixteen, eight, … and two rows, and rows alone. */
const widths = [1, 3, 10, 16, 31, 32, 33, 64, 100, 129, 300, 512, 700, 1025, 5000];
const rows = 37;

type Operands = { readonly data: Float32Array | Int32Array; readonly perRow: boolean }[];

const bytesOf = ({ buffer }: Float32Array) => Buffer.from(buffer);
// A matcher would look at every number by itself.
const sameBits = (a: Float32Array, b: Float32Array) => bytesOf(a).equals(bytesOf(b));

/** Runs a kernel on rows [from, to), whose operands have as many elements per row as they say. */
function run(
  addon: Addon,
  kernel: string,
  operands: Operands,
  n: number,
  from: number,
  to: number,
) {
  const shape = (perRow: boolean): Shape => (perRow ? [to - from] : [to - from, n]);
  const infos = operands.map(({ data, perRow }) => ({
    dtype: data instanceof Int32Array ? ('int32' as const) : ('float32' as const),
    shape: shape(perRow),
  }));
  const parts = operands.map(({ data, perRow }) => {
    const step = perRow ? 1 : n;
    return data.slice(from * step, to * step);
  });
  const call = new NativeKernel(
    addon,
    kernel,
    infos,
    shape(kernel === 'sparseSoftmaxCrossEntropy'),
    {},
  );
  const once = (threads: number) => {
    const y = new Float32Array((to - from) * (kernel === 'sparseSoftmaxCrossEntropy' ? 1 : n));
    call.runInto(y, parts, threads);
    return y;
  };
  const y = once(1);
  expect(sameBits(once(3), y), 'other bits with 3 threads').toBe(true);
  call.unload();
  return y;
}

const softmaxOf = (x: Float32Array): number[] => {
  const largest = Math.max(...x);
  const e = Array.from(x, (v) => Math.exp(v - largest));
  const sum = e.reduce((total, v) => total + v, 0);
  return e.map((v) => v / sum);
};

describe.runIf(backend() === 'native').each<Isa>(['baseline', 'avx2', 'avx512'])('%s', (isa) => {
  const addon = loadIsa(isa);

  it.each(widths)('a row of %i is the same alone, in a rest and among others', (n) => {
    const x = Float32Array.from(random([rows, n], 1, [-8, 8]).data);
    const dy = Float32Array.from(random([rows, n], 2).data);
    const labels = Int32Array.from(randomInts([rows], 3, [0, n]).data);
    const dloss = Float32Array.from(random([rows], 4).data);
    const [wide, other] = [x, dy].map((data) => ({ data, perRow: false }));
    const [label, slope] = [labels, dloss].map((data) => ({ data, perRow: true }));
    for (const [kernel, operands] of [
      ['softmax', [wide]],
      ['logSoftmax', [wide]],
      ['softmaxGrad', [other, wide]],
      ['sparseSoftmaxCrossEntropy', [wide, label]],
      ['sparseSoftmaxCrossEntropyGrad', [wide, label, slope]],
    ] as const) {
      const whole = run(addon, kernel, [...operands], n, 0, rows);
      const step = whole.length / rows;
      for (const [from, to] of [
        [0, 1],
        [20, 36],
        [rows - 3, rows],
      ]) {
        const part = run(addon, kernel, [...operands], n, from, to);
        expect(sameBits(part, whole.slice(from * step, to * step)), kernel).toBe(true);
      }
    }
  });

  it.each([10, 64, 700, 5000])(
    'probabilities in rows of %i are right to 8 ULP, however small',
    (n) => {
      // Down to e⁻¹⁰⁰, which float32 has with fewer bits or not at all; differences are exact.
      const x = Float32Array.from({ length: rows * n }, (_, i) => -((i * 7919) % 6400) / 64);
      const y = run(addon, 'softmax', [{ data: x, perRow: false }], n, 0, rows);
      for (let row = 0; row < rows; row++) {
        const expected = softmaxOf(x.subarray(row * n, (row + 1) * n));
        for (const [c, p] of expected.entries()) {
          const unit = Math.max(2 ** (Math.floor(Math.log2(p)) - 23), 2 ** -149);
          const error = Math.abs(y[row * n + c] - p) / unit;
          if (error > 8) expect(error, `row ${row}, class ${c}: ${p}`).toBeLessThanOrEqual(8);
        }
      }
    },
  );

  it.each([10, 64, 5000])(
    'a class of −∞ in rows of %i gets no probability and no gradient',
    (n) => {
      const x = Float32Array.from({ length: rows * n }, (_, i) =>
        i % n === 2 ? -Infinity : i % 7,
      );
      const wide = { data: x, perRow: false };
      const label = { data: new Int32Array(rows), perRow: true };
      const slope = { data: new Float32Array(rows).fill(1000), perRow: true };
      const p = run(addon, 'softmax', [wide], n, 0, rows);
      const dx = run(addon, 'sparseSoftmaxCrossEntropyGrad', [wide, label, slope], n, 0, rows);
      for (let row = 0; row < rows; row++) {
        expect(p[row * n + 2]).toBe(0);
        expect(dx[row * n + 2]).toBe(0);
      }
    },
  );

  it('NaN, and +∞, make their own row NaN and no other', () => {
    for (const n of [10, 64, 5000]) {
      const x = Float32Array.from(random([rows, n], 1, [-8, 8]).data);
      x[3 * n + 1] = Number.NaN;
      x[20 * n + n - 1] = Infinity;
      const y = run(addon, 'softmax', [{ data: x, perRow: false }], n, 0, rows);
      for (let row = 0; row < rows; row++) {
        const whole = y.subarray(row * n, (row + 1) * n);
        if (row === 3) expect(whole.every(Number.isNaN)).toBe(true);
        else if (row === 20) expect(whole[n - 1]).toBeNaN();
        else expect(whole.some(Number.isNaN)).toBe(false);
      }
    }
  });
});
