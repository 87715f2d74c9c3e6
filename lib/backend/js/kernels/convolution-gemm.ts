// Convolution and its gradients as products: what the kernel sees in some rows of places is copied to a
// matrix of patches [places, kernel·channels], which meets the weights [kernel·channels, filters].
import type { DataArray } from '../../../tensor/dtype.js';
import type { ConvGeometry } from './convolution-geometry.js';
import { type Gemm, type GemmShape, planGemm } from './gemm.js';

type Run = (a: DataArray, b: DataArray, out: DataArray) => void;

/** Elements of patches at a time: enough rows that packing the weights is cheap, few enough for caches. */
const mostPatches = 2 ** 20;

/** Sizes of the products of one group. */
interface Extents {
  readonly perGroup: number;
  readonly filtersPerGroup: number;
  /** Columns of the patches. */
  readonly depth: number;
  /** Rows of places: what shares all indices but the last spatial one. */
  readonly lines: number;
  /** Rows of places that are copied at a time. */
  readonly linesAtOnce: number;
  /** Whether the input itself is the matrix of patches. */
  readonly direct: boolean;
}

function extentsOf(geometry: ConvGeometry): Extents {
  const { batch, kernel, places, channels, filters, groups, strides, before, size } = geometry;
  const perGroup = channels / groups;
  const depth = kernel[0] * kernel[1] * kernel[2] * perGroup;
  const lines = batch * places[0] * places[1];
  const direct =
    groups === 1 &&
    kernel.every((k, i) => k === 1 && strides[i] === 1 && before[i] === 0 && places[i] === size[i]);
  const fitting = Math.max(1, Math.floor(mostPatches / Math.max(depth * places[2], 1)));
  return {
    perGroup,
    filtersPerGroup: filters / groups,
    depth,
    lines,
    linesAtOnce: direct ? Math.max(lines, 1) : Math.min(Math.max(lines, 1), fitting),
    direct,
  };
}

/**
 * Calls `visit` for each run of elements that lie side by side both in the patches of `lines` rows of places
 * and in the input.
 */
function eachRun(
  geometry: ConvGeometry,
  group: number,
  { first, lines }: { readonly first: number; readonly lines: number },
  visit: (patch: number, element: number, length: number) => void,
): void {
  const { size, kernel, places, strides, dilations, before, channels, groups } = geometry;
  const perGroup = channels / groups;
  const depth = kernel[0] * kernel[1] * kernel[2] * perGroup;
  const merged = groups === 1 && dilations[2] === 1;
  for (let line = first; line < first + lines; line++) {
    const j = line % places[1];
    const i = Math.floor(line / places[1]) % places[0];
    const n = Math.floor(line / (places[1] * places[0]));
    for (let a = 0; a < kernel[0]; a++) {
      const z = i * strides[0] + a * dilations[0] - before[0];
      if (z < 0 || z >= size[0]) continue;
      for (let b = 0; b < kernel[1]; b++) {
        const y = j * strides[1] + b * dilations[1] - before[1];
        if (y < 0 || y >= size[1]) continue;
        const row = ((n * size[0] + z) * size[1] + y) * size[2];
        for (let k = 0; k < places[2]; k++) {
          const x = k * strides[2] - before[2];
          const to =
            ((line - first) * places[2] + k) * depth + (a * kernel[1] + b) * kernel[2] * perGroup;
          if (merged) {
            const from = Math.max(0, -x);
            const end = Math.min(kernel[2], size[2] - x);
            if (from < end)
              visit(to + from * channels, (row + x + from) * channels, (end - from) * channels);
            continue;
          }
          for (let c = 0; c < kernel[2]; c++) {
            const pixel = x + c * dilations[2];
            if (pixel < 0 || pixel >= size[2]) continue;
            visit(to + c * perGroup, (row + pixel) * channels + group * perGroup, perGroup);
          }
        }
      }
    }
  }
}

/** Copies `columns` of each row of `from`, which has `stride`, from column `at` on. */
function takeColumns(from: DataArray, to: DataArray, stride: number, at: number, columns: number) {
  for (let p = at, q = 0; p < from.length; p += stride, q += columns) {
    for (let c = 0; c < columns; c++) to[q + c] = from[p + c];
  }
}

/** The inverse of `takeColumns`. */
function putColumns(from: DataArray, to: DataArray, stride: number, at: number, columns: number) {
  for (let p = at, q = 0; p < to.length; p += stride, q += columns) {
    for (let c = 0; c < columns; c++) to[p + c] = from[q + c];
  }
}

/** A gemm for chunks of `linesAtOnce` rows of places, and one for the rest. */
function planChunks(
  { lines, linesAtOnce }: Extents,
  placesInLine: number,
  shapeOf: (rows: number) => Omit<GemmShape, 'transposeA' | 'transposeB'>,
  flags: { readonly transposeA: boolean; readonly transposeB: boolean },
) {
  const gemmFor = (count: number): Gemm =>
    planGemm({ ...shapeOf(count * placesInLine), ...flags }, false);
  const whole = gemmFor(linesAtOnce);
  const rest = lines % linesAtOnce;
  const last = rest === 0 ? whole : gemmFor(rest);
  return (each: (gemm: Gemm, first: number, count: number) => void): void => {
    for (let first = 0; first < lines; first += linesAtOnce) {
      const count = Math.min(linesAtOnce, lines - first);
      each(count === linesAtOnce ? whole : last, first, count);
    }
  };
}

