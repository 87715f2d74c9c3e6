// Gradient checks of ops that move elements, and of reductions.
import { call, ops } from '../../../lib/ops/define.js';
import { square } from '../../../lib/ops/elementwise.js';
import * as m from '../../../lib/ops/movement.js';
import * as r from '../../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../../lib/tensor/tensor.js';
import { distinct, type Operand, real } from '../../support/gradcheck.js';
import type { GradientCase, GradientCases } from './case.js';

const indices = (values: number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(values, { dtype: 'int32', shape });

const reductions = (
  fn: (x: Tensor, axis?: r.Axes, options?: r.ReduceOptions) => Tensor,
  operand: (shape: readonly number[]) => Operand,
): GradientCase[] => [
  { operands: [operand([3, 4])], fn: (x) => fn(x) },
  { title: 'axis 0', operands: [operand([3, 4])], fn: (x) => fn(x, 0) },
  {
    title: 'last axis kept',
    operands: [operand([2, 3, 4])],
    fn: (x) => fn(x, -1, { keepDims: true }),
  },
  { title: 'outer axes', operands: [operand([2, 3, 4])], fn: (x) => fn(x, [0, 2]) },
  { title: 'axis of size 1 too', operands: [operand([3, 1, 2])], fn: (x) => fn(x, [1, 2]) },
  { title: 'no rows', operands: [operand([0, 3])], fn: (x) => fn(x, 1) },
];

const gatherGrad = (): GradientCase[] => {
  const op = ops.get('gatherGrad');
  if (!op) throw new Error('There is no op "gatherGrad".');
  const scatter = (dy: Tensor): Tensor => call(op, [dy, indices([2, 0, 2])], { axis: 0, size: 4 });
  return [{ operands: [real([3, 2])], fn: (dy) => square(scatter(dy)) }];
};

/** Movements are linear: squared, so that there is a second derivative to check. */
const moved = (
  operands: readonly Operand[],
  fn: (...xs: Tensor[]) => Tensor,
  title?: string,
): GradientCase => ({
  operands,
  fn: (...xs) => square(fn(...xs)),
  ...(title && { title }),
});

export const movementCases: GradientCases = {
  reshape: [
    moved([real([3, 4])], (x) => m.reshape(x, [2, -1])),
    moved([real([3, 0])], (x) => m.reshape(x, [0, 7]), 'empty'),
  ],
  transpose: [
    moved([real([3, 4])], (x) => m.transpose(x)),
    moved([real([2, 3, 4])], (x) => m.transpose(x, [2, 0, 1]), 'cycle'),
    moved([real([1, 0, 3])], (x) => m.transpose(x, [1, 2, 0]), 'empty'),
  ],
  broadcastTo: [
    moved([real([3, 1])], (x) => m.broadcastTo(x, [2, 3, 4])),
    moved([real([])], (x) => m.broadcastTo(x, [5]), 'scalar'),
    moved([real([1])], (x) => m.broadcastTo(x, [0]), 'to nothing'),
  ],
  slice: [
    moved([real([5, 6])], (x) => m.slice(x, [1, 0], [2, 6])),
    moved([real([7, 5])], (x) => m.slice(x, [1, 0], [3, 2], [2, 3]), 'strided'),
    moved([real([7, 5])], (x) => m.slice(x, [6, 4], [3, 2], [-2, -3]), 'backwards'),
    moved([real([4])], (x) => m.reverse(x, 0), 'reverse'),
    moved([real([4, 2])], (x) => m.slice(x, [2, 0], [0, 2]), 'nothing'),
    moved([real([4])], (x) => m.slice(x, [3], [1], [5]), 'one element, long stride'),
  ],
  pad: [
    moved([real([3, 2])], (x) =>
      m.pad(x, [
        [1, 0],
        [2, 3],
      ]),
    ),
    moved(
      [real([2, 2]), real([])],
      (x, value) =>
        m.pad(
          x,
          [
            [1, 2],
            [0, 1],
          ],
          value,
        ),
      'with a value',
    ),
    moved([real([0])], (x) => m.pad(x, [[2, 1]]), 'empty'),
  ],
  concat: [
    moved([real([2, 3]), real([2, 1])], (a, b) => m.concatenate([a, b], -1)),
    moved([real([2, 3]), real([0, 3])], (a, b) => m.concatenate([a, b, a], 0), 'twice the same'),
    moved([real([3]), real([3])], (a, b) => m.stack([a, b], 1), 'stack'),
  ],
  gather: [
    moved([real([4, 3])], (x) => m.gather(x, indices([3, 0, 3, 3]))),
    moved([real([2, 4, 3])], (x) => m.gather(x, indices([1, 1, 0, 2], [2, 2]), 1), 'middle axis'),
    moved([real([4, 3])], (x) => m.gather(x, 2), 'one'),
    moved([real([4, 3])], (x) => m.gather(x, indices([])), 'none'),
  ],
  gatherGrad: gatherGrad(),
  // Over an axis of size 1 it is a reshape.
  sum: reductions((x, ...rest) => square(r.sum(x, ...rest)), real).filter(
    ({ title }) => title !== 'axis of size 1',
  ),
  max: reductions((x, ...rest) => square(r.max(x, ...rest)), distinct),
  min: reductions((x, ...rest) => square(r.min(x, ...rest)), distinct),
  prod: [
    ...reductions(r.prod, (shape) => real(shape, 0.5, 1.5)),
    { title: 'negative', operands: [real([2, 3], -1.5, -0.5)], fn: (x) => r.prod(x, 1) },
  ],
};

/** Functions built of ops, which have no entry in the registry. */
export const composedCases: GradientCases = {
  mean: reductions((x, ...rest) => square(r.mean(x, ...rest)), real),
  variance: reductions(r.variance, real),
  std: reductions(r.std, distinct),
  logSumExp: reductions(r.logSumExp, distinct),
};
