// The activations that kernels apply to what they have just computed, and their derivatives.
import type { Tensor } from '../tensor/tensor.js';
import {
  relu,
  relu6,
  relu6Grad,
  reluGrad,
  sigmoid,
  sigmoidGrad,
  tanh,
  tanhGrad,
} from './elementwise.js';

interface Fused {
  readonly name: string;
  readonly apply: (z: Tensor) => Tensor;
  /** dz from dy and y. */
  readonly grad: (dy: Tensor, y: Tensor) => Tensor;
}

/** By their code in kernels. `dense` has all but the last, `conv` has all. */
export const fused = [
  { name: 'linear', apply: (z) => z, grad: (dy) => dy },
  { name: 'relu', apply: relu, grad: reluGrad },
  { name: 'sigmoid', apply: sigmoid, grad: sigmoidGrad },
  { name: 'tanh', apply: tanh, grad: tanhGrad },
  { name: 'relu6', apply: relu6, grad: relu6Grad },
] as const satisfies readonly Fused[];

/** The names of the activations that `conv` fuses. */
export const fusedByConv: readonly string[] = fused.map(({ name }) => name);

/** An activation that `conv` fuses. */
export type ConvActivation = (typeof fused)[number]['name'];
