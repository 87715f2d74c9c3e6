// Updates that step along the gradient, its running mean, or the sign of that.

import type { Tensor } from '../tensor/tensor.js';
import { add, multiply, sign, subtract } from './elementwise.js';
import { defineUpdate, type Terms } from './update.js';

/** w − lr·g */
export const sgdUpdate = defineUpdate({
  name: 'sgd',
  slots: [],
  scalars: ['learningRate'],
  flops: 2,
  next: ({ weight, gradient }, { learningRate }) => ({
    weight: subtract(weight, multiply(learningRate, gradient)),
    slots: {},
  }),
});

interface MomentumScalars {
  readonly learningRate: Tensor;
  readonly momentum: Tensor;
}

function momentumOf(
  { gradient, slots }: Terms<'momentum'>,
  { learningRate, momentum }: MomentumScalars,
) {
  const change = multiply(learningRate, gradient);
  return { change, moved: subtract(multiply(momentum, slots.momentum), change) };
}

/** m ← μm − lr·g, w ← w + m */
export const momentumUpdate = defineUpdate({
  name: 'momentum',
  slots: ['momentum'],
  scalars: ['learningRate', 'momentum'],
  flops: 4,
  next: (terms, scalars) => {
    const { moved } = momentumOf(terms, scalars);
    return { weight: add(terms.weight, moved), slots: { momentum: moved } };
  },
});

/** m ← μm − lr·g, w ← w + μm − lr·g. Nesterov 1983. */
export const nesterovUpdate = defineUpdate({
  name: 'nesterov',
  slots: ['momentum'],
  scalars: ['learningRate', 'momentum'],
  flops: 6,
  next: (terms, scalars) => {
    const { change, moved } = momentumOf(terms, scalars);
    const ahead = subtract(multiply(scalars.momentum, moved), change);
    return { weight: add(terms.weight, ahead), slots: { momentum: moved } };
  },
});

/** w ← w − lr·sign(β₁m + (1−β₁)g), m ← β₂m + (1−β₂)g. Chen et al. 2023. */
export const lionUpdate = defineUpdate({
  name: 'lion',
  slots: ['momentum'],
  scalars: ['learningRate', 'beta1', 'beta2'],
  flops: 8,
  next: ({ weight, gradient, slots }, { learningRate, beta1, beta2 }) => {
    const mixed = (beta: Tensor) =>
      add(multiply(slots.momentum, beta), multiply(gradient, subtract(1, beta)));
    return {
      weight: subtract(weight, multiply(learningRate, sign(mixed(beta1)))),
      slots: { momentum: mixed(beta2) },
    };
  },
});
