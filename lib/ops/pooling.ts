// Pooling: the largest or the average of each window. The gradient of the largest goes to its place,
// from which another op picks elements, so that derivatives of any order exist.
import type { Attrs } from '../graph/program.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { asFloat, asTensor, cast } from './convert.js';
import { atPath, call, defineOp, type Op, recordable, type ValueInfo } from './define.js';
import {
  asImage,
  type ChannelOrder,
  channelsFirst,
  checkSpatial,
  fromImage,
  type PerAxis,
  perAxis,
  samePadding,
  spatialOf,
  windowsAlong,
  withChannelsLast,
} from './windows.js';

const list = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[];

/** What windows make of `[batch, …, channels]`. */
function pooledInfo(x: ValueInfo, attrs: Attrs): ValueInfo {
  const sizes = spatialOf(x.shape).map((size, i) => {
    const padding = { before: list(attrs, 'before')[i], after: list(attrs, 'after')[i] };
    return windowsAlong(size, list(attrs, 'window')[i], list(attrs, 'strides')[i], padding);
  });
  return { shape: [x.shape[0], ...sizes, x.shape[x.shape.length - 1]], dtype: x.dtype };
}

const inWindows = (y: ValueInfo, attrs: Attrs): number =>
  sizeOf(y.shape) * sizeOf(list(attrs, 'window'));

/** @internal */
export const maxPoolOp: Op = defineOp({
  name: 'maxPool',
  kind: 'reduce',
  rows: 'independent',
  infer: ([x], attrs) => [pooledInfo(x, attrs)],
  vjp: ({ inputs: [x], grads: [dy], attrs }) => [dy && call(maxPoolGradOp, [dy, x], attrs)],
  flops: (_, [y], attrs) => inWindows(y, attrs),
});

/** dy, x → dx: each dy at the first maximum of its window. */
const maxPoolGradOp: Op = defineOp({
  name: 'maxPoolGrad',
  kind: 'reduce',
  rows: 'independent',
  infer: ([, x]) => [x],
  vjp: ({ inputs: [, x], grads: [g], attrs }) => [
    g && call(maxPoolPickOp, [g, x], attrs),
    undefined,
  ],
  flops: ([dy], _, attrs) => inWindows(dy, attrs),
});

/** t, x → the elements of t at the first maxima of the windows of x. */
const maxPoolPickOp: Op = defineOp({
  name: 'maxPoolPick',
  kind: 'reduce',
  rows: 'independent',
  infer: ([, x], attrs) => [pooledInfo(x, attrs)],
  vjp: ({ inputs: [, x], grads: [dy], attrs }) => [
    dy && call(maxPoolGradOp, [dy, x], attrs),
    undefined,
  ],
  flops: (_, [y], attrs) => inWindows(y, attrs),
});

/** @internal */
export const averagePoolOp: Op = defineOp({
  name: 'averagePool',
  kind: 'reduce',
  rows: 'independent',
  infer: ([x], attrs) => [pooledInfo(x, attrs)],
  vjp: ({ inputs: [x], grads: [dy], attrs }) => [
    dy && call(averagePoolGradOp, [dy], { size: spatialOf(x.shape), ...attrs }),
  ],
  flops: (_, [y], attrs) => inWindows(y, attrs),
});

const averagePoolGradOp: Op = defineOp({
  name: 'averagePoolGrad',
  kind: 'reduce',
  rows: 'independent',
  infer: ([dy], attrs) => {
    const { shape, dtype } = dy;
    return [{ shape: [shape[0], ...list(attrs, 'size'), shape[shape.length - 1]], dtype }];
  },
  vjp: ({ grads: [g], attrs: { size: _, ...attrs } }) => [g && call(averagePoolOp, [g], attrs)],
  flops: ([dy], _, attrs) => inWindows(dy, attrs),
});

/** Options of pooling. */
export interface PoolOptions {
  /** Step from window to window, for all spatial axes or for each. Default: the pool size. */
  readonly strides?: PerAxis | null | undefined;
  /** `valid` (default): windows inside alone; `same`: ⌈size / stride⌉ of them, padding does not count. */
  readonly padding?: 'valid' | 'same' | (string & {}) | undefined;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
}

/** @internal How padding is named, checked. */
export function poolPadding(where: string, given = 'valid'): 'valid' | 'same' {
  const name = given.toLowerCase();
  if (name === 'valid' || name === 'same') return name;
  throw new ConfigError(`${where}: padding must be valid or same, got "${given}"${atPath()}.`);
}

/** The attributes of windows over spatial axes of these sizes. */
function windowsOver(where: string, sizes: Shape, poolSize: PerAxis, options: PoolOptions): Attrs {
  const window = perAxis(where, 'poolSize', poolSize, sizes.length);
  const strides = perAxis(where, 'strides', options.strides ?? poolSize, sizes.length);
  const same = poolPadding(where, options.padding) === 'same';
  const padding = sizes.map((size, i) =>
    same ? samePadding(size, window[i], strides[i]) : { before: 0, after: 0 },
  );
  if (sizes.some((size, i) => windowsAlong(size, window[i], strides[i], padding[i]) < 1)) {
    throw new ShapeError(
      `${where}: a window of ${formatShape(window)} is larger than the image of ${formatShape(sizes)}${atPath()}. Use smaller windows, or padding "same".`,
    );
  }
  const [before, after] = [padding.map((p) => p.before), padding.map((p) => p.after)];
  // Of one step there is one row.
  const rows = (values: readonly number[], row: number) =>
    values.length === 1 ? [row, ...values] : values;
  return {
    window: rows(window, 1),
    strides: rows(strides, 1),
    before: rows(before, 0),
    after: rows(after, 0),
  };
}

function pool(op: Op, x: Tensor, poolSize: PerAxis, options: PoolOptions): Tensor {
  checkSpatial(op.name, x);
  return withChannelsLast(x, channelsFirst(op.name, options.dataFormat), (t) => {
    const attrs = windowsOver(op.name, spatialOf(t.shape), poolSize, options);
    return fromImage(call(op, [asImage(asFloat(t))], attrs), t.rank);
  });
}

/**
 * The largest element of each window of `[batch, …, channels]`, with one to three axes between:
 * Keras's `ops.max_pool`. Padding never wins, NaN always does; the dtype stays.
 *
 * @example ops.maxPool(images, 2) // [8, 28, 28, 3] → [8, 14, 14, 3]
 * @throws ShapeError if a window is larger than the image.
 */
export const maxPool = recordable(
  'maxPool',
  (x: TensorLike, poolSize: PerAxis, options: PoolOptions = {}): Tensor => {
    const t = asTensor(x);
    return cast(pool(maxPoolOp, t, poolSize, options), t.dtype);
  },
);

/**
 * The average of each window of `[batch, …, channels]`, with one to three axes between: Keras's
 * `ops.average_pool`. With padding `same`, windows at the border average what is inside.
 *
 * @throws ShapeError if a window is larger than the image.
 */
export const averagePool = recordable(
  'averagePool',
  (x: TensorLike, poolSize: PerAxis, options: PoolOptions = {}): Tensor =>
    pool(averagePoolOp, asTensor(x), poolSize, options),
);
