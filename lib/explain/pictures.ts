// Tensors as pictures: many images in a grid, values as colours, a map laid over an image; as PNG and SVG.
import { asFloat } from '../ops/convert.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type ColorMap, colorMapNames, colorOf } from './colors.js';
import { encodePNG, type Pixels } from './png.js';

/** One image `[height, width]` or `[height, width, channels]` of grey, RGB or RGBA. */
async function pixelsOf(where: string, image: TensorLike): Promise<Pixels> {
  const t = asFloat(image);
  const [height, width, channels = 1] = t.shape;
  if ((t.rank !== 2 && t.rank !== 3) || (channels !== 1 && channels !== 3 && channels !== 4)) {
    throw new ShapeError(
      `${where}: expected an image [height, width] or [height, width, 1, 3 or 4], got ${formatShape(t.shape)}.`,
    );
  }
  return { height, width, channels, values: Float32Array.from(await t.data()) };
}

/** Least and greatest finite value. */
function rangeOf(values: Float32Array): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [0, 1];
}

export interface GridOptions {
  /** Images in a row. Default: as many as make the grid about square. */
  readonly columns?: number;
  /** Empty pixels between images. Default 1. */
  readonly gap?: number;
  /** Whether each image is stretched to 0…1 by itself. Default true. */
  readonly normalize?: boolean;
}

/**
 * Images side by side: filters, feature maps of one sample, digits.
 *
 * @param images `[count, height, width]` or `[count, height, width, 1 or 3]`
 * @returns `[height, width]` or `[height, width, 3]`, gaps are 1
 */
export async function imageGrid(images: TensorLike, options: GridOptions = {}): Promise<Tensor> {
  checkOptions('imageGrid', options, ['columns', 'gap', 'normalize']);
  const t = asFloat(images);
  const [count, height, width, channels = 1] = t.shape;
  if ((t.rank !== 3 && t.rank !== 4) || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `imageGrid: expected images [count, height, width] or [count, height, width, 1 or 3], got ${formatShape(t.shape)}.`,
    );
  }
  const { columns = Math.max(1, Math.ceil(Math.sqrt(count))), gap = 1, normalize = true } = options;
  const rows = Math.ceil(count / columns);
  const [fullHeight, fullWidth] = [rows * (height + gap) - gap, columns * (width + gap) - gap];
  const values = await t.data();
  const out = new Float32Array(Math.max(0, fullHeight) * fullWidth * channels).fill(1);
  const size = height * width * channels;
  for (let i = 0; i < count; i++) {
    const image = Float32Array.from(values.subarray(i * size, (i + 1) * size));
    const [least, most] = normalize ? rangeOf(image) : [0, 1];
    const top = Math.floor(i / columns) * (height + gap);
    const left = (i % columns) * (width + gap);
    for (let row = 0; row < height; row++) {
      const to = ((top + row) * fullWidth + left) * channels;
      for (let k = 0; k < width * channels; k++) {
        out[to + k] = (image[row * width * channels + k] - least) / (most - least || 1);
      }
    }
  }
  const shape = channels === 1 ? [fullHeight, fullWidth] : [fullHeight, fullWidth, channels];
  return tensor(out, { shape });
}

export interface HeatmapOptions {
  /** 'heat' (default; black, red, yellow, white) or 'diverging' (blue, white, red; 0 is white). */
  readonly colors?: ColorMap;
}

/**
 * Values as colours: a Grad-CAM map, or saliencies, which are positive and negative.
 *
 * @param map `[height, width]`, stretched to the range of colours
 * @returns `[height, width, 3]`
 */
export async function heatmap(map: TensorLike, options: HeatmapOptions = {}): Promise<Tensor> {
  checkOptions('heatmap', options, ['colors']);
  const { colors = 'heat' } = options;
  if (!colorMapNames.includes(colors)) {
    throw new ConfigError(
      `heatmap: expected colors ${colorMapNames.join(' or ')}, got "${colors}".`,
    );
  }
  const { height, width, channels, values } = await pixelsOf('heatmap', map);
  if (channels !== 1) throw new ShapeError('heatmap: expected a map of one value per pixel.');
  const [least, most] = rangeOf(values);
  const extent = Math.max(Math.abs(least), Math.abs(most)) || 1;
  const out = new Float32Array(3 * values.length);
  for (const [i, value] of values.entries()) {
    const at =
      colors === 'diverging' ? (value / extent + 1) / 2 : (value - least) / (most - least || 1);
    out.set(colorOf(colors, at), 3 * i);
  }
  return tensor(out, { shape: [height, width, 3] });
}

