// @ts-check
// Decodes and encodes images with sharp, which users install if they want it. Pixels are those of the file: no
// rotation by metadata, no colour management, as in TensorFlow and Pillow.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeBmp, isBmp } from './bmp.js';

/** @typedef {import('./resize.js').Image} Image */
/** @typedef {typeof import('sharp').default} Sharp */

/** @type {Promise<Sharp> | undefined} */
let loading;

async function importSharp() {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json'))]) {
    try {
      const path = createRequire(from).resolve('sharp');
      return (await import(pathToFileURL(path).href)).default;
    } catch (error) {
      // Not installed where this looks; the next place may have it. A broken one says so itself.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'MODULE_NOT_FOUND') {
        throw error;
      }
    }
  }
  throw Object.assign(new Error('sharp is not installed'), { code: 'NO_SHARP' });
}

/** @returns {Promise<Sharp>} */
function findSharp() {
  loading ??= importSharp();
  return loading;
}

/** Luma of a colour: weights of 65,536, and what rounds: libpng, in TensorFlow, rounds down. */
const luma = {
  tensorflow: { weights: [19594, 38468, 7474], half: 0 },
  pillow: { weights: [19595, 38470, 7471], half: 2 ** 15 },
};

/** @param {Image} image @param {number} channels @param {keyof luma} like @returns {Image} */
function toChannels({ data, width, height, channels: given }, channels, like) {
  const { weights, half } = luma[like];
  const pixels = width * height;
  const out = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    const from = i * given;
    if (channels === 1) {
      const red = weights[0] * data[from];
      out[i] = (red + weights[1] * data[from + 1] + weights[2] * data[from + 2] + half) >> 16;
      continue;
    }
    for (let c = 0; c < channels; c++) out[i * channels + c] = c < given ? data[from + c] : 255;
  }
  return { data: out, width, height, channels };
}

/** @param {Uint8Array} bytes @param {boolean} opacity @returns {Promise<Image>} */
async function decodeWithSharp(bytes, opacity) {
  const sharp = await findSharp();
  const colours = sharp(bytes, { failOn: 'error', ignoreIcc: true }).toColourspace('srgb');
  const { data, info } = await (opacity ? colours.ensureAlpha() : colours.removeAlpha())
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/**
 * The first picture of an image file.
 * @param {Uint8Array} bytes @param {number} channels 1 (luma), 3 or 4
 * @param {keyof luma} like whose luma @returns {Promise<Image>}
 */
export async function decode(bytes, channels, like) {
  const image = isBmp(bytes) ? decodeBmp(bytes) : await decodeWithSharp(bytes, channels === 4);
  return image.channels === channels ? image : toChannels(image, channels, like);
}

/**
 * An image file.
 * @param {Image} given @param {string} format @param {number | undefined} quality @returns {Promise<Uint8Array>}
 */
export async function encode(given, format, quality) {
  const sharp = await findSharp();
  const opaque = given.channels === 4 && format === 'jpeg';
  const { data, width, height, channels } = opaque ? toChannels(given, 3, 'pillow') : given;
  const raw = { width, height, channels: /** @type {1 | 3 | 4} */ (channels) };
  const image = sharp(data, { raw });
  const flat = channels === 1 ? image.toColourspace('b-w') : image;
  // Without a quality sharp writes TIFF as JPEG.
  const lossless = format === 'tiff' ? { compression: 'lzw' } : {};
  const options = quality === undefined ? lossless : { quality };
  return flat.toFormat(/** @type {'png'} */ (format), options).toBuffer();
}
