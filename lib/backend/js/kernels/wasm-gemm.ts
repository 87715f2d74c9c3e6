// y = op(a)·op(b) in float32 by the WebAssembly module: blocks are copied into its memory, packed
// there, multiplied, and copied out.
import type { DataArray } from '../../../tensor/dtype.js';
import { tile } from '../wasm/gemm.js';
import { wasmModule } from '../wasm/module.js';
import type { Gemm, GemmShape } from './gemm.js';

/** Rows of a, columns of b and steps along k that are multiplied at a time. */
const block = { m: 256, n: 512, k: 512 };

/** Offsets of the parts of the module's memory, in floats. */
const raw = 0;
const packedA = raw + block.n * block.k;
const packedB = packedA + block.m * block.k;
const result = packedB + block.n * block.k;
/** One vector more than a row of y: rows a power of two apart would share their cache sets. */
const resultStride = block.n + 16;

/** Copies a region of x, whose rows are `stride` apart, to the raw area; gives its row length. */
function copyIn(floats: Float32Array, x: DataArray, from: number, stride: number, size: Region) {
  const { rows, columns } = size;
  if (columns === stride) {
    floats.set(x.subarray(from, from + rows * stride), raw);
    return;
  }
  for (let row = 0, at = from; row < rows; row++, at += stride) {
    floats.set(x.subarray(at, at + columns), raw + row * columns);
  }
}

interface Region {
  readonly rows: number;
  readonly columns: number;
}

/** Begins each row of the product with the bias of its columns. */
function copyBias(floats: Float32Array, bias: DataArray, from: number, size: Region) {
  const part = bias.subarray(from, from + size.columns);
  for (let row = 0; row < size.rows; row++) floats.set(part, result + row * resultStride);
}

/** Copies a block of the product to y; a view costs as much as about 60 elements. */
function copyOut(floats: Float32Array, y: DataArray, to: number, stride: number, size: Region) {
  for (let row = 0; row < size.rows; row++) {
    const from = result + row * resultStride;
    const end = from + size.columns;
    if (size.columns > 60) y.set(floats.subarray(from, end), to + row * stride);
    else for (let p = from, q = to + row * stride; p < end; p++, q++) y[q] = floats[p];
  }
}

/** A gemm in WebAssembly, or undefined where there is none; arrays must be Float32Arrays. */
export function planWasmGemm(shape: GemmShape): Gemm | undefined {
  const module = wasmModule();
  if (!module) return undefined;
  const { m, n, k, transposeA, transposeB } = shape;
  const { floats } = module;

  const packA = (a: DataArray, at: number, i: number, p: number, rows: number, steps: number) => {
    const panels = Math.ceil(rows / tile.rows);
    if (transposeA) {
      copyIn(floats, a, at + p * m + i, m, { rows: steps, columns: rows });
      module.packTransposedRows(raw * 4, packedA * 4, panels, steps, rows * 4);
    } else {
      copyIn(floats, a, at + i * k + p, k, { rows, columns: steps });
      module.packRows(raw * 4, packedA * 4, panels, steps, steps * 4);
    }
  };

  const packB = (
    b: DataArray,
    at: number,
    j: number,
    p: number,
    columns: number,
    steps: number,
  ) => {
    const panels = Math.ceil(columns / tile.columns);
    if (transposeB) {
      copyIn(floats, b, at + j * k + p, k, { rows: columns, columns: steps });
      module.packTransposedColumns(raw * 4, packedB * 4, panels, steps, steps * 4);
    } else {
      copyIn(floats, b, at + p * n + j, n, { rows: steps, columns });
      module.packColumns(raw * 4, packedB * 4, panels, steps, columns * 4);
    }
  };

  return (a, b, y, at, bias) => {
    for (let j = 0; j < n; j += block.n) {
      const columns = Math.min(block.n, n - j);
      for (let i = 0; i < m; i += block.m) {
        const rows = Math.min(block.m, m - i);
        if (bias) copyBias(floats, bias, j, { rows, columns });
        for (let p = 0; p < k; p += block.k) {
          const steps = Math.min(block.k, k - p);
          if (i === 0 || k > block.k) packB(b, at.b, j, p, columns, steps);
          packA(a, at.a, i, p, rows, steps);
          module.multiply(
            packedA * 4,
            packedB * 4,
            result * 4,
            Math.ceil(rows / tile.rows),
            Math.ceil(columns / tile.columns),
            steps,
            resultStride * 4,
            p > 0 || bias ? 1 : 0,
          );
        }
        copyOut(floats, y, at.y + i * n + j, n, { rows, columns });
      }
    }
  };
}
