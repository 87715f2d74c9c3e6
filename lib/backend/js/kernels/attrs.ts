// Reading attributes of a kernel call: a missing or ill-typed one is a bug in an op's definition.
import type { Attrs } from '../../../graph/program.js';

/** A whole number or a float. */
export function numberAttr(attrs: Attrs, name: string): number {
  const value = attrs[name];
  if (typeof value !== 'number') throw new TypeError(`Attribute "${name}" is not a number.`);
  return value;
}

/** A list such as axes or a permutation. */
export function listAttr(attrs: Attrs, name: string): readonly number[] {
  const value = attrs[name];
  if (!Array.isArray(value)) throw new TypeError(`Attribute "${name}" is not a list.`);
  return value;
}

/** A flag, stored as 0 or 1. */
export const flagAttr = (attrs: Attrs, name: string): boolean => numberAttr(attrs, name) !== 0;
