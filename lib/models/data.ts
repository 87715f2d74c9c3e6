// What users hand to fit, evaluate and predict, made into tensors whose leading axis is the samples.
// Several inputs or outputs come in a list or by name.
import { setImmediate } from 'node:timers/promises';
import type { Feed } from '../backend/backend.js';
import { evaluate } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import { isList, namesIn, type Structure } from '../layers/structure.js';
import { cast } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import {
  allocateData,
  fromData,
  isTypedArray,
  Tensor,
  type TensorLike,
  type TypedArrayInput,
  tensor,
} from '../tensor/tensor.js';
import { DataError } from '../util/errors.js';

/** A typed array together with its shape. */
export interface ShapedArray {
  readonly data: TypedArrayInput;
  readonly shape: Shape;
}

/** Samples: a tensor, arrays, or a typed array together with its shape. */
export type Samples = TensorLike | ShapedArray;

/** Samples of one input or output, or of several in a list or by name. */
export type SamplesOf = Samples | readonly Samples[] | { readonly [name: string]: Samples };

/** How several tensors belong together: one alone, in a list, or by names. */
export type Form = 'one' | 'list' | readonly string[];

/** Tensors in a form. */
export function arrange(form: Form, tensors: readonly Tensor[]): Structure {
  if (form === 'one') return tensors[0];
  if (form === 'list') return tensors;
  return Object.fromEntries(form.map((name, i) => [name, tensors[i]]));
}

/** The form of what a model gives. */
export function formOf(structure: Structure): Form {
  if (structure instanceof Tensor) return 'one';
  return isList(structure) ? 'list' : namesIn(structure);
}

/** Batches as they come: `[x, y]`, `[x, y, sampleWeight]`, `{ x, y, sampleWeight }` or x alone. */
export type BatchSource = Iterable<unknown> | AsyncIterable<unknown>;

const sliceBytes = 8 * 2 ** 20;

/** Whether it is a typed array with its shape. */
export const isShaped = (s: unknown): s is ShapedArray =>
  typeof s === 'object' && s !== null && 'data' in s && 'shape' in s && !(s instanceof Tensor);

/** Copies a typed array in slices, between turns of the event loop; shared memory is read in place. */
async function copyArray(values: TypedArrayInput, shape: Shape): Promise<Tensor> {
  if (sizeOf(shape) !== values.length) {
    throw new DataError(
      `shape ${formatShape(shape)} has ${sizeOf(shape)} elements, but the array has ${values.length}.`,
    );
  }
  const plain =
    values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array;
  if (plain && values.buffer instanceof SharedArrayBuffer) {
    const dtype =
      values instanceof Float32Array ? 'float32' : values instanceof Int32Array ? 'int32' : 'uint8';
    return fromData(values, shape, dtype);
  }
  if (values.byteLength <= sliceBytes) return tensor(values, { shape });
  const { dtype } = tensor(values.subarray(0, 0));
  const data = allocateData(dtype, values.length);
  const step = Math.floor(sliceBytes / values.BYTES_PER_ELEMENT);
  for (let from = 0; from < values.length; from += step) {
    data.set(values.subarray(from, from + step), from);
    await setImmediate();
  }
  return fromData(data, shape, dtype);
}

/** A tensor of samples; a plain list of numbers counts as one feature each. */
export async function toSamples(samples: Samples, what: string): Promise<Tensor> {
  let t: Tensor;
  if (samples instanceof Tensor) t = samples;
  else if (isShaped(samples)) t = await copyArray(samples.data, [...samples.shape]);
  else if (isTypedArray(samples)) t = await copyArray(samples, [samples.length]);
  else if (typeof samples === 'object' && samples !== null && 'value' in samples) t = samples.value;
  else if (Array.isArray(samples)) t = tensor(samples);
  else
    throw new DataError(
      `${what}: expected a tensor, an array or a typed array, got ${typeof samples}.`,
    );
  if (t.rank === 0)
    throw new DataError(`${what}: expected samples along a first axis, got a scalar.`);
  await evaluate(t);
  return t;
}

const isArrayOfSamples = (part: unknown): boolean =>
  part instanceof Tensor || isTypedArray(part) || (isRecord(part) && isShaped(part));

const isRecord = (x: unknown): x is { readonly [name: string]: Samples } =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !(x instanceof Tensor) &&
  !isTypedArray(x);

