// What ops that slide a window over images have in common: options of one number or one per axis,
// padding, output sizes, and where channels lie. Kernels know two or three spatial axes, channels last.
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { atPath } from './define.js';
import { reshape, transpose } from './movement.js';

/** Where the channels are: after the spatial axes, or before them. */
export type ChannelOrder =
  | 'channelsLast'
  | 'channelsFirst'
  | 'channels_last'
  | 'channels_first'
  | (string & {});

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** Whether an option says that channels come first; by default they are last. */
export function channelsFirst(where: string, given: ChannelOrder | null | undefined): boolean {
  if (given === 'channelsFirst' || given === 'channels_first') return true;
  if ((given ?? 'channelsLast') === 'channelsLast' || given === 'channels_last') return false;
  throw new ConfigError(
    `${where}: dataFormat must be channelsLast or channelsFirst, got "${given}"${atPath()}.`,
  );
}

/** A list of `axes` whole numbers ≥ `least`. */
export function perAxis(
  where: string,
  name: string,
  given: PerAxis | null | undefined,
  axes: number,
  least = 1,
): number[] {
  const list = Array.isArray(given) ? given : Array.from({ length: axes }, () => given);
  if (list.length === axes && list.every((n) => Number.isInteger(n) && n >= least))
    return [...list];
  const one = axes === 1 ? '' : `, or a list of ${axes} such numbers`;
  throw new ConfigError(
    `${where}: ${name} must be a whole number ≥ ${least}${one}, got ${JSON.stringify(given)}${atPath()}.`,
  );
}

/** Padding of one axis. */
export interface AxisPadding {
  readonly before: number;
  readonly after: number;
}

/** What TensorFlow's `same` adds, so that there are ⌈size / stride⌉ windows; the odd one is added after. */
export function samePadding(size: number, window: number, stride: number): AxisPadding {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
  const before = Math.floor(total / 2);
  return { before, after: total - before };
}

/** How many windows fit along an axis; 0 or less where none does. */
export const windowsAlong = (
  size: number,
  window: number,
  stride: number,
  { before, after }: AxisPadding,
): number => Math.floor((size + before + after - window) / stride) + 1;

/** `x` with its channels last. */
export function toChannelsLast(x: Tensor): Tensor {
  const spatial = x.shape.slice(2).map((_, i) => i + 2);
  return transpose(x, [0, ...spatial, 1]);
}

/** `x`, whose channels are last, with its channels first. */
export function toChannelsFirst(x: Tensor): Tensor {
  const spatial = x.shape.slice(2).map((_, i) => i + 1);
  return transpose(x, [0, x.rank - 1, ...spatial]);
}

/** Calls `fn` with the channels of `x` last, and brings those of the result back. */
export const withChannelsLast = (x: Tensor, first: boolean, fn: (x: Tensor) => Tensor): Tensor =>
  first ? toChannelsFirst(fn(toChannelsLast(x))) : fn(x);

/** `[batch, steps, channels]` as an image of one row; anything else as it is. */
export const asImage = (x: Tensor): Tensor =>
  x.rank === 3 ? reshape(x, [x.shape[0], 1, ...x.shape.slice(1)]) : x;

/** The inverse of `asImage`, of a result for a tensor of `rank` axes. */
export const fromImage = (y: Tensor, rank: number): Tensor =>
  rank === 3 ? reshape(y, [y.shape[0], ...y.shape.slice(2)]) : y;

/** @throws ShapeError unless `x` has a batch axis, one to three spatial axes, and channels. */
export function checkSpatial(where: string, x: Tensor): void {
  if (x.rank >= 3 && x.rank <= 5) return;
  throw new ShapeError(
    `${where}: expected [batch, …, channels] with 1 to 3 axes between, got ${formatShape(x.shape)}${atPath()}.`,
  );
}

/** The spatial sizes of a tensor whose channels are last. */
export const spatialOf = (shape: Shape): Shape => shape.slice(1, -1);
