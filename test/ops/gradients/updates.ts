// Gradient checks of optimizer updates, through their decompositions.
import { callAll } from '../../../lib/ops/define.js';
import { type Tensor, tensor } from '../../../lib/tensor/tensor.js';
import { real } from '../../support/gradcheck.js';
import { opNamed } from '../../support/ops.js';
import { type UpdateExample, updateExamples } from '../../support/updates.js';
import type { GradientCase, GradientCases } from './case.js';

function gradientCase({ op, title, slots, scalars, step }: UpdateExample): GradientCase {
  const lists = 2 + slots.length;
  return {
    title,
    operands: [
      real([3]),
      real([2, 2]),
      ...slots.flatMap(([low, high]) => [real([3], low, high), real([2, 2], low, high)]),
      real([3]),
      real([2, 2]),
      real([], 0.1, 0.2),
    ],
    fn: (...xs: Tensor[]) => {
      const learningRate = xs[2 * lists];
      const numbers = [...scalars.slice(1), 0.3].map((value) => tensor(value));
      const count = step === undefined ? [] : [tensor(step, { dtype: 'int32' })];
      return callAll(opNamed(op), [...xs.slice(0, 2 * lists), learningRate, ...numbers, ...count], {
        count: 2,
        decays: [0, 1],
      });
    },
  };
}

const names = [...new Set(updateExamples.map(({ op }) => op))];

export const updateGradients: GradientCases = Object.fromEntries(
  names.map((name) => [name, updateExamples.filter(({ op }) => op === name).map(gradientCase)]),
);
