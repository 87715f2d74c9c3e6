// Activation functions: functions over ops, by Keras's names.
import { ConfigError } from '../util/errors.js';
import { linear } from './linear.js';
import { type Activation, activations } from './registry.js';

export { gelu, glu, hardSilu, hardSwish, mish, silu, swish } from './gated.js';
export { exponential, linear } from './linear.js';
export { celu, elu, leakyRelu, type ReluOptions, relu, relu6, selu } from './rectified.js';
export { type Activation, activations, type Parameter } from './registry.js';
export {
  hardShrink,
  softShrink,
  type ThresholdOptions,
  tanhShrink,
  threshold,
} from './shrinking.js';
export {
  hardSigmoid,
  hardTanh,
  logSigmoid,
  sigmoid,
  softsign,
  sparseSigmoid,
  tanh,
} from './sigmoidal.js';
export { logSoftmax, type SoftmaxAxis, softmax, sparsemax } from './simplex.js';
export { softplus, sparsePlus, squareplus } from './smooth.js';

/** A function as Keras serialises it: `{ class_name: 'function', config: 'relu' }`. */
export interface SerializedFunction {
  readonly class_name: string;
  readonly config: string;
}

/** What may stand for an activation: a function, a name, Keras's serialised form; null for none. */
export type ActivationLike = string | Activation | SerializedFunction | null | undefined;

/**
 * The activation that `given` stands for; linear if there is none.
 *
 * @throws ConfigError for an unknown name.
 */
export function get(given: ActivationLike): Activation {
  if (given === null || given === undefined) return linear;
  if (typeof given === 'string') return activations.get(given);
  if (typeof given === 'function') return given;
  if (typeof given === 'object' && typeof given.config === 'string')
    return activations.get(given.config);
  throw new ConfigError(`expected an activation or the name of one, got ${typeof given}.`);
}

/** @internal What a config says of an activation: its name, or its function's. */
export const nameOf = (activation: Activation): string =>
  activations.nameOf(activation) ?? activation.name;
