// Single images: read from files, as tensors and back, written to files. As Keras's `load_img`, `img_to_array`,
// `array_to_img` and `save_img`.
import { extname } from 'node:path';
import { evaluate } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import { type DataFormat, dataFormatOf } from '../layers/data-format.js';
import { asTensor } from '../ops/convert.js';
import { transpose } from '../ops/movement.js';
import { formatShape } from '../tensor/shape.js';
import { fromData, Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type ColorMode, channelsIn, imageSize, oneOf } from './image-options.js';
import { type Image, load, save } from './image-worker.js';

export type { Image } from './image-worker.js';

const pillowNames = ['nearest', 'bilinear', 'bicubic', 'hamming', 'box', 'lanczos'] as const;

export interface LoadImageOptions {
  /** Default rgb. */
  readonly colorMode?: ColorMode;
  /** `[height, width]` to resize to. Default: as the file has it. */
  readonly targetSize?: readonly [number, number];
  /** As Pillow resizes: smooth ones are antialiased. Default nearest. */
  readonly interpolation?: (typeof pillowNames)[number];
  /** Cut the edges off instead of changing the aspect ratio. Default false. */
  readonly keepAspectRatio?: boolean;
}

/**
 * Reads an image file: JPEG, PNG, GIF (its first picture), BMP, or what else `sharp` reads. It is decoded on
 * another thread.
 *
 * @example const x = imgToArray(await loadImage('cat.jpg', { targetSize: [224, 224] })); // [224, 224, 3]
 * @throws FormatError for what is no image; ConfigError without `sharp` (`npm install sharp`)
 */
export async function loadImage(path: string, options: LoadImageOptions = {}): Promise<Image> {
  const where = 'loadImage';
  checkOptions(where, options, ['colorMode', 'targetSize', 'interpolation', 'keepAspectRatio']);
  const { targetSize, interpolation = 'nearest', keepAspectRatio = false } = options;
  const loaded = await load({
    path,
    channels: channelsIn(where, options.colorMode),
    size: targetSize && imageSize(where, 'targetSize', targetSize),
    interpolation: oneOf(where, 'interpolation', interpolation, pillowNames),
    fit: keepAspectRatio ? 'crop' : 'stretch',
    like: 'pillow',
    channelsFirst: false,
  });
  return loaded as Image;
}

export interface ImageArrayOptions {
  /** Where the tensor has its channels. Default `channelsLast`. */
  readonly dataFormat?: 'channelsLast' | 'channelsFirst' | DataFormat;
}

/** An image as a float32 tensor `[height, width, channels]` (or channels first) of 0 … 255. */
export function imgToArray(image: Image, options: ImageArrayOptions = {}): Tensor {
  checkOptions('imgToArray', options, ['dataFormat']);
  const { data, height, width, channels } = image;
  if (data.length !== height * width * channels) {
    throw new ShapeError(
      `imgToArray: ${height}×${width} pixels of ${channels} channels are ${height * width * channels} bytes, but there are ${data.length}.`,
    );
  }
  const t = fromData(Float32Array.from(data), [height, width, channels], 'float32');
  const first = dataFormatOf('imgToArray', options.dataFormat) === 'channels_first';
  return first ? transpose(t, [2, 0, 1]) : t;
}

export interface ArrayImageOptions extends ImageArrayOptions {
  /**
   * Stretch the values so that the least is 0 and the largest 255 (default). Without, they are cut to
   * 0 … 255.
   */
  readonly scale?: boolean;
}

/** Values as bytes, in float32 as Keras computes them. */
function toBytes(values: ArrayLike<number>, scale: boolean): Uint8Array {
  const { fround } = Math;
  const bytes = new Uint8Array(values.length);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  const range = fround(most - least);
  for (let i = 0; i < values.length; i++) {
    const part = fround(values[i] - least);
    const value = scale ? fround((range === 0 ? part : fround(part / range)) * 255) : values[i];
    bytes[i] = Math.min(Math.max(value, 0), 255);
  }
  return bytes;
}

/**
 * A tensor or nested arrays `[height, width, channels]` of 1, 3 or 4 channels as an image.
 *
 * @throws ShapeError for another shape
 */
export async function arrayToImg(x: TensorLike, options: ArrayImageOptions = {}): Promise<Image> {
  checkOptions('arrayToImg', options, ['dataFormat', 'scale']);
  return imageOf(asTensor(x), options, 'arrayToImg');
}

async function imageOf(given: Tensor, options: ArrayImageOptions, where: string): Promise<Image> {
  const first = dataFormatOf(where, options.dataFormat) === 'channels_first';
  const t = first && given.rank === 3 ? transpose(given, [1, 2, 0]) : given;
  const [height, width, channels] = t.shape;
  if (t.rank !== 3 || ![1, 3, 4].includes(channels) || t.size === 0) {
    throw new ShapeError(
      `${where}: expected one image ${first ? '[channels, height, width]' : '[height, width, channels]'} of 1, 3 or 4 channels, got ${formatShape(given.shape)}.`,
    );
  }
  await evaluate(t);
  const data = toBytes(realized(t).data, options.scale ?? true);
  return { data, height, width, channels };
}

const formats = ['png', 'jpeg', 'jpg', 'webp', 'gif', 'tiff', 'tif', 'avif'] as const;

export interface SaveImageOptions extends ArrayImageOptions {
  /** Default: the ending of the path. */
  readonly fileFormat?: (typeof formats)[number];
  /** 1 … 100, of the lossy formats. Default 75 for JPEG, else sharp's. */
  readonly quality?: number;
}

const isImage = (x: unknown): x is Image =>
  typeof x === 'object' && x !== null && !(x instanceof Tensor) && 'channels' in x && 'data' in x;

/**
 * Writes an image, or a tensor `[height, width, channels]`, to a file. JPEG has no opacity: it is left out.
 *
 * @throws ConfigError for a format that is not known, and without `sharp`; ShapeError as `arrayToImg`
 */
export async function saveImage(
  path: string,
  x: TensorLike | Image,
  options: SaveImageOptions = {},
): Promise<void> {
  const where = 'saveImage';
  checkOptions(where, options, ['dataFormat', 'scale', 'fileFormat', 'quality']);
  const { quality } = options;
  const ending = extname(path).slice(1).toLowerCase();
  const name = oneOf(where, 'fileFormat', options.fileFormat ?? ending, formats);
  if (quality !== undefined && !(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new ConfigError(`${where}: quality must be a whole number of 1 … 100, got ${quality}.`);
  }
  const format = name === 'jpg' ? 'jpeg' : name === 'tif' ? 'tiff' : name;
  const image = isImage(x) ? x : await imageOf(asTensor(x), options, where);
  await save({ path, image, format, quality: quality ?? (format === 'jpeg' ? 75 : undefined) });
}
