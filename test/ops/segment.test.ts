// Sums by segment.
import { describe, expect, it } from 'vitest';
import { DataError, grad, ops, ShapeError, tensor } from '../../lib/index.js';
import { expectTensor } from '../support/close.js';

describe('segmentSum', () => {
  const ids = tensor(Int32Array.of(2, 0, 2));

  it('adds slices of one segment, and leaves 0 where there is none', () => {
    expectTensor(ops.segmentSum([1, 2, 4], ids, 4), [4], [2, 0, 5, 0]);
    const rows = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expectTensor(ops.segmentSum(rows, ids, 3), [3, 2], [3, 4, 0, 0, 6, 8]);
  });

  it('gives each slice the gradient of its sum', () => {
    const c = tensor([10, 20, 30]);
    const f = (x: typeof c) => ops.sum(ops.multiply(ops.segmentSum(x, ids, 3), c));
    expectTensor(grad(f)(tensor([1, 1, 1])), [3], [30, 10, 30]);
  });

  it('refuses ids of another length, or outside', async () => {
    expect(() => ops.segmentSum([1, 2], ids, 3)).toThrow(ShapeError);
    expect(() => ops.segmentSum([1, 2], ids, 3)).toThrow(
      'segmentSum: data [2] needs ids [2], got [3].',
    );
    await expect(ops.segmentSum([1, 2, 3], ids, 2).data()).rejects.toThrow(DataError);
  });
});
