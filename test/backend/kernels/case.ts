// Cases of kernel tests: operands, attributes and what naive double-precision code expects.
import type { ValueInfo } from '../../../lib/backend/js/kernel.js';
import type { Attrs } from '../../../lib/graph/program.js';
import type { DType } from '../../../lib/tensor/dtype.js';
import type { Shape } from '../../../lib/tensor/shape.js';
import type { Value } from '../../support/kernel.js';

export interface KernelCase {
  readonly kernel: string;
  readonly title: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly ValueInfo[];
  readonly attrs?: Attrs;
  /** One list per output; absent when the call must fail. */
  readonly expected?: readonly (readonly number[])[];
  /** Ways in which outputs may take over inputs: run once each besides the plain run. */
  readonly inPlace?: readonly (readonly (number | undefined)[])[];
  readonly fails?: { readonly status: string; readonly position: number; readonly value: number };
  /** Allowed error relative to max(scale, |expected|); default 2e-6 and 1e-12. */
  readonly tolerance?: { readonly float32: number; readonly float64: number };
  /** Size of what is added up to the expected values; default 0.01. */
  readonly scale?: number;
}

/** Product of sizes, written again so that the tests rely on nothing of what they test. */
export const count = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/** All indices of a shape in row-major order. */
export function indicesOf(shape: Shape): number[][] {
  let indices: number[][] = [[]];
  for (const size of shape) {
    indices = indices.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i]));
  }
  return indices;
}

/** The element of `value` at an index of a shape that it broadcasts to. */
export function read(value: Value, index: readonly number[]): number {
  const skipped = index.length - value.shape.length;
  let at = 0;
  for (const [axis, size] of value.shape.entries()) {
    at = at * size + (size === 1 ? 0 : index[axis + skipped]);
  }
  return value.data[at];
}

const rounders: Readonly<Record<DType, (x: number) => number>> = {
  float32: Math.fround,
  int32: (x) => x | 0,
  uint8: (x) => x & 255,
  bool: (x) => (x ? 1 : 0),
};

/** An operand whose values are exact in its dtype. */
export const value = (dtype: DType, shape: Shape, data: readonly number[]): Value => ({
  dtype,
  shape,
  data: data.map(rounders[dtype]),
});

export const f32 = (shape: Shape, data: readonly number[]): Value => value('float32', shape, data);
export const i32 = (shape: Shape, data: readonly number[]): Value => value('int32', shape, data);
export const scalar = (x: number): Value => f32([], [x]);

/** Numbers in [0, 1) that depend on `seed` alone (mulberry32). */
export function uniforms(n: number, seed: number): number[] {
  let state = seed | 0;
  return Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  });
}

/** A float32 operand uniform in [low, high). */
export const random = (shape: Shape, seed = 1, [low, high] = [-2, 2]): Value =>
  f32(
    shape,
    uniforms(count(shape), seed).map((u) => low + u * (high - low)),
  );

/** A whole-number operand in [low, high). */
export const randomInts = (shape: Shape, seed: number, [low, high]: [number, number]): Value =>
  i32(
    shape,
    uniforms(count(shape), seed).map((u) => Math.floor(low + u * (high - low))),
  );

/** NumPy's broadcast of several shapes. */
export function broadcast(...shapes: Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

/** A case of an elementwise op over broadcast operands. */
export function elementwiseCase(
  kernel: string,
  op: (...x: number[]) => number,
  inputs: readonly Value[],
  dtype: DType = inputs[0].dtype,
): KernelCase {
  const shape = broadcast(...inputs.map((input) => input.shape));
  const sameAs = (input: Value) => input.dtype === dtype && input.shape.join() === shape.join();
  return {
    kernel,
    title: inputs.map((input) => `${input.dtype}[${input.shape}]`).join(' '),
    inputs,
    outputs: [{ dtype, shape }],
    expected: [indicesOf(shape).map((index) => op(...inputs.map((input) => read(input, index))))],
    inPlace: inputs.flatMap((input, i) => (sameAs(input) ? [[i]] : [])),
  };
}

/** The place of an element in row-major order. */
export const flat = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((at, i, axis) => at * shape[axis] + i, 0);
