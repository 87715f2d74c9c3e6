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

/** Multiplies; y is overwritten. */
export type Gemm = (a: DataArray, b: DataArray, y: DataArray, at: GemmOffsets) => void;

/** The fastest gemm for a shape. */
export function planGemm(shape: GemmShape, float64: boolean): Gemm {
  if (shape.k === 0) return (_a, _b, y, at) => y.fill(0, at.y, at.y + shape.m * shape.n);
  return (float64 ? undefined : planWasmGemm(shape)) ?? planScalarGemm(shape);
}
