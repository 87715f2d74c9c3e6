// Updates that divide the gradient by the root of what its squares came to.
import type { Tensor } from '../tensor/tensor.js';
import {
  add,
  clip,
  divide,
  multiply,
  negative,
  power,
  sqrt,
  square,
  subtract,
} from './elementwise.js';
import { defineUpdate } from './update.js';

const rmspropScalars = ['learningRate', 'rho', 'oneMinusRho', 'momentum', 'epsilon'] as const;

type RmspropScalars = Readonly<Record<(typeof rmspropScalars)[number], Tensor>>;

/** ρa + (1−ρ)x */
const average = (a: Tensor, x: Tensor, { rho, oneMinusRho }: RmspropScalars): Tensor =>
  add(multiply(rho, a), multiply(oneMinusRho, x));

const step = (
  gradient: Tensor,
  spread: Tensor,
  { learningRate, epsilon }: RmspropScalars,
): Tensor => divide(multiply(learningRate, gradient), sqrt(add(spread, epsilon)));

/** v ← ρv + (1−ρ)g², w ← w − lr·g/√(v+ε). Hinton 2012. */
export const rmspropUpdate = defineUpdate({
  name: 'rmsprop',
  slots: ['velocity'],
  scalars: rmspropScalars,
  flops: 10,
  next: ({ weight, gradient, slots }, scalars) => {
    const velocity = average(slots.velocity, square(gradient), scalars);
    return {
      weight: subtract(weight, step(gradient, velocity, scalars)),
      slots: { velocity },
    };
  },
});

/** RMSprop whose step is what the momentum μm + step has come to. */
export const rmspropMomentumUpdate = defineUpdate({
  name: 'rmspropMomentum',
  slots: ['velocity', 'momentum'],
  scalars: rmspropScalars,
  flops: 12,
  next: ({ weight, gradient, slots }, scalars) => {
    const velocity = average(slots.velocity, square(gradient), scalars);
    const moved = multiply(scalars.momentum, slots.momentum);
    const momentum = add(moved, step(gradient, velocity, scalars));
    return { weight: subtract(weight, momentum), slots: { velocity, momentum } };
  },
});

/** RMSprop that divides by the root of the variance: v − a², a the running mean of g. */
export const rmspropCenteredUpdate = defineUpdate({
  name: 'rmspropCentered',
  slots: ['velocity', 'averageGradient'],
  scalars: rmspropScalars,
  flops: 15,
  next: ({ weight, gradient, slots }, scalars) => {
    const velocity = average(slots.velocity, square(gradient), scalars);
    const averageGradient = average(slots.averageGradient, gradient, scalars);
    const spread = subtract(velocity, square(averageGradient));
    return {
      weight: subtract(weight, step(gradient, spread, scalars)),
      slots: { velocity, averageGradient },
    };
  },
});

/** Centered RMSprop with momentum. */
export const rmspropCenteredMomentumUpdate = defineUpdate({
  name: 'rmspropCenteredMomentum',
  slots: ['velocity', 'momentum', 'averageGradient'],
  scalars: rmspropScalars,
  flops: 17,
  next: ({ weight, gradient, slots }, scalars) => {
    const velocity = average(slots.velocity, square(gradient), scalars);
    const averageGradient = average(slots.averageGradient, gradient, scalars);
    const spread = subtract(velocity, square(averageGradient));
    const moved = multiply(scalars.momentum, slots.momentum);
    const momentum = add(moved, step(gradient, spread, scalars));
    return {
      weight: subtract(weight, momentum),
      slots: { velocity, momentum, averageGradient },
    };
  },
});

/** a ← a + g², w ← w − lr·g/√(a+ε). Duchi et al. 2011. */
export const adagradUpdate = defineUpdate({
  name: 'adagrad',
  slots: ['accumulator'],
  scalars: ['learningRate', 'epsilon'],
  flops: 8,
  next: ({ weight, gradient, slots }, { learningRate, epsilon }) => {
    const accumulator = add(slots.accumulator, square(gradient));
    const change = divide(multiply(learningRate, gradient), sqrt(add(accumulator, epsilon)));
    return { weight: subtract(weight, change), slots: { accumulator } };
  },
});

/** a ← ρa + (1−ρ)g², δ = −g·√(d+ε)/√(a+ε), d ← ρd + (1−ρ)δ², w ← w + lr·δ. Zeiler 2012. */
export const adadeltaUpdate = defineUpdate({
  name: 'adadelta',
  slots: ['accumulatedGrad', 'accumulatedDeltaVar'],
  scalars: ['learningRate', 'rho', 'oneMinusRho', 'epsilon'],
  flops: 18,
  next: ({ weight, gradient, slots }, { learningRate, rho, oneMinusRho, epsilon }) => {
    const mixed = (a: Tensor, x: Tensor) => add(multiply(rho, a), multiply(oneMinusRho, square(x)));
    const rms = (x: Tensor) => sqrt(add(x, epsilon));
    const accumulatedGrad = mixed(slots.accumulatedGrad, gradient);
    const scaled = multiply(rms(slots.accumulatedDeltaVar), gradient);
    const delta = negative(divide(scaled, rms(accumulatedGrad)));
    const accumulatedDeltaVar = mixed(slots.accumulatedDeltaVar, delta);
    return {
      weight: add(weight, multiply(learningRate, delta)),
      slots: { accumulatedGrad, accumulatedDeltaVar },
    };
  },
});

/**
 * Follow the regularized leader: a' = a + g², z ← z + g + 2s·w − (a'ᵖ − aᵖ)/lr·w,
 * w ← (clip(z, ±l1) − z) / (a'ᵖ/lr + 2·l2 + β/lr), with s the shrinkage and p the accumulator's power.
 * McMahan et al. 2013.
 */
export const ftrlUpdate = defineUpdate({
  name: 'ftrl',
  slots: ['accumulator', 'linear'],
  scalars: ['learningRate', 'power', 'l1', 'l2', 'shrinkage', 'beta'],
  flops: 80,
  next: ({ weight, gradient, slots }, scalars) => {
    const { learningRate, l1, l2, shrinkage, beta } = scalars;
    const accumulator = add(slots.accumulator, square(gradient));
    const raised = power(accumulator, scalars.power);
    const grown = divide(subtract(raised, power(slots.accumulator, scalars.power)), learningRate);
    const pull = add(gradient, multiply(multiply(2, shrinkage), weight));
    const linear = add(slots.linear, subtract(pull, multiply(grown, weight)));
    const ridge = add(l2, divide(beta, multiply(2, learningRate)));
    const quadratic = add(divide(raised, learningRate), multiply(2, ridge));
    const kept = subtract(clip(linear, negative(l1), l1), linear);
    return { weight: divide(kept, quadratic), slots: { accumulator, linear } };
  },
});
