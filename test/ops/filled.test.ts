// Tensors made of a shape alone, in traces too.
import { describe, expect, it } from 'vitest';
import { compile } from '../../lib/graph/compile.js';
import { ops, type Tensor, tensor } from '../../lib/index.js';
import { ConfigError, DTypeError, ShapeError } from '../../lib/util/errors.js';

const wrong = (value: unknown): never => value as never;

describe('tensors of a shape', () => {
  it('hold zeros, ones, or a value', async () => {
    expect(await ops.zeros([2, 1]).toArray()).toEqual([[0], [0]]);
    expect(await ops.ones([2], 'bool').toArray()).toEqual([true, true]);
    expect(await ops.full([2, 2], [3, 4]).toArray()).toEqual([
      [3, 4],
      [3, 4],
    ]);
    expect(ops.full([1], tensor(2, { dtype: 'uint8' })).dtype).toBe('uint8');
    expect([ops.zeros([]).shape, ops.zeros([0, 3]).shape]).toEqual([[], [0, 3]]);
  });

  it('hold the identity, or another diagonal', async () => {
    expect(await ops.eye(2).toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(await ops.eye(2, 3, 1, 'int32').toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(await ops.eye(3, 2, -1).toArray()).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
  });

  it('may be made in a trace', () => {
    const fn = compile((x: Tensor) => x.matmul(ops.eye(2)).add(ops.ones([2])));
    expect([...fn(tensor([[1, 2]])).dataSync()]).toEqual([2, 3]);
  });

  it('refuse what is no shape, number or dtype', () => {
    expect(() => ops.zeros(wrong(3))).toThrow(ShapeError);
    expect(() => ops.ones([2, -1])).toThrow(/ones: a shape is .*got \[2, -1\]/);
    expect(() => ops.full([2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => ops.ones([2], wrong('float16'))).toThrow(DTypeError);
    expect(() => ops.eye(1.5)).toThrow(ConfigError);
  });
});
