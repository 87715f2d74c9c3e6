// sort, topK, takeAlongAxis and running totals, on the backend under test.
import { describe, expect, it } from 'vitest';
import { compile, grad } from '../../lib/graph/compile.js';
import { cumprod, cumsum } from '../../lib/ops/cumulative.js';
import * as d from '../../lib/ops/derived.js';
import { multiply, square } from '../../lib/ops/elementwise.js';
import { sum } from '../../lib/ops/reduce.js';
import { argsort, inTopK, sort, takeAlongAxis, topK } from '../../lib/ops/sort.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { expectClose, expectTensor } from '../support/close.js';
import { checkGradient, distinct, real } from '../support/gradcheck.js';
import { seeded } from '../support/random.js';
import '../../lib/graph/evaluate.js';
import '../../lib/ops/methods.js';

const ints = (values: number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });
const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

describe('order', () => {
  const x = tensor([
    [3, 1, 2],
    [0, 5, 0],
  ]);

  it('argsort is stable, along any axis and both ways', () => {
    expectTensor(argsort(x), [2, 3], [1, 2, 0, 0, 2, 1]);
    expectTensor(argsort(x, 1, { descending: true }), [2, 3], [0, 2, 1, 1, 0, 2]);
    expectTensor(argsort(x, 0), [2, 3], [1, 0, 1, 0, 1, 0]);
    expectTensor(argsort(tensor([0, -0, 0])), [3], [0, 1, 2]);
  });

  it('sort puts NaN last, and is of whole numbers too', () => {
    expectTensor(sort(tensor([2, nan, -inf, inf, -2])), [5], [-inf, -2, 2, inf, nan]);
    expect(sort(ints([3, -7, 2])).dataSync()).toEqual(Int32Array.of(-7, 2, 3));
    expectTensor(sort(x, 0), [2, 3], [0, 1, 0, 3, 5, 2]);
    expectTensor(sort(tensor([], { shape: [2, 0] })), [2, 0], []);
  });

  it.each([
    [1, 5],
    [40, 48],
    [3, 49],
    [7, 300],
    [2, 70_000],
  ])('sorts %i rows of %i', (rows, n) => {
    const values = Float32Array.from(seeded(n).uniforms(rows * n, -1e3, 1e3), (v) =>
      n === 300 ? Math.round(v / 100) + 100 : v,
    );
    const expected = Array.from({ length: rows }, (_, r) =>
      Array.from(values.subarray(r * n, (r + 1) * n).toSorted()),
    );
    const t = tensor(values, { shape: [rows, n] });
    expect(sort(t).dataSync()).toEqual(Float32Array.from(expected.flat()));
    const order = argsort(t, -1, { descending: true }).dataSync();
    for (let i = 1; i < n; i++) {
      const [a, b] = [values[order[i - 1]], values[order[i]]];
      if (a < b || (a === b && order[i - 1] > order[i])) expect.fail(`position ${i} is wrong`);
    }
  });

  it('topK gives values and positions, the first of equals first', () => {
    const [values, indices] = topK(tensor([[1, 3, 3, 2]]), 3);
    expectTensor(values, [1, 3], [3, 3, 2]);
    expectTensor(indices, [1, 3], [1, 2, 3]);
    expect(() => topK(x, 4)).toThrow('topK: expected k from 0 to 3');
    expect(() => topK(tensor(1), 1)).toThrow('topK');
  });

  it.each([0, 1, 3, 10, 11, 40])('topK(%i) is the beginning of the order', (k) => {
    const values = Float32Array.from(seeded(k).integers(80, -9, 9));
    values[7] = nan;
    for (const t of [tensor(values, { shape: [2, 40] }), ints([...values.map((v) => v || 0)])]) {
      const [found, indices] = topK(t, k);
      const expected = argsort(t, -1, { descending: true });
      const first = Array.from({ length: t.size / t.shape.at(-1)! }, (_, row) =>
        Array.from(expected.dataSync())
          .slice(row * t.shape.at(-1)!)
          .slice(0, k),
      );
      expect(Array.from(indices.dataSync())).toEqual(first.flat());
      expectTensor(found, indices.shape, Array.from(takeAlongAxis(t, indices, -1).dataSync()));
    }
  });

  it('inTopK counts ties for the target, and what is no number for none', () => {
    const rows = tensor([
      [0.1, 0.4, 0.4, 0.1],
      [0.1, 0.4, nan, 0.1],
    ]);
    const inTop = (labels: number[], k: number) =>
      Array.from(inTopK(ints(labels), rows, k).dataSync());
    expect(inTop([1, 1], 1)).toEqual([1, 0]);
    expect(inTop([2, 4], 1)).toEqual([1, 0]);
    expect(inTop([3, -1], 2)).toEqual([0, 0]);
    expect(inTop([3, 0], 3)).toEqual([1, 0]);
    expect(() => inTopK(ints([1]), rows, 1)).toThrow(
      'inTopK: expected predictions of one axis more',
    );
    expect(() => inTopK(ints([1, 1]), rows, 0)).toThrow(
      'inTopK: expected k to be 1 or more, got 0',
    );
  });

  it('takeAlongAxis counts from the end, broadcasts and refuses what is outside', async () => {
    expectTensor(takeAlongAxis(x, ints([2, -1], [2, 1]), -1), [2, 1], [2, 0]);
    expectTensor(takeAlongAxis(x, ints([1, 0, -1], [1, 3]), 0), [1, 3], [0, 1, 0]);
    expectTensor(takeAlongAxis(x, ints([0, 0, 1], [1, 3]), -1), [2, 3], [3, 3, 1, 0, 0, 5]);
    await expect(takeAlongAxis(x, ints([3, 0], [2, 1]), -1).data()).rejects.toThrow('gather');
    await expect(takeAlongAxis(x, ints([0, -4], [2, 1]), -1).data()).rejects.toThrow('gather');
    expect(() => takeAlongAxis(x, ints([0]), -1)).toThrow('takeAlongAxis: indices [1] do not fit');
  });

  it('has gradients', () => {
    checkGradient((t) => square(sort(t, 0)), [distinct([4, 3])]);
    for (const k of [1, 2]) checkGradient((t) => square(topK(t, k)[0]), [distinct([2, 5])]);
    checkGradient((t) => square(takeAlongAxis(t, ints([1, 1, 0, 2], [2, 2]), -1)), [real([2, 3])]);
  });

  it('runs in a traced function', () => {
    const median = compile((t: Tensor) => sort(t).slice(1, 2));
    expectTensor(median(tensor([9, 1, 5])), [1], [5]);
    expectTensor(median(tensor([0, 7, 3])), [1], [3]);
  });
});

