// Images made smooth: every pixel becomes a weighted sum of those around it; outside there are zeros.
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { asFloat } from './convert.js';
import { atPath, recordable } from './define.js';
import { add, divide, exp, multiply, square } from './elementwise.js';
import { asBatch } from './image-resize.js';
import { arange, pad, reshape, sliceAxis } from './movement.js';
import { sum } from './reduce.js';
import {
  type ChannelOrder,
  channelsFirst,
  type PerAxis,
  perAxis,
  withChannelsLast,
} from './windows.js';

/** @internal The sum of `x` shifted along `axis`, times one weight for each shift. */
export function smoothAxis(x: Tensor, axis: number, weights: readonly TensorLike[]): Tensor {
  const reach = (weights.length - 1) / 2;
  const padded = pad(
    x,
    x.shape.map((_, i) => (i === axis ? [reach, reach] : [0, 0])),
  );
  return weights
    .map((w, i) => multiply(sliceAxis(padded, axis, i, i + x.shape[axis]), w))
    .reduce((a, b) => add(a, b));
}

/** exp(−½ (i/σ)²) for i around the middle, with the sum 1; one scalar each. */
function bell(size: number, sigma: TensorLike): Tensor[] {
  const places = add(arange(0, size, 1, { dtype: 'float32' }), -(size - 1) / 2);
  const heights = exp(multiply(square(divide(places, sigma)), -0.5));
  const weights = divide(heights, sum(heights));
  return Array.from({ length: size }, (_, i) => reshape(sliceAxis(weights, 0, i, i + 1), []));
}

/** Options of `ops.image.gaussianBlur`. */
export interface GaussianBlurOptions {
  /** Rows and columns of the window, odd numbers. Default 3. */
  readonly kernelSize?: PerAxis | undefined;
  /** Standard deviations in pixels, along rows (x) and along columns (y), `[2]`. Default 1. */
  readonly sigma?: TensorLike | undefined;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
}

/**
 * Images `[batch, rows, columns, channels]`, or one image, under a bell of a window: Keras's
 * `ops.image.gaussian_blur`. Float32.
 */
export const gaussianBlur = recordable(
  'gaussianBlur',
  (images: TensorLike, options: GaussianBlurOptions = {}): Tensor => {
    const sizes = perAxis('gaussianBlur', 'kernelSize', options.kernelSize ?? 3, 2);
    if (sizes.some((size) => size % 2 === 0)) {
      throw new ConfigError(
        `gaussianBlur: kernelSize must be odd, got ${JSON.stringify(options.kernelSize)}${atPath()}.`,
      );
    }
    const sigma = asFloat(options.sigma ?? [1, 1]);
    const [alongRows, alongColumns] = [0, 1].map((i) =>
      sigma.rank === 0 ? sigma : reshape(sliceAxis(sigma, 0, i, i + 1), []),
    );
    const first = channelsFirst('gaussianBlur', options.dataFormat);
    return asBatch('gaussianBlur', asFloat(images), (batch) =>
      withChannelsLast(batch, first, (x) =>
        smoothAxis(smoothAxis(x, 1, bell(sizes[0], alongColumns)), 2, bell(sizes[1], alongRows)),
      ),
    );
  },
);
