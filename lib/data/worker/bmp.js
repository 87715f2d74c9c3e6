// @ts-check
// Reads Windows bitmaps, which sharp does not: uncompressed, of 8 (a palette), 24 or 32 bits a pixel.

/** @typedef {import('./resize.js').Image} Image */

/** @param {Uint8Array} bytes */
export const isBmp = (bytes) => bytes[0] === 0x42 && bytes[1] === 0x4d;

const headerBytes = 54;
const mostPixels = 2 ** 28;

/** @param {DataView} view */
function readHeader(view) {
  if (view.byteLength < headerBytes) throw new Error('the BMP file ends in its header');
  const header = {
    pixels: view.getUint32(10, true),
    palette: 14 + view.getUint32(14, true),
    width: view.getInt32(18, true),
    height: Math.abs(view.getInt32(22, true)),
    downward: view.getInt32(22, true) < 0,
    bits: view.getUint16(28, true),
    compression: view.getUint32(30, true),
  };
  const { width, height, bits, compression, pixels } = header;
  if (![8, 24, 32].includes(bits) || (compression !== 0 && !(compression === 3 && bits === 32))) {
    throw new Error(
      `a BMP file of ${bits} bits a pixel and compression ${compression}; only uncompressed ones of 8, 24 or 32 bits are read`,
    );
  }
  if (width <= 0 || height === 0 || width * height > mostPixels) {
    throw new Error(`the BMP file claims ${width}×${height} pixels`);
  }
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (pixels + rowBytes * height > view.byteLength) {
    throw new Error('the BMP file ends before its last pixel');
  }
  return { ...header, rowBytes };
}

/**
 * The pixels of a bitmap: RGB, or RGBA of 32 bits.
 * @param {Uint8Array} bytes @returns {Image}
 */
export function decodeBmp(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { pixels, palette, width, height, downward, bits, rowBytes } = readHeader(view);
  const channels = bits === 32 ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const step = bits / 8;
  for (let y = 0; y < height; y++) {
    const row = pixels + (downward ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++) {
      const at = row + x * step;
      const from = bits === 8 ? palette + 4 * bytes[at] : at;
      const to = (y * width + x) * channels;
      data[to] = bytes[from + 2];
      data[to + 1] = bytes[from + 1];
      data[to + 2] = bytes[from];
      if (channels === 4) data[to + 3] = bytes[from + 3];
    }
  }
  return { data, width, height, channels };
}
