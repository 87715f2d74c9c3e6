// Values at the edges: NaN and infinities, kinks and ties, empty tensors, and random draws.
import { describe, expect, it } from 'vitest';
import { compile, grad } from '../../lib/graph/compile.js';
import * as e from '../../lib/ops/elementwise.js';
import { matmul } from '../../lib/ops/gemm.js';
import * as m from '../../lib/ops/movement.js';
import * as random from '../../lib/ops/random.js';
import * as r from '../../lib/ops/reduce.js';
import * as s from '../../lib/ops/softmax.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { expectClose, expectTensor } from '../support/close.js';

const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

const values: readonly [string, () => Tensor, number[]][] = [
  ['logSumExp of −∞', () => r.logSumExp(tensor([-inf, -inf])), [-inf]],
  ['logSumExp with ∞', () => r.logSumExp(tensor([1, inf])), [inf]],
  ['logSumExp with NaN', () => r.logSumExp(tensor([1, nan])), [nan]],
  ['logSumExp of large values', () => r.logSumExp(tensor([[1000, 1000]]), 1), [1000 + Math.LN2]],
  ['softmax of large values', () => s.softmax(tensor([1e4, 1e4, -1e4])), [0.5, 0.5, 0]],
  ['softmax with a masked class', () => s.softmax(tensor([0, -inf, 0])), [0.5, 0, 0.5]],
  [
    'softmax over the first axis',
    () =>
      s.softmax(
        tensor([
          [0, 5],
          [0, 5],
        ]),
        0,
      ),
    [0.5, 0.5, 0.5, 0.5],
  ],
  ['mean of nothing', () => r.mean(tensor([], { shape: [0, 2] }), 0), [nan, nan]],
  ['sum of nothing', () => r.sum(tensor([], { shape: [0, 2] }), 0), [0, 0]],
  [
    'a product of nothing',
    () => matmul(tensor([], { shape: [2, 0] }), tensor([], { shape: [0, 1] })),
    [0, 0],
  ],
  [
    'maximum passes NaN',
    () => e.maximum(tensor([nan, 1, nan]), tensor([1, nan, inf])),
    [nan, nan, nan],
  ],
  ['clip', () => e.clip(tensor([-inf, 0.5, inf, nan]), 0, 1), [0, 0.5, 1, nan]],
  ['where hides NaN', () => e.where(tensor([true, false]), 1, tensor([nan, 2])), [1, 2]],
  [
    'mod has the sign of the divisor',
    () => e.mod(tensor([-7, 7, -7, 7]), tensor([3, -3, -3, 3])),
    [2, -2, -1, 1],
  ],
  ['round to even', () => e.round(tensor([0.5, 1.5, 2.5, -0.5])), [0, 2, 2, 0]],
  ['variance divides by n', () => r.variance(tensor([1, 2, 3, 4])), [1.25]],
  ['std of a constant', () => r.std(tensor([3, 3])), [0]],
  ['max passes NaN', () => r.max(tensor([1, nan, 2])), [nan]],
  ['pad with ∞', () => m.pad(tensor([1]), [[1, 1]], -inf), [-inf, 1, -inf]],
  ['relu6 passes NaN', () => e.relu6(tensor([nan, -inf, inf])), [nan, 0, 6]],
  ['relu passes NaN', () => e.relu(tensor([nan, -inf, inf])), [nan, 0, inf]],
  ['sqrt of −1', () => e.sqrt(tensor([-1, 0, inf])), [nan, 0, inf]],
  ['logarithms', () => e.log(tensor([0, inf, -1])), [-inf, inf, nan]],
  ['tanh saturates', () => e.tanh(tensor([-inf, 100, nan])), [-1, 1, nan]],
  ['softplus of large values', () => e.softplus(tensor([-1000, 1000])), [0, 1000]],
  ['float to bytes', () => e.cast(tensor([1.9, 0, 255]), 'uint8'), [1, 0, 255]],
  ['to bool', () => e.cast(tensor([0, 0.5, -3]), 'bool'), [0, 1, 1]],
];

describe('values', () => {
  it.each(values)('%s', (_, make, expected) => expectClose(make().dataSync(), expected));
});

