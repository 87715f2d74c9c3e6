// What the networks of this folder share: their options, the input they begin with and the classifier
// they end with, as in keras.applications.
import { Dense } from '../layers/dense.js';
import { input } from '../layers/input.js';
import type { SymbolicShape } from '../layers/layer.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../layers/pooling/index.js';
import { Flatten } from '../layers/reshaping.js';
import { Model } from '../models/model.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';

/** What every classifier of keras.applications takes. */
export interface ApplicationOptions {
  /** Whether the classifier is part of it. Default true. */
  readonly includeTop?: boolean;
  /**
   * Where weights come from: null (default) for random ones. Files load with
   * `await model.loadWeights(path)`; the names of layers are Keras's.
   */
  readonly weights?: null;
  /** What to build on, instead of an input of its own. */
  readonly inputTensor?: Tensor;
  /** `[height, width, channels]`; null where any size will do, which needs `includeTop: false` or pooling. */
  readonly inputShape?: SymbolicShape;
  /** What ends the network without its classifier: 'avg', 'max' or nothing (default). */
  readonly pooling?: 'avg' | 'max' | null;
  /** Classes of the classifier. Default 1000. */
  readonly classes?: number;
  /** Activation of the classifier: 'softmax' (default) or null for logits. */
  readonly classifierActivation?: string | null;
  /** Of the model. */
  readonly name?: string;
}

const optionNames = [
  ...['includeTop', 'weights', 'inputTensor', 'inputShape', 'pooling', 'classes'],
  ...['classifierActivation', 'name'],
];

/** Refuses unknown options, and weights that would have to be downloaded. */
export function checkApplication(
  where: string,
  options: ApplicationOptions,
  own: readonly string[] = [],
): void {
  checkOptions(where, options, [...optionNames, ...own]);
  const { weights, pooling } = options;
  if (weights !== undefined && weights !== null) {
    throw new ConfigError(
      `${where}: weights are not downloaded: expected null, got ${JSON.stringify(weights)}. Make the model and await model.loadWeights(path) of a file that Keras wrote.`,
    );
  }
  if (pooling !== undefined && pooling !== null && pooling !== 'avg' && pooling !== 'max') {
    throw new ConfigError(`${where}: expected pooling 'avg', 'max' or null, got ${pooling}.`);
  }
}

export interface ImageSizes {
  readonly usual: number;
  readonly least: number;
}

/** The input of a network: the tensor given, or one of `inputShape`, checked. */
export function imageInput(
  where: string,
  { inputTensor, inputShape, includeTop = true }: ApplicationOptions,
  { usual, least }: ImageSizes,
): Tensor {
  if (inputTensor) return inputTensor;
  const shape = inputShape ?? (includeTop ? [usual, usual, 3] : [null, null, 3]);
  const sizes = shape.slice(0, 2);
  if (shape.length !== 3 || sizes.some((size) => size !== null && size < least)) {
    throw new ShapeError(
      `${where}: expected inputShape [height, width, channels] of at least ${least} × ${least}, got ${formatShape(shape)}.`,
    );
  }
  return input(shape);
}

interface Ends {
  readonly classifier: (x: Tensor) => Tensor;
  /** Name of the layer that ends a network without classifier; default Keras's automatic one. */
  readonly poolingName?: { readonly avg: string; readonly max: string };
}

/** The model from `inputs` to features `x`, ended as the options say. */
export function withTop(
  inputs: Tensor,
  x: Tensor,
  options: ApplicationOptions & { readonly name: string },
  { classifier, poolingName }: Ends,
): Model {
  const { includeTop = true, pooling, name } = options;
  if (includeTop) return new Model({ inputs, outputs: classifier(x), name });
  if (pooling !== 'avg' && pooling !== 'max') return new Model({ inputs, outputs: x, name });
  const Pooling = pooling === 'avg' ? GlobalAveragePooling2D : GlobalMaxPooling2D;
  const pool = new Pooling(poolingName ? { name: poolingName[pooling] } : {});
  return new Model({ inputs, outputs: pool.apply(x), name });
}

/** A mean over the image, and a dense layer over the classes. */
export const averageAndPredict =
  (
    { classes = 1000, classifierActivation = 'softmax' }: ApplicationOptions,
    poolingName?: string,
  ) =>
  (x: Tensor): Tensor => {
    const named = poolingName === undefined ? {} : { name: poolingName };
    const mean = new GlobalAveragePooling2D(named).apply(x);
    return predictions(classes, classifierActivation).apply(mean);
  };

/** Dense layers over the flattened features. */
export const flattenAndPredict =
  (
    { classes = 1000, classifierActivation = 'softmax' }: ApplicationOptions,
    hidden: readonly number[],
  ) =>
  (x: Tensor): Tensor => {
    let y = new Flatten({ name: 'flatten' }).apply(x);
    for (const [i, units] of hidden.entries()) {
      y = new Dense(units, { activation: 'relu', name: `fc${i + 1}` }).apply(y);
    }
    return predictions(classes, classifierActivation).apply(y);
  };

const predictions = (classes: number, activation: string | null) =>
  new Dense(classes, { activation: activation ?? 'linear', name: 'predictions' });
