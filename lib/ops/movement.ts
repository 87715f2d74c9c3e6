// Ops that move elements and compute nothing: reshape, transpose, slice, concat, gather, ….
import type { Attrs } from '../graph/program.js';
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { fromData, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { DTypeError, ShapeError } from '../util/errors.js';
import { asTensor, cast } from './convert.js';
import { atPath, call, defineOp, type Op, recordable, type ValueInfo } from './define.js';

const list = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[];

/** `axis` counted from the front; throws if there is no such axis. */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && positive >= 0 && positive < rank) return positive;
  if (!Number.isInteger(axis)) {
    throw new ShapeError(
      `${where}: expected a whole number as axis, got ${typeof axis === 'object' ? 'an object: the axis comes by position' : JSON.stringify(axis)}${atPath()}.`,
    );
  }
  throw new ShapeError(
    `${where}: axis ${axis} is outside of a tensor with ${rank} axes${atPath()}.`,
  );
}

const reshapeOp = defineOp({
  name: 'reshape',
  kind: 'view',
  rows: 'mixes',
  kernelAttrs: [],
  infer: ([x], attrs) => [{ shape: list(attrs, 'shape'), dtype: x.dtype }],
  vjp: ({ inputs: [x], grads: [dy] }) => [dy && reshape(dy, x.shape)],
  flops: () => 0,
});

/** The same elements in another shape; one size may be -1. */
export const reshape = recordable('reshape', (x: TensorLike, shape: Shape): Tensor => {
  const t = asTensor(x);
  const known = shape.reduce((n, d) => (d === -1 ? n : n * d), 1);
  const out = shape.map((d) => (d === -1 ? (known === 0 ? 0 : t.size / known) : d));
  const whole = out.every((d) => Number.isInteger(d) && d >= 0);
  if (!whole || sizeOf(out) !== t.size || shape.filter((d) => d === -1).length > 1) {
    throw new ShapeError(
      `reshape: ${formatShape(t.shape)} has ${t.size} elements and cannot become ${formatShape(shape)}${atPath()}.`,
    );
  }
  return sameShape(out, t.shape) ? t : call(reshapeOp, [t], { shape: out });
});

/** @internal Another tensor of the same values: a view. */
export const viewOf = (t: Tensor): Tensor => call(reshapeOp, [t], { shape: t.shape });

/** Adds an axis of size 1 at `axis`. */
export const expandDims = recordable('expandDims', (x: TensorLike, axis: number): Tensor => {
  const t = asTensor(x);
  const at = normalizeAxis(axis, t.rank + 1, 'expandDims');
  return reshape(t, [...t.shape.slice(0, at), 1, ...t.shape.slice(at)]);
});

/** Removes axes of size 1: all of them, or those named. */
export const squeeze = recordable(
  'squeeze',
  (x: TensorLike, axis?: number | readonly number[]): Tensor => {
    const t = asTensor(x);
    const axes =
      axis === undefined
        ? t.shape.flatMap((d, i) => (d === 1 ? [i] : []))
        : [axis].flat().map((a) => normalizeAxis(a, t.rank, 'squeeze'));
    const wrong = axes.find((a) => t.shape[a] !== 1);
    if (wrong !== undefined) {
      throw new ShapeError(
        `squeeze: axis ${wrong} of ${formatShape(t.shape)} has ${t.shape[wrong]} elements, expected 1${atPath()}.`,
      );
    }
    return reshape(
      t,
      t.shape.filter((_, i) => !axes.includes(i)),
    );
  },
);

const transposeOp = defineOp({
  name: 'transpose',
  kind: 'movement',
  rows: 'mixes',
  infer: ([x], attrs) => [
    { shape: list(attrs, 'permutation').map((p) => x.shape[p]), dtype: x.dtype },
  ],
  vjp: ({ grads: [dy], attrs }) => {
    const permutation = list(attrs, 'permutation');
    return [
      dy &&
        transpose(
          dy,
          permutation.map((_, i) => permutation.indexOf(i)),
        ),
    ];
  },
  flops: () => 0,
});

