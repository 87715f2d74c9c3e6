// Colours: grey, hue and saturation, of images with three channels.
import { formatShape } from '../tensor/shape.js';
import { type Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { asFloat, asTensor, cast } from './convert.js';
import { atPath, recordable } from './define.js';
import {
  absolute,
  add,
  clip,
  divide,
  equal,
  greater,
  less,
  multiply,
  subtract,
  where,
} from './elementwise.js';
import { concatenate, sliceAxis } from './movement.js';
import { max, min, sum } from './reduce.js';
import { type ChannelOrder, channelsFirst } from './windows.js';

/** Options of colours. */
export interface ColorOptions {
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
}

/** The axis of the channels of an image or a batch of them, which must be of `counts`. */
function channelAxis(
  where: string,
  x: Tensor,
  { dataFormat }: ColorOptions,
  counts: readonly number[],
): number {
  const axis = channelsFirst(where, dataFormat) ? x.rank - 3 : x.rank - 1;
  if ((x.rank === 3 || x.rank === 4) && counts.includes(x.shape[axis])) return axis;
  throw new ShapeError(
    `${where}: expected images of ${counts.join(' or ')} channels, with 4 axes or 3, got ${formatShape(x.shape)}${atPath()}.`,
  );
}

const channelsOf = (x: Tensor, axis: number): [Tensor, Tensor, Tensor] => [
  sliceAxis(x, axis, 0, 1),
  sliceAxis(x, axis, 1, 2),
  sliceAxis(x, axis, 2, 3),
];

/**
 * How light each pixel is, as one channel: Keras's `ops.image.rgb_to_grayscale`. The dtype stays; an
 * image of one channel stays as it is.
 */
export const rgbToGrayscale = recordable(
  'rgbToGrayscale',
  (images: TensorLike, options: ColorOptions = {}): Tensor => {
    const x = asTensor(images);
    const axis = channelAxis('rgbToGrayscale', x, options, [1, 3]);
    if (x.shape[axis] === 1) return x;
    const weights = tensor([0.2989, 0.587, 0.114], {
      shape: x.shape.map((_, i) => (i === axis ? 3 : 1)),
    });
    return cast(sum(multiply(asFloat(x), weights), axis, { keepDims: true }), x.dtype);
  },
);

/** Hue, saturation and value, each from 0 to 1, of red, green and blue: Keras's `ops.image.rgb_to_hsv`. */
export const rgbToHsv = recordable(
  'rgbToHsv',
  (images: TensorLike, options: ColorOptions = {}): Tensor => {
    const x = asFloat(images);
    const axis = channelAxis('rgbToHsv', x, options, [3]);
    const [r, g, b] = channelsOf(x, axis);
    const value = max(x, axis, { keepDims: true });
    const range = subtract(value, min(x, axis, { keepDims: true }));
    const light = greater(value, 0);
    const saturation = where(light, divide(range, where(light, value, 1)), 0);
    const colored = greater(range, 0);
    const share = divide(1, multiply(where(colored, range, 1), 6));
    const hue = where(
      equal(r, value),
      multiply(share, subtract(g, b)),
      where(
        equal(g, value),
        add(multiply(share, subtract(b, r)), 2 / 6),
        add(multiply(share, subtract(r, g)), 4 / 6),
      ),
    );
    const known = where(colored, hue, 0);
    const positive = where(less(known, 0), add(known, 1), known);
    return concatenate([positive, saturation, value], axis);
  },
);

/** Red, green and blue of hue, saturation and value: Keras's `ops.image.hsv_to_rgb`. */
export const hsvToRgb = recordable(
  'hsvToRgb',
  (images: TensorLike, options: ColorOptions = {}): Tensor => {
    const x = asFloat(images);
    const axis = channelAxis('hsvToRgb', x, options, [3]);
    const [hue, saturation, value] = channelsOf(x, axis);
    const turn = multiply(hue, 6);
    const apart = (center: number) => absolute(subtract(turn, center));
    const shares = [subtract(apart(3), 1), subtract(2, apart(2)), subtract(2, apart(4))];
    const pale = subtract(1, saturation);
    const colors = shares.map((share) =>
      multiply(add(pale, multiply(saturation, clip(share, 0, 1))), value),
    );
    return concatenate(colors, axis);
  },
);
