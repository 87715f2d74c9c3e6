// Numbers as users have them: nested arrays, typed arrays, and typed arrays in arrays.
import { DTypeError, ShapeError } from '../util/errors.js';
import type { DataArray, DType } from './dtype.js';
import { formatShape, type Shape } from './shape.js';

/** Numbers nested to any depth, e.g. `[[1, 2], [3, 4]]`; the innermost may be typed arrays. */
export type NestedNumbers = number | boolean | TypedArrayInput | readonly NestedNumbers[];
export type TypedArrayInput =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array;

export const isTypedArray = (values: unknown): values is TypedArrayInput =>
  ArrayBuffer.isView(values) &&
  !(values instanceof DataView) &&
  !(values instanceof BigInt64Array) &&
  !(values instanceof BigUint64Array);

type List = TypedArrayInput | readonly NestedNumbers[];

const isList = (values: NestedNumbers): values is List =>
  Array.isArray(values) || isTypedArray(values);

/** How something that is no number is called in errors. */
function described(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return typeof value;
  const name = value.constructor?.name ?? 'object';
  return name === 'Tensor' ? 'a tensor; ops.stack makes one of several' : name;
}

/** The shape that the first entries at each depth suggest. */
export function nestedShape(values: NestedNumbers): number[] {
  const shape: number[] = [];
  for (let v = values; isList(v); v = v[0] ?? 0) shape.push(v.length);
  return shape;
}

/**
 * Writes the numbers in `values` to `out`.
 *
 * @throws ShapeError if they are ragged; DTypeError for what is no number.
 */
export function fillNested(values: NestedNumbers, shape: Shape, out: DataArray): void {
  let next = 0;
  const last = shape.length - 1;
  const visit = (v: NestedNumbers, axis: number): void => {
    if (axis > last) {
      if (typeof v === 'number' || typeof v === 'boolean') {
        out[next++] = Number(v);
        return;
      }
      const Kind = isList(v) ? ShapeError : DTypeError;
      throw new Kind(
        `tensor: expected a number at depth ${axis}${axis > 0 ? ` (the nesting began as ${formatShape(shape)})` : ', or arrays of numbers'}, got ${described(v)}.`,
      );
    }
    if (!isList(v) || v.length !== shape[axis]) {
      throw new ShapeError(
        `tensor: ragged values: expected ${shape[axis]} entries at depth ${axis}, got ${isList(v) ? v.length : described(v)}.`,
      );
    }
    if (isTypedArray(v) && axis === last) {
      out.set(v, next);
      next += v.length;
    } else for (const inner of v) visit(inner, axis + 1);
  };
  visit(values, 0);
}

/** float32; int32, uint8 and bool for typed arrays and lists of those. */
export function defaultDType(values: NestedNumbers): DType {
  let first = values;
  while (Array.isArray(first)) first = first[0] ?? 0;
  if (typeof first === 'boolean') return 'bool';
  if (!isTypedArray(first)) return 'float32';
  if (first instanceof Uint8Array || first instanceof Uint8ClampedArray) return 'uint8';
  return first instanceof Float32Array || first instanceof Float64Array ? 'float32' : 'int32';
}
