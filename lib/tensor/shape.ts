// Shapes: sizes, strides, broadcasting and how they are written in messages.

import { ShapeError } from '../util/errors.js';

export type Shape = readonly number[];

/** Number of elements; 1 for a scalar. */
export const sizeOf = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

const unknownSizes = new Set<number | null>([null]);

/** @internal Says which sizes only stand for unknown ones, while a model is made. */
export function writeAsUnknown(...sizes: number[]): void {
  for (const size of sizes) unknownSizes.add(size);
}

/** `[32, 10]`; unknown sizes, as in the shapes of symbolic inputs, are written `null`. */
export const formatShape = (shape: readonly (number | null)[]): string =>
  `[${shape.map((d) => (unknownSizes.has(d) ? 'null' : d)).join(', ')}]`;

/** @internal A copy of a shape that a user gave. */
export function wholeShape(given: Shape, where: string): number[] {
  if (Array.isArray(given) && given.every((d) => Number.isInteger(d) && d >= 0)) return [...given];
  const got = Array.isArray(given) ? formatShape(given) : JSON.stringify(given);
  throw new ShapeError(`${where}: a shape is a list of whole numbers ≥ 0, got ${got}.`);
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, stride = 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] ?? 1;
  }
  return strides;
}

/** The shape that NumPy's broadcasting gives to `a` and `b`, or `undefined` if they do not fit. */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return undefined;
    out[i] = x === 1 ? y : x;
  }
  return out;
}