/**
 * A map in colours laid over an image, the more opaque the greater its value.
 *
 * @param image `[height, width]` or `[height, width, 1 or 3]`, from 0 to 1
 * @param map `[height, width]`, from 0 to 1
 * @returns `[height, width, 3]`
 */
export async function overlay(
  image: TensorLike,
  map: TensorLike,
  options: HeatmapOptions & { readonly opacity?: number } = {},
): Promise<Tensor> {
  checkOptions('overlay', options, ['colors', 'opacity']);
  const { opacity = 0.6, ...rest } = options;
  const under = await pixelsOf('overlay', image);
  const over = await pixelsOf('overlay', map);
  if (under.height !== over.height || under.width !== over.width || over.channels !== 1) {
    throw new ShapeError(
      `overlay: expected a map of the image's size ${under.height} × ${under.width}, got ${over.height} × ${over.width}.`,
    );
  }
  const colors = await (await heatmap(map, rest)).data();
  const out = new Float32Array(3 * over.values.length);
  for (const [i, share] of over.values.entries()) {
    const weight = opacity * Math.min(1, Math.max(0, share));
    for (let c = 0; c < 3; c++) {
      const pixel = under.values[i * under.channels + (under.channels === 1 ? 0 : c)];
      out[3 * i + c] = (1 - weight) * pixel + weight * colors[3 * i + c];
    }
  }
  return tensor(out, { shape: [over.height, over.width, 3] });
}

/**
 * An image as a PNG file's bytes.
 *
 * @param image `[height, width]` or `[height, width, 1, 3 or 4]`, from 0 to 1; what lies outside is cut
 * @param options.scale pixels of the file for each of the image, in both directions. Default 1
 * @example await writeFile('filters.png', await explain.toPNG(grid, { scale: 8 }));
 */
export async function toPNG(
  image: TensorLike,
  options: { readonly scale?: number } = {},
): Promise<Uint8Array> {
  checkOptions('toPNG', options, ['scale']);
  const { scale = 1 } = options;
  if (!Number.isInteger(scale) || scale < 1) {
    throw new ConfigError(`toPNG: expected a whole scale of at least 1, got ${scale}.`);
  }
  const pixels = await pixelsOf('toPNG', image);
  if (pixels.height * pixels.width === 0) throw new ShapeError('toPNG: the image is empty.');
  return encodePNG(pixels, scale);
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Images with captions, side by side, as SVG.
 *
 * @param images each `[height, width]` or `[height, width, 1, 3 or 4]`, from 0 to 1, with its caption
 * @param options.scale units of the picture for each pixel. Default 8
 */
export async function toSVG(
  images: readonly { readonly image: TensorLike; readonly caption?: string }[],
  options: { readonly scale?: number } = {},
): Promise<string> {
  checkOptions('toSVG', options, ['scale']);
  const { scale = 8 } = options;
  const [margin, line] = [12, 22];
  let [x, height] = [margin, 0];
  const parts: string[] = [];
  for (const { image, caption = '' } of images) {
    const pixels = await pixelsOf('toSVG', image);
    const [w, h] = [pixels.width * scale, pixels.height * scale];
    const data = Buffer.from(await toPNG(image)).toString('base64');
    const cell = Math.max(w, 7 * caption.length); // about the width of the text
    parts.push(
      `<image x="${x + (cell - w) / 2}" y="${margin}" width="${w}" height="${h}" image-rendering="pixelated" href="data:image/png;base64,${data}"/>`,
      `<text x="${x + cell / 2}" y="${margin + h + line - 6}">${escapeXml(caption)}</text>`,
    );
    x += cell + margin;
    height = Math.max(height, h);
  }
  const full = height + 2 * margin + line;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${x}" height="${full}" viewBox="0 0 ${x} ${full}" font-family="system-ui, sans-serif" font-size="13" text-anchor="middle">`,
    `<rect width="${x}" height="${full}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
