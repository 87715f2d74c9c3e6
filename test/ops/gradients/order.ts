// Gradient checks of running totals, and of softsign. Those of sort, topK and takeAlongAxis are in test/ops/order.test.ts.

import { type CumulativeOptions, cumprod, cumsum } from '../../../lib/ops/cumulative.js';
import { softsign } from '../../../lib/ops/derived.js';
import { square } from '../../../lib/ops/elementwise.js';
import type { Tensor, TensorLike } from '../../../lib/tensor/tensor.js';
import { distinct, type Operand, real } from '../../support/gradcheck.js';
import type { GradientCase, GradientCases } from './case.js';

type Cumulative = (x: TensorLike, axis?: number, options?: CumulativeOptions) => Tensor;

const along = (fn: Cumulative, operand: (shape: readonly number[]) => Operand): GradientCase[] => [
  { operands: [operand([5])], fn: (x) => square(fn(x, 0)) },
  { title: 'all elements', operands: [operand([2, 3])], fn: (x) => square(fn(x)) },
  {
    title: 'middle axis, in reverse',
    operands: [operand([2, 3, 2])],
    fn: (x) => square(fn(x, 1, { reverse: true })),
  },
  { title: 'empty', operands: [operand([2, 0])], fn: (x) => square(fn(x, 1)) },
];

export const orderCases: GradientCases = {
  cumSum: along(cumsum, real),
  softsign: [{ operands: [distinct([3, 5])], fn: softsign }],
  cumProd: along(cumprod, (shape) => real(shape, 0.5, 1.5)),
};
