// Images in another size. Along each axis the output is the input times a small matrix of weights.
import type { DType } from '../tensor/dtype.js';
import { formatShape } from '../tensor/shape.js';
import { fromData, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { asFloat, asTensor, cast } from './convert.js';
import { atPath, recordable, scope } from './define.js';
import { clip, round } from './elementwise.js';
import { matmul } from './gemm.js';
import { type Interpolation, nearestPlaces, tapsOf } from './image-weights.js';
import { broadcastTo, gather, pad, reshape, sliceAxis, transpose } from './movement.js';
import { segmentSum } from './segment.js';
import { type ChannelOrder, channelsFirst, perAxis, withChannelsLast } from './windows.js';

export type { Interpolation } from './image-weights.js';

const interpolations: readonly string[] = [
  'nearest',
  'bilinear',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
];

const isInterpolation = (name: string): name is Interpolation => interpolations.includes(name);

/** @internal An interpolation, checked. */
export function interpolationOf(where: string, given: string): Interpolation {
  const name = given.toLowerCase();
  if (isInterpolation(name)) return name;
  throw new ConfigError(
    `${where}: interpolation must be one of ${interpolations.join(', ')}, got "${given}"${atPath()}.`,
  );
}

/** Options of `ops.image.resize`. */
export interface ResizeOptions {
  /** How pixels between pixels are made. Default `bilinear`. */
  readonly interpolation?: Interpolation | (string & {}) | undefined;
  /** Whether shrinking averages over all that a pixel covers. Default false. */
  readonly antialias?: boolean | undefined;
  /** Whether the image is cut to the proportions of the target first. Default false. */
  readonly cropToAspectRatio?: boolean | undefined;
  /** Whether the image is padded to the proportions of the target first. Default false. */
  readonly padToAspectRatio?: boolean | undefined;
  /** `constant`, the only way to pad. */
  readonly fillMode?: 'constant' | (string & {}) | undefined;
  /** What is padded with. Default 0. */
  readonly fillValue?: number | undefined;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
}

/**
 * The matrix `[to, from]` that makes an axis of `from` pixels one of `to`, put together when it runs. Where only
 * shapes are asked for, unknown sizes are very large, and its weights took seconds.
 */
function matrixOf(
  from: number,
  to: number,
  interpolation: Exclude<Interpolation, 'nearest'>,
  antialias: boolean,
): Tensor {
  if (scope.infersShapes) return broadcastTo(asTensor(0), [to, from]);
  const { places, weights } = tapsOf(from, to, interpolation, antialias);
  const at = Int32Array.from(places.flatMap((row, i) => row.map((place) => i * from + place)));
  const values = fromData(Float32Array.from(weights.flat()), [at.length], 'float32');
  return reshape(segmentSum(values, fromData(at, [at.length], 'int32'), to * from), [to, from]);
}

/** `[batch, rows, columns, channels]` with another number of rows. */
function resizeRows(x: Tensor, matrix: Tensor): Tensor {
  const [batch, rows, columns, channels] = x.shape;
  const flat = reshape(x, [batch, rows, columns * channels]);
  return reshape(matmul(matrix, flat), [batch, matrix.shape[0], columns, channels]);
}

/** The same for columns, as one product of all rows of all channels. */
function resizeColumns(x: Tensor, matrix: Tensor): Tensor {
  const lines = transpose(x, [0, 1, 3, 2]);
  return transpose(matmul(lines, matrix, { transposeB: true }), [0, 1, 3, 2]);
}

/** How one axis, rows or columns, comes to its size. */
function resizeAxis(
  x: Tensor,
  axis: 1 | 2,
  to: number,
  { interpolation, antialias }: { interpolation: Interpolation; antialias: boolean },
): Tensor {
  const from = x.shape[axis];
  if (from === to) return x;
  if (interpolation === 'nearest') {
    return gather(x, fromData(Int32Array.from(nearestPlaces(from, to)), [to], 'int32'), axis);
  }
  const matrix = matrixOf(from, to, interpolation, antialias);
  return axis === 1 ? resizeRows(x, matrix) : resizeColumns(x, matrix);
}

/** Columns cost more than rows, so they come first where there will be more rows. */
function interpolate(
  x: Tensor,
  [rows, columns]: readonly number[],
  how: { interpolation: Interpolation; antialias: boolean },
): Tensor {
  if (rows > x.shape[1]) return resizeAxis(resizeAxis(x, 2, columns, how), 1, rows, how);
  return resizeAxis(resizeAxis(x, 1, rows, how), 2, columns, how);
}

/** As TensorFlow computes it in float32. */
const proportional = (a: number, b: number, c: number): number =>
  Math.trunc(Math.fround(Math.fround(a * b) / c));

/** Cuts the middle out, in the proportions of `size`. */
function cropTo(x: Tensor, [rows, columns]: readonly number[]): Tensor {
  const [, height, width] = x.shape;
  const cropped = [
    Math.max(Math.min(height, proportional(width, rows, columns)), 1),
    Math.max(Math.min(width, proportional(height, columns, rows)), 1),
  ];
  return cropped.reduce((t, length, i) => {
    const from = Math.trunc((t.shape[i + 1] - length) / 2);
    return sliceAxis(t, i + 1, from, from + length);
  }, x);
}

/** Pads both sides alike, towards the proportions of `size`. */
function padTo(x: Tensor, [rows, columns]: readonly number[], value: number): Tensor {
  const [, height, width] = x.shape;
  const above = Math.max(height, proportional(width, rows, columns)) - height;
  const beside = Math.max(width, proportional(height, columns, rows)) - width;
  const half = (n: number): [number, number] => [Math.trunc(n / 2), Math.trunc(n / 2)];
  return pad(x, [[0, 0], half(above), half(beside), [0, 0]], value);
}

/** Calls `fn` with images as a batch; a single image becomes a batch of one. */
export function asBatch(where: string, x: Tensor, fn: (x: Tensor) => Tensor): Tensor {
  if (x.rank === 4) return fn(x);
  if (x.rank === 3) {
    const y = fn(reshape(x, [1, ...x.shape]));
    return reshape(y, y.shape.slice(1));
  }
  throw new ShapeError(
    `${where}: expected images [batch, rows, columns, channels] or one of them, got ${formatShape(x.shape)}${atPath()}.`,
  );
}

/** The least and the largest number that a float32 of an integer type can be. */
const ranges: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 128],
};

