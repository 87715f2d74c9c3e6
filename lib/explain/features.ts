// What a network sees: the outputs of its layers, and the kernels of its convolutions.
import { compile } from '../graph/compile.js';
import type { AnyLayer } from '../layers/layer.js';
import type { AnyModel } from '../models/model.js';
import { asFloat } from '../ops/convert.js';
import { transpose } from '../ops/movement.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkCall, featuresOf, layerOf } from './tap.js';

/**
 * What layers put out for samples, without training.
 *
 * @param x samples `[batch, …]`
 * @param layers their names, indices or the layers themselves
 * @returns one tensor per layer, by its name; `[batch, height, width, channels]` of a convolution
 * @example const { conv2d } = explain.featureMaps(model, images, ['conv2d']);
 */
export function featureMaps(
  model: AnyModel,
  x: TensorLike,
  layers: readonly (string | number | AnyLayer)[],
): Record<string, Tensor> {
  const where = 'featureMaps';
  const samples = asFloat(x);
  checkCall(where, model, samples);
  const watched = layers.map((layer) => layerOf(where, model, layer));
  return compile((input: Tensor) =>
    Object.fromEntries(
      watched.map((layer) => [layer.name, featuresOf(where, model, layer, input)]),
    ),
  )(samples);
}

/**
 * The kernels of a two-dimensional convolution as images.
 *
 * @returns `[filters, height, width, channels]`
 */
export function filters(model: AnyModel, layer: string | number | AnyLayer): Tensor {
  const chosen = layerOf('filters', model, layer);
  const kernel = chosen.ownWeights.find(({ shape }) => shape.length === 4);
  if (kernel) return transpose(kernel.value, [3, 0, 1, 2]);
  throw new ConfigError(
    `filters: layer "${chosen.name}" has no kernel [height, width, channels, filters]; choose a two-dimensional convolution.`,
  );
}