/** Axes in another order; reversed by default. */
export const transpose = recordable(
  'transpose',
  (x: TensorLike, axes?: readonly number[]): Tensor => {
    const t = asTensor(x);
    const permutation =
      axes?.map((a) => normalizeAxis(a, t.rank, 'transpose')) ??
      t.shape.map((_, i) => t.rank - 1 - i);
    if (permutation.length !== t.rank || new Set(permutation).size !== t.rank) {
      throw new ShapeError(
        `transpose: axes ${formatShape(axes ?? [])} are not an order of the ${t.rank} axes of ${formatShape(t.shape)}${atPath()}.`,
      );
    }
    return permutation.every((p, i) => p === i) ? t : call(transposeOp, [t], { permutation });
  },
);

const broadcastToOp = defineOp({
  name: 'broadcastTo',
  kind: 'movement',
  rows: 'independent',
  kernelAttrs: [],
  infer: ([x], attrs) => [{ shape: list(attrs, 'shape'), dtype: x.dtype }],
  vjp: ({ inputs: [x], grads: [dy] }) => [dy && sumTo(dy, x.shape)],
  flops: () => 0,
});

/** `x` repeated along axes of size 1, and new leading ones, until it has `shape`. */
export const broadcastTo = recordable('broadcastTo', (x: TensorLike, shape: Shape): Tensor => {
  const t = asTensor(x);
  if (sameShape(t.shape, shape)) return t;
  const fits = broadcastShapes(t.shape, shape);
  if (!fits || !sameShape(fits, shape)) {
    throw new ShapeError(
      `broadcastTo: ${formatShape(t.shape)} does not broadcast to ${formatShape(shape)}${atPath()}.`,
    );
  }
  return call(broadcastToOp, [t], { shape: [...shape] });
});

/** @internal The sum of `x` over the axes along which `shape` was broadcast to get it. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const offset = x.rank - shape.length;
  const axes = x.shape.flatMap((d, i) =>
    i < offset || (shape[i - offset] === 1 && d !== 1) ? [i] : [],
  );
  return reshape(sumAxes(x, axes), shape);
}

/** The plain sum over some axes; the public `sum` is in reduce.ts. */
const sumOp = defineOp({
  name: 'sum',
  kind: 'reduce',
  rows: 'reduces',
  infer: ([x], attrs) => [{ shape: reducedShape(x.shape, attrs), dtype: x.dtype }],
  vjp: ({ inputs: [x], grads: [dy], attrs }) => [dy && expandReduced(dy, x.shape, attrs)],
  flops: ([x]) => sizeOf(x.shape),
});

/** @internal Sum over `axes`, which are normalized; of single elements it is a reshape. */
export function sumAxes(x: Tensor, axes: readonly number[], keepDims = false): Tensor {
  if (axes.length === 0) return x;
  const attrs = { axes, keepDims: keepDims ? 1 : 0 };
  if (axes.every((axis) => x.shape[axis] === 1)) return reshape(x, reducedShape(x.shape, attrs));
  return call(sumOp, [x], attrs);
}

/** @internal Shape of a reduction with `axes` and `keepDims`. */
export function reducedShape(shape: Shape, attrs: Attrs): number[] {
  const axes = list(attrs, 'axes');
  if (attrs.keepDims) return shape.map((d, i) => (axes.includes(i) ? 1 : d));
  return shape.filter((_, i) => !axes.includes(i));
}

/** @internal A reduced tensor, broadcast back over the axes that were reduced. */
export function expandReduced(y: Tensor, shape: Shape, attrs: Attrs): Tensor {
  const axes = list(attrs, 'axes');
  return broadcastTo(
    reshape(
      y,
      shape.map((d, i) => (axes.includes(i) ? 1 : d)),
    ),
    shape,
  );
}

const sliceOp = defineOp({
  name: 'slice',
  kind: 'movement',
  rows: 'mixes',
  kernelAttrs: ['begin', 'strides'],
  infer: ([x], attrs) => [{ shape: list(attrs, 'shape'), dtype: x.dtype }],
  vjp: ({ inputs: [x], grads: [dy], attrs }) => [
    dy && sliceGrad(dy, x.shape, list(attrs, 'begin'), list(attrs, 'strides')),
  ],
  flops: () => 0,
});

