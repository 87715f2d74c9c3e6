// What a gemm is, and which of ours multiplies a given shape.
import type { DataArray } from '../../../tensor/dtype.js';
import { planScalarGemm } from './scalar-gemm.js';
import { planWasmGemm } from './wasm-gemm.js';

export interface GemmShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Whether a is stored as [k, m]. */
  readonly transposeA: boolean;
  /** Whether b is stored as [n, k]. */
  readonly transposeB: boolean;
}

/** Where the matrices begin in their arrays. */
export interface GemmOffsets {
  a: number;
  b: number;
  y: number;
}

/** Multiplies; each row of y begins as the bias, or as zeros. */
export type Gemm = (
  a: DataArray,
  b: DataArray,
  y: DataArray,
  at: GemmOffsets,
  bias?: DataArray,
) => void;

/** Writes the bias, or zeros, to each of `m` rows of `n` elements from `at` on. */
export function fillRows(y: DataArray, at: number, m: number, n: number, bias?: DataArray): void {
  if (!bias) y.fill(0, at, at + m * n);
  else for (let row = 0; row < m; row++) y.set(bias, at + row * n);
}

/** The fastest gemm for a shape. */
export function planGemm(shape: GemmShape, float64: boolean): Gemm {
  const { m, n, k } = shape;
  if (k === 0) return (_a, _b, y, at, bias) => fillRows(y, at.y, m, n, bias);
  return (float64 ? undefined : planWasmGemm(shape)) ?? planScalarGemm(shape);
}
