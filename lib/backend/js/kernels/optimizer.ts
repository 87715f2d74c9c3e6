// Optimizer updates of many tensors at once. Operands come in groups of `count`: all weights, then
// all slots of each kind, then all gradients, then the scalars.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel, KernelCall } from '../kernel.js';
import { type WasmModule, wasmModule } from '../wasm/module.js';
import { flagAttr, numberAttr } from './attrs.js';

type Arrays = readonly DataArray[];

interface Sizes {
  /** Elements of each weight. */
  readonly sizes: readonly number[];
}

const weightSizes = (call: KernelCall): readonly number[] =>
  call.inputs.slice(0, numberAttr(call.attrs, 'count')).map(({ shape }) => sizeOf(shape));

/** Elements that the WebAssembly module updates at a time: its four arrays stay in L1 and L2. */
const chunk = 4096;

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

/** The same by the WebAssembly module, for Float32Arrays: chunk by chunk through its memory. */
function adamTensorInWasm(
  { floats, adam }: WasmModule,
  inputs: Arrays,
  outputs: Arrays,
  t: number,
  plan: AdamFactors & Sizes,
): void {
  const { sizes, rate, first, second, epsilon } = plan;
  const count = sizes.length;
  const factors = 4 * chunk;
  floats[factors] = rate;
  floats[factors + 1] = first;
  floats[factors + 2] = second;
  floats[factors + 3] = epsilon;
  for (let from = 0; from < sizes[t]; from += chunk) {
    const n = Math.min(chunk, sizes[t] - from);
    for (let group = 0; group < 4; group++) {
      floats.set(inputs[group * count + t].subarray(from, from + n), group * chunk);
    }
    adam(0, chunk * 4, chunk * 8, chunk * 12, factors * 4, Math.ceil(n / 4));
    for (let group = 0; group < 3; group++) {
      outputs[group * count + t].set(floats.subarray(group * chunk, group * chunk + n), from);
    }
  }
}

const adam: Kernel = (call) => {
  const wasm = call.float64 ? undefined : wasmModule();
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
    for (let i = 0; i < sizes.length; i++) {
      if (wasm) adamTensorInWasm(wasm, inputs, outputs, i, plan);
      else adamTensor(inputs, outputs, i, plan);
    }
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
