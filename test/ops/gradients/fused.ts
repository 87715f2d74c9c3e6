// Gradient checks of products, softmax, losses and dropout: ops with kernels of their own.

import { scan } from '../../../lib/graph/scan.js';
import { callAll, ops } from '../../../lib/ops/define.js';
import { add, multiply, square, tanh } from '../../../lib/ops/elementwise.js';
import { dense, type FusedActivation, matmul } from '../../../lib/ops/gemm.js';
import { dropout } from '../../../lib/ops/random.js';
import { logSoftmax, softmax, sparseSoftmaxCrossEntropy } from '../../../lib/ops/softmax.js';
import { type Tensor, tensor } from '../../../lib/tensor/tensor.js';
import { real } from '../../support/gradcheck.js';
import type { GradientCase, GradientCases } from './case.js';

const opNamed = (name: string) => {
  const op = ops.get(name);
  if (!op) throw new Error(`There is no op "${name}".`);
  return op;
};

const flags = [
  { transposeA: false, transposeB: false },
  { transposeA: true, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: true },
];

const times = (a: Tensor, b: Tensor): Tensor => matmul(a, b);

const products: GradientCase[] = [
  ...flags.map((options) => ({
    title: `A${options.transposeA ? 'ᵀ' : ''} B${options.transposeB ? 'ᵀ' : ''}`,
    operands: [
      real(options.transposeA ? [3, 2] : [2, 3]),
      real(options.transposeB ? [4, 3] : [3, 4]),
    ],
    fn: (a: Tensor, b: Tensor) => matmul(a, b, options),
  })),
  ...flags.map((options) => ({
    title: `batched, broadcasting ${JSON.stringify(options)}`,
    operands: [
      real(options.transposeA ? [2, 1, 3, 2] : [2, 1, 2, 3]),
      real(options.transposeB ? [3, 4, 3] : [3, 3, 4]),
    ],
    fn: (a: Tensor, b: Tensor) => matmul(a, b, options),
  })),
  { title: 'rows on a matrix', operands: [real([2, 3, 4]), real([4, 5])], fn: times },
  { title: 'vectors', operands: [real([3]), real([3])], fn: times },
  { title: 'matrix and vector', operands: [real([2, 3]), real([3])], fn: times },
  { title: 'vector and matrix', operands: [real([3]), real([3, 2])], fn: times },
  { title: 'nothing inside', operands: [real([2, 0]), real([0, 3])], fn: times },
  { title: 'no rows', operands: [real([0, 2]), real([2, 3])], fn: times },
  { title: 'square of one matrix', operands: [real([3, 3])], fn: (x) => matmul(x, x) },
];

const activations: FusedActivation[] = ['linear', 'relu', 'sigmoid', 'tanh'];

const labels = tensor([2, 0, 1], { dtype: 'int32' });

const lossGrad = (logits: Tensor, dloss: Tensor): Tensor =>
  callAll(opNamed('sparseSoftmaxCrossEntropyGrad'), [logits, labels, dloss])[0];

const softmaxGrad = (dy: Tensor, y: Tensor): Tensor => callAll(opNamed('softmaxGrad'), [dy, y])[0];

export const fusedCases: GradientCases = {
  matmul: products,
  dense: [
    ...activations.map((activation) => ({
      title: activation,
      operands: [real([2, 3]), real([3, 4]), real([4])],
      fn: (x: Tensor, w: Tensor, b: Tensor) => dense(x, w, b, activation),
    })),
    {
      title: 'no bias',
      operands: [real([2, 3]), real([3, 4])],
      fn: (x, w) => dense(x, w, undefined, 'tanh'),
    },
    {
      title: 'time steps',
      operands: [real([2, 2, 3]), real([3, 1]), real([1])],
      fn: (x, w, b) => dense(x, w, b, 'sigmoid'),
    },
    {
      title: 'no rows',
      operands: [real([0, 3]), real([3, 4]), real([4])],
      fn: (x, w, b) => dense(x, w, b),
    },
  ],
  softmax: [
    { operands: [real([3, 4])], fn: (x) => softmax(x) },
    { title: 'first axis', operands: [real([3, 4])], fn: (x) => softmax(x, 0) },
    { title: 'one class', operands: [real([3, 1])], fn: (x) => softmax(x) },
    { title: 'no rows', operands: [real([0, 4])], fn: (x) => softmax(x) },
  ],
  softmaxGrad: [{ operands: [real([3, 4]), real([3, 4])], fn: softmaxGrad }],
  logSoftmax: [
    { operands: [real([3, 4])], fn: (x) => logSoftmax(x) },
    { title: 'middle axis', operands: [real([2, 3, 2])], fn: (x) => logSoftmax(x, 1) },
  ],
  sparseSoftmaxCrossEntropy: [
    { operands: [real([3, 4])], fn: (x) => sparseSoftmaxCrossEntropy(x, labels) },
    {
      title: 'time steps',
      operands: [real([3, 1, 4])],
      fn: (x) => sparseSoftmaxCrossEntropy(x, tensor([[2], [0], [3]])),
    },
  ],
  sparseSoftmaxCrossEntropyGrad: [{ operands: [real([3, 4]), real([3])], fn: lossGrad }],
  dropout: [{ operands: [real([5, 7])], fn: (x) => square(dropout(x, 0.4, { seed: 3 })) }],
  scan: [false, true].map((reverse) => ({
    title: reverse ? 'in reverse' : 'forwards',
    operands: [real([2]), real([3, 2]), real([2])],
    fn: (init: Tensor, xs: Tensor, w: Tensor) =>
      scan((c: Tensor, x: Tensor) => [tanh(add(multiply(c, w), x)), multiply(c, x)], init, xs, {
        reverse,
      }),
  })),
};
