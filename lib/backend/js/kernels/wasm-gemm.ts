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
/** One cache line more than a row: rows a power of two apart would share their cache sets. */
const resultStride = block.n + 16;

/** Copies a region of x, whose rows are `stride` apart, to the raw area. */
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

/** A part of an axis. */
interface Span {
  readonly from: number;
  readonly count: number;
}

/** An axis of `size` in parts of `most`. */
const spans = (size: number, most: number): Span[] =>
  Array.from({ length: Math.ceil(size / most) }, (_, i) => ({
    from: i * most,
    count: Math.min(most, size - i * most),
  }));

/** A gemm in WebAssembly, or undefined where there is none; arrays must be Float32Arrays. */
export function planWasmGemm(shape: GemmShape): Gemm | undefined {
  const module = wasmModule();
  if (!module) return undefined;
  const { m, n, k, transposeA, transposeB } = shape;
  const { floats } = module;

  const packA = (a: DataArray, at: number, rows: Span, steps: Span) => {
    const panels = Math.ceil(rows.count / tile.rows);
    if (transposeA) {
      const size = { rows: steps.count, columns: rows.count };
      copyIn(floats, a, at + steps.from * m + rows.from, m, size);
      module.packTransposedRows(raw * 4, packedA * 4, panels, steps.count, rows.count * 4);
    } else {
      const size = { rows: rows.count, columns: steps.count };
      copyIn(floats, a, at + rows.from * k + steps.from, k, size);
      module.packRows(raw * 4, packedA * 4, panels, steps.count, steps.count * 4);
    }
  };

  const packB = (b: DataArray, at: number, columns: Span, steps: Span) => {
    const panels = Math.ceil(columns.count / tile.columns);
    if (transposeB) {
      const size = { rows: columns.count, columns: steps.count };
      copyIn(floats, b, at + columns.from * k + steps.from, k, size);
      module.packTransposedColumns(raw * 4, packedB * 4, panels, steps.count, steps.count * 4);
    } else {
      const size = { rows: steps.count, columns: columns.count };
      copyIn(floats, b, at + steps.from * n + columns.from, n, size);
      module.packColumns(raw * 4, packedB * 4, panels, steps.count, columns.count * 4);
    }
  };

  const multiply = (rows: Span, columns: Span, steps: Span, add: boolean) => {
    const rowPanels = Math.ceil(rows.count / tile.rows);
    const columnPanels = Math.ceil(columns.count / tile.columns);
    const [a, b, y, stride] = [packedA * 4, packedB * 4, result * 4, resultStride * 4];
    module.multiply(a, b, y, rowPanels, columnPanels, steps.count, stride, add ? 1 : 0);
  };

  const rowBlocks = spans(m, block.m);
  const columnBlocks = spans(n, block.n);
  const stepBlocks = spans(k, block.k);
  return (a, b, y, at, bias) => {
    for (const columns of columnBlocks) {
      for (const rows of rowBlocks) {
        const size = { rows: rows.count, columns: columns.count };
        if (bias) copyBias(floats, bias, columns.from, size);
        for (const steps of stepBlocks) {
          // Panels of b serve all rows while all of k fits in them.
          if (rows.from === 0 || stepBlocks.length > 1) packB(b, at.b, columns, steps);
          packA(a, at.a, rows, steps);
          multiply(rows, columns, steps, steps.from > 0 || bias !== undefined);
        }
        copyOut(floats, y, at.y + rows.from * n + columns.from, n, size);
      }
    }
  };
}