/** The parts of samples: `count` of them if that is known. A list of tensors is never one of numbers. */
export function partsIn(
  given: SamplesOf,
  count: number,
): { readonly form: Form; readonly parts: readonly Samples[] } {
  if (isNamed(given)) {
    const names = namesIn(given);
    const byName: { readonly [name: string]: Samples } = given;
    return { form: names, parts: names.map((name) => byName[name]) };
  }
  const list =
    Array.isArray(given) &&
    given.length > 0 &&
    (given.every(isArrayOfSamples) || (count > 1 && given.length === count));
  return list ? { form: 'list', parts: given } : { form: 'one', parts: [given as Samples] };
}

/** Samples by name: not a variable, nor an array with its shape. */
const isNamed = (given: SamplesOf): given is { readonly [name: string]: Samples } =>
  isRecord(given) && !isShaped(given) && !('value' in given && 'assign' in given);

/** Inputs: features on the last axis, so that a list of numbers becomes `[samples, 1]`. */
export async function toInputs(
  given: SamplesOf,
  count: number,
): Promise<{ readonly x: readonly Tensor[]; readonly form: Form }> {
  const { form, parts } = partsIn(given, count);
  const x: Tensor[] = [];
  for (const [i, part] of parts.entries()) {
    const t = await toSamples(part, form === 'one' ? 'x' : `x, ${nameIn(form, i)}`);
    x.push(t.rank === 1 ? await withValue(reshape(t, [t.size, 1])) : t);
  }
  return { x, form };
}

const nameIn = (form: Form, i: number): string =>
  typeof form === 'string' ? `input ${i}` : `input "${form[i]}"`;

async function withValue(t: Tensor): Promise<Tensor> {
  await evaluate(t);
  return t;
}

/** Whole-number labels as int32, whatever they came as. */
export async function toLabels(y: Tensor): Promise<Tensor> {
  if (y.dtype !== 'float32') return y;
  const { data } = realized(y);
  const row = data.findIndex((value: number) => !Number.isInteger(value));
  if (row >= 0) {
    throw new DataError(
      `y: a sparse loss takes whole-number labels, but row ${Math.floor((row * y.shape[0]) / y.size)} is ${data[row]}. For one-hot or soft labels use categorical_crossentropy.`,
    );
  }
  return withValue(cast(y, 'int32'));
}

/** Sample weights from weights per class: `{ 0: 1, 1: 5 }`. */
export function weightsOfClasses(y: Tensor, classWeight: Readonly<Record<number, number>>): Tensor {
  const { data } = realized(y);
  const rows = y.shape[0];
  const perRow = rows === 0 ? 0 : y.size / rows;
  const weights = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let label = data[row * perRow];
    if (perRow > 1) {
      label = 0;
      for (let c = 1; c < perRow; c++) {
        if (data[row * perRow + c] > data[row * perRow + label]) label = c;
      }
    }
    weights[row] = classWeight[label] ?? 1;
  }
  return fromData(weights, [rows], 'float32');
}

/** Everything that one pass reads, row for row: inputs, and what there is for each output. */
export interface Dataset {
  readonly x: readonly Tensor[];
  readonly form: Form;
  /** Targets by output; none for an output that no loss or metric looks at. */
  readonly y: readonly (Tensor | undefined)[];
  readonly weights: readonly (Tensor | undefined)[];
}

/** Number of samples. */
export const rowsIn = ({ x }: Dataset): number => x[0]?.shape[0] ?? 0;

/** The parts of a data set with their names in errors. */
function namedParts({ x, form, y, weights }: Dataset): [string, Tensor | undefined][] {
  const label = (name: string, i: number, n: number) => (n === 1 ? name : `${name}[${i}]`);
  return [
    ...x.map((t, i): [string, Tensor] => [
      typeof form === 'string' ? label('x', i, x.length) : `x.${form[i]}`,
      t,
    ]),
    ...y.map((t, i): [string, Tensor | undefined] => [label('y', i, y.length), t]),
    ...weights.map((t, i): [string, Tensor | undefined] => [
      label('sampleWeight', i, weights.length),
      t,
    ]),
  ];
}

