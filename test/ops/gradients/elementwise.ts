// Gradient checks of elementwise ops: in the interior of their domains, off their kinks, broadcasting.
import { call, ops } from '../../../lib/ops/define.js';
import * as e from '../../../lib/ops/elementwise.js';
import { type Tensor, tensor } from '../../../lib/tensor/tensor.js';
import { distinct, type Operand, real } from '../../support/gradcheck.js';
import type { GradientCase, GradientCases } from './case.js';

const unary = (fn: (x: Tensor) => Tensor, low = -2, high = 2): GradientCase[] => [
  { operands: [real([3, 5], low, high)], fn },
  { title: 'scalar', operands: [real([], low, high)], fn },
  { title: 'empty', operands: [real([0, 3], low, high)], fn },
];

/** Unary, with a kink at 0. */
const kinked = (fn: (x: Tensor) => Tensor): GradientCase[] => [
  { operands: [distinct([3, 5])], fn },
];

const pairs = (
  fn: (a: Tensor, b: Tensor) => Tensor,
  a: (shape: readonly number[]) => Operand,
  b: (shape: readonly number[]) => Operand = a,
): GradientCase[] => [
  { operands: [a([3, 5]), b([3, 5])], fn },
  { title: 'row on matrix', operands: [a([3, 5]), b([5])], fn },
  { title: 'both broadcast', operands: [a([3, 1]), b([2, 1, 4])], fn },
  { title: 'scalar on the left', operands: [a([]), b([4])], fn },
  { title: 'size 1 on the right', operands: [a([3]), b([1, 1])], fn },
  { title: 'empty', operands: [a([0, 3]), b([3])], fn },
  { title: 'same operand twice', operands: [a([4])], fn: (x) => fn(x, e.multiply(x, x)) },
];

const positive = (shape: readonly number[]): Operand => real(shape, 0.5, 2);
const anywhere = (shape: readonly number[]): Operand => real(shape, -2, 2);
/** Never nearer than 0.1 to any value of `distinct`. */
const between = (shape: readonly number[]): Operand => ({
  ...distinct(shape),
  low: 0.017,
  high: 1,
});

const activationGrad = (name: string): GradientCase[] => {
  const op = ops.get(name);
  if (!op) throw new Error(`There is no op "${name}".`);
  return [{ operands: [real([3, 4]), distinct([3, 4])], fn: (dy, y) => call(op, [dy, y]) }];
};

const condition = tensor([true, false, true, true, false]);

export const elementwiseCases: GradientCases = {
  negative: unary(e.negative),
  absolute: kinked(e.absolute),
  square: unary(e.square),
  sqrt: unary(e.sqrt, 0.5, 2),
  rsqrt: unary(e.rsqrt, 0.5, 2),
  reciprocal: unary(e.reciprocal, 0.5, 2),
  exp: unary(e.exp),
  expm1: unary(e.expm1),
  log: unary(e.log, 0.5, 2),
  log1p: unary(e.log1p, -0.5, 2),
  sin: unary(e.sin),
  cos: unary(e.cos),
  tan: unary(e.tan, -1, 1),
  erf: unary(e.erf),
  softplus: unary(e.softplus, -5, 5),
  sigmoid: unary(e.sigmoid, -5, 5),
  tanh: unary(e.tanh),
  relu: kinked(e.relu),
  relu6: kinked((x) => e.relu6(e.multiply(x, 10))),
  sigmoidGrad: activationGrad('sigmoidGrad'),
  tanhGrad: activationGrad('tanhGrad'),
  reluGrad: activationGrad('reluGrad'),
  relu6Grad: activationGrad('relu6Grad'),
  add: pairs(e.add, anywhere),
  subtract: pairs(e.subtract, anywhere),
  multiply: pairs(e.multiply, anywhere),
  divide: pairs(e.divide, anywhere, positive),
  power: [
    ...pairs(e.power, positive, anywhere),
    { title: 'negative base', operands: [real([4], -2, -1)], fn: (x) => e.power(x, 3) },
  ],
  maximum: pairs(e.maximum, distinct, between).filter(({ title }) => !title?.startsWith('same')),
  minimum: pairs(e.minimum, distinct, between).filter(({ title }) => !title?.startsWith('same')),
  mod: [
    { operands: [real([3, 4], 2.1, 2.9), real([4], 0.91, 0.95)], fn: e.mod },
    { title: 'negative', operands: [real([4], -2.9, -2.1), real([3, 1], 0.91, 0.95)], fn: e.mod },
  ],
  where: [
    { operands: [real([3, 5]), real([5])], fn: (a, b) => e.where(condition, a, b) },
    {
      title: 'condition broadcasts',
      operands: [real([]), real([2, 1])],
      fn: (a, b) => e.where(condition, a, b),
    },
    {
      title: 'same operand',
      operands: [real([5])],
      fn: (x) => e.where(condition, e.square(x), e.exp(x)),
    },
  ],
  cast: [
    {
      title: 'a truncated value is constant',
      operands: [real([4], 1.1, 1.9)],
      fn: (x) => e.multiply(e.cast(e.cast(x, 'int32'), 'float32'), x),
    },
  ],
};
