// Gradient checks of normalization over the batch, over rows, and with given statistics.
import { callAll, ops } from '../../../lib/ops/define.js';
import {
  layerNormalization,
  normalizeBatch,
  rmsNormalization,
} from '../../../lib/ops/normalization.js';
import { type Tensor, tensor } from '../../../lib/tensor/tensor.js';
import { real } from '../../support/gradcheck.js';
import type { GradientCases } from './case.js';

const opNamed = (name: string) => {
  const op = ops.get(name);
  if (!op) throw new Error(`There is no op "${name}".`);
  return op;
};

const epsilon = tensor(0.1);

const batchGrad = (dy: Tensor, x: Tensor, m: Tensor, v: Tensor, gamma: Tensor) =>
  callAll(opNamed('batchNormGrad'), [dy, x, m, v, gamma, epsilon, gamma], { activation: 0 });

const rectified = (x: Tensor, gamma: Tensor, beta: Tensor) =>
  callAll(opNamed('batchNorm'), [x, gamma, beta, epsilon], { activation: 1 }).slice(0, 3);

const layerGrad = (centered: number) => (dy: Tensor, x: Tensor, m: Tensor, v: Tensor, g: Tensor) =>
  callAll(opNamed('layerNormGrad'), [dy, x, m, v, g, epsilon], { centered });

const batch =
  (axis: number) =>
  (x: Tensor, scale: Tensor, offset: Tensor): readonly Tensor[] => {
    const { y, mean, variance } = normalizeBatch(x, axis, { scale, offset, epsilon: 0.1 });
    return [y, mean, variance];
  };

export const normalizationCases: GradientCases = {
  scaleShift: [
    {
      operands: [real([4, 3]), real([3]), real([3]), real([3])],
      fn: (...operands) => callAll(opNamed('scaleShift'), operands),
    },
  ],
  batchNorm: [
    { operands: [real([5, 3]), real([3]), real([3])], fn: batch(-1) },
    { title: 'middle axis', operands: [real([2, 3, 2]), real([3]), real([3])], fn: batch(1) },
    { title: 'rectified', operands: [real([5, 3]), real([3]), real([3])], fn: rectified },
  ],
  batchNormGrad: [
    {
      operands: [real([5, 3]), real([5, 3]), real([3]), real([3], 0.5, 1), real([3])],
      fn: batchGrad,
    },
  ],
  layerNorm: [
    {
      operands: [real([3, 5]), real([5]), real([5])],
      fn: (x, scale, offset) => layerNormalization(x, -1, { scale, offset, epsilon: 0.1 }),
    },
    {
      title: 'first and last axes',
      operands: [real([2, 3, 2]), real([4])],
      fn: (x, scale) => layerNormalization(x, [0, 2], { scale, epsilon: 0.1 }),
    },
    {
      title: 'not centered',
      operands: [real([3, 5]), real([5])],
      fn: (x, scale) => rmsNormalization(x, -1, { scale, epsilon: 0.1 }),
    },
    ...[0, 1].map((centered) => ({
      title: `mean and variance, centered: ${centered}`,
      operands: [real([3, 5]), real([5]), real([5])],
      fn: (...operands: Tensor[]) =>
        callAll(opNamed('layerNorm'), [...operands, epsilon], { centered }),
    })),
  ],
  layerNormGrad: [0, 1].map((centered) => ({
    title: `centered: ${centered}`,
    operands: [real([3, 5]), real([3, 5]), real([3]), real([3], 0.5, 1), real([5])],
    fn: layerGrad(centered),
  })),
};
