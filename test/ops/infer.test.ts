// Shapes and dtypes of every public op, and that running one gives what was inferred.
import { describe, expect, it } from 'vitest';
import * as e from '../../lib/ops/elementwise.js';
import { dense, matmul } from '../../lib/ops/gemm.js';
import * as m from '../../lib/ops/movement.js';
import * as random from '../../lib/ops/random.js';
import * as r from '../../lib/ops/reduce.js';
import * as s from '../../lib/ops/softmax.js';
import { type DType, dtypes } from '../../lib/tensor/dtype.js';
import { type Shape, sizeOf } from '../../lib/tensor/shape.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import '../../lib/graph/evaluate.js';

const of = (shape: Shape, dtype: DType = 'float32'): Tensor =>
  tensor(new Uint8Array(sizeOf(shape)), { shape, dtype });

const describeTensor = (t: Tensor): string => `${t.dtype} [${t.shape.join(', ')}]`;

const a23 = of([2, 3]);
const shapes: readonly [string, () => Tensor, string][] = [
  ['add broadcasts both ways', () => e.add(of([2, 1, 4]), of([3, 1])), 'float32 [2, 3, 4]'],
  ['add of a scalar', () => e.add(3, of([0, 2])), 'float32 [0, 2]'],
  ['a size of 1 meets 0', () => e.add(of([1, 2]), of([0, 2])), 'float32 [0, 2]'],
  ['add of bytes counts in int32', () => e.add(of([2], 'uint8'), of([2], 'uint8')), 'int32 [2]'],
  ['a whole number takes an integer type', () => e.multiply(of([2], 'int32'), 2), 'int32 [2]'],
  ['a fraction does not', () => e.multiply(of([2], 'int32'), 0.5), 'float32 [2]'],
  ['divide is in float32', () => e.divide(of([2], 'int32'), of([2], 'int32')), 'float32 [2]'],
  ['mixed dtypes', () => e.maximum(of([2], 'int32'), of([2])), 'float32 [2]'],
  ['negative keeps int32', () => e.negative(of([2], 'int32')), 'int32 [2]'],
  ['exp of int32', () => e.exp(of([2], 'int32')), 'float32 [2]'],
  ['comparison', () => e.less(a23, 1), 'bool [2, 3]'],
  ['comparison of bytes', () => e.equal(of([3], 'uint8'), of([2, 1], 'bool')), 'bool [2, 3]'],
  ['logicalAnd', () => e.logicalAnd(a23, of([3], 'bool')), 'bool [2, 3]'],
  ['isNan', () => e.isnan(a23), 'bool [2, 3]'],
  [
    'where broadcasts all three',
    () => e.where(of([4, 1, 1], 'bool'), of([3, 1]), of([2])),
    'float32 [4, 3, 2]',
  ],
  ['cast', () => e.cast(a23, 'uint8'), 'uint8 [2, 3]'],
  ['matmul', () => matmul(of([2, 3]), of([3, 4])), 'float32 [2, 4]'],
  [
    'matmul transposed',
    () => matmul(of([3, 2]), of([4, 3]), { transposeA: true, transposeB: true }),
    'float32 [2, 4]',
  ],
  [
    'matmul broadcasts leading axes',
    () => matmul(of([5, 1, 2, 3]), of([7, 3, 4])),
    'float32 [5, 7, 2, 4]',
  ],
  ['matmul of rows', () => matmul(of([5, 6, 3]), of([3, 4])), 'float32 [5, 6, 4]'],
  ['matmul of vectors', () => matmul(of([3]), of([3])), 'float32 []'],
  ['matmul matrix vector', () => matmul(of([5, 2, 3]), of([3])), 'float32 [5, 2]'],
  ['matmul vector matrix', () => matmul(of([3]), of([5, 3, 2])), 'float32 [5, 2]'],
  ['dense', () => dense(of([5, 2, 3]), of([3, 4]), of([4])), 'float32 [5, 2, 4]'],
  ['dense of one sample', () => dense(of([3]), of([3, 4])), 'float32 [4]'],
  ['dense of bytes', () => dense(of([5, 3], 'uint8'), of([3, 4])), 'float32 [5, 4]'],
  ['reshape with -1', () => m.reshape(a23, [3, -1]), 'float32 [3, 2]'],
  ['reshape of nothing', () => m.reshape(of([0, 3]), [-1, 3]), 'float32 [0, 3]'],
  ['expandDims', () => m.expandDims(a23, -1), 'float32 [2, 3, 1]'],
  ['squeeze', () => m.squeeze(of([1, 2, 1])), 'float32 [2]'],
  ['squeeze of one axis', () => m.squeeze(of([1, 2, 1]), 0), 'float32 [2, 1]'],
  ['transpose', () => m.transpose(of([2, 3, 4], 'bool'), [1, 2, 0]), 'bool [3, 4, 2]'],
  ['slice', () => m.slice(of([5, 6], 'uint8'), [1, 0], [2, 3], [2, 1]), 'uint8 [2, 3]'],
  [
    'pad',
    () =>
      m.pad(of([2, 3], 'int32'), [
        [1, 0],
        [0, 2],
      ]),
    'int32 [3, 5]',
  ],
  ['concatenate', () => m.concatenate([of([2, 3]), of([2, 4])], -1), 'float32 [2, 7]'],
  ['stack', () => m.stack([a23, a23, a23], -1), 'float32 [2, 3, 3]'],
  ['gather', () => m.gather(of([5, 4]), of([2, 3], 'int32'), 1), 'float32 [5, 2, 3]'],
  ['gather of a scalar index', () => m.gather(of([5, 4], 'uint8'), 2), 'uint8 [4]'],
  ['oneHot', () => m.oneHot(of([2, 3], 'uint8'), 10), 'float32 [2, 3, 10]'],
  ['arange', () => m.arange(7, 0, -2), 'int32 [4]'],
  ['arange of nothing', () => m.arange(3, 3), 'int32 [0]'],
  ['sum', () => r.sum(a23), 'float32 []'],
  ['sum of bools', () => r.sum(of([2, 3], 'bool'), 0), 'int32 [3]'],
  [
    'mean of int32, kept',
    () => r.mean(of([2, 3], 'int32'), -1, { keepDims: true }),
    'float32 [2, 1]',
  ],
  ['max of bytes', () => r.max(of([2, 3], 'uint8'), [0, 1], { keepDims: true }), 'int32 [1, 1]'],
  ['any', () => r.any(a23, 1), 'bool [2]'],
  ['logSumExp', () => r.logSumExp(a23, 1), 'float32 [2]'],
  ['variance, kept', () => r.variance(a23, 0, { keepDims: true }), 'float32 [1, 3]'],
  ['argmax', () => r.argmax(a23, -1), 'int32 [2]'],
  ['argmax of all', () => r.argmax(a23), 'int32 []'],
  ['softmax of int32', () => s.softmax(of([2, 3], 'int32'), 0), 'float32 [2, 3]'],
  [
    'cross-entropy',
    () => s.sparseSoftmaxCrossEntropy(of([2, 5, 3]), of([2, 5], 'uint8')),
    'float32 [2, 5]',
  ],
  ['uniform', () => random.uniform([2, 0]), 'float32 [2, 0]'],
  ['bits', () => random.bits([3]), 'int32 [3]'],
  ['dropout of bytes', () => random.dropout(of([3], 'uint8'), 0.5), 'float32 [3]'],
];

describe('shapes and dtypes', () => {
  it.each(shapes)('%s', (_, make, expected) => {
    const t = make();
    expect(describeTensor(t)).toBe(expected);
    expect(t.dataSync().length).toBe(t.size);
  });

  it.each(dtypes)('movements keep %s', (dtype) => {
    const x = of([2, 3], dtype);
    const moved = [
      m.reshape(x, [6]),
      m.transpose(x),
      m.broadcastTo(x, [2, 2, 3]),
      m.slice(x, [0, 1], [1, 2]),
      m.reverse(x, 0),
      m.pad(x, [
        [1, 0],
        [0, 0],
      ]),
      m.concatenate([x, x]),
      m.gather(x, 1),
    ];
    for (const t of moved) {
      expect(t.dtype).toBe(dtype);
      expect(t.dataSync().length).toBe(t.size);
    }
  });
});
