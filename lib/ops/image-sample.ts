// Images read at other places: rotated, shifted, enlarged. Places that a pixel does not lie at are made of
// the four pixels around them, or are those of the nearest pixel.
import { formatShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { asFloat, asTensor, cast } from './convert.js';
import { atPath, recordable } from './define.js';
import {
  absolute,
  add,
  clip,
  divide,
  equal,
  floor,
  greater,
  greaterEqual,
  less,
  multiply,
  sign,
  subtract,
  where,
} from './elementwise.js';
import { asBatch } from './image-resize.js';
import { arange, expandDims, gather, pad, reshape, sliceAxis } from './movement.js';
import { type ChannelOrder, channelsFirst, withChannelsLast } from './windows.js';

/** What lies outside of an image: its mirror image, itself again, one value, or its border. */
export type FillMode = 'reflect' | 'wrap' | 'constant' | 'nearest';

const fillModes: readonly string[] = ['reflect', 'wrap', 'constant', 'nearest'];
const isFillMode = (name: string): name is FillMode => fillModes.includes(name);

/** @internal A fill mode, checked. */
export function fillModeOf(where: string, name: string): FillMode {
  if (isFillMode(name)) return name;
  throw new ConfigError(
    `${where}: fillMode must be one of ${fillModes.join(', ')}, got "${name}"${atPath()}.`,
  );
}

/** @internal Whether pixels are interpolated, or the nearest ones taken. */
export function sampling(where: string, name: string): 'nearest' | 'bilinear' {
  if (name === 'nearest' || name === 'bilinear') return name;
  throw new ConfigError(
    `${where}: interpolation must be nearest or bilinear, got "${name}"${atPath()}.`,
  );
}

/** How images are read between and outside of their pixels. */
export interface SampleOptions {
  /** Default `bilinear`. */
  readonly interpolation?: 'nearest' | 'bilinear' | undefined;
  /** Default `constant`. */
  readonly fillMode?: FillMode | undefined;
  /** Of `constant`. Default 0. */
  readonly fillValue?: number | undefined;
}

/** Places mirrored at the borders of `n` pixels: dcba|abcd|dcba. */
function reflected(at: Tensor, n: number): Tensor {
  const distance = absolute(at);
  const rest = subtract(distance, multiply(floor(divide(distance, 2 * n)), 2 * n));
  const fromBelow = where(greater(rest, n), subtract(2 * n, rest), subtract(rest, 1));
  const fromAbove = where(greaterEqual(rest, n), subtract(2 * n - 1, rest), rest);
  return where(less(at, 0), fromBelow, fromAbove);
}

/** Places of an image that is repeated: abcd|abcd|abcd; between two of them its ends are one step apart. */
function wrapped(at: Tensor, n: number): Tensor {
  const turns = (x: Tensor) => multiply(floor(divide(x, n - 1)), n);
  const below = add(at, add(turns(subtract(0, at)), n));
  const above = subtract(at, turns(at));
  return where(less(at, 0), below, where(greater(at, n - 1), above, at));
}

/** Places along an axis of `n` pixels brought to where there is something: inside, or one pixel around it. */
function placed(at: Tensor, n: number, mode: FillMode): Tensor {
  if (mode === 'constant') return clip(at, -1, n);
  if (n === 1) return multiply(at, 0);
  if (mode === 'nearest') return clip(at, 0, n - 1);
  return clip(mode === 'reflect' ? reflected(at, n) : wrapped(at, n), 0, n - 1);
}

/** Half is rounded away from zero. */
const rounded = (x: Tensor): Tensor => multiply(sign(x), floor(add(absolute(x), 0.5)));

/** Pixels of [n, rows, columns, channels] at whole places that broadcast to [n, rows, columns]. */
function readPixels(x: Tensor, y: Tensor, column: Tensor): Tensor {
  const [n, rows, columns, channels] = x.shape;
  const first = reshape(arange(0, n * rows * columns, rows * columns), [n, 1, 1]);
  const index = add(add(multiply(y, columns), first), column);
  return gather(reshape(x, [n * rows * columns, channels]), index);
}

/**
 * @internal Images `[n, rows, columns, channels]` at places `y` (rows) and `x` (columns), counted from the
 * middle of the first pixel, which broadcast to `[n, rows, columns]`. The dtype stays where the nearest
 * pixels are taken.
 */
export function sampleImages(
  images: Tensor,
  y: Tensor,
  x: Tensor,
  { interpolation = 'bilinear', fillMode = 'constant', fillValue = 0 }: SampleOptions,
): Tensor {
  const [n, rows, columns] = images.shape;
  if (n === 0) return interpolation === 'nearest' ? images : asFloat(images);
  const border: [number, number] = fillMode === 'constant' ? [1, 1] : [0, 0];
  const around: [number, number][] = [[0, 0], border, border, [0, 0]];
  const source = pad(images, around, fillValue);
  const [py, px] = [placed(y, rows, fillMode), placed(x, columns, fillMode)];
  const whole = (at: Tensor) => add(cast(at, 'int32'), border[0]);
  if (interpolation === 'nearest') {
    return readPixels(source, whole(rounded(py)), whole(rounded(px)));
  }
  const [above, left] = [floor(py), floor(px)];
  const [y0, x0] = [whole(above), whole(left)];
  const y1 = clip(add(y0, 1), 0, source.shape[1] - 1);
  const x1 = clip(add(x0, 1), 0, source.shape[2] - 1);
  const shares = (at: Tensor, low: Tensor) =>
    [subtract(add(low, 1), at), subtract(at, low)].map((share) => expandDims(share, 3));
  const [top, bottom] = shares(py, above);
  const [nearLeft, nearRight] = shares(px, left);
  const floats = asFloat(source);
  const row = (at: Tensor) =>
    add(
      multiply(nearLeft, readPixels(floats, at, x0)),
      multiply(nearRight, readPixels(floats, at, x1)),
    );
  return add(multiply(top, row(y0)), multiply(bottom, row(y1)));
}

/** @internal Row numbers `[1, rows, 1]` and column numbers `[1, 1, columns]`, in float32. */
export const gridOf = (rows: number, columns: number): [Tensor, Tensor] => [
  reshape(arange(0, rows, 1, { dtype: 'float32' }), [1, rows, 1]),
  reshape(arange(0, columns, 1, { dtype: 'float32' }), [1, 1, columns]),
];

/** Options of `ops.image.affineTransform`. */
export interface AffineTransformOptions {
  /** `nearest` or `bilinear` (default). */
  readonly interpolation?: 'nearest' | 'bilinear' | (string & {}) | undefined;
  /** What lies outside of an image: `constant` (default), `reflect`, `wrap` or `nearest`. */
  readonly fillMode?: FillMode | (string & {}) | undefined;
  /** Of `constant`. Default 0. */
  readonly fillValue?: number | undefined;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
}

/**
 * Images `[batch, rows, columns, channels]`, or one image, read at other places: Keras's
 * `ops.image.affine_transform`. A transform is `[a0, a1, a2, b0, b1, b2, c0, c1]`, one for all or one for
 * each image; the output at (x, y) is the input at ((a0·x + a1·y + a2) / k, (b0·x + b1·y + b2) / k) with
 * k = c0·x + c1·y + 1. The dtype stays: whole numbers are cut off towards zero, as TensorFlow does.
 */
export const affineTransform = recordable(
  'affineTransform',
  (images: TensorLike, transform: TensorLike, options: AffineTransformOptions = {}): Tensor => {
    const where_ = 'affineTransform';
    const interpolation = sampling(where_, options.interpolation ?? 'bilinear');
    const fillMode = fillModeOf(where_, options.fillMode ?? 'constant');
    const fillValue = options.fillValue ?? 0;
    const given = asFloat(transform);
    const transforms = given.rank === 1 ? expandDims(given, 0) : given;
    const first = channelsFirst(where_, options.dataFormat);
    return asBatch(where_, asTensor(images), (batch) =>
      withChannelsLast(batch, first, (x) => {
        const [n, rows, columns] = x.shape;
        const [count, parameters] = transforms.shape;
        if (transforms.rank !== 2 || parameters !== 8 || (count !== 1 && count !== n)) {
          throw new ShapeError(
            `${where_}: expected transforms [8] or [${n}, 8], got ${formatShape(given.shape)}${atPath()}.`,
          );
        }
        const at = (i: number) => reshape(sliceAxis(transforms, 1, i, i + 1), [count, 1, 1]);
        const [row, column] = gridOf(rows, columns);
        const line = (i: number) =>
          add(add(multiply(at(i), column), multiply(at(i + 1), row)), at(i + 2));
        const depth = add(add(multiply(at(6), column), multiply(at(7), row)), 1);
        const flat = equal(depth, 0);
        const k = where(flat, 1, depth);
        const out = sampleImages(x, divide(line(3), k), divide(line(0), k), {
          interpolation,
          fillMode,
          fillValue,
        });
        return cast(where(expandDims(flat, 3), asTensor(fillValue), out), x.dtype);
      }),
    );
  },
);
