// A tensor is an immutable node of a graph: a value, an argument of a trace, a float literal, or one
// output of an op. There is no other kind; evaluating a node replaces its source by its value.
// Arithmetic methods are added by ops/methods.ts, `data()` and its kin by graph/evaluate.ts.

import type { Attrs } from '../graph/program.js';
import type { Op } from '../ops/define.js';
import { DTypeError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type DataArray, type DType, isDType, viewOf } from './dtype.js';
import {
  defaultDType,
  fillNested,
  type NestedNumbers,
  nestedShape,
  type TypedArrayInput,
} from './nested.js';
import { formatShape, type Shape, sizeOf, wholeShape } from './shape.js';

export { isTypedArray, type NestedNumbers, type TypedArrayInput } from './nested.js';

/** A run that will fill, or has filled, a tensor's data. */
export interface PendingRun {
  /** Resolves when the data is there; rejects with what stopped the run. */
  done(): Promise<void>;
  /** Blocks until the data is there; throws what stopped the run. */
  wait(): void;
}

/** One call of an op. */
export interface OpNode {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
  /** Path of the layer that made the call. */
  readonly path: string;
  /** The trace that it belongs to; undefined outside of traces. */
  readonly trace: object | undefined;
  /** A loop's grow when a derivative asks for values of its iterations. */
  readonly outputs: Tensor[];
  /** What a node with `op.expand` stands for, once something asked. */
  expansion?: readonly Tensor[] | undefined;
  /** Nodes not yet evaluated in the largest chain below this one. */
  readonly pending: number;
}

export type Source =
  | { readonly kind: 'op'; readonly node: OpNode; readonly index: number }
  | { readonly kind: 'value'; readonly data: DataArray; readonly run: PendingRun | undefined }
  | { readonly kind: 'literal'; readonly value: number }
  /** An argument, a batch of a feed or the state of a variable in the trace `trace`. */
  | {
      readonly kind: 'argument' | 'feed' | 'state';
      readonly slot: number;
      readonly trace: object;
    }
  /** An input or result of a layer in a functional model: it has a shape, but no values. */
  | { readonly kind: 'symbolic' };

let nextId = 0;

/** An immutable n-dimensional array, or the promise of one: it is computed when its data is asked for. */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal */
  readonly id = nextId++;
  /** @internal */
  source: Source;

  /** @internal Use `tensor(...)`. */
  constructor(shape: Shape, dtype: DType, source: Source) {
    this.shape = Object.freeze(shape);
    this.dtype = dtype;
    this.source = source;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  toString(): string {
    return `Tensor(${this.dtype} ${formatShape(this.shape)})`;
  }

  /** @internal What console.log writes. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return String(this);
  }
}

/** Something whose present value is a tensor: a variable. */
export interface TensorHolder {
  readonly value: Tensor;
}
/** Whatever can become a tensor. */
export type TensorLike = Tensor | TensorHolder | NestedNumbers | TypedArrayInput;

export interface TensorOptions {
  /** Default: the nesting of the values, or `[length]` of a typed array. */
  readonly shape?: Shape;
  /** Default: float32; int32, uint8 and bool for arrays of those. */
  readonly dtype?: DType;
}

let allocate = (dtype: DType, length: number): DataArray =>
  viewOf(
    dtype,
    new ArrayBuffer(length * (dtype === 'float32' || dtype === 'int32' ? 4 : 1)),
    0,
    length,
  );

/** @internal Data arrays of the current backend; the float64 oracle holds float32 in Float64Arrays. */
export const allocateData = (dtype: DType, length: number): DataArray => allocate(dtype, length);

/** @internal Replaces the allocator (the float64 oracle does). */
export function setAllocator(allocator: (dtype: DType, length: number) => DataArray): void {
  allocate = allocator;
}

/** @internal A tensor over data that nobody else changes, without a copy. */
export const fromData = (
  data: DataArray,
  shape: Shape,
  dtype: DType,
  run?: PendingRun | undefined,
): Tensor => new Tensor(shape, dtype, { kind: 'value', data, run });

/**
 * Makes a tensor of nested arrays, a typed array or a number; values are copied once.
 *
 * @example tensor([[1, 2], [3, 4]]); tensor(new Uint8Array(784), { shape: [1, 28, 28] })
 * @throws ShapeError if the values do not fill the shape or are ragged; DTypeError for an unknown dtype, or values
 *   that are no numbers.
 */
export function tensor(values: NestedNumbers, options: TensorOptions | null = {}): Tensor {
  checkOptions('tensor', options, ['shape', 'dtype']);
  const dtype = options?.dtype ?? defaultDType(values);
  if (!isDType(dtype)) {
    throw new DTypeError(
      `tensor: unknown dtype "${dtype}"; expected float32, int32, uint8 or bool.`,
    );
  }
  const natural = nestedShape(values);
  const shape = options?.shape ? wholeShape(options.shape, 'tensor') : natural;
  const size = sizeOf(shape);
  if (sizeOf(natural) !== size) {
    throw new ShapeError(
      `tensor: shape ${formatShape(shape)} has ${size} elements, but there are ${sizeOf(natural)} values.`,
    );
  }
  const data = allocateData(dtype, size);
  fillNested(values, natural, data);
  if (dtype === 'bool') for (let i = 0; i < size; i++) data[i] = data[i] ? 1 : 0;
  return fromData(data, shape, dtype);
}

/** @internal A float32 tensor of one number, without a program: what most weights and slots begin as. */
export function filled(value: number, shape: Shape): Tensor {
  const size = sizeOf(shape);
  const data =
    Object.is(value, 0) && size >= sharedLength
      ? sharedZeros(size)
      : allocateData('float32', size).fill(value);
  return fromData(data, shape, 'float32');
}

/** From so many zeros on, tensors share them. */
const sharedLength = 1 << 14;

let zeros: WeakRef<ArrayBufferLike> | undefined;

/**
 * Zeros in memory that all of them share: no tensor changes, and a variable's first write goes into memory of its
 * own. Clearing an optimizer's slots for 100 MB of weights would block for 50 ms.
 */
function sharedZeros(length: number): DataArray {
  const wide = allocateData('float32', 0) instanceof Float64Array;
  const known = zeros?.deref();
  const fits = known !== undefined && known.byteLength >= length * (wide ? 8 : 4);
  const { buffer } = fits ? { buffer: known } : allocateData('float32', length);
  if (!fits) zeros = new WeakRef(buffer);
  return wide ? new Float64Array(buffer, 0, length) : new Float32Array(buffer, 0, length);
}

/** @internal A float literal: a rank-0 tensor whose value is bound at each run, never compiled in. */
export const literal = (value: number): Tensor =>
  new Tensor([], 'float32', { kind: 'literal', value });
