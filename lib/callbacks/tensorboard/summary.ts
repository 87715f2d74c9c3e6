// Summaries as TensorBoard's plugins read them: an Event's `summary` field with one value.
import { zlib } from '../../util/builtin.js';
import { type Bytes, bytes, integer, join, message, text } from './protobuf.js';

/** Numbers of TensorFlow's DataType. */
const types = { float: 1, double: 2, string: 7 } as const;

const shapeOf = (shape: readonly number[]): Bytes =>
  message(2, ...shape.map((size) => message(2, integer(1, size))));

interface SummaryTensor {
  readonly type: keyof typeof types;
  readonly shape: readonly number[];
  /** Raw numbers, or one string per element. */
  readonly content: readonly Bytes[];
}

/** A tensor under a tag, marked for a plugin. */
function summary(
  tag: string,
  plugin: { readonly name: string; readonly content?: string },
  { type, shape, content }: SummaryTensor,
): Bytes {
  const field = type === 'string' ? 8 : 4;
  const tensor = [integer(1, types[type]), shapeOf(shape), ...content.map((c) => bytes(field, c))];
  const data = [text(1, plugin.name), ...(plugin.content ? [text(2, plugin.content)] : [])];
  return message(
    5,
    message(1, text(1, tag), message(8, ...tensor), message(9, message(1, ...data))),
  );
}

export function scalar(tag: string, value: number): Bytes {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return summary(tag, { name: 'scalars' }, { type: 'float', shape: [], content: [content] });
}

/** The model's config, of which the plugin draws the layers. */
export const kerasModel = (tag: string, json: string): Bytes =>
  summary(
    tag,
    { name: 'graph_keras_model', content: '1' },
    { type: 'string', shape: [], content: [Buffer.from(json)] },
  );

const bucketCount = 30;

/** Rows of left edge, right edge and count: 30 buckets of one width from the least to the greatest. */
export function buckets(values: ArrayLike<number>): Float64Array {
  const rows = new Float64Array(bucketCount * 3);
  if (values.length === 0) return rows;
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]);
    greatest = Math.max(greatest, values[i]);
  }
  const range = greatest - least;
  const width = range / bucketCount;
  for (let b = 0; b < bucketCount; b++) {
    rows[b * 3] = range === 0 ? greatest : least + b * width;
    rows[b * 3 + 1] = range === 0 || b === bucketCount - 1 ? greatest : least + (b + 1) * width;
  }
  for (let i = 0; i < values.length; i++) {
    // Also where all are equal, and where NaN makes the width NaN: the last one.
    const bucket = Math.floor((values[i] - least) / width);
    rows[(bucket < bucketCount ? bucket : bucketCount - 1) * 3 + 2] += 1;
  }
  return rows;
}

export function histogram(tag: string, values: ArrayLike<number>): Bytes {
  const rows = buckets(values);
  const content = new Uint8Array(rows.buffer);
  return summary(
    tag,
    { name: 'histograms' },
    { type: 'double', shape: [bucketCount, 3], content: [content] },
  );
}

/** Images of one size, `[count, height, width, channels]`, values 0 to 1. */
export interface Images {
  readonly shape: readonly [number, number, number, number];
  readonly data: ArrayLike<number>;
}

const pngSignature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
/** Colour types of PNG by the number of channels. */
const colourTypes: Readonly<Record<number, number>> = { 1: 0, 3: 2, 4: 6 };

function pngChunk(kind: string, data: Bytes): Bytes {
  const body = join([Buffer.from(kind), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(zlib().crc32(body), 4);
  return join([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A PNG of eight bits per channel, rows from `first` on. */
function png({ shape: [, height, width, channels], data }: Images, first: number): Bytes {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourTypes[channels]], 8);
  const row = width * channels;
  const pixels = Buffer.alloc(height * (row + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < row; x++) {
      const value = data[first + y * row + x] * 255.5;
      pixels[y * (row + 1) + 1 + x] = Math.min(255, Math.max(0, value));
    }
  }
  return join([
    pngSignature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', zlib().deflateSync(pixels)),
    pngChunk('IEND', new Uint8Array()),
  ]);
}

const maxImages = 3;

/** The first three images. */
export function image(tag: string, images: Images): Bytes {
  const [count, height, width, channels] = images.shape;
  const shown = Math.min(count, maxImages);
  const size = height * width * channels;
  const pngs = Array.from({ length: shown }, (_, i) => png(images, i * size));
  const content = [Buffer.from(String(width)), Buffer.from(String(height)), ...pngs];
  return summary(tag, { name: 'images' }, { type: 'string', shape: [shown + 2], content });
}
