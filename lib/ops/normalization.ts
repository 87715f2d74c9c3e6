// Normalization: over the batch, over the features of each row, and with given statistics. The ops
// work on matrices whose last axis is what has parameters; the functions bring other axes there.
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { asFloat } from './convert.js';
import { atPath, call, callAll, defineOp, type ValueInfo, type VjpCall } from './define.js';
import { add, divide, multiply, rsqrt, square, subtract } from './elementwise.js';
import { fused } from './fused-activation.js';
import { broadcastTo, expandDims, normalizeAxis, reshape, sumAxes, transpose } from './movement.js';
import { mean } from './reduce.js';

const vector = (n: number): ValueInfo => ({ shape: [n], dtype: 'float32' });
const perChannel = (x: ValueInfo, n: number): ValueInfo[] => Array(n).fill(vector(columnsOf(x)));
const rowsOf = (x: ValueInfo): number => x.shape[0];
const columnsOf = (x: ValueInfo): number => x.shape[1];

/** Values per channel and per row of a matrix, beside which they broadcast. */
const perColumn = (t: Tensor): Tensor => expandDims(t, 0);
const perRow = (t: Tensor): Tensor => expandDims(t, 1);

const scaleShiftOp = defineOp({
  name: 'scaleShift',
  kind: 'select',
  rows: 'independent',
  infer: ([x]) => [x],
  vjp: ({ inputs: [x, shift, scale], grads: [dy], needs }) => {
    if (!dy) return [];
    const scaled = multiply(dy, perColumn(scale));
    const given = (i: number, g: () => Tensor) => (needs(i) ? g() : undefined);
    return [
      given(0, () => scaled),
      given(1, () => sumAxes(multiply(scaled, -1), [0])),
      given(2, () => sumAxes(multiply(dy, subtract(x, perColumn(shift))), [0])),
      given(3, () => sumAxes(dy, [0])),
    ];
  },
  flops: ([x]) => 3 * sizeOf(x.shape),
  inPlace: () => 0,
  decompose: ([x, shift, scale, offset]) => [
    add(multiply(subtract(x, perColumn(shift)), perColumn(scale)), perColumn(offset)),
  ],
});

/** dx of a mean and a variance over `n` elements, beside which their gradients broadcast. */
function momentsGrad(
  x: Tensor,
  center: Tensor,
  [dmean, dvariance]: readonly (Tensor | undefined)[],
  n: number,
): Tensor | undefined {
  const ofMean = dmean && broadcastTo(divide(dmean, n), x.shape);
  const ofVariance = dvariance && multiply(subtract(x, center), multiply(dvariance, 2 / n));
  return ofMean && ofVariance ? add(ofMean, ofVariance) : (ofMean ?? ofVariance);
}

const sumOf = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined =>
  a && b ? add(a, b) : (a ?? b);

/** The gradients by the op `gradOp` of y, and those that come through mean and variance. */
function normVjp(
  { inputs: [x, gamma, , epsilon], outputs: [, m, v, ...rest], attrs, grads }: VjpCall,
  gradOp: Parameters<typeof callAll>[0],
  along: (t: Tensor) => Tensor,
  n: number,
): readonly (Tensor | undefined)[] {
  const [dy, dmean, dvariance] = grads;
  const direct = dy ? callAll(gradOp, [dy, x, m, v, gamma, epsilon, ...rest], attrs) : [];
  const ofMoments = [dmean, dvariance].map((g) => g && along(g));
  return [sumOf(direct[0], momentsGrad(x, along(m), ofMoments, n)), direct[1], direct[2]];
}

/** Codes of activations are those of `fused`; here linear, relu and relu6. */
const linear = { activation: 0 };

/**
 * x, gamma, beta, epsilon → y, mean, variance and offset: y = activation((x − mean)·gamma/√(variance + ε)
 * + offset), where the offset is beta less what rounding takes from the mean.
 */
const batchNormOp = defineOp({
  name: 'batchNorm',
  kind: 'reduce',
  rows: 'mixes',
  infer: ([x]) => [x, ...perChannel(x, 3)],
  vjp: (called) => normVjp(called, batchNormGradOp, perColumn, rowsOf(called.inputs[0])),
  flops: ([x]) => 9 * sizeOf(x.shape),
  decompose: ([x, gamma, beta, epsilon], attrs) => {
    const m = mean(x, 0);
    const d = subtract(x, perColumn(m));
    const v = mean(square(d), 0);
    const scale = multiply(gamma, rsqrt(add(v, epsilon)));
    const y = add(multiply(d, perColumn(scale)), perColumn(beta));
    return [fused[attrs.activation as number].apply(y), m, v, reshape(beta, beta.shape)];
  },
});

