// y = op(a)·op(b) for one pair of matrices in plain JS: blocks of both are packed into panels of
// doubles, and a 4×4 micro-kernel keeps its sums in locals.
import type { DataArray } from '../../../tensor/dtype.js';
import { fillRows, type Gemm, type GemmShape } from './gemm.js';

/** Rows and columns of a micro-tile. */
const tile = 4;
/** Rows of a, columns of b and steps along k that are packed at a time. */
const block = { m: 64, n: 512, k: 512 };

/** Distances in a matrix that is packed: between lines (rows of a, columns of b) and along k. */
interface Strides {
  readonly line: number;
  readonly step: number;
}

interface PackSize {
  lines: number;
  steps: number;
}

/** Packs lines into panels of four, step by step; what the last panel lacks is zeros. */
function pack(x: DataArray, from: number, strides: Strides, size: PackSize, panels: Float64Array) {
  const { line, step } = strides;
  const length = size.steps * tile;
  for (let first = 0, to = 0; first < size.lines; first += tile, to += length) {
    const present = Math.min(tile, size.lines - first);
    if (present < tile) panels.fill(0, to, to + length);
    for (let l = 0; l < present; l++) {
      const end = to + length;
      for (let p = from + (first + l) * line, q = to + l; q < end; p += step, q += tile) {
        panels[q] = x[p];
      }
    }
  }
}

const panelsA = new Float64Array(block.m * block.k);
const panelsB = new Float64Array(block.n * block.k);
const sums = new Float64Array(tile * tile);

/** sums = the product of `steps` steps of the panels of a and b that begin at p and q. */
function multiplyPanels(a: Float64Array, b: Float64Array, p: number, q: number, steps: number) {
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  for (const end = p + steps * tile; p < end; p += tile, q += tile) {
    const b0 = b[q];
    const b1 = b[q + 1];
    const b2 = b[q + 2];
    const b3 = b[q + 3];
    let x = a[p];
    s00 += x * b0;
    s01 += x * b1;
    s02 += x * b2;
    s03 += x * b3;
    x = a[p + 1];
    s10 += x * b0;
    s11 += x * b1;
    s12 += x * b2;
    s13 += x * b3;
    x = a[p + 2];
    s20 += x * b0;
    s21 += x * b1;
    s22 += x * b2;
    s23 += x * b3;
    x = a[p + 3];
    s30 += x * b0;
    s31 += x * b1;
    s32 += x * b2;
    s33 += x * b3;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s03;
  sums[4] = s10;
  sums[5] = s11;
  sums[6] = s12;
  sums[7] = s13;
  sums[8] = s20;
  sums[9] = s21;
  sums[10] = s22;
  sums[11] = s23;
  sums[12] = s30;
  sums[13] = s31;
  sums[14] = s32;
  sums[15] = s33;
}

/** A block of y: its place, its size, and whether the product is added to what is there. */
interface Target {
  at: number;
  rows: number;
  columns: number;
  add: boolean;
}

/** Multiplies the packed panels into a block of y, whose rows are `stride` apart. */
function multiplyBlock(y: DataArray, stride: number, steps: number, target: Target): void {
  const { at, rows, columns, add } = target;
  for (let j = 0; j < columns; j += tile) {
    const width = Math.min(tile, columns - j);
    for (let i = 0; i < rows; i += tile) {
      const height = Math.min(tile, rows - i);
      multiplyPanels(panelsA, panelsB, i * steps, j * steps, steps);
      for (let r = 0; r < height; r++) {
        for (let c = 0, to = at + (i + r) * stride + j; c < width; c++, to++) {
          y[to] = sums[r * tile + c] + (add ? y[to] : 0);
        }
      }
    }
  }
}

/** A gemm in scalar JS; works on float64 as on float32 arrays. */
export function planScalarGemm({ m, n, k, transposeA, transposeB }: GemmShape): Gemm {
  const stridesA = transposeA ? { line: 1, step: m } : { line: k, step: 1 };
  const stridesB = transposeB ? { line: k, step: 1 } : { line: 1, step: n };
  const sizeA = { lines: 0, steps: 0 };
  const sizeB = { lines: 0, steps: 0 };
  const target = { at: 0, rows: 0, columns: 0, add: false };
  return (a, b, y, at, bias) => {
    if (bias) fillRows(y, at.y, m, n, bias);
    for (let j = 0; j < n; j += block.n) {
      target.columns = sizeB.lines = Math.min(block.n, n - j);
      for (let p = 0; p < k; p += block.k) {
        target.add = p > 0 || bias !== undefined;
        const steps = Math.min(block.k, k - p);
        sizeA.steps = sizeB.steps = steps;
        pack(b, at.b + j * stridesB.line + p * stridesB.step, stridesB, sizeB, panelsB);
        for (let i = 0; i < m; i += block.m) {
          target.rows = sizeA.lines = Math.min(block.m, m - i);
          target.at = at.y + i * n + j;
          pack(a, at.a + i * stridesA.line + p * stridesA.step, stridesA, sizeA, panelsA);
          multiplyBlock(y, n, steps, target);
        }
      }
    }
  };
}
