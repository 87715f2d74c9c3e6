// Gradient checks of pooling: what is largest must not change within the differences, so elements differ.
import { call } from '../../../lib/ops/define.js';
import { multiply, square } from '../../../lib/ops/elementwise.js';
import { averagePool, maxPool, type PoolOptions } from '../../../lib/ops/pooling.js';
import type { PerAxis } from '../../../lib/ops/windows.js';
import type { Tensor } from '../../../lib/tensor/tensor.js';
import { tensor } from '../../../lib/tensor/tensor.js';
import { distinct, real } from '../../support/gradcheck.js';
import { opNamed } from '../../support/ops.js';
import type { GradientCase, GradientCases } from './case.js';

const windows: readonly (readonly [string, readonly number[], PerAxis, PoolOptions])[] = [
  ['plain', [2, 4, 6, 2], 2, {}],
  ['overlapping', [1, 5, 6, 2], 3, { strides: [1, 2] }],
  ['same', [2, 5, 4, 1], [3, 2], { strides: 2, padding: 'same' }],
  ['one spatial axis', [2, 7, 3], 3, { strides: 2, padding: 'same' }],
  ['three spatial axes', [1, 3, 4, 3, 2], 2, { strides: 1 }],
  ['channels first', [2, 2, 4, 4], 2, { dataFormat: 'channelsFirst' }],
  ['no images', [0, 4, 4, 2], 2, {}],
];

type Pool = typeof maxPool;
const both = (pool: Pool, operand: typeof real): GradientCase[] =>
  windows.map(([title, shape, poolSize, options]) => ({
    title,
    operands: [operand(shape)],
    fn: (x: Tensor) => square(pool(x, poolSize, options)),
  }));

const attrs = { window: [3, 2], strides: [2, 1], before: [1, 0], after: [1, 1] };
const x = tensor(
  Float32Array.from({ length: 60 }, (_, i) => (i * 37) % 60),
  { shape: [1, 5, 4, 3] },
);

export const poolingCases: GradientCases = {
  maxPool: both(maxPool, distinct),
  averagePool: both(averagePool, real),
  maxPoolGrad: [
    {
      operands: [real([1, 3, 4, 3])],
      fn: (dy) => square(call(opNamed('maxPoolGrad'), [dy, x], attrs)),
    },
    {
      title: 'of the image too',
      operands: [real([1, 3, 4, 3]), distinct([1, 5, 4, 3])],
      fn: (dy, image) => multiply(call(opNamed('maxPoolGrad'), [dy, image], attrs), image),
    },
  ],
  maxPoolPick: [
    {
      operands: [real([1, 5, 4, 3])],
      fn: (t) => square(call(opNamed('maxPoolPick'), [t, x], attrs)),
    },
  ],
  averagePoolGrad: [
    {
      operands: [real([1, 3, 4, 3])],
      fn: (dy) => square(call(opNamed('averagePoolGrad'), [dy], { size: [5, 4], ...attrs })),
    },
  ],
};
