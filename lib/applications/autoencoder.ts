// A convolutional autoencoder: images to a short code and back.
import { Conv2D, Conv2DTranspose } from '../layers/convolution/index.js';
import { Dense } from '../layers/dense.js';
import { input } from '../layers/input.js';
import { Flatten, Reshape } from '../layers/reshaping.js';
import { Model } from '../models/model.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';

export interface AutoencoderOptions {
  /** `[height, width, channels]`; each convolution halves height and width. Default [28, 28, 1]. */
  readonly inputShape?: Shape;
  /** Filters of each convolution of the encoder. Default [32, 64]. */
  readonly filters?: readonly number[];
  /** Length of the code. Default 32. */
  readonly codeSize?: number;
  readonly name?: string;
}

const half = { strides: 2, padding: 'same', activation: 'relu' } as const;

/**
 * Images in [0, 1] to themselves: strided convolutions, a dense code (the layer `code`), and transposed
 * convolutions back. `new Model({ inputs: model.inputs, outputs: model.getLayer('code').output })` is
 * the encoder.
 */
export function Autoencoder(options: AutoencoderOptions = {}): Model {
  checkOptions('Autoencoder', options, ['inputShape', 'filters', 'codeSize', 'name']);
  const { inputShape = [28, 28, 1], filters = [32, 64], codeSize = 32 } = options;
  const step = 2 ** filters.length;
  const [height, width, channels] = inputShape;
  if (inputShape.length !== 3 || height % step !== 0 || width % step !== 0) {
    throw new ShapeError(
      `Autoencoder: expected inputShape [height, width, channels] with sizes divisible by ${step} (halved ${filters.length} times), got ${formatShape(inputShape)}.`,
    );
  }
  const inputs = input(inputShape);
  let x: Tensor = inputs;
  for (const [i, count] of filters.entries()) {
    x = new Conv2D(count, 3, { ...half, name: `encoder_conv${i + 1}` }).apply(x);
  }
  const small = [height / step, width / step, filters.at(-1) ?? channels];
  const size = small.reduce((n, length) => n * length, 1);
  x = new Flatten({ name: 'flatten' }).apply(x);
  x = new Dense(codeSize, { name: 'code' }).apply(x);
  x = new Dense(size, { activation: 'relu', name: 'decoder_dense' }).apply(x);
  x = new Reshape(small, { name: 'decoder_reshape' }).apply(x);
  for (const [i, count] of filters.toReversed().entries()) {
    x = new Conv2DTranspose(count, 3, { ...half, name: `decoder_conv${i + 1}` }).apply(x);
  }
  const last = { padding: 'same', activation: 'sigmoid', name: 'image' } as const;
  const outputs = new Conv2D(channels, 3, last).apply(x);
  return new Model({ inputs, outputs, name: options.name ?? 'autoencoder' });
}
