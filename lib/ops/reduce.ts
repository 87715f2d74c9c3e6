// Reductions over axes, and what is built from them: mean, variance, logSumExp, argmax.
import { sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import { asFloat, asTensor, cast } from './convert.js';
import { call, defineOp, type Op, recordable } from './define.js';
import {
  add,
  divide,
  equal,
  exp,
  isfinite,
  log,
  multiply,
  sqrt,
  square,
  stopGradient,
  subtract,
  where,
} from './elementwise.js';
import {
  expandReduced,
  normalizeAxis,
  reducedShape,
  reshape,
  squeeze,
  sumAxes,
} from './movement.js';

/** One axis, several, or (by default) all. */
export type Axes = number | readonly number[] | null | undefined;

/** Options of every reduction. */
export interface ReduceOptions {
  /** Keep reduced axes, with size 1. Default false. */
  readonly keepDims?: boolean;
}

function normalizeAxes(axis: Axes, rank: number, where: string): number[] {
  const axes =
    axis === undefined || axis === null ? Array.from({ length: rank }, (_, i) => i) : [axis].flat();
  return [...new Set(axes.map((a) => normalizeAxis(a, rank, where)))].sort((a, b) => a - b);
}

type Reduction = (x: TensorLike, axis?: Axes, options?: ReduceOptions) => Tensor;

function defineReduction(
  name: string,
  convert: (x: TensorLike) => Tensor,
  vjp?: Op['vjp'],
): Reduction {
  const op = defineOp({
    name,
    kind: 'reduce',
    rows: 'reduces',
    infer: ([x], attrs) => [{ shape: reducedShape(x.shape, attrs), dtype: x.dtype }],
    flops: ([x]) => sizeOf(x.shape),
    ...(vjp && { vjp }),
  } satisfies Op);
  return recordable<Reduction>(name, (x, axis, options = {}) => {
    checkOptions(name, options, ['keepDims']);
    const t = convert(x);
    const axes = normalizeAxes(axis, t.rank, name);
    return axes.length === 0 ? t : call(op, [t], { axes, keepDims: options.keepDims ? 1 : 0 });
  });
}

const asNumber = (x: TensorLike): Tensor => {
  const t = asTensor(x);
  return t.dtype === 'float32' || t.dtype === 'int32' ? t : cast(t, 'int32');
};
const asBool = (x: TensorLike): Tensor => cast(asTensor(x), 'bool');

/** Sum over `axis` (default: all). Bytes and booleans are counted in int32. */
export const sum: Reduction = recordable<Reduction>('sum', (x, axis, options = {}) => {
  checkOptions('sum', options, ['keepDims']);
  const t = asNumber(x);
  return sumAxes(t, normalizeAxes(axis, t.rank, 'sum'), options.keepDims);
});

/** Gradient of an extreme: shared equally by all elements that attain it. */
const extremeVjp: Op['vjp'] = ({ inputs: [x], outputs: [y], grads: [dy], attrs }) => {
  if (!dy) return [undefined];
  const attained = cast(equal(x, expandReduced(y, x.shape, attrs)), 'float32');
  const count = sumAxes(attained, attrs.axes as readonly number[], true);
  return [multiply(expandReduced(dy, x.shape, attrs), divide(attained, count))];
};

/** Largest element; NaN wins. */
export const max = defineReduction('max', asNumber, extremeVjp);
/** Smallest element; NaN wins. */
export const min = defineReduction('min', asNumber, extremeVjp);

/** Product over `axis`. */
export const prod = defineReduction('prod', asNumber, ({ inputs: [x], grads: [dy], attrs }) => {
  if (!dy) return [undefined];
  const axes = attrs.axes as readonly number[];
  const zero = equal(x, 0);
  const others = prod(where(zero, 1, x), axes, { keepDims: true });
  const zeros = sumAxes(cast(zero, 'float32'), axes, true);
  const noZero = divide(others, where(zero, 1, x));
  const derivative = where(
    equal(zeros, 0),
    noZero,
    where(zero, where(equal(zeros, 1), others, 0), 0),
  );
  return [multiply(expandReduced(dy, x.shape, attrs), derivative)];
});

/** Whether any element is true. */
export const any = defineReduction('any', asBool);
/** Whether all elements are true. */
export const all = defineReduction('all', asBool);

/** Number of elements that a reduction of `x` over `axis` adds up. */
const reducedCount = (x: Tensor, axis: Axes): number =>
  normalizeAxes(axis, x.rank, 'mean').reduce((n, a) => n * x.shape[a], 1);

/** Arithmetic mean over `axis` (default: all); NaN of nothing. */
export const mean: Reduction = recordable<Reduction>('mean', (x, axis, options = {}) => {
  const t = asFloat(x);
  const count = reducedCount(t, axis);
  const total = sum(t, axis, options);
  return count === 1 ? total : divide(total, count);
});

/** Mean squared distance from the mean (dividing by n). */
export const variance: Reduction = recordable<Reduction>('variance', (x, axis, options = {}) => {
  const t = asFloat(x);
  return mean(square(subtract(t, mean(t, axis, { keepDims: true }))), axis, options);
});

/** Square root of the variance. */
export const std: Reduction = recordable<Reduction>('std', (x, axis, options) => {
  const v = variance(x, axis, options);
  return where(equal(v, 0), 0, sqrt(where(equal(v, 0), 1, v)));
});

/** ln Σ eˣ without overflow. */
export const logSumExp: Reduction = recordable<Reduction>('logSumExp', (x, axis, options = {}) => {
  const t = asFloat(x);
  const largest = max(t, axis, { keepDims: true });
  // An infinite one stays as it is: ∞ − ∞ would be NaN.
  const top = stopGradient(where(isfinite(largest), largest, 0));
  const out = add(log(sum(exp(subtract(t, top)), axis, { keepDims: true })), top);
  return options.keepDims ? out : squeeze(out, normalizeAxes(axis, t.rank, 'logSumExp'));
});

function defineArg(name: string): (x: TensorLike, axis?: number) => Tensor {
  const op = defineOp({
    name,
    kind: 'reduce',
    rows: 'reduces',
    infer: ([x], attrs) => [{ shape: x.shape.filter((_, i) => i !== attrs.axis), dtype: 'int32' }],
    flops: ([x]) => sizeOf(x.shape),
  });
  return recordable(name, (x: TensorLike, axis?: number) => {
    const given = asFloat(x);
    const t = axis === undefined ? reshape(given, [given.size]) : given;
    return call(op, [t], { axis: normalizeAxis(axis ?? 0, t.rank, name) });
  });
}

/** Index (int32) of the first largest element along `axis`, or (by default) in all of them in a row. */
export const argmax = defineArg('argMax');
/** Index (int32) of the first smallest element along `axis`, or (by default) in all of them in a row. */
export const argmin = defineArg('argMin');
