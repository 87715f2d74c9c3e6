// Adam's family: steps scaled by running moments of the gradient, corrected for their start at zero.
import type { Tensor } from '../tensor/tensor.js';
import {
  absolute,
  add,
  divide,
  maximum,
  multiply,
  power,
  sqrt,
  square,
  subtract,
} from './elementwise.js';
import { defineUpdate } from './update.js';

/** a + (x − a)·rate */
const towards = (a: Tensor, x: Tensor, rate: Tensor): Tensor =>
  add(a, multiply(subtract(x, a), rate));

// 1 − β comes apart from β, taken in double precision: of float32's 0.999 it is wrong in the fifth digit.
const adamScalars = [
  'learningRate',
  'beta1',
  'beta2',
  'epsilon',
  'oneMinusBeta1',
  'oneMinusBeta2',
] as const;

type AdamScalars = Readonly<Record<(typeof adamScalars)[number], Tensor>>;

/** lr·√(1−β₂ᵗ)/(1−β₁ᵗ) */
const correctedRate = ({ learningRate, beta1, beta2 }: AdamScalars, t: Tensor): Tensor =>
  divide(multiply(learningRate, sqrt(subtract(1, power(beta2, t)))), subtract(1, power(beta1, t)));

/** m ← m + (g−m)(1−β₁), v ← v + (g²−v)(1−β₂), w ← w − m·α/(√v+ε). Kingma & Ba 2014, as Keras has it. */
export const adamUpdate = defineUpdate({
  name: 'adam',
  slots: ['momentum', 'velocity'],
  scalars: adamScalars,
  flops: 12,
  counts: true,
  next: ({ weight, gradient, slots }, scalars, t) => {
    const momentum = towards(slots.momentum, gradient, scalars.oneMinusBeta1);
    const velocity = towards(slots.velocity, square(gradient), scalars.oneMinusBeta2);
    const step = multiply(momentum, correctedRate(scalars, t));
    return {
      weight: subtract(weight, divide(step, add(sqrt(velocity), scalars.epsilon))),
      slots: { momentum, velocity },
    };
  },
});

/** Adam that divides by the largest v so far. Reddi et al. 2018. */
export const amsgradUpdate = defineUpdate({
  name: 'amsgrad',
  slots: ['momentum', 'velocity', 'velocityHat'],
  scalars: adamScalars,
  flops: 13,
  counts: true,
  next: ({ weight, gradient, slots }, scalars, t) => {
    const momentum = towards(slots.momentum, gradient, scalars.oneMinusBeta1);
    const velocity = towards(slots.velocity, square(gradient), scalars.oneMinusBeta2);
    const velocityHat = maximum(slots.velocityHat, velocity);
    const step = multiply(momentum, correctedRate(scalars, t));
    return {
      weight: subtract(weight, divide(step, add(sqrt(velocityHat), scalars.epsilon))),
      slots: { momentum, velocity, velocityHat },
    };
  },
});

/** u ← max(β₂u, |g|), w ← w − lr·m/((1−β₁ᵗ)(u+ε)). Kingma & Ba 2014, section 7.1. */
export const adamaxUpdate = defineUpdate({
  name: 'adamax',
  slots: ['momentum', 'norm'],
  scalars: ['learningRate', 'beta1', 'beta2', 'epsilon', 'oneMinusBeta1'],
  flops: 9,
  counts: true,
  next: ({ weight, gradient, slots }, scalars, t) => {
    const { learningRate, beta1, beta2, epsilon, oneMinusBeta1 } = scalars;
    const momentum = towards(slots.momentum, gradient, oneMinusBeta1);
    const norm = maximum(multiply(beta2, slots.norm), absolute(gradient));
    const divisor = multiply(subtract(1, power(beta1, t)), add(norm, epsilon));
    return {
      weight: subtract(weight, divide(multiply(learningRate, momentum), divisor)),
      slots: { momentum, norm },
    };
  },
});

/**
 * Adam with Nesterov's momentum: with uₜ = β₁(1 − 0.96ᵗ/2) and `product` = u₁…uₜ,
 * w ← w − lr·m̂/(√v̂+ε), m̂ = uₜ₊₁m/(1−product·uₜ₊₁) + (1−uₜ)g/(1−product), v̂ = v/(1−β₂ᵗ). Dozat 2015.
 */
export const nadamUpdate = defineUpdate({
  name: 'nadam',
  slots: ['momentum', 'velocity'],
  scalars: ['learningRate', 'beta1', 'beta2', 'epsilon', 'product'],
  flops: 16,
  counts: true,
  next: ({ weight, gradient, slots }, scalars, t) => {
    const { learningRate, beta1, beta2, epsilon, product } = scalars;
    const at = (step: Tensor) => multiply(beta1, subtract(1, multiply(0.5, power(0.96, step))));
    const [now, after] = [at(t), at(add(t, 1))];
    const momentum = towards(slots.momentum, gradient, subtract(1, beta1));
    const velocity = towards(slots.velocity, square(gradient), subtract(1, beta2));
    const mean = add(
      multiply(momentum, divide(after, subtract(1, multiply(product, after)))),
      multiply(gradient, divide(subtract(1, now), subtract(1, product))),
    );
    const root = sqrt(divide(velocity, subtract(1, power(beta2, t))));
    return {
      weight: subtract(weight, divide(multiply(mean, learningRate), add(root, epsilon))),
      slots: { momentum, velocity },
    };
  },
});

/**
 * Schedule-free AdamW: z ← z − lr·g/(√(v/(1−β₂ᵗ))+ε); the weight is y = (1−β₁)z + β₁x, where x is the
 * mean of all z. Defazio et al. 2024. x is recovered from y with the z of this step, as Keras on
 * TensorFlow does.
 */
export const scheduleFreeUpdate = defineUpdate({
  name: 'scheduleFree',
  slots: ['momentum', 'velocity'],
  scalars: ['learningRate', 'beta1', 'beta2', 'epsilon'],
  flops: 20,
  counts: true,
  next: ({ weight, gradient, slots }, { learningRate, beta1, beta2, epsilon }, t) => {
    const velocity = towards(slots.velocity, square(gradient), subtract(1, beta2));
    const root = sqrt(divide(velocity, subtract(1, power(beta2, t))));
    const change = divide(multiply(learningRate, gradient), add(root, epsilon));
    const momentum = subtract(slots.momentum, change);
    const share = divide(1, t);
    const outer = multiply(subtract(1, beta1), momentum);
    const before = divide(subtract(weight, outer), beta1);
    const mean = add(multiply(subtract(1, share), before), multiply(share, momentum));
    return { weight: add(outer, multiply(beta1, mean)), slots: { momentum, velocity } };
  },
});
