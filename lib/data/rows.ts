// Arrays as rows, and rows stacked to batches.
import { setImmediate } from 'node:timers/promises';
import { evaluate } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import {
  allocateData,
  fromData,
  isTypedArray,
  type NestedNumbers,
  Tensor,
  type TypedArrayInput,
  tensor,
} from '../tensor/tensor.js';
import { DataError, ShapeError } from '../util/errors.js';

/** Anything with rows along a first axis. */
export type RowSource =
  | Tensor
  | TypedArrayInput
  | { readonly data: TypedArrayInput; readonly shape: Shape }
  | readonly unknown[];

/** Rows that can be asked for one by one. */
export interface Rows {
  readonly count: number;
  /** Row `i`: a view of a tensor, never a copy. */
  readonly row: (i: number) => unknown;
}

const isShaped = (x: unknown): x is { readonly data: TypedArrayInput; readonly shape: Shape } =>
  typeof x === 'object' && x !== null && 'data' in x && 'shape' in x && isTypedArray(x.data);

/** Whether something has rows. */
export const isRowSource = (x: unknown): x is RowSource =>
  x instanceof Tensor || isTypedArray(x) || Array.isArray(x) || isShaped(x);

/** How many rows there are. @throws DataError for a scalar */
export function countRows(source: RowSource, where: string): number {
  if (Array.isArray(source)) return source.length;
  if (isTypedArray(source)) return source.length;
  const { shape } = source as Tensor;
  if (shape.length === 0) throw new DataError(`${where}: expected rows, got a scalar.`);
  return shape[0];
}

/** The rows of an array; a tensor is computed first. */
export async function rowsOf(source: RowSource, where: string): Promise<Rows> {
  const count = countRows(source, where);
  if (Array.isArray(source)) return { count, row: (i) => source[i] };
  if (isTypedArray(source)) return { count, row: (i) => source[i] };
  const given = source as Tensor | { readonly data: TypedArrayInput; readonly shape: Shape };
  const t = given instanceof Tensor ? given : tensor(given.data, { shape: given.shape });
  await evaluate(t);
  const { data } = realized(t);
  const shape = t.shape.slice(1);
  const size = sizeOf(shape);
  return {
    count,
    row: (i) => fromData(data.subarray(i * size, (i + 1) * size), shape, t.dtype),
  };
}

/** What samples become when they are stacked: tensors in the same structure. */
export type Batched<T> = T extends Tensor | number | boolean | TypedArrayInput | readonly number[]
  ? Tensor
  : { readonly [K in keyof T]: Batched<T[K]> };

const isList = (x: unknown): x is readonly unknown[] => Array.isArray(x) && x[0] instanceof Object;

const isRecord = (x: unknown): x is { readonly [name: string]: unknown } =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !isTypedArray(x) &&
  !(x instanceof Tensor);

/** Copying so much into fresh memory takes about half a millisecond. */
const bytesPerTurn = 2 ** 20;

/** One tensor `[samples, …]` of samples of one shape; lets the event loop turn between large copies. */
async function stackArrays(samples: readonly unknown[], where: string): Promise<Tensor> {
  const tensors = samples.map((sample, i) => {
    if (sample instanceof Tensor) return sample;
    if (typeof sample === 'number' || typeof sample === 'boolean') return tensor(sample);
    if (isTypedArray(sample) || Array.isArray(sample)) return tensor(sample as NestedNumbers);
    throw new DataError(
      `${where}: expected numbers, arrays or tensors, but sample ${i} holds ${sample === null ? 'null' : typeof sample}. Turn it into numbers with map() first.`,
    );
  });
  await evaluate(...tensors);
  const [{ shape, dtype, size }] = tensors;
  const data = allocateData(dtype, tensors.length * size);
  let copied = 0;
  for (const [i, t] of tensors.entries()) {
    if (formatShape(t.shape) !== formatShape(shape) || t.dtype !== dtype) {
      throw new ShapeError(
        `${where}: samples of one batch must be alike: sample 0 is ${dtype} ${formatShape(shape)}, but sample ${i} is ${t.dtype} ${formatShape(t.shape)}.`,
      );
    }
    const row = realized(t).data;
    data.set(row, i * size);
    copied += row.byteLength;
    if (copied < bytesPerTurn) continue;
    copied = 0;
    await setImmediate();
  }
  return fromData(data, [tensors.length, ...shape], dtype);
}

/**
 * Stacks samples to a batch. A sample is a tensor, a number or an array of numbers; or several of those in
 * a list (which begins with an array or a tensor) or by name: then each part is stacked for itself.
 *
 * @throws DataError for anything but numbers; ShapeError for samples that are not alike
 */
export async function stack(samples: readonly unknown[], where: string): Promise<unknown> {
  const [first] = samples;
  if (!isList(first) && !isRecord(first)) return stackArrays(samples, where);
  const keys = Object.keys(first);
  const parts: unknown[] = [];
  for (const key of keys) {
    const part = samples.map((sample, i) => {
      if (isRecord(sample) || Array.isArray(sample)) {
        if (Object.keys(sample).length === keys.length && key in sample) {
          return (sample as { readonly [name: string]: unknown })[key];
        }
      }
      throw new DataError(
        `${where}: sample 0 has the parts ${keys.join(', ')}, but sample ${i} has others.`,
      );
    });
    parts.push(await stack(part, `${where}, part ${key}`));
  }
  if (Array.isArray(first)) return parts;
  return Object.fromEntries(keys.map((key, i) => [key, parts[i]]));
}
