// Reading goldens: the files that scripts/goldens.py wrote with real Keras, their arrays as tensors, and
// the comparison of numbers. What maps Keras's names to ours is in golden-load.ts.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Tensor, tensor } from '../../lib/index.js';

/** An array as scripts/goldens/encode.py writes it. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'uint8' | 'bool';
  readonly values?: readonly number[];
  readonly base64?: string;
}

/** An array of a training run, with the largest distance of Keras's float32 to its own float64. */
export interface MeasuredArray extends GoldenArray {
  readonly difference: number;
}

export type KerasConfig = { readonly [key: string]: unknown };

/** A Keras object: its class and what its get_config() gives. */
export interface KerasObject {
  readonly class_name: string;
  readonly config: KerasConfig;
}

/** The cases of one family. */
export function readGoldens<T>(family: string): readonly T[] {
  const url = new URL(`../goldens/${family}.json`, import.meta.url);
  const file: { readonly cases: readonly T[] } = JSON.parse(readFileSync(url, 'utf8'));
  return file.cases;
}

/** The numbers of an array. */
export function numbers(golden: GoldenArray): Float32Array | Int32Array | Uint8Array {
  if (golden.base64 === undefined) {
    const values = golden.values ?? [];
    if (golden.dtype === 'float32') return Float32Array.from(values);
    return golden.dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
  }
  const bytes = Uint8Array.from(Buffer.from(golden.base64, 'base64'));
  if (golden.dtype === 'float32') return new Float32Array(bytes.buffer);
  return golden.dtype === 'int32' ? new Int32Array(bytes.buffer) : bytes;
}

/** The tensor of an array. */
export const tensorOf = (golden: GoldenArray): Tensor =>
  tensor(numbers(golden), { shape: golden.shape, dtype: golden.dtype });

/** How far a number may be off: `max(relative * |expected|, absolute)`. */
export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

/** Compares numbers one by one; NaN equals NaN, and infinities only themselves. */
export function expectNumbers(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 1e-5, absolute = 1e-6 }: Tolerance = {},
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Object.is(a, e) || a === e) continue;
    const allowed = Math.max(relative * Math.abs(e), absolute);
    const excess = Number.isFinite(a) && Number.isFinite(e) ? Math.abs(a - e) / allowed : Infinity;
    if (excess > worst) [worst, at] = [excess, i];
  }
  if (worst <= 1) return;
  expect.fail(
    `${what}[${at}]: ${actual[at]}, but Keras has ${expected[at]} (${worst.toPrecision(3)} times the tolerance)`,
  );
}

/** Compares a tensor with an array, shape included. */
export async function expectTensor(
  what: string,
  actual: Tensor,
  expected: GoldenArray,
  tolerance?: Tolerance,
): Promise<void> {
  expect([...actual.shape], `${what}: shape`).toEqual([...expected.shape]);
  expectNumbers(what, await actual.data(), numbers(expected), tolerance);
}

/** The tolerance of a training run: 1e-4 of each number, or 8 times what float32 itself moved it. */
export const afterTraining = (difference: number): Tolerance => ({
  relative: 1e-4,
  absolute: Math.max(8 * difference, 1e-6),
});
