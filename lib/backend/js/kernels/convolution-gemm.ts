// Convolution and its gradients as products: what the kernel sees in some rows of places is copied to a
// matrix of patches [places, kernel·channels], which meets the weights [kernel·channels, filters].
import type { DataArray } from '../../../tensor/dtype.js';
import type { ConvGeometry } from './convolution-geometry.js';
import { type Gemm, type GemmShape, planGemm } from './gemm.js';

type Run = (a: DataArray, b: DataArray, out: DataArray, bias?: DataArray) => void;

/** Elements of patches at a time: enough rows that packing the weights is cheap, few enough for caches. */
const mostPatches = 2 ** 18;

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

/** Runs of elements that lie side by side both in the patches and in the input: where, where, and how many. */
interface Runs {
  readonly patches: Int32Array;
  readonly elements: Int32Array;
  readonly lengths: Int32Array;
}

/** Space for the runs of one row of places. */
function runsFor({ kernel, places }: ConvGeometry): Runs {
  const most = kernel[0] * kernel[1] * kernel[2] * places[2];
  const list = () => new Int32Array(most);
  return { patches: list(), elements: list(), lengths: list() };
}

/**
 * Lists the runs of a row of places, whose patches begin at `start`, and gives their number. A list, because
 * a function called for each of them would not be inlined in more than one loop.
 */
function listRuns(geometry: ConvGeometry, group: number, line: number, start: number, runs: Runs) {
  const { size, kernel, places, strides, dilations, before, channels, groups } = geometry;
  const perGroup = channels / groups;
  const depth = kernel[0] * kernel[1] * kernel[2] * perGroup;
  const merged = groups === 1 && dilations[2] === 1;
  const i = Math.floor(line / places[1]) % places[0];
  const n = Math.floor(line / (places[1] * places[0]));
  let count = 0;
  for (let a = 0; a < kernel[0]; a++) {
    const z = i * strides[0] + a * dilations[0] - before[0];
    if (z < 0 || z >= size[0]) continue;
    for (let b = 0; b < kernel[1]; b++) {
      const y = (line % places[1]) * strides[1] + b * dilations[1] - before[1];
      if (y < 0 || y >= size[1]) continue;
      const row = ((n * size[0] + z) * size[1] + y) * size[2];
      const rowOfPatch = start + (a * kernel[1] + b) * kernel[2] * perGroup;
      for (let k = 0; k < places[2]; k++) {
        const x = k * strides[2] - before[2];
        const to = rowOfPatch + k * depth;
        // Where nothing lies between the kernel's elements, they are one run.
        const step = merged ? kernel[2] : 1;
        for (let c = 0; c < kernel[2]; c += step) {
          const pixel = x + c * dilations[2];
          const from = Math.max(0, -pixel);
          const end = Math.min(step, size[2] - pixel);
          if (from >= end) continue;
          runs.patches[count] = to + (c + from) * perGroup;
          runs.elements[count] = (row + pixel + from) * channels + group * perGroup;
          runs.lengths[count] = (end - from) * perGroup;
          count++;
        }
      }
    }
  }
  return count;
}

/** Some rows of places. */
interface Part {
  readonly first: number;
  readonly lines: number;
}

function fillPatches(
  geometry: ConvGeometry,
  group: number,
  { first, lines }: Part,
  from: DataArray,
  to: { readonly patches: Float32Array; readonly runs: Runs },
): void {
  const { patches, runs } = to;
  const lineLength = lineLengthOf(geometry);
  patches.fill(0);
  for (let line = 0; line < lines; line++) {
    const count = listRuns(geometry, group, first + line, line * lineLength, runs);
    for (let r = 0; r < count; r++) {
      const end = runs.patches[r] + runs.lengths[r];
      for (let p = runs.patches[r], q = runs.elements[r]; p < end; p++, q++) patches[p] = from[q];
    }
  }
}

/** The inverse of `fillPatches`: adds each element of the patches to where it comes from. */
function addPatches(
  geometry: ConvGeometry,
  group: number,
  { first, lines }: Part,
  to: DataArray,
  from: { readonly patches: Float32Array; readonly runs: Runs },
): void {
  const { patches, runs } = from;
  const lineLength = lineLengthOf(geometry);
  for (let line = 0; line < lines; line++) {
    const count = listRuns(geometry, group, first + line, line * lineLength, runs);
    for (let r = 0; r < count; r++) {
      const end = runs.patches[r] + runs.lengths[r];
      for (let p = runs.patches[r], q = runs.elements[r]; p < end; p++, q++) to[q] += patches[p];
    }
  }
}

/** Elements of the patches of one row of places. */
const lineLengthOf = ({ kernel, places, channels, groups }: ConvGeometry): number =>
  places[2] * kernel[0] * kernel[1] * kernel[2] * (channels / groups);

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

/** y = conv(x, w), plus the bias if there are no groups. */
export function planConvGemm(geometry: ConvGeometry): Run {
  const { filters, groups, places } = geometry;
  const extents = extentsOf(geometry);
  const { depth, filtersPerGroup, linesAtOnce, direct } = extents;
  const chunks = planChunks(extents, places[2], (m) => ({ m, n: filtersPerGroup, k: depth }), {
    transposeA: false,
    transposeB: false,
  });
  const patches = new Float32Array(direct ? 0 : linesAtOnce * places[2] * depth);
  const runs = runsFor(geometry);
  const weights = new Float32Array(groups === 1 ? 0 : depth * filtersPerGroup);
  const part = new Float32Array(groups === 1 ? 0 : linesAtOnce * places[2] * filtersPerGroup);
  const at = { a: 0, b: 0, y: 0 };
  return (x, w, y, bias) => {
    for (let g = 0; g < groups; g++) {
      if (groups > 1) takeColumns(w, weights, filters, g * filtersPerGroup, filtersPerGroup);
      chunks((gemm, first, count) => {
        if (!direct) fillPatches(geometry, g, { first, lines: count }, x, { patches, runs });
        const from = first * places[2] * filters;
        at.y = groups === 1 ? from : 0;
        gemm(direct ? x : patches, groups === 1 ? w : weights, groups === 1 ? y : part, at, bias);
        if (groups === 1) return;
        const rows = y.subarray(from, from + count * places[2] * filters);
        putColumns(part, rows, filters, g * filtersPerGroup, filtersPerGroup);
      });
    }
  };
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
  const runs = runsFor(geometry);
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
        addPatches(geometry, g, { first, lines: count }, dx, { patches, runs });
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
  const runs = runsFor(geometry);
  const part = new Float32Array(groups === 1 ? 0 : linesAtOnce * places[2] * filtersPerGroup);
  const product = new Float32Array(depth * filtersPerGroup);
  const sums = new Float64Array(depth * filtersPerGroup);
  const at = { a: 0, b: 0, y: 0 };
  return (x, dy, dw) => {
    for (let g = 0; g < groups; g++) {
      sums.fill(0);
      chunks((gemm, first, count) => {
        const from = first * places[2] * filters;
        if (!direct) fillPatches(geometry, g, { first, lines: count }, x, { patches, runs });
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
