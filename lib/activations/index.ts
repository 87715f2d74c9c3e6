// Activation functions: functions over ops, by Keras's names.
import * as elementwise from '../ops/elementwise.js';
import { softmax as softmaxOp } from '../ops/softmax.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { Registry } from '../util/registry.js';

/** A function of a tensor that keeps its shape. */
export type Activation = (x: Tensor) => Tensor;

/** All activations by name. */
export const activations = new Registry<Activation>('activation');

/** max(x, 0) */
export const relu = activations.add('relu', (x: Tensor) => elementwise.relu(x));
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = activations.add('sigmoid', (x: Tensor) => elementwise.sigmoid(x));
/** Hyperbolic tangent. */
export const tanh = activations.add('tanh', (x: Tensor) => elementwise.tanh(x));
/** eˣ / Σ eˣ over the last axis, or `axis`. */
export const softmax = activations.add('softmax', (x: Tensor, axis = -1) => softmaxOp(x, axis));
/** x itself. */
export const linear = activations.add('linear', (x: Tensor) => x);
/** ln(1 + eˣ) */
export const softplus = activations.add('softplus', (x: Tensor) => elementwise.softplus(x));

/** x where x > 0, else α(eˣ − 1). Clevert et al. 2015. */
export const elu = activations.add('elu', (x: Tensor, alpha = 1) => {
  const positive = elementwise.greater(x, 0);
  // Where x is large, eˣ must not overflow: its gradient would be NaN.
  const below = elementwise.where(positive, 0, x);
  return elementwise.where(positive, x, elementwise.multiply(elementwise.expm1(below), alpha));
});

/** x·Φ(x), with Φ the normal distribution, or its tanh approximation. Hendrycks & Gimpel 2016. */
export const gelu = activations.add('gelu', (x: Tensor, approximate = false) => {
  const { add, erf, multiply, power, tanh: tanhOp } = elementwise;
  const inner = approximate
    ? tanhOp(multiply(add(x, multiply(power(x, 3), 0.044715)), Math.sqrt(2 / Math.PI)))
    : erf(multiply(x, Math.SQRT1_2));
  return multiply(multiply(x, 0.5), add(inner, 1));
});

/**
 * The activation that a name or function stands for; linear if there is none.
 *
 * @throws ConfigError for an unknown name.
 */
export function get(activation: string | Activation | null | undefined): Activation {
  if (activation === null || activation === undefined) return linear;
  if (typeof activation === 'string') return activations.get(activation);
  if (typeof activation === 'function') return activation;
  throw new ConfigError(`expected an activation or the name of one, got ${typeof activation}.`);
}

/** @internal What a config says of an activation: its name, or its function's. */
export const nameOf = (activation: Activation): string =>
  activations.nameOf(activation) ?? activation.name;
