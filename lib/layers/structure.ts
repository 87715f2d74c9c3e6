// What layers take and give: a tensor, or several in a list or by name; and the masks that travel with them.
import { Tensor } from '../tensor/tensor.js';

export { maskOf, setMask } from '../tensor/mask.js';

/** A tensor, or several in a list or by name. */
export type Structure = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/** A shape whose batch axis, and perhaps others, is not known: `[null, 784]`. */
export type SymbolicShape = readonly (number | null)[];

/** The names in a structure, in Keras's order: the alphabet's. */
export const namesIn = (structure: { readonly [name: string]: unknown }): readonly string[] =>
  Object.keys(structure).sort();

/** The tensors of a structure, in order; by name in the order of the names. */
export function tensorsOf(structure: Structure): readonly Tensor[] {
  if (structure instanceof Tensor) return [structure];
  if (isList(structure)) return structure;
  return namesIn(structure).map((name) => structure[name]);
}

/** The structure with other tensors in the same places. */
export function withTensors(structure: Structure, tensors: readonly Tensor[]): Structure {
  if (structure instanceof Tensor) return tensors[0];
  if (isList(structure)) return tensors;
  return Object.fromEntries(namesIn(structure).map((name, i) => [name, tensors[i]]));
}

/** Whether it is a list of tensors. */
export const isList = (structure: Structure): structure is readonly Tensor[] =>
  Array.isArray(structure);