/** y = conv(x, w). */
export function planConvGemm(geometry: ConvGeometry): Run {
  const { filters, groups, places } = geometry;
  const extents = extentsOf(geometry);
  const { depth, filtersPerGroup, linesAtOnce, direct } = extents;
  const chunks = planChunks(extents, places[2], (m) => ({ m, n: filtersPerGroup, k: depth }), {
    transposeA: false,
    transposeB: false,
  });
  const patches = new Float32Array(direct ? 0 : linesAtOnce * places[2] * depth);
  const weights = new Float32Array(groups === 1 ? 0 : depth * filtersPerGroup);
  const part = new Float32Array(groups === 1 ? 0 : linesAtOnce * places[2] * filtersPerGroup);
  const at = { a: 0, b: 0, y: 0 };
  return (x, w, y) => {
    for (let g = 0; g < groups; g++) {
      if (groups > 1) takeColumns(w, weights, filters, g * filtersPerGroup, filtersPerGroup);
      chunks((gemm, first, count) => {
        if (!direct) fillPatches(geometry, g, { first, lines: count }, x, patches);
        const from = first * places[2] * filters;
        at.y = groups === 1 ? from : 0;
        gemm(direct ? x : patches, groups === 1 ? w : weights, groups === 1 ? y : part, at);
        if (groups === 1) return;
        const rows = y.subarray(from, from + count * places[2] * filters);
        putColumns(part, rows, filters, g * filtersPerGroup, filtersPerGroup);
      });
    }
  };
}

function fillPatches(
  geometry: ConvGeometry,
  group: number,
  part: { readonly first: number; readonly lines: number },
  x: DataArray,
  patches: Float32Array,
): void {
  patches.fill(0);
  eachRun(geometry, group, part, (to, from, length) => {
    for (let i = 0; i < length; i++) patches[to + i] = x[from + i];
  });
}

/** dx from dy and w. */
export function planInputGradGemm(geometry: ConvGeometry): Run {
  const { filters, groups, places } = geometry;
  const extents = extentsOf(geometry);
  const { depth, filtersPerGroup, linesAtOnce, direct } = extents;
  const chunks = planChunks(extents, places[2], (m) => ({ m, n: depth, k: filtersPerGroup }), {
    transposeA: false,
    transposeB: true,
  });
  const patches = new Float32Array(direct ? 0 : linesAtOnce * places[2] * depth);
  const weights = new Float32Array(groups === 1 ? 0 : depth * filtersPerGroup);
  const part = new Float32Array(groups === 1 ? 0 : linesAtOnce * places[2] * filtersPerGroup);
  const at = { a: 0, b: 0, y: 0 };
  return (dy, w, dx) => {
    dx.fill(0);
    for (let g = 0; g < groups; g++) {
      if (groups > 1) takeColumns(w, weights, filters, g * filtersPerGroup, filtersPerGroup);
      chunks((gemm, first, count) => {
        const from = first * places[2] * filters;
        if (groups > 1) {
          const rows = dy.subarray(from, from + count * places[2] * filters);
          takeColumns(rows, part, filters, g * filtersPerGroup, filtersPerGroup);
        }
        at.a = groups === 1 ? from : 0;
        gemm(groups === 1 ? dy : part, groups === 1 ? w : weights, direct ? dx : patches, at);
        if (direct) return;
        eachRun(geometry, g, { first, lines: count }, (p, q, length) => {
          for (let i = 0; i < length; i++) dx[q + i] += patches[p + i];
        });
      });
    }
  };
}

/** dw from x and dy. */
export function planKernelGradGemm(geometry: ConvGeometry): Run {
  const { filters, groups, places } = geometry;
  const extents = extentsOf(geometry);
  const { depth, filtersPerGroup, linesAtOnce, lines, direct } = extents;
  const chunks = planChunks(extents, places[2], (k) => ({ m: depth, n: filtersPerGroup, k }), {
    transposeA: true,
    transposeB: false,
  });
  const patches = new Float32Array(direct ? 0 : linesAtOnce * places[2] * depth);
  const part = new Float32Array(groups === 1 ? 0 : linesAtOnce * places[2] * filtersPerGroup);
  const product = new Float32Array(depth * filtersPerGroup);
  const sums = new Float64Array(depth * filtersPerGroup);
  const at = { a: 0, b: 0, y: 0 };
  return (x, dy, dw) => {
    for (let g = 0; g < groups; g++) {
      sums.fill(0);
      chunks((gemm, first, count) => {
        const from = first * places[2] * filters;
        if (!direct) fillPatches(geometry, g, { first, lines: count }, x, patches);
        if (groups > 1) {
          const rows = dy.subarray(from, from + count * places[2] * filters);
          takeColumns(rows, part, filters, g * filtersPerGroup, filtersPerGroup);
        }
        at.b = groups === 1 ? from : 0;
        gemm(direct ? x : patches, groups === 1 ? dy : part, product, at);
        for (let i = 0; i < sums.length; i++) sums[i] += product[i];
      });
      putColumns(sums, dw, filters, g * filtersPerGroup, filtersPerGroup);
    }
    if (lines === 0) dw.fill(0);
  };
}