/**
 * dy, x, mean, variance, gamma, epsilon, offset → dx, dgamma, dbeta. With an activation, dy is that of
 * its output, which is computed again from x.
 */
const batchNormGradOp = defineOp({
  name: 'batchNormGrad',
  kind: 'reduce',
  rows: 'mixes',
  infer: ([dy]) => [dy, ...perChannel(dy, 2)],
  flops: ([x]) => 12 * sizeOf(x.shape),
  inPlace: (output) => (output === 0 ? 0 : undefined),
  decompose: ([dz, x, m, v, gamma, epsilon, offset], attrs) => {
    const n = rowsOf(x);
    const d = subtract(x, perColumn(m));
    const r = rsqrt(add(v, epsilon));
    const { apply, grad } = fused[attrs.activation as number];
    const z = add(multiply(d, perColumn(multiply(gamma, r))), perColumn(offset));
    const dy = grad(dz, apply(z));
    const normalized = multiply(subtract(d, perColumn(mean(d, 0))), perColumn(r));
    const dbeta = sumAxes(dy, [0]);
    const dgamma = sumAxes(multiply(dy, normalized), [0]);
    const shared = add(perColumn(dbeta), multiply(normalized, perColumn(dgamma)));
    const dx = multiply(perColumn(multiply(gamma, r)), subtract(dy, divide(shared, n)));
    return [dx, dgamma, dbeta];
  },
});

const layerNormOp = defineOp({
  name: 'layerNorm',
  kind: 'reduce',
  rows: 'independent',
  infer: ([x]) => [x, vector(rowsOf(x)), vector(rowsOf(x))],
  vjp: (called) => {
    const { attrs, inputs, grads } = called;
    const moments = attrs.centered ? grads : [grads[0], undefined, grads[2]];
    return normVjp({ ...called, grads: moments }, layerNormGradOp, perRow, columnsOf(inputs[0]));
  },
  flops: ([x]) => 9 * sizeOf(x.shape),
  inPlace: (output) => (output === 0 ? 0 : undefined),
  decompose: ([x, gamma, beta, epsilon], attrs) => {
    const m = attrs.centered ? mean(x, 1) : broadcastTo(0, [rowsOf(x)]);
    const d = subtract(x, perRow(m));
    const v = mean(square(d), 1);
    const normalized = multiply(d, perRow(rsqrt(add(v, epsilon))));
    return [add(multiply(normalized, perColumn(gamma)), perColumn(beta)), m, v];
  },
});

/** dy, x, mean, variance, gamma, epsilon → dx, dgamma, dbeta. */
const layerNormGradOp = defineOp({
  name: 'layerNormGrad',
  kind: 'reduce',
  rows: 'mixes',
  infer: ([dy]) => [dy, vector(columnsOf(dy)), vector(columnsOf(dy))],
  flops: ([x]) => 14 * sizeOf(x.shape),
  inPlace: (output) => (output === 0 ? 0 : undefined),
  decompose: ([dy, x, m, v, gamma, epsilon], attrs) => {
    const n = columnsOf(x);
    const r = rsqrt(add(v, epsilon));
    const d = attrs.centered ? subtract(x, perRow(m)) : x;
    const exact = attrs.centered ? subtract(d, mean(d, 1, { keepDims: true })) : d;
    const normalized = multiply(exact, perRow(r));
    const g = multiply(dy, perColumn(gamma));
    const products = multiply(normalized, sumAxes(multiply(g, normalized), [1], true));
    const shared = attrs.centered ? add(sumAxes(g, [1], true), products) : products;
    const dx = multiply(perRow(r), subtract(g, divide(shared, n)));
    return [dx, sumAxes(multiply(dy, normalized), [0]), sumAxes(dy, [0])];
  },
});

/** Calls `fn` with `x` as a matrix whose columns are `axes`, in order, and undoes that to its result. */
function asMatrix(x: Tensor, axes: readonly number[], fn: (x: Tensor) => Tensor): Tensor {
  const others = x.shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]));
  const order = [...others, ...axes];
  const moved = transpose(x, order);
  const columns = axes.reduce((n, axis) => n * x.shape[axis], 1);
  const rows = others.reduce((n, axis) => n * x.shape[axis], 1);
  const out = reshape(fn(reshape(moved, [rows, columns])), moved.shape);
  return transpose(
    out,
    order.map((_, i) => order.indexOf(i)),
  );
}

