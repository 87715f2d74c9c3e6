// U-Net (Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597): an encoder and a decoder that
// sees what the encoder saw at its own scale. Padded, so that what comes out is as large as the image.
import { Concatenate } from '../layers/concatenate.js';
import { Conv2D, Conv2DTranspose } from '../layers/convolution/index.js';
import { input } from '../layers/input.js';
import type { SymbolicShape } from '../layers/layer.js';
import { MaxPooling2D } from '../layers/pooling/index.js';
import { Model } from '../models/model.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';

export interface UNetOptions {
  /** `[height, width, channels]`, both divisible by 2^depth. Default [128, 128, 3]. */
  readonly inputShape?: SymbolicShape;
  /** Classes of each pixel. Default 1: a mask, with a sigmoid; more have a softmax. */
  readonly classes?: number;
  /** Filters of the first level; each deeper one has twice as many. Default 64. */
  readonly filters?: number;
  /** How often the image is halved. Default 4. */
  readonly depth?: number;
  readonly name?: string;
}

function twice(x: Tensor, filters: number, name: string): Tensor {
  const options = {
    ...{ activation: 'relu', padding: 'same', kernelInitializer: 'heNormal' },
  } as const;
  const first = new Conv2D(filters, 3, { ...options, name: `${name}_conv1` }).apply(x);
  return new Conv2D(filters, 3, { ...options, name: `${name}_conv2` }).apply(first);
}

/** A U-Net for images of `inputShape`: `[batch, height, width, classes]` comes out. */
export function UNet(options: UNetOptions = {}): Model {
  checkOptions('UNet', options, ['inputShape', 'classes', 'filters', 'depth', 'name']);
  const { inputShape = [128, 128, 3], classes = 1, filters = 64, depth = 4 } = options;
  const step = 2 ** depth;
  if (inputShape.length !== 3 || inputShape.slice(0, 2).some((n) => n !== null && n % step !== 0)) {
    throw new ShapeError(
      `UNet: expected inputShape [height, width, channels] with sizes divisible by ${step} (2^depth), got ${formatShape(inputShape)}.`,
    );
  }
  const inputs = input(inputShape);
  const seen: Tensor[] = [];
  let x: Tensor = inputs;
  for (let level = 0; level < depth; level++) {
    x = twice(x, filters * 2 ** level, `down${level + 1}`);
    seen.push(x);
    x = new MaxPooling2D(2, { name: `down${level + 1}_pool` }).apply(x);
  }
  x = twice(x, filters * step, 'bottom');
  for (let level = depth - 1; level >= 0; level--) {
    const name = `up${level + 1}`;
    const up = { strides: 2, padding: 'same', name: `${name}_transpose` } as const;
    x = new Conv2DTranspose(filters * 2 ** level, 2, up).apply(x);
    x = new Concatenate({ name: `${name}_concat` }).apply([seen[level], x]);
    x = twice(x, filters * 2 ** level, name);
  }
  const activation = classes === 1 ? 'sigmoid' : 'softmax';
  const outputs = new Conv2D(classes, 1, { activation, name: 'predictions' }).apply(x);
  return new Model({ inputs, outputs, name: options.name ?? 'unet' });
}
