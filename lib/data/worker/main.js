// @ts-check
// The thread that reads, decodes and resizes images, so that the calling one never waits for it. Plain
// JavaScript, because Node itself loads it, from lib/ as well as from dist/.
import { readFile, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { decode, encode } from './decode.js';
import { crop, resizeLikePillow, resizeLikeTensorflow } from './resize.js';

/** @typedef {import('./resize.js').Image} Image */
/** @typedef {import('../image-worker.js').Load} Load */
/** @typedef {import('../image-worker.js').Gather} Gather */
/** @typedef {import('../image-worker.js').ImageRequest} ImageRequest */

/**
 * The largest window in the middle that has the shape of the target.
 * @param {Image} image @param {number} height @param {number} width
 */
function middle(image, height, width) {
  const { fround } = Math;
  /** @param {number} limit @param {number} along @param {number} across */
  const side = (limit, along, across) =>
    Math.max(Math.min(limit, Math.trunc(fround(fround(along) / across))), 1);
  const high = side(image.height, image.width * height, width);
  const wide = side(image.width, image.height * width, height);
  const top = Math.trunc((image.height - high) / 2);
  const left = Math.trunc((image.width - wide) / 2);
  return crop(image, { top, left, height: high, width: wide });
}

/**
 * The whole image within the target, black around it.
 * @param {Image} image @param {number} height @param {number} width @param {string} interpolation
 */
function padded(image, height, width, interpolation) {
  const { fround } = Math;
  const ratio = Math.max(fround(image.width / width), fround(image.height / height));
  const [high, wide] = [fround(image.height / ratio), fround(image.width / ratio)];
  const [rows, columns] = [Math.max(Math.floor(high), 1), Math.max(Math.floor(wide), 1)];
  const top = Math.max(Math.floor((height - high) / 2), 0);
  const left = Math.max(Math.floor((width - wide) / 2), 0);
  const inner = resizeLikeTensorflow(image, rows, columns, interpolation);
  const size = height * width * image.channels;
  const out = inner instanceof Uint8Array ? new Uint8Array(size) : new Float32Array(size);
  const rowSize = columns * image.channels;
  for (let y = 0; y < rows; y++) {
    const to = ((top + y) * width + left) * image.channels;
    out.set(inner.subarray(y * rowSize, (y + 1) * rowSize), to);
  }
  return out;
}

/** @param {Image} image @param {Load} load */
function resized(image, { size, interpolation, fit, like }) {
  if (!size) return image.data;
  const [height, width] = size;
  if (fit === 'pad') return padded(image, height, width, interpolation);
  if (like === 'pillow') {
    const whole = { top: 0, left: 0, height: image.height, width: image.width };
    const box = fit === 'crop' ? boxLikePillow(image, height, width) : whole;
    return resizeLikePillow(image, box, height, width, interpolation);
  }
  const part = fit === 'crop' ? middle(image, height, width) : image;
  return resizeLikeTensorflow(part, height, width, interpolation);
}

/** Keras's `load_img` computes in whole numbers. @param {Image} image @param {number} height @param {number} width */
function boxLikePillow(image, height, width) {
  const high = Math.min(image.height, Math.floor((image.width * height) / width));
  const wide = Math.min(image.width, Math.floor((image.height * width) / height));
  const top = Math.floor((image.height - high) / 2);
  const left = Math.floor((image.width - wide) / 2);
  return { top, left, height: high, width: wide };
}

/**
 * Channels before rows and columns.
 * @param {Uint8Array | Float32Array} data @param {number} channels
 */
function channelsFirst(data, channels) {
  const out =
    data instanceof Uint8Array ? new Uint8Array(data.length) : new Float32Array(data.length);
  const pixels = data.length / channels;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < pixels; i++) out[c * pixels + i] = data[i * channels + c];
  }
  return out;
}

/** @param {Load} load */
async function load(load) {
  const image = await decode(await readFile(load.path), load.channels, load.like);
  const [height, width] = load.size ?? [image.height, image.width];
  const values = resized(image, load);
  const data = load.channelsFirst ? channelsFirst(values, load.channels) : values;
  if (load.into) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(load.into).set(bytes);
    return { data: undefined, height, width, channels: load.channels };
  }
  // A buffer of its own: one from a pool cannot be handed over.
  const whole = data.buffer.byteLength === data.byteLength && !Buffer.isBuffer(data);
  return { data: whole ? data : Uint8Array.from(data), height, width, channels: load.channels };
}

/** @param {Gather} gather */
function gather({ images, into }) {
  const size = images[0].byteLength;
  const whole = into ?? new ArrayBuffer(images.length * size);
  const bytes = new Uint8Array(whole);
  for (const [i, image] of images.entries()) bytes.set(new Uint8Array(image), i * size);
  return whole instanceof ArrayBuffer ? whole : undefined;
}

/** @param {ImageRequest} request */
async function answer(request) {
  if (request.op === 'load') return load(request);
  if (request.op === 'gather') return gather(request);
  await writeFile(request.path, await encode(request.image, request.format, request.quality));
  return undefined;
}

let yields = process.platform !== 'linux';

/**
 * Lets the other threads go first: on two cores the event loop's p99 is a third lower. Linux has a priority for each
 * thread. After a first file, so that Node's pool for files, which inherits it, was there before.
 */
function yieldToOthers() {
  if (yields) return;
  yields = true;
  try {
    setPriority(10);
  } catch {
    // Where that is not allowed, it goes without.
  }
}

parentPort?.on('message', async (/** @type {ImageRequest & { id: number }} */ request) => {
  const { id } = request;
  try {
    const value = await answer(request);
    const buffer = value instanceof ArrayBuffer ? value : value?.data?.buffer;
    parentPort?.postMessage({ id, value }, buffer instanceof ArrayBuffer ? [buffer] : []);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    parentPort?.postMessage({ id, failure: { message, code } });
  }
  yieldToOthers();
});
