// What ops say when operands do not fit: it is said at the user's own line.
import { describe, expect, it } from 'vitest';
import { withPath } from '../../lib/ops/define.js';
import * as e from '../../lib/ops/elementwise.js';
import { dense, matmul } from '../../lib/ops/gemm.js';
import * as m from '../../lib/ops/movement.js';
import * as r from '../../lib/ops/reduce.js';
import * as s from '../../lib/ops/softmax.js';
import type { DType } from '../../lib/tensor/dtype.js';
import { type Shape, sizeOf } from '../../lib/tensor/shape.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { DTypeError, ShapeError } from '../../lib/util/errors.js';
import '../../lib/graph/evaluate.js';

const of = (shape: Shape, dtype: DType = 'float32'): Tensor =>
  tensor(new Uint8Array(sizeOf(shape)), { shape, dtype });

const a23 = of([2, 3]);

const errors: readonly [string, () => Tensor, string | RegExp][] = [
  ['add', () => e.add(a23, of([2])), 'add: shapes [2, 3] and [2] do not broadcast.'],
  ['less', () => e.less(a23, of([2])), 'less: shapes [2, 3] and [2] do not broadcast.'],
  [
    'where',
    () => e.where(of([4], 'bool'), a23, 0),
    'where: shapes [4] and [2, 3] do not broadcast.',
  ],
  [
    'matmul',
    () => matmul(a23, a23),
    'matmul: [2, 3] and [2, 3] do not multiply: expected 3 rows on the right, got 2.',
  ],
  [
    'matmul, transposed',
    () => matmul(a23, of([4, 2]), { transposeB: true }),
    'matmul: [2, 3] and [4, 2]ᵀ do not multiply: expected 3 rows on the right, got 2.',
  ],
  [
    'matmul, leading axes',
    () => matmul(of([2, 2, 3]), of([4, 3, 2])),
    'matmul: [2, 2, 3] and [4, 3, 2] do not multiply: leading axes [2] and [4] do not broadcast.',
  ],
  [
    'matmul of a scalar',
    () => matmul(3, a23),
    'matmul: expected tensors with at least one axis, got a scalar.',
  ],
  [
    'dense',
    () => dense(a23, of([4, 5])),
    /dense: input \[2, 3\] and weights \[4, 5\] .* expected 4 features on the last axis, got 3\./,
  ],
  [
    'dense bias',
    () => dense(a23, of([3, 5]), of([4])),
    'dense: expected a bias of shape [5] for weights [3, 5], got [4].',
  ],
  ['dense of a scalar', () => dense(1, of([3, 5])), /dense: .*expected 3 features/],
  [
    'reshape',
    () => m.reshape(a23, [4, -1]),
    'reshape: [2, 3] has 6 elements and cannot become [4, -1].',
  ],
  [
    'reshape, two unknown',
    () => m.reshape(a23, [-1, -1]),
    'reshape: [2, 3] has 6 elements and cannot become [-1, -1].',
  ],
  ['squeeze', () => m.squeeze(a23, 1), 'squeeze: axis 1 of [2, 3] has 3 elements, expected 1.'],
  ['expandDims', () => m.expandDims(a23, 4), /axis 4/],
  [
    'transpose',
    () => m.transpose(a23, [0, 0]),
    'transpose: axes [0, 0] are not an order of the 2 axes of [2, 3].',
  ],
  [
    'broadcastTo',
    () => m.broadcastTo(a23, [3, 3]),
    'broadcastTo: [2, 3] does not broadcast to [3, 3].',
  ],
  [
    'broadcastTo a smaller shape',
    () => m.broadcastTo(a23, [3]),
    'broadcastTo: [2, 3] does not broadcast to [3].',
  ],
  [
    'slice',
    () => m.slice(a23, [0, 2], [1, 2]),
    'slice: from [0, 2] with shape [1, 2] is outside of [2, 3].',
  ],
  ['slice, a stride of 0', () => m.slice(a23, [0, 0], [1, 2], [1, 0]), /slice: /],
  [
    'pad',
    () =>
      m.pad(a23, [
        [0, -1],
        [0, 0],
      ]),
    /pad: expected one \[before, after\] ≥ 0 for each of the 2 axes/,
  ],
  ['concatenate', () => m.concatenate([a23, of([3, 4])]), /does not continue/],
  ['concatenate nothing', () => m.concatenate([]), 'concatenate: expected at least one tensor.'],
  [
    'concatenate dtypes',
    () => m.concatenate([a23, of([2, 3], 'int32')]),
    /int32.* does not continue /,
  ],
  [
    'gather',
    () => m.gather(a23, of([2], 'int32'), 2),
    'gather: axis 2 is outside of a tensor with 2 axes.',
  ],
  ['arange', () => m.arange(0.5), /whole numbers/],
  ['arange, a step of 0', () => m.arange(0, 3, 0), /step that is not 0/],
  ['sum', () => r.sum(a23, 2), 'sum: axis 2 is outside of a tensor with 2 axes.'],
  ['mean', () => r.mean(a23, [0, -3]), /axis -3 is outside of a tensor with 2 axes/],
  [
    'argmax of a scalar',
    () => r.argmax(3, 0),
    'argMax: axis 0 is outside of a tensor with 0 axes.',
  ],
  [
    'an axis that is no number',
    () => r.argmax(a23, 'x' as never),
    /argMax: expected a whole number as axis, got "x"/,
  ],
  [
    'options in the place of an axis',
    () => r.sum(a23, { axis: 0 } as never),
    /sum: .* the axis comes by position/,
  ],
  ['softmax', () => s.softmax(a23, 2), 'softmax: axis 2 is outside of a tensor with 2 axes.'],
  [
    'cross-entropy',
    () => s.sparseSoftmaxCrossEntropy(a23, of([3], 'int32')),
    'sparseSoftmaxCrossEntropy: logits [2, 3] need labels [2], got [3].',
  ],
];

describe('errors', () => {
  it.each(errors)('%s', (_, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });

  it('refuses float indices', () => {
    expect(() => m.gather(a23, of([2]))).toThrow(DTypeError);
    expect(() => m.gather(a23, of([2]))).toThrow(
      'gather: expected indices of whole numbers, got float32.',
    );
  });

  it('names the layer', () => {
    const make = () => withPath('model', () => withPath('dense_1', () => e.add(a23, of([2]))));
    expect(make).toThrow('add: shapes [2, 3] and [2] do not broadcast (in model/dense_1).');
  });
});
