// What the networks of keras.applications expect of the values of their images.
import { asFloat } from '../ops/convert.js';
import { divide, subtract } from '../ops/elementwise.js';
import { reverse } from '../ops/movement.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, type TensorLike, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';

const blueGreenRed = [103.939, 116.779, 123.68];
const means = [0.485, 0.456, 0.406];
const deviations = [0.229, 0.224, 0.225];

/**
 * Images `[…, height, width, 3]` of red, green and blue in 0 to 255 as a network expects them.
 *
 * @param mode 'caffe' (default; ResNet, VGG): blue first, ImageNet's means taken off · 'tf' (MobileNet):
 * −1 to 1 · 'torch': 0 to 1, then normalized by ImageNet's means and deviations
 */
export function preprocessInput(x: TensorLike, mode: 'caffe' | 'tf' | 'torch' = 'caffe'): Tensor {
  const images = asFloat(x);
  if (mode === 'tf') return subtract(divide(images, 127.5), 1);
  if (images.rank < 1 || images.shape[images.rank - 1] !== 3) {
    throw new ShapeError(
      `preprocessInput: expected images with 3 channels on the last axis, got ${formatShape(images.shape)}.`,
    );
  }
  if (mode === 'caffe') return subtract(reverse(images, -1), tensor(blueGreenRed));
  if (mode === 'torch') {
    return divide(subtract(divide(images, 255), tensor(means)), tensor(deviations));
  }
  throw new ConfigError(`preprocessInput: expected mode 'caffe', 'tf' or 'torch', got "${mode}".`);
}
