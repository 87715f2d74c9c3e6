// @ts-check
// Resizes images: one pass along each axis. As in TensorFlow results are float32 (bytes for `nearest`); as in
// Pillow they are bytes, rounded after each pass.
import { pillowSpans, tensorflowSpans } from './kernels.js';

/** @typedef {import('./kernels.js').Span} Span */
/** @typedef {{ readonly data: Uint8Array, readonly width: number, readonly height: number, readonly channels: number }} Image */
/** @typedef {{ readonly top: number, readonly left: number, readonly height: number, readonly width: number }} Box */

/** @param {Image} image @param {Box} box @returns {Image} */
export function crop(image, { top, left, height, width }) {
  if (top === 0 && left === 0 && height === image.height && width === image.width) return image;
  const { channels } = image;
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    data.set(image.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { data, width, height, channels };
}

/** @typedef {Float32Array | Float64Array} Sums */

/**
 * Mixes rows: `spans[y]` says which rows of `rowSize` values make row y of the result.
 * @template {Sums} T
 * @param {Sums | Uint8Array} data @param {number} rowSize @param {readonly Span[]} spans @param {T} out zeros
 */
function mixRows(data, rowSize, spans, out) {
  let to = 0;
  for (const { first, weights } of spans) {
    let from = first * rowSize;
    if (weights.length === 2) {
      const [a, b] = weights;
      const next = from + rowSize;
      for (let i = 0; i < rowSize; i++) out[to + i] = a * data[from + i] + b * data[next + i];
      to += rowSize;
      continue;
    }
    for (const weight of weights) {
      for (let i = 0; i < rowSize; i++) out[to + i] += weight * data[from + i];
      from += rowSize;
    }
    to += rowSize;
  }
  return out;
}

/**
 * Mixes the pixels of each row. Colours have a loop of their own: it takes half the time.
 * @template {Sums} T
 * @param {Sums | Uint8Array} data
 * @param {{ readonly height: number, readonly width: number, readonly channels: number }} image
 * @param {readonly Span[]} spans @param {T} out zeros
 */
function mixColumns(data, { height, width, channels }, spans, out) {
  const { firsts, ends, weights } = flat(spans);
  const outputs = firsts.length;
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width * channels;
    for (let x = 0, k = 0; x < outputs; x++) {
      let from = row + firsts[x] * channels;
      const end = ends[x];
      if (channels === 3) {
        let [red, green, blue] = [0, 0, 0];
        for (; k < end; k++, from += 3) {
          red += weights[k] * data[from];
          green += weights[k] * data[from + 1];
          blue += weights[k] * data[from + 2];
        }
        out[to] = red;
        out[to + 1] = green;
        out[to + 2] = blue;
      } else {
        for (; k < end; k++, from += channels) {
          for (let c = 0; c < channels; c++) out[to + c] += weights[k] * data[from + c];
        }
      }
      to += channels;
    }
  }
  return out;
}

/** @param {(span: Span) => number} count */
function sumSoFar(count) {
  let sum = 0;
  return (/** @type {Span} */ span) => {
    sum += count(span);
    return sum;
  };
}

/** @param {readonly Span[]} spans */
const flat = (spans) => ({
  firsts: Int32Array.from(spans, ({ first }) => first),
  ends: Int32Array.from(
    spans,
    sumSoFar(({ weights }) => weights.length),
  ),
  weights: Float64Array.from(spans.flatMap((span) => span.weights)),
});

/** @param {Image} image @param {readonly Span[]} rows @param {readonly Span[]} columns */
function pick({ data, width, channels }, rows, columns) {
  const out = new Uint8Array(rows.length * columns.length * channels);
  let to = 0;
  for (const { first: y } of rows) {
    for (const { first: x } of columns) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c];
    }
  }
  return out;
}

/**
 * As `tf.image.resize` without antialiasing.
 * @param {Image} image @param {number} height @param {number} width @param {string} interpolation
 * @returns {Float32Array | Uint8Array}
 */
export function resizeLikeTensorflow(image, height, width, interpolation) {
  const rows = tensorflowSpans[interpolation](image.height, height);
  const columns = tensorflowSpans[interpolation](image.width, width);
  if (interpolation === 'nearest') return pick(image, rows, columns);
  const rowSize = image.width * image.channels;
  const mixed = mixRows(image.data, rowSize, rows, new Float32Array(height * rowSize));
  const out = new Float32Array(height * width * image.channels);
  return mixColumns(mixed, { ...image, height }, columns, out);
}

const fixedPoint = 2 ** 22;

/** Sums of fixed-point numbers, rounded half up and kept to bytes. @param {Float64Array} sums */
const toBytes = (sums) =>
  Uint8Array.from(sums, (v) => Math.min(Math.max((v + fixedPoint / 2) / fixedPoint, 0), 255));

/** Weights as Pillow has them. @param {readonly Span[]} spans @returns {Span[]} */
const inFixedPoint = (spans) =>
  spans.map(({ first, weights }) => ({
    first,
    weights: weights.map((w) => Math.trunc(w * fixedPoint + (w < 0 ? -0.5 : 0.5))),
  }));

/** Colours times opacity. @param {Image} image @returns {Image} */
function premultiplied(image) {
  const data = Uint8Array.from(image.data);
  for (let i = 0; i < data.length; i += 4) {
    for (let c = 0; c < 3; c++) {
      const product = data[i + c] * data[i + 3] + 128;
      data[i + c] = ((product >> 8) + product) >> 8;
    }
  }
  return { ...image, data };
}

/** Undoes `premultiplied`. @param {Uint8Array} data */
function divideByOpacity(data) {
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++)
      data[i + c] = Math.min(Math.trunc((255 * data[i + c]) / alpha), 255);
  }
  return data;
}

/**
 * As Pillow's `Image.resize` of a box.
 * @param {Image} given @param {Box} box @param {number} height @param {number} width @param {string} interpolation
 * @returns {Uint8Array}
 */
export function resizeLikePillow(given, box, height, width, interpolation) {
  const spans = pillowSpans[interpolation];
  if (given.height === height && given.width === width) return given.data;
  const rows = spans(given.height, height, { begin: box.top, length: box.height });
  const columns = spans(given.width, width, { begin: box.left, length: box.width });
  if (interpolation === 'nearest') return pick(given, rows, columns);
  const translucent = given.channels === 4;
  const image = translucent ? premultiplied(given) : given;
  const rowSize = width * image.channels;
  // Along an axis that keeps its size nothing is mixed.
  const wide =
    box.width === width && image.width === width
      ? image.data
      : toBytes(
          mixColumns(
            image.data,
            image,
            inFixedPoint(columns),
            new Float64Array(image.height * rowSize),
          ),
        );
  const resized =
    box.height === height && image.height === height
      ? wide
      : toBytes(mixRows(wide, rowSize, inFixedPoint(rows), new Float64Array(height * rowSize)));
  return translucent ? divideByOpacity(resized) : resized;
}