describe('running totals', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it('add up and multiply along an axis', () => {
    expectTensor(cumsum(x, 0), [2, 3], [1, 2, 3, 5, 7, 9]);
    expectTensor(cumsum(x, -1, { reverse: true }), [2, 3], [6, 5, 3, 15, 11, 6]);
    expectTensor(cumsum(x), [6], [1, 3, 6, 10, 15, 21]);
    expectTensor(cumprod(x, 1), [2, 3], [1, 2, 6, 4, 20, 120]);
    expect(cumsum(ints([2 ** 31 - 1, 1])).dataSync()).toEqual(
      Int32Array.of(2 ** 31 - 1, -(2 ** 31)),
    );
    expect(cumsum(tensor([true, false, true])).dataSync()).toEqual(Int32Array.of(1, 1, 2));
    expect(() => cumsum(x, 2)).toThrow('cumSum: axis 2');
  });

  it('do not lose small numbers in a long sum', () => {
    const n = 100_000;
    const total = cumsum(tensor(new Float32Array(n).fill(0.1))).dataSync();
    expectClose([total[n - 1]], [n * Math.fround(0.1)], { relative: 1e-7 });
  });

  it('wide strips', () => {
    const [rows, columns] = [50, 333];
    const values = Float32Array.from(seeded(3).uniforms(rows * columns));
    const y = cumsum(tensor(values, { shape: [rows, columns] }), 0).dataSync();
    const expected = values.map((_, i) => {
      let total = 0;
      for (let at = i % columns; at <= i; at += columns) total += values[at];
      return total;
    });
    expectClose(y, expected);
  });

  it.each([
    [[2, 0, 3], [1, 8, 0], 'a zero'],
    [[0, 2, 3], [9, 0, 0], 'a zero at first'],
    [[2, 0, 0, 3], [1, 2, 0, 0], 'two zeros'],
  ])('cumprod of %j has the derivative %j (%s)', (values, expected) => {
    const slope = grad((t: Tensor) => sum(cumprod(t)))(tensor(values));
    expectClose(slope.dataSync(), expected);
  });
});

describe('derived functions', () => {
  const half = tensor([0.5, -0.5, 1e-4]);
  it.each<[string, () => Tensor, number[]]>([
    ['exp2', () => d.exp2(tensor([3, -1])), [8, 0.5]],
    ['log2', () => d.log2(tensor([8, 0])), [3, -inf]],
    ['log10', () => d.log10(tensor([1000])), [3]],
    [
      'logaddexp',
      () => d.logaddexp(tensor([1e3, inf, -inf]), tensor([1e3, inf, 0])),
      [1000 + Math.LN2, inf, 0],
    ],
    ['sinh', () => d.sinh(half), [0.5, -0.5, 1e-4].map(Math.sinh)],
    ['cosh', () => d.cosh(half), [0.5, -0.5, 1e-4].map(Math.cosh)],
    ['arctanh', () => d.arctanh(half), [0.5, -0.5, 1e-4].map(Math.atanh)],
    ['trunc', () => d.trunc(tensor([1.7, -1.7])), [1, -1]],
    ['floorDivide', () => d.floorDivide(tensor([7, -7]), 2), [3, -4]],
    ['logicalXor', () => d.logicalXor(tensor([true, true]), tensor([true, false])), [0, 1]],
    ['isinf', () => d.isinf(tensor([inf, -inf, nan, 1])), [1, 1, 0, 0]],
  ])('%s', (_, make, expected) => {
    expectClose(make().dataSync(), expected, { absolute: 1e-10, relative: 1e-6 });
  });

  it('have derivatives', () => {
    for (const f of [d.exp2, d.sinh, d.cosh]) checkGradient(f, [real([4])]);
    checkGradient(d.arctanh, [real([4], -0.5, 0.5)]);
    checkGradient((x) => d.log10(multiply(d.log2(x), 2)), [real([4], 2, 3)]);
    checkGradient(d.logaddexp, [real([4]), real([4], 2, 3)]);
  });
});
