// What activations are, and all of them by Keras's names.
import { recordable } from '../ops/define.js';
import type { Tensor } from '../tensor/tensor.js';
import { Registry } from '../util/registry.js';
import { checkOptions } from '../util/suggest.js';

/** A function of a tensor that keeps its shape (`glu` halves one axis). */
export type Activation = (x: Tensor) => Tensor;

/** All activations by name. */
export const activations = new Registry<Activation>('activation');

/** @internal Adds an activation; on symbolic tensors of functional models it is one operation. */
export const defineActivation = <F extends Activation>(
  name: string,
  fn: F,
  aliases: readonly string[] = [],
): F => activations.add(name, recordable(name, fn), aliases);

/** One parameter of an activation, by position or in an options object. */
export type Parameter<K extends string, T> = T | { readonly [P in K]?: T };

/** @internal The value of a parameter that was given either way, or not at all. */
export function parameter<T extends number | boolean>(
  where: string,
  key: string,
  given: Parameter<string, T> | undefined,
  fallback: T,
): T {
  if (given === undefined || given === null) return fallback;
  if (typeof given !== 'object') return given;
  checkOptions(where, given, [key]);
  return given[key] ?? fallback;
}
