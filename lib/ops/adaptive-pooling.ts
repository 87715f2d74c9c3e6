// Adaptive pooling: windows are chosen so that there are as many as asked for, whatever the size.
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { fromData } from '../tensor/tensor.js';
import { asFloat, asTensor, cast } from './convert.js';
import { recordable } from './define.js';
import { concatenate, gather } from './movement.js';
import { averagePool, maxPool } from './pooling.js';
import {
  type ChannelOrder,
  channelsFirst,
  checkSpatial,
  type PerAxis,
  perAxis,
  spatialOf,
  withChannelsLast,
} from './windows.js';

/** Options of adaptive pooling. */
export interface AdaptivePoolOptions {
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
}

type Pool = typeof maxPool;

/** Pools `axis` alone, with windows from ⌊i·size/count⌋ to ⌈(i+1)·size/count⌉. */
function poolAxis(x: Tensor, axis: number, count: number, pool: Pool): Tensor {
  const size = x.shape[axis];
  const only = (window: number) => spatialOf(x.shape).map((_, i) => (i + 1 === axis ? window : 1));
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
  const sizes = starts.map((start, i) => Math.ceil(((i + 1) * size) / count) - start);
  if (size % count === 0) return pool(x, only(size / count));
  // At most two sizes occur; windows of each, at every place, in one list to pick from.
  const parts: Tensor[] = [];
  const firstOf = new Map<number, number>();
  let length = 0;
  for (const window of new Set(sizes)) {
    firstOf.set(window, length);
    const part = pool(x, only(window), { strides: 1 });
    length += part.shape[axis];
    parts.push(part);
  }
  const picked = starts.map((start, i) => start + (firstOf.get(sizes[i]) ?? 0));
  const index = fromData(Int32Array.from(picked), [count], 'int32');
  return gather(concatenate(parts, axis), index, axis);
}

function adaptive(
  where: string,
  x: Tensor,
  outputSize: PerAxis,
  pool: Pool,
  { dataFormat }: AdaptivePoolOptions,
): Tensor {
  checkSpatial(where, x);
  const counts = perAxis(where, 'outputSize', outputSize, x.rank - 2);
  return withChannelsLast(x, channelsFirst(where, dataFormat), (t) =>
    counts.reduce((y, count, i) => poolAxis(y, i + 1, count, pool), t),
  );
}

/**
 * Averages of windows of `[batch, …, channels]`, `outputSize` of them along each of the axes between:
 * Keras's `ops.adaptive_average_pool`. Windows overlap where sizes do not divide.
 *
 * @example ops.adaptiveAveragePool(images, 7) // [8, 30, 20, 3] → [8, 7, 7, 3]
 */
export const adaptiveAveragePool = recordable(
  'adaptiveAveragePool',
  (x: TensorLike, outputSize: PerAxis, options: AdaptivePoolOptions = {}): Tensor =>
    adaptive('adaptiveAveragePool', asFloat(x), outputSize, averagePool, options),
);

/**
 * The largest elements of windows of `[batch, …, channels]`, `outputSize` of them along each of the
 * axes between: Keras's `ops.adaptive_max_pool`. The dtype stays.
 */
export const adaptiveMaxPool = recordable(
  'adaptiveMaxPool',
  (x: TensorLike, outputSize: PerAxis, options: AdaptivePoolOptions = {}): Tensor => {
    const t = asTensor(x);
    return cast(adaptive('adaptiveMaxPool', asFloat(t), outputSize, maxPool, options), t.dtype);
  },
);