/** dy put back where a strided slice took it from, zeros elsewhere. */
function sliceGrad(dy: Tensor, shape: Shape, begin: Shape, strides: Shape): Tensor {
  let g = dy;
  const before = [...begin];
  const after = shape.map(() => 0);
  for (let axis = 0; axis < shape.length; axis++) {
    const n = g.shape[axis];
    const stride = Math.abs(strides[axis]);
    if (strides[axis] < 0) {
      before[axis] = begin[axis] - (n - 1) * stride;
      g = reverse(g, axis);
    }
    if (stride > 1 && n > 0) g = dilate(g, axis, stride);
    after[axis] = shape[axis] - before[axis] - g.shape[axis];
    if (n === 0) [before[axis], after[axis]] = [shape[axis], 0];
  }
  return pad(
    g,
    before.map((b, i) => [b, after[i]]),
  );
}

/** Puts `stride - 1` zeros between neighbours along `axis`. */
function dilate(x: Tensor, axis: number, stride: number): Tensor {
  const n = x.shape[axis];
  const wide = pad(expandDims(x, axis + 1), [
    ...x.shape.slice(0, axis + 1).map((): [number, number] => [0, 0]),
    [0, stride - 1],
    ...x.shape.slice(axis + 1).map((): [number, number] => [0, 0]),
  ]);
  const merged = reshape(wide, [...x.shape.slice(0, axis), n * stride, ...x.shape.slice(axis + 1)]);
  return sliceAxis(merged, axis, 0, (n - 1) * stride + 1);
}

/** `x[begin, begin + stride, …]` along every axis; `shape` is the result's. */
const rawSlice = (x: Tensor, begin: Shape, shape: Shape, strides: Shape): Tensor =>
  sameShape(x.shape, shape) && strides.every((s, i) => s === 1 && begin[i] === 0)
    ? x
    : call(sliceOp, [x], { begin: [...begin], strides: [...strides], shape: [...shape] });

/** @internal Elements [begin, end) of one axis. */
export const sliceAxis = recordable(
  'sliceAxis',
  (x: Tensor, axis: number, begin: number, end: number): Tensor => {
    return rawSlice(
      x,
      x.shape.map((_, i) => (i === axis ? begin : 0)),
      x.shape.map((d, i) => (i === axis ? end - begin : d)),
      x.shape.map(() => 1),
    );
  },
);

/** Reverses the order along `axis`. */
export const reverse = recordable('reverse', (x: TensorLike, axis: number): Tensor => {
  const t = asTensor(x);
  const at = normalizeAxis(axis, t.rank, 'reverse');
  if (t.shape[at] === 0) return t;
  return call(sliceOp, [t], {
    begin: t.shape.map((d, i) => (i === at ? d - 1 : 0)),
    strides: t.shape.map((_, i) => (i === at ? -1 : 1)),
    shape: t.shape,
  });
});

/**
 * The block of `x` that begins at `begin` and has `shape`, as in Keras's `ops.slice`.
 *
 * @param strides step along each axis, default 1
 */
export const slice = recordable(
  'slice',
  (x: TensorLike, begin: Shape, shape: Shape, strides?: Shape): Tensor => {
    const t = asTensor(x);
    const steps = strides ?? t.shape.map(() => 1);
    const fits =
      [begin, shape, steps].every((s) => s.length === t.rank) &&
      [...begin, ...shape, ...steps].every(Number.isInteger) &&
      t.shape.every((d, i) => {
        const last = begin[i] + (shape[i] - 1) * steps[i];
        if (shape[i] < 0 || steps[i] === 0) return false;
        return shape[i] === 0 || (begin[i] >= 0 && begin[i] < d && last >= 0 && last < d);
      });
    if (!fits) {
      throw new ShapeError(
        `slice: from ${formatShape(begin)} with shape ${formatShape(shape)} is outside of ${formatShape(t.shape)}${atPath()}.`,
      );
    }
    return rawSlice(t, begin, shape, steps);
  },
);

