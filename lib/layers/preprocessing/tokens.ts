// Strings or whole numbers outside of programs: read from nested arrays, typed arrays and tensors.
import { currentTrace } from '../../graph/variable.js';
import { isSymbolic } from '../../ops/define.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { isTypedArray, Tensor } from '../../tensor/tensor.js';
import { DataError, ShapeError } from '../../util/errors.js';
import type { Structure } from '../layer.js';
import { isArrayLike, type NumericData, toTensor } from './data.js';

/** Strings nested to any depth. */
export type NestedStrings = string | readonly NestedStrings[];

/** What layers of tokens are called with. */
export type TokenData = NestedStrings | NumericData | Structure;

export type Token = string | number;

/** Tokens in row-major order, and their shape. */
export interface Tokens {
  readonly values: readonly Token[];
  readonly shape: Shape;
}

/** Whether `x` is a tensor without values: symbolic, or of a program that is being made. */
export const isTraced = (x: unknown): x is Tensor =>
  isSymbolic(x) ||
  (x instanceof Tensor && currentTrace() !== undefined && x.source.kind !== 'value');

function nestedTokens(where: string, data: readonly unknown[]): Tokens {
  const shape: number[] = [];
  for (let v: unknown = data; Array.isArray(v); v = v[0]) shape.push(v.length);
  const values: Token[] = [];
  const visit = (v: unknown, axis: number): void => {
    if (axis < shape.length) {
      if (!Array.isArray(v) || v.length !== shape[axis]) {
        throw new ShapeError(
          `${where}: ragged data: expected ${shape[axis]} entries at depth ${axis}, got ${Array.isArray(v) ? v.length : typeof v}. Pad it.`,
        );
      }
      for (const inner of v) visit(inner, axis + 1);
    } else if (typeof v === 'string' || typeof v === 'number') values.push(v);
    else if (v instanceof Uint8Array) values.push(new TextDecoder().decode(v));
    else throw new DataError(`${where}: expected strings or numbers, got ${typeof v}.`);
  };
  visit(data, 0);
  return { values, shape };
}

/** The tokens of `data`, which must be known. */
export function tokensOf(where: string, data: unknown): Tokens {
  if (typeof data === 'string' || typeof data === 'number') return { values: [data], shape: [] };
  if (Array.isArray(data)) return nestedTokens(where, data);
  if (isArrayLike(data) || isTypedArray(data)) {
    const t = toTensor(data);
    return { values: [...t.dataSync()], shape: t.shape };
  }
  throw new DataError(
    `${where}: expected strings or whole numbers in arrays, or a tensor, got ${typeof data}.`,
  );
}

/** Values in row-major order as nested arrays of `shape`. */
export function nest<T>(values: readonly T[], shape: Shape): T | readonly unknown[] {
  if (shape.length === 0) return values[0];
  const [n, ...rest] = shape;
  const size = sizeOf(rest);
  return Array.from({ length: n }, (_, i) => nest(values.slice(i * size, (i + 1) * size), rest));
}