/** A parameter with one value for each column, or as many of `otherwise`. */
function columnValues(
  given: TensorLike | undefined | null,
  n: number,
  otherwise: number,
  what: string,
): Tensor {
  if (given === undefined || given === null) return broadcastTo(otherwise, [n]);
  const t = asFloat(given);
  if (t.size === n) return reshape(t, [n]);
  throw new ShapeError(
    `${what}: expected ${n} values, one for each feature, got shape ${formatShape(t.shape)}${atPath()}.`,
  );
}

const normalizeAxes = (axis: number | readonly number[], rank: number, where: string): number[] =>
  [...new Set([axis].flat().map((a) => normalizeAxis(a, rank, where)))].sort((a, b) => a - b);

/** Scale and offset of a normalization, one value per feature; default 1 and 0. */
export interface AffineOptions {
  readonly scale?: TensorLike | undefined;
  readonly offset?: TensorLike | undefined;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
}

/**
 * `(x − mean) / √(variance + ε) · scale + offset`, with one value of each per index of `axis`
 * (default: the last).
 */
export function batchNormalization(
  x: TensorLike,
  mean: TensorLike,
  variance: TensorLike,
  axis = -1,
  { scale, offset, epsilon = 1e-3 }: AffineOptions = {},
): Tensor {
  const where = 'batchNormalization';
  const t = asFloat(x);
  const at = normalizeAxis(axis, t.rank, where);
  const n = t.shape[at];
  const r = rsqrt(add(columnValues(variance, n, 1, where), epsilon));
  const factor = scale === undefined ? r : multiply(r, columnValues(scale, n, 1, where));
  const values = [columnValues(mean, n, 0, where), factor, columnValues(offset, n, 0, where)];
  return asMatrix(t, [at], (m) => call(scaleShiftOp, [m, ...values]));
}

/** What `normalizeBatch` gives. */
export interface NormalizedBatch {
  /** As x. */
  readonly y: Tensor;
  /** `[channels]` */
  readonly mean: Tensor;
  /** `[channels]`, dividing by the number of elements of a channel. */
  readonly variance: Tensor;
}

/** @internal x normalized by its own mean and variance over all axes but `axis`, and those. */
export function normalizeBatch(
  x: TensorLike,
  axis = -1,
  { scale, offset, epsilon = 1e-3 }: AffineOptions = {},
): NormalizedBatch {
  const where = 'normalizeBatch';
  const t = asFloat(x);
  const at = normalizeAxis(axis, t.rank, where);
  const n = t.shape[at];
  const values = [columnValues(scale, n, 1, where), columnValues(offset, n, 0, where)];
  let moments: readonly Tensor[] = [];
  const y = asMatrix(t, [at], (m) => {
    const [normalized, ...rest] = callAll(batchNormOp, [m, ...values, asFloat(epsilon)], linear);
    moments = rest;
    return normalized;
  });
  return { y, mean: moments[0], variance: moments[1] };
}

function normalizeRows(
  x: TensorLike,
  axis: number | readonly number[],
  { scale, offset, epsilon = 1e-3 }: AffineOptions,
  centered: boolean,
): Tensor {
  const where = centered ? 'layerNormalization' : 'rmsNormalization';
  const t = asFloat(x);
  const axes = normalizeAxes(axis, t.rank, where);
  const n = sizeOf(axes.map((a) => t.shape[a]));
  const values = [columnValues(scale, n, 1, where), columnValues(offset, n, 0, where)];
  const attrs = { centered: centered ? 1 : 0 };
  return asMatrix(t, axes, (m) => callAll(layerNormOp, [m, ...values, asFloat(epsilon)], attrs)[0]);
}

/**
 * `(x − mean) / √(variance + ε) · scale + offset`, with the mean and variance of x over `axis`
 * (default: the last), which scale and offset have the shape of.
 */
export const layerNormalization = (
  x: TensorLike,
  axis: number | readonly number[] = -1,
  options: AffineOptions = {},
): Tensor => normalizeRows(x, axis, options, true);

/** `x / √(mean(x²) + ε) · scale`, with the mean over `axis` (default: the last); ε defaults to 1e-7. */
export const rmsNormalization = (
  x: TensorLike,
  axis: number | readonly number[] = -1,
  options: Omit<AffineOptions, 'offset'> = {},
): Tensor => normalizeRows(x, axis, { epsilon: 1e-7, ...options }, false);

/** @internal The shape of an axis's values, to broadcast beside a tensor of `shape`. */
export const alongAxes = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((d, i) => (axes.includes(i) ? d : 1));
