// Gradient checks of convolutions and of their gradients, which are each other's.
import {
  convInputGrad,
  convKernelGrad,
  convolve,
  type Geometry,
} from '../../../lib/ops/convolution.js';
import { conv, convTranspose, depthwiseConv, separableConv } from '../../../lib/ops/convolve.js';
import { call } from '../../../lib/ops/define.js';
import type { ConvActivation } from '../../../lib/ops/fused-activation.js';
import type { Tensor } from '../../../lib/tensor/tensor.js';
import { real } from '../../support/gradcheck.js';
import { opNamed } from '../../support/ops.js';
import type { GradientCase, GradientCases } from './case.js';

interface Form {
  readonly title: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly number[];
  readonly geometry: Geometry;
}

const plain: Geometry = {
  strides: [1, 1],
  dilations: [1, 1],
  before: [0, 0],
  after: [0, 0],
  groups: 1,
};

const forms: readonly Form[] = [
  {
    title: 'valid',
    x: [2, 4, 3, 2],
    w: [3, 2, 2, 3],
    y: [2, 2, 2, 3],
    geometry: plain,
  },
  {
    title: 'strides, padding, dilation',
    x: [2, 5, 6, 2],
    w: [2, 3, 2, 2],
    y: [2, 3, 2, 2],
    geometry: { ...plain, strides: [2, 3], dilations: [1, 2], before: [0, 1], after: [1, 2] },
  },
  {
    title: 'groups',
    x: [1, 3, 3, 4],
    w: [2, 2, 2, 6],
    y: [1, 3, 3, 6],
    geometry: { ...plain, before: [1, 0], after: [0, 1], groups: 2 },
  },
  {
    title: 'depthwise',
    x: [2, 3, 3, 3],
    w: [2, 2, 1, 6],
    y: [2, 2, 2, 6],
    geometry: { ...plain, groups: 3 },
  },
  {
    title: '3 axes',
    x: [1, 3, 2, 4, 2],
    w: [2, 1, 3, 2, 2],
    y: [1, 2, 2, 2, 2],
    geometry: {
      strides: [1, 1, 2],
      dilations: [1, 1, 1],
      before: [0, 0, 1],
      after: [0, 0, 0],
      groups: 1,
    },
  },
  {
    title: 'no images',
    x: [0, 3, 3, 1],
    w: [2, 2, 1, 2],
    y: [0, 2, 2, 2],
    geometry: plain,
  },
];

const activations: ConvActivation[] = ['linear', 'relu', 'sigmoid', 'tanh', 'relu6'];

const [first] = forms;

const fusedCases: GradientCase[] = [
  ...activations.map((activation) => ({
    title: `scale, bias, ${activation}`,
    // Scaled so that relu6 meets its upper end too.
    operands: [real(first.x, -3, 3), real(first.w), real([3]), real([3])],
    fn: (x: Tensor, w: Tensor, scale: Tensor, bias: Tensor) =>
      convolve(x, w, plain, { scale, bias, activation }),
  })),
  {
    title: 'bias alone',
    operands: [real(first.x), real(first.w), real([3])],
    fn: (x, w, bias) => convolve(x, w, plain, { bias, activation: 'tanh' }),
  },
  {
    title: 'scale alone',
    operands: [real(first.x), real(first.w), real([3])],
    fn: (x, w, scale) => convolve(x, w, plain, { scale, activation: 'sigmoid' }),
  },
];

const publicCases: GradientCase[] = [
  {
    title: '1 axis, causal, strides',
    operands: [real([2, 5, 2]), real([3, 2, 2])],
    fn: (x, w) => conv(x, w, { strides: 2, padding: 'causal' }),
  },
  {
    title: 'channels first',
    operands: [real([2, 2, 3, 4]), real([2, 2, 2, 2])],
    fn: (x, w) => conv(x, w, { padding: 'same', dataFormat: 'channels_first' }),
  },
  {
    title: 'depthwise of 1 axis',
    operands: [real([2, 5, 2]), real([3, 2, 2])],
    fn: (x, w) => depthwiseConv(x, w, { padding: 'same' }),
  },
  {
    title: 'separable',
    operands: [real([1, 4, 4, 2]), real([3, 3, 2, 2]), real([1, 1, 4, 3])],
    fn: (x, depthwise, pointwise) => separableConv(x, depthwise, pointwise),
  },
];

/** `convPool` itself: what fusing makes is not differentiated, but could be. */
const pooledCases: GradientCase[] = [0, 1].map((averages) => ({
  title: averages ? 'averages' : 'maxima',
  operands: [real([2, 6, 5, 2]), real([2, 2, 2, 3]), real([3])],
  fn: (x: Tensor, w: Tensor, bias: Tensor) =>
    call(opNamed('convPool'), [x, w, bias], {
      ...plain,
      activation: 3,
      scaled: 0,
      residual: 0,
      averages,
      window: [2, 3],
      poolStrides: [2, 1],
      poolBefore: [0, 1],
      poolAfter: [1, 0],
    }),
}));

export const convolutionCases: GradientCases = {
  conv: [
    ...forms.map(({ title, x, w, geometry }) => ({
      title,
      operands: [real(x), real(w)],
      fn: (a: Tensor, b: Tensor) => convolve(a, b, geometry),
    })),
    {
      title: 'with what is added',
      operands: [real([1, 4, 3, 2]), real([2, 2, 2, 3]), real([3]), real([1, 3, 2, 3])],
      fn: (x: Tensor, w: Tensor, bias: Tensor, residual: Tensor) =>
        convolve(x, w, plain, { bias, residual, activation: 'tanh' }),
    },
    ...fusedCases,
    ...publicCases,
  ],
  convPool: pooledCases,
  convInputGrad: [
    ...forms.map(({ title, x, w, y, geometry }) => ({
      title,
      operands: [real(y), real(w)],
      fn: (dy: Tensor, b: Tensor) => convInputGrad(dy, b, x.slice(1, -1), geometry),
    })),
    {
      title: 'transposed, strides',
      operands: [real([1, 2, 3, 2]), real([3, 2, 2, 2])],
      fn: (x, w) => convTranspose(x, w, { strides: 2, padding: 'same', outputPadding: [1, 1] }),
    },
  ],
  convKernelGrad: forms.map(({ title, x, w, y, geometry }) => ({
    title,
    operands: [real(x), real(y)],
    fn: (a: Tensor, dy: Tensor) => convKernelGrad(a, dy, w.slice(0, -2), geometry),
  })),
};
