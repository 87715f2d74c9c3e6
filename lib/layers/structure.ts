// What layers take and give: a tensor, or several in a list or by name; and the masks that travel with them.
import { Tensor } from '../tensor/tensor.js';

export { maskOf, setMask } from '../tensor/mask.js';

/** A tensor, or several in a list or by name. */
export type Structure = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/** A shape whose batch axis, and perhaps others, is not known: `[null, 784]`. */
export type SymbolicShape = readonly (number | null)[];

/** The tensors of a structure, in order. */
export function tensorsOf(structure: Structure): readonly Tensor[] {
  if (structure instanceof Tensor) return [structure];
  return Array.isArray(structure) ? structure : Object.values(structure);
}

/** The structure with other tensors in the same places. */
export function withTensors(structure: Structure, tensors: readonly Tensor[]): Structure {
  if (structure instanceof Tensor) return tensors[0];
  if (Array.isArray(structure)) return tensors;
  return Object.fromEntries(Object.keys(structure).map((name, i) => [name, tensors[i]]));
}