/** Throws unless all parts have as many rows, and at least one. */
export function checkRows(data: Dataset, where: string): void {
  const rows = rowsIn(data);
  if (rows === 0) {
    const shape = data.x[0] ? formatShape(data.x[0].shape) : 'no tensor';
    throw new DataError(`${where}: the data set is empty: x has shape ${shape}.`);
  }
  const [[first]] = namedParts(data);
  for (const [name, part] of namedParts(data)) {
    if (!part || part.shape[0] === rows) continue;
    throw new DataError(
      `${where}: ${first} has ${rows} samples, but ${name} has ${part.shape[0]}.`,
    );
  }
}

/** The tensors of a data set in the order of a step's feeds. */
export const partsOf = ({ x, y, weights }: Dataset): Tensor[] =>
  [...x, ...y, ...weights].filter((t) => t !== undefined);

/** Rows `from` up to `to` of a data set, in place. */
export function rowsOf(data: Dataset, from: number, to: number): Dataset {
  const take = (t: Tensor): Tensor => {
    const row = sizeOf(t.shape.slice(1));
    const { data: all } = realized(t);
    return fromData(all.subarray(from * row, to * row), [to - from, ...t.shape.slice(1)], t.dtype);
  };
  return {
    x: data.x.map(take),
    form: data.form,
    y: data.y.map((t) => t && take(t)),
    weights: data.weights.map((t) => t && take(t)),
  };
}

/** The feeds of steps that begin at `first`: rows in order, or as `order` says. */
export const feedsOf = (data: Dataset, order: Int32Array | undefined, first: number): Feed[] =>
  partsOf(data).map((t) => {
    const source = realized(t).data;
    return order ? { source, rows: order.subarray(first), first: 0 } : { source, first };
  });

/** One batch of an iterator, as it came. */
export interface RawBatch {
  readonly x: SamplesOf;
  readonly y: SamplesOf | undefined;
  readonly sampleWeight: SamplesOf | undefined;
}

/** A batch of an iterator: `[x, y, sampleWeight]`, `{ x, y, sampleWeight }` or x alone. */
export function rawBatch(item: unknown): RawBatch {
  if (typeof item === 'object' && item !== null && !Array.isArray(item) && 'x' in item) {
    const { x, y, sampleWeight } = item as RawBatch;
    return { x, y: y ?? undefined, sampleWeight: sampleWeight ?? undefined };
  }
  // A list of more than three is no [x, y, sampleWeight], but x alone in nested arrays.
  const several = Array.isArray(item) && item.length <= 3 && item[0] instanceof Object;
  const parts = several ? item : [item];
  const [x, y, sampleWeight] = parts as SamplesOf[];
  return { x, y: y ?? undefined, sampleWeight: sampleWeight ?? undefined };
}

/** Whether `x` yields batches instead of being the samples. */
export const isBatchSource = (x: unknown): x is BatchSource =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !ArrayBuffer.isView(x) &&
  (Symbol.asyncIterator in x || Symbol.iterator in x);

/** sfc32: a small, fast generator for shuffles. */
function generator(seed: number, stream: number): () => number {
  let [a, b, c, d] = [seed | 0, stream | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** The numbers 0 … n − 1. */
export function rowsInOrder(n: number): Int32Array {
  const rows = new Int32Array(n); // Int32Array.from({ length }) takes five times as long as the shuffle
  for (let i = 0; i < n; i++) rows[i] = i;
  return rows;
}

const swapsPerTurn = 2 ** 17;

/** The numbers 0 … n − 1 in an order that follows from `seed` and `stream`; lets the event loop turn. */
export async function shuffledRows(n: number, seed: number, stream: number): Promise<Int32Array> {
  const rows = rowsInOrder(n);
  const random = generator(seed, stream);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((random() / 2 ** 32) * (i + 1));
    const row = rows[i];
    rows[i] = rows[j];
    rows[j] = row;
    if (i % swapsPerTurn === 0) await setImmediate();
  }
  return rows;
}

/** Says which column of the data is not a number, if one is. */
export function findNonFinite(data: Dataset): DataError | undefined {
  for (const [name, t] of namedParts(data)) {
    if (t?.dtype !== 'float32') continue;
    const values = realized(t).data;
    const at = values.findIndex((value: number) => !Number.isFinite(value));
    if (at < 0) continue;
    const perRow = t.size / t.shape[0];
    return new DataError(
      `${name} holds ${values[at]} in row ${Math.floor(at / perRow)}, column ${at % perRow}. Remove such rows, or fill them in.`,
    );
  }
  return undefined;
}