const padOp = defineOp({
  name: 'pad',
  kind: 'movement',
  rows: 'mixes',
  infer: ([x], attrs) => [
    {
      shape: x.shape.map((d, i) => d + list(attrs, 'before')[i] + list(attrs, 'after')[i]),
      dtype: x.dtype,
    },
  ],
  vjp: ({ inputs: [x], grads: [dy], attrs, needs }) => [
    dy && slice(dy, list(attrs, 'before'), x.shape),
    dy && needs(1) ? sumAxes(borderOf(dy, x.shape, list(attrs, 'before')), [0]) : undefined,
  ],
  flops: () => 0,
});

/** The elements of `y`, in one row, that lie outside of the block at `begin` with `shape`. */
function borderOf(y: Tensor, shape: Shape, begin: Shape): Tensor {
  const slabs: Tensor[] = [];
  let inner = y;
  for (const [axis, from] of begin.entries()) {
    const to = from + shape[axis];
    slabs.push(sliceAxis(inner, axis, 0, from), sliceAxis(inner, axis, to, inner.shape[axis]));
    inner = sliceAxis(inner, axis, from, to);
  }
  return concatenate(slabs.map((slab) => reshape(slab, [slab.size])));
}

/** Surrounds `x` with `[before, after]` elements of `value` (default 0) along each axis. */
export const pad = recordable(
  'pad',
  (
    x: TensorLike,
    padding: readonly (readonly [number, number])[],
    value: TensorLike = 0,
  ): Tensor => {
    const t = asTensor(x);
    if (padding.length !== t.rank || padding.some(([b, a]) => b < 0 || a < 0)) {
      throw new ShapeError(
        `pad: expected one [before, after] ≥ 0 for each of the ${t.rank} axes of ${formatShape(t.shape)}${atPath()}.`,
      );
    }
    if (padding.every(([b, a]) => b === 0 && a === 0)) return t;
    return call(padOp, [t, cast(value, t.dtype)], {
      before: padding.map(([b]) => b),
      after: padding.map(([, a]) => a),
    });
  },
);

const concatOp = defineOp({
  name: 'concat',
  kind: 'movement',
  rows: 'mixes',
  infer: (xs, attrs) => {
    const axis = attrs.axis as number;
    const total = xs.reduce((n, x) => n + x.shape[axis], 0);
    return [{ shape: xs[0].shape.map((d, i) => (i === axis ? total : d)), dtype: xs[0].dtype }];
  },
  vjp: ({ inputs, grads: [dy], attrs }) => {
    let from = 0;
    return inputs.map((x) => {
      const begin = from;
      from += x.shape[attrs.axis as number];
      return dy && sliceAxis(dy, attrs.axis as number, begin, from);
    });
  },
  flops: () => 0,
});

/** Joins tensors along an axis (default: the first, as in Keras); the other sizes must agree. */
export const concatenate = recordable(
  'concatenate',
  (xs: readonly TensorLike[], axis = 0): Tensor => {
    const ts = xs.map(asTensor);
    if (ts.length === 0)
      throw new ShapeError(`concatenate: expected at least one tensor${atPath()}.`);
    const [first] = ts;
    const at = normalizeAxis(axis, first.rank, 'concatenate');
    for (const t of ts) {
      const agrees =
        t.rank === first.rank && t.shape.every((d, i) => i === at || d === first.shape[i]);
      if (!agrees || t.dtype !== first.dtype) {
        throw new ShapeError(
          `concatenate: ${t} does not continue ${first} along axis ${at}${atPath()}.`,
        );
      }
    }
    return ts.length === 1 ? first : call(concatOp, ts, { axis: at });
  },
);

/** Joins tensors of one shape along a new axis. */
export const stack = recordable('stack', (xs: readonly TensorLike[], axis = 0): Tensor => {
  const ts = xs.map(asTensor);
  const at = normalizeAxis(axis, (ts[0]?.rank ?? 0) + 1, 'stack');
  return concatenate(
    ts.map((t) => expandDims(t, at)),
    at,
  );
});

