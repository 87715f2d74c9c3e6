// The data that preprocessing layers take outside of models: tensors, typed arrays, nested arrays, and
// batches of those to adapt to.
import { asTensor } from '../../ops/convert.js';
import type { Shape } from '../../tensor/shape.js';
import {
  isTypedArray,
  type NestedNumbers,
  Tensor,
  type TensorHolder,
  type TensorLike,
  type TypedArrayInput,
  tensor,
} from '../../tensor/tensor.js';
import { DataError } from '../../util/errors.js';
import { type CallOptions, Layer, type Structure } from '../layer.js';

/** A typed array with its shape. */
export interface ShapedArray {
  readonly data: TypedArrayInput;
  readonly shape: Shape;
}

/** Numbers in any form. */
export type NumericData = Tensor | TensorHolder | TypedArrayInput | ShapedArray | NestedNumbers;

/** Batches of data; of a batch `[x, y]` or `{ x, y }` that is x. */
export type Batches = Iterable<unknown> | AsyncIterable<unknown>;

const isShaped = (x: object): x is ShapedArray =>
  'data' in x && isTypedArray(x.data) && 'shape' in x;

/** Whether `x` has a shape of its own: it is a whole batch wherever it stands. */
export const isArrayLike = (
  x: unknown,
): x is Tensor | TensorHolder | TypedArrayInput | ShapedArray =>
  typeof x === 'object' &&
  x !== null &&
  (x instanceof Tensor || isTypedArray(x) || isShaped(x) || ('value' in x && !Array.isArray(x)));

/** `x` as a tensor. */
export function toTensor(x: NumericData | Structure): Tensor {
  if (x instanceof Tensor) return x;
  if (typeof x === 'object' && !isTypedArray(x) && isShaped(x)) {
    return tensor(x.data, { shape: x.shape });
  }
  return asTensor(x as TensorLike);
}

/** What a batch of `[x, y]` or `{ x, y }` says of x. */
function inputOf(batch: unknown): unknown {
  if (Array.isArray(batch) && isArrayLike(batch[0])) return batch[0];
  if (typeof batch === 'object' && batch !== null && 'x' in batch) return batch.x;
  return batch;
}

const isIterable = (x: object): x is Iterable<unknown> => Symbol.iterator in x;
const isAsyncIterable = (x: object): x is AsyncIterable<unknown> => Symbol.asyncIterator in x;

/** What `adapt` does with the batches that it is given. */
export interface Adaptation {
  /** Called with each batch; `whole` for data that came in one piece. */
  see(batch: unknown, whole: boolean): void;
  done(): void;
}

async function seeLater(
  batches: AsyncIterable<unknown>,
  steps: number,
  adaptation: Adaptation,
): Promise<void> {
  let step = 0;
  for await (const batch of batches) {
    if (step++ >= steps) break;
    adaptation.see(inputOf(batch), false);
  }
  adaptation.done();
}

/**
 * Shows data to `adaptation`: at once, or as an async iterable gives its batches.
 *
 * @param steps batches to take
 * @throws DataError for what is no data
 */
export function adaptTo(
  where: string,
  data: unknown,
  adaptation: Adaptation,
  steps = Number.POSITIVE_INFINITY,
): void | Promise<void> {
  const whole = isArrayLike(data) || (Array.isArray(data) && !data.some(isArrayLike));
  if (whole) {
    adaptation.see(data, true);
    return adaptation.done();
  }
  if (typeof data !== 'object' || data === null) {
    throw new DataError(
      `${where}.adapt: expected a tensor, arrays, or an iterable of batches, got ${typeof data}.`,
    );
  }
  if (isAsyncIterable(data)) return seeLater(data, steps, adaptation);
  if (!isIterable(data)) {
    throw new DataError(
      `${where}.adapt: expected a tensor, arrays, or an iterable of batches, got an object without an iterator.`,
    );
  }
  let step = 0;
  for (const batch of data) {
    if (step++ >= steps) break;
    adaptation.see(inputOf(batch), false);
  }
  adaptation.done();
}

/** A batch as numbers. */
export function numericBatch(where: string, batch: unknown): Tensor {
  if (isArrayLike(batch) || Array.isArray(batch) || typeof batch === 'number') {
    return toTensor(batch as NumericData);
  }
  throw new DataError(`${where}.adapt: expected batches of numbers, got ${typeof batch}.`);
}

/** A layer that is also called with plain numbers outside of models. */
export abstract class NumericLayer extends Layer {
  override apply(x: NumericData | Structure, options: CallOptions = {}): Tensor {
    return super.apply(toTensor(x), options);
  }
}
