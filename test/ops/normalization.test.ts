// Normalization of large tensors and of values far from 0, against double precision, and its bits.
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { setNumThreads } from '../../lib/doctor.js';
import { grad } from '../../lib/graph/compile.js';
import { evaluate } from '../../lib/graph/evaluate.js';
import { multiply } from '../../lib/ops/elementwise.js';
import {
  batchNormalization,
  layerNormalization,
  normalizeBatch,
  rmsNormalization,
} from '../../lib/ops/normalization.js';
import { sum } from '../../lib/ops/reduce.js';
import '../../lib/ops/methods.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { inFloat64 } from '../support/gradcheck.js';
import { seeded } from '../support/random.js';

const epsilon = 1e-3;

/** Values around `offset` with a standard deviation of 1, and as many gradients. */
function operands(rows: number, columns: number, offset: number) {
  const random = seeded(rows * 31 + columns);
  const spread = Math.sqrt(3);
  const draw = (n: number, low = -spread, high = spread) =>
    Float32Array.from(random.uniforms(n, low, high));
  return {
    x: draw(rows * columns).map((v) => v + offset),
    dy: draw(rows * columns),
    scale: draw(columns, 0.5, 2),
    offset: draw(columns),
  };
}

type Normalize = (x: Tensor, scale: Tensor, offset: Tensor) => readonly Tensor[];

const overBatch: Normalize = (x, scale, offset) => {
  const { y, mean, variance } = normalizeBatch(x, -1, { scale, offset, epsilon });
  return [y, mean, variance];
};
const overRows: Normalize = (x, scale, offset) => [
  layerNormalization(x, -1, { scale, offset, epsilon }),
];
const withoutMean: Normalize = (x, scale) => [rmsNormalization(x, -1, { scale, epsilon })];

/** Outputs and gradients, in the precision of the current backend. */
function everything(
  fn: Normalize,
  { x, dy, scale, offset }: ReturnType<typeof operands>,
  shape: readonly number[],
): readonly (readonly number[])[] {
  const wide = (values: Float32Array) => Float64Array.from(values);
  const given = [tensor(wide(x), { shape }), tensor(wide(scale)), tensor(wide(offset))] as const;
  const weights = tensor(wide(dy), { shape });
  const grads = grad((a: Tensor, b: Tensor, c: Tensor) => sum(multiply(fn(a, b, c)[0], weights)))(
    ...given,
  );
  return [...fn(...given), ...grads].map((t) => [...t.dataSync()]);
}

describe.each([
  ['over the batch', overBatch],
  ['over rows', overRows],
  ['over rows without a mean', withoutMean],
])('%s', (_, fn) => {
  it.each([
    [3001, 3],
    [5000, 64],
    [777, 130],
    [40, 5000],
    [2, 9001],
    [65, fn === overBatch ? 1 : 2],
    [7, 17],
  ])('is right to float32 for [%i, %i] around 10000', (rows, columns) => {
    // A mean square of 1e8 leaves a deviation of 1 no digits that float32 could hold.
    const at = fn === withoutMean ? 1 : 1e4;
    const given = operands(rows, columns, at);
    const exact = inFloat64(() => everything(fn, given, [rows, columns]));
    const actual = everything(fn, given, [rows, columns]);
    for (const [i, expected] of exact.entries()) {
      const scale = Math.max(1, ...expected.slice(0, 1000).map(Math.abs));
      expectClose(actual[i], expected, { relative: 3e-6, absolute: 3e-6 * scale });
    }
  });

  it('has the same bits for every number of threads', () => {
    if (backend() !== 'native') return;
    const given = operands(3000, 200, 5);
    const bits = (threads: number) => {
      setNumThreads(threads);
      const all = everything(fn, given, [3000, 200]).flat();
      return createHash('sha256').update(Float64Array.from(all)).digest('hex');
    };
    const expected = bits(1);
    for (const threads of [2, 3, 8]) expect(bits(threads), `${threads} threads`).toBe(expected);
  });
});

afterAll(() => setNumThreads(0));

describe('statistics of a batch', () => {
  it('are right where some rows are far from the others', async () => {
    const values = Float32Array.from({ length: 40_000 }, (_, i) => (i < 4 ? 0 : 1e4 + Math.sin(i)));
    const { mean, variance } = normalizeBatch(tensor(values, { shape: [10_000, 4] }));
    await evaluate(mean, variance);
    for (let c = 0; c < 4; c++) {
      const channel = [...values].filter((_, i) => i % 4 === c);
      const m = channel.reduce((a, b) => a + b, 0) / channel.length;
      const v = channel.reduce((a, b) => a + (b - m) ** 2, 0) / channel.length;
      expectClose([mean.dataSync()[c]], [m], { relative: 1e-7 });
      expectClose([variance.dataSync()[c]], [v], { relative: 1e-6 });
    }
  });

  it('of one row are that row and 0', () => {
    const { y, mean, variance } = normalizeBatch(tensor([[1, 2, 1e4]]));
    expect([...mean.dataSync()]).toEqual([1, 2, 1e4]);
    expect([...variance.dataSync()]).toEqual([0, 0, 0]);
    expect([...y.dataSync()]).toEqual([0, 0, 0]);
  });

  it('of no rows are NaN', () => {
    const { y, mean } = normalizeBatch(tensor(new Float32Array(0), { shape: [0, 2] }));
    expect([...mean.dataSync()]).toEqual([Number.NaN, Number.NaN]);
    expect(y.dataSync().length).toBe(0);
  });

  it('pass NaN on, to their own channel alone', () => {
    const { y } = normalizeBatch(
      tensor([
        [1, Number.NaN, 3],
        [2, 5, 7],
      ]),
    );
    expect([...y.dataSync()].map(Number.isNaN)).toEqual([false, true, false, false, true, false]);
  });
});

describe('other axes', () => {
  const x = tensor(Float32Array.from(seeded(5).uniforms(24)), { shape: [2, 3, 4] });

  it('are those of the transposed tensor', () => {
    const middle = normalizeBatch(x, 1);
    const last = normalizeBatch(x.transpose([0, 2, 1]), -1);
    expectClose(middle.y.dataSync(), last.y.transpose([0, 2, 1]).dataSync());
    expect([...middle.mean.shape]).toEqual([3]);
    const moved = batchNormalization(x, [1, 2, 3], [4, 5, 6], 1, { scale: [1, 2, 3] });
    const there = batchNormalization(x.transpose([0, 2, 1]), [1, 2, 3], [4, 5, 6], -1, {
      scale: [1, 2, 3],
    });
    expect(moved.dataSync()).toEqual(there.transpose([0, 2, 1]).dataSync());
  });

  it('that do not exist, and parameters of another size, are refused', () => {
    expect(() => layerNormalization(x, 3)).toThrow(ShapeError);
    expect(() => layerNormalization(x, -1, { scale: [1, 2, 3] })).toThrow(
      'layerNormalization: expected 4 values, one for each feature, got shape [3].',
    );
  });
});
