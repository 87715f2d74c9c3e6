// Optimizer updates of many tensors at once. Operands come in groups of `count`: all weights, then
// all slots of each kind, then all gradients, then the scalars.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel, KernelCall } from '../kernel.js';
import { flagAttr, numberAttr } from './attrs.js';

type Arrays = readonly DataArray[];

interface Sizes {
  /** Elements of each weight. */
  readonly sizes: readonly number[];
}

const weightSizes = (call: KernelCall): readonly number[] =>
  call.inputs.slice(0, numberAttr(call.attrs, 'count')).map(({ shape }) => sizeOf(shape));

interface AdamFactors {
  /** Learning rate with the bias corrections in it. */
  rate: number;
  /** 1 − β₁ and 1 − β₂. */
  first: number;
  second: number;
  epsilon: number;
}

/** Updates tensor `t` of `count`; elements are read before they are written, for in-place calls. */
function adamTensor(inputs: Arrays, outputs: Arrays, t: number, plan: AdamFactors & Sizes): void {
  const { sizes, rate, first, second, epsilon } = plan;
  const count = sizes.length;
  const w = inputs[t];
  const m = inputs[count + t];
  const v = inputs[2 * count + t];
  const g = inputs[3 * count + t];
  const nextW = outputs[t];
  const nextM = outputs[count + t];
  const nextV = outputs[2 * count + t];
  for (let i = 0; i < sizes[t]; i++) {
    const gradient = g[i];
    const mean = m[i] + (gradient - m[i]) * first;
    const square = v[i] + (gradient * gradient - v[i]) * second;
    nextM[i] = mean;
    nextV[i] = square;
    nextW[i] = w[i] - (rate * mean) / (Math.sqrt(square) + epsilon);
  }
}

const adam: Kernel = (call) => {
  const sizes = weightSizes(call);
  const plan = { sizes, rate: 0, first: 0, second: 0, epsilon: 0 };
  const scalars = 4 * sizes.length;
  return (inputs, outputs) => {
    const beta1 = inputs[scalars + 1][0];
    const beta2 = inputs[scalars + 2][0];
    const t = inputs[scalars + 6][0] + 1;
    plan.rate = (inputs[scalars][0] * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    plan.epsilon = inputs[scalars + 3][0];
    plan.first = inputs[scalars + 4][0];
    plan.second = inputs[scalars + 5][0];
    for (let i = 0; i < sizes.length; i++) adamTensor(inputs, outputs, i, plan);
  };
};

const sgd: Kernel = (call) => {
  const sizes = weightSizes(call);
  const count = sizes.length;
  return (inputs, outputs) => {
    const rate = inputs[2 * count][0];
    for (let t = 0; t < count; t++) {
      const w = inputs[t];
      const g = inputs[count + t];
      const next = outputs[t];
      for (let i = 0; i < sizes[t]; i++) next[i] = w[i] - rate * g[i];
    }
  };
};

interface MomentumFactors {
  rate: number;
  momentum: number;
  readonly nesterov: boolean;
}

/** Updates tensor `t` of `count`. */
function momentumTensor(
  inputs: Arrays,
  outputs: Arrays,
  t: number,
  plan: MomentumFactors & Sizes,
): void {
  const { sizes, rate, momentum, nesterov } = plan;
  const count = sizes.length;
  const w = inputs[t];
  const m = inputs[count + t];
  const g = inputs[2 * count + t];
  const nextW = outputs[t];
  const nextM = outputs[count + t];
  for (let i = 0; i < sizes[t]; i++) {
    const step = rate * g[i];
    const velocity = momentum * m[i] - step;
    nextM[i] = velocity;
    nextW[i] = w[i] + (nesterov ? momentum * velocity - step : velocity);
  }
}

const momentum: Kernel = (call) => {
  const sizes = weightSizes(call);
  const plan = { sizes, rate: 0, momentum: 0, nesterov: flagAttr(call.attrs, 'nesterov') };
  const scalars = 3 * sizes.length;
  return (inputs, outputs) => {
    plan.rate = inputs[scalars][0];
    plan.momentum = inputs[scalars + 1][0];
    for (let t = 0; t < sizes.length; t++) momentumTensor(inputs, outputs, t, plan);
  };
};

export const optimizerKernels: Record<string, Kernel> = { adam, sgd, momentum };