const replaceAxis = (shape: Shape, axis: number, by: Shape): number[] => [
  ...shape.slice(0, axis),
  ...by,
  ...shape.slice(axis + 1),
];

const gatherOp: Op = defineOp({
  name: 'gather',
  kind: 'movement',
  rows: 'mixes',
  canFail: true,
  infer: ([x, indices], attrs) => [
    { shape: replaceAxis(x.shape, attrs.axis as number, indices.shape), dtype: x.dtype },
  ],
  vjp: ({ inputs: [x, indices], grads: [dy], attrs }) => [
    dy &&
      call(gatherGradOp, [dy, indices], { axis: attrs.axis, size: x.shape[attrs.axis as number] }),
    undefined,
  ],
  flops: () => 0,
});

/** @internal */
export const gatherGradOp: Op = defineOp({
  name: 'gatherGrad',
  kind: 'movement',
  rows: 'mixes',
  kernelAttrs: ['axis'],
  canFail: true,
  infer: ([dy, indices], attrs): ValueInfo[] => {
    const axis = attrs.axis as number;
    const after = dy.shape.slice(axis + indices.shape.length);
    return [
      { shape: [...dy.shape.slice(0, axis), attrs.size as number, ...after], dtype: dy.dtype },
    ];
  },
  vjp: ({ inputs: [, indices], grads: [g], attrs }) => [
    g && call(gatherOp, [g, indices], { axis: attrs.axis }),
    undefined,
  ],
});

/**
 * The slices of `x` at `indices` (int32, any shape) along `axis` (default: the first).
 *
 * @throws DataError when it runs, if an index is outside of the axis.
 */
export const gather = recordable(
  'gather',
  (x: TensorLike, indices: TensorLike, axis = 0): Tensor => {
    const t = asTensor(x);
    const at = normalizeAxis(axis, t.rank, 'gather');
    const given =
      typeof indices === 'number' ? fromData(Int32Array.of(indices), [], 'int32') : indices;
    const index = Array.isArray(given) ? cast(given, 'int32') : asTensor(given);
    if (index.dtype === 'float32') {
      throw new DTypeError(`gather: expected indices of whole numbers, got float32${atPath()}.`);
    }
    return call(gatherOp, [t, cast(index, 'int32')], { axis: at });
  },
);

/** `gather`; without an axis of all elements in a row, as in Keras. */
export const take = recordable(
  'take',
  (x: TensorLike, indices: TensorLike, axis?: number): Tensor => {
    if (axis !== undefined) return gather(x, indices, axis);
    const t = asTensor(x);
    return gather(reshape(t, [t.size]), indices);
  },
);

const oneHotOp = defineOp({
  name: 'oneHot',
  kind: 'movement',
  rows: 'independent',
  kernelAttrs: [],
  infer: ([x], attrs) => [{ shape: [...x.shape, attrs.depth as number], dtype: 'float32' }],
});

/** Rows with a one at each index and zeros elsewhere: `[...] → [..., depth]`, float32. */
export const oneHot = recordable(
  'oneHot',
  (indices: TensorLike, depth: number): Tensor =>
    call(oneHotOp, [cast(indices, 'int32')], { depth }),
);

const arangeOp = defineOp({
  name: 'arange',
  kind: 'movement',
  rows: 'mixes',
  kernelAttrs: ['start', 'step'],
  infer: (_, attrs) => [
    { shape: [attrs.length as number], dtype: attrs.integer ? 'int32' : 'float32' },
  ],
});

/** start, start + step, … below `stop`, whole numbers: `arange(stop)` or `arange(start, stop, step)`. */
export function arange(
  start: number,
  stop?: number,
  step = 1,
  options: { dtype?: 'int32' | 'float32' } = {},
): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (![from, to, step].every(Number.isInteger) || step === 0) {
    throw new ShapeError('arange: expected whole numbers and a step that is not 0.');
  }
  const length = Math.max(0, Math.ceil((to - from) / step));
  return call(arangeOp, [], {
    start: from,
    step,
    length,
    integer: options.dtype === 'float32' ? 0 : 1,
  });
}