/** Interpolated pixels as whole numbers again, half to even; what a kernel overshoots by is cut off. */
function restored(x: Tensor, dtype: DType): Tensor {
  const range = ranges[dtype];
  return range && x.dtype !== dtype ? cast(clip(round(x), ...range), dtype) : x;
}

/**
 * Images `[batch, rows, columns, channels]`, or one image, in another size `[rows, columns]`: Keras's
 * `ops.image.resize`. Pixels have their centres at ½. The dtype stays: whole numbers are rounded, and bytes
 * kept from 0 to 255. Booleans become float32, unless `nearest` takes them as they are. A NaN or an infinity
 * reaches the whole of its row and column.
 *
 * @example ops.image.resize(images, [224, 224], { interpolation: 'bicubic', antialias: true })
 */
export const resize = recordable(
  'resize',
  (images: TensorLike, size: readonly [number, number], options: ResizeOptions = {}): Tensor => {
    const { interpolation = 'bilinear', antialias = false, fillMode = 'constant' } = options;
    const to = perAxis('resize', 'size', size, 2);
    const how = interpolationOf('resize', interpolation);
    if (fillMode !== 'constant') {
      throw new ConfigError(`resize: fillMode must be constant, got "${fillMode}"${atPath()}.`);
    }
    if (options.cropToAspectRatio && options.padToAspectRatio) {
      throw new ConfigError(
        `resize: images are cut or padded to the aspect ratio, not both${atPath()}.`,
      );
    }
    const first = channelsFirst('resize', options.dataFormat);
    return asBatch('resize', asTensor(images), (batch) =>
      withChannelsLast(batch, first, (x) => {
        if (x.size === 0 && x.shape[0] !== 0) {
          throw new ShapeError(
            `resize: there is nothing in images ${formatShape(x.shape)}${atPath()}.`,
          );
        }
        const cut = options.cropToAspectRatio ? cropTo(x, to) : x;
        const ready = options.padToAspectRatio ? padTo(cut, to, options.fillValue ?? 0) : cut;
        const same = ready.shape[1] === to[0] && ready.shape[2] === to[1];
        const source = how === 'nearest' || same ? ready : asFloat(ready);
        return restored(interpolate(source, to, { interpolation: how, antialias }), x.dtype);
      }),
    );
  },
);