const slopes: readonly [string, (x: Tensor) => Tensor, number[], number[]][] = [
  ['relu at 0', e.relu, [-1, 0, 1], [0, 0, 1]],
  ['absolute at 0', e.absolute, [-1, 0, 1], [-1, 0, 1]],
  ['a tie of maximum goes to the first', (x) => e.maximum(x, 1), [0, 1, 2], [0, 1, 1]],
  ['ties of max are shared', (x) => r.max(x), [3, 1, 3], [0.5, 0, 0.5]],
  ['std of a constant', (x) => r.std(x), [2, 2], [0, 0]],
  ['x² at 0', (x) => e.power(x, 2), [0, 3], [0, 6]],
  ['prod with one 0', (x) => r.prod(x), [2, 0, 3], [0, 6, 0]],
  ['prod with two 0s', (x) => r.prod(x), [0, 0, 3], [0, 0, 0]],
  [
    'where keeps NaN of the other branch out',
    (x) => e.where(e.greater(x, 0), e.log(e.where(e.greater(x, 0), x, 1)), 0),
    [-1, 2],
    [0, 0.5],
  ],
  ['stopGradient', (x) => e.multiply(x, e.stopGradient(x)), [2, 3], [2, 3]],
  ['through whole numbers', (x) => e.multiply(e.floor(x), x), [2.5, -1.5], [2, -2]],
  ['no dependence', () => tensor(3), [1, 2], [0, 0]],
  ['softmax that is certain', (x) => m.sliceAxis(s.softmax(x), 0, 0, 1), [1000, 0], [0, 0]],
];

describe('derivatives', () => {
  it.each(slopes)('%s', (_, fn, at, expected) => {
    expectClose(grad((x: Tensor) => r.sum(fn(x)))(tensor(at)).dataSync(), expected);
  });
});

describe('random draws', () => {
  it('repeat for a seed, and differ between seeds and calls', () => {
    const draw = (seed?: number) => [...random.uniform([8], { seed }).dataSync()];
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(draw()).not.toEqual(draw());
  });

  it('repeat after setRandomSeed', () => {
    const both = [0, 1].map(() => {
      random.setRandomSeed(42);
      return [...random.normal([4]).dataSync(), ...random.bits([4]).dataSync()];
    });
    expect(both[0]).toEqual(both[1]);
  });

  it('have the moments that they should', () => {
    const n = 20_000;
    const moments = (t: Tensor) => [r.mean(t), r.variance(t)].map((v) => v.dataSync()[0]);
    const loose = { absolute: 0.05, relative: 0.02 };
    expectClose(moments(random.uniform([n], { seed: 1, minval: -2, maxval: 4 })), [1, 3], loose);
    expectClose(moments(random.normal([n], { seed: 1, mean: 3, stddev: 2 })), [3, 4], loose);
    expectClose(moments(random.truncatedNormal([n], { seed: 1 })), [0, 0.7737], loose);
    expectClose(moments(random.randint([n], 0, 5, { seed: 1 })), [2, 2], loose);
  });

  it('stay in their range', () => {
    const t = random.truncatedNormal([5000], { seed: 2 });
    expect(r.max(e.absolute(t)).dataSync()[0]).toBeLessThanOrEqual(2);
    const u = random.uniform([5000], { seed: 2 }).dataSync();
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it('dropout keeps the expected share, scaled, and its gradient has the same mask', () => {
    const x = tensor(new Float32Array(4000).fill(2));
    const y = random.dropout(x, 0.25, { seed: 9 }).dataSync();
    const kept = y.filter((v) => v !== 0);
    expectClose(
      kept,
      kept.map(() => 2 / 0.75),
    );
    expectClose([kept.length / y.length], [0.75], { absolute: 0.03 });
    const g = grad((t: Tensor) => r.sum(random.dropout(t, 0.25, { seed: 9 })))(x).dataSync();
    expect([...g].map((v) => v !== 0)).toEqual([...y].map((v) => v !== 0));
  });

  it('dropout of rate 0 changes nothing', () => {
    expectTensor(random.dropout(tensor([1, 2, 3]), 0), [3], [1, 2, 3]);
  });

  it('differ between the calls in a traced function, and between its runs', () => {
    const step = compile(() => [random.uniform([4]), random.uniform([4])]);
    const draws = [step(), step()].flat().map((t) => [...t.dataSync()].join());
    expect(new Set(draws).size).toBe(4);
  });
});
