// What a labelled data set is: examples and their labels, in a part to train on and a part to test with.
import '../graph/evaluate.js';
import '../ops/methods.js';
import { fromData, type Tensor } from '../tensor/tensor.js';
import { FormatError } from '../util/errors.js';
import type { IdxArray } from './idx.js';

export interface Labelled {
  /** Examples, `[examples, …]`. */
  readonly x: Tensor;
  /** Labels, `[examples]`. */
  readonly y: Tensor;
}

export interface LabelledSplits {
  readonly train: Labelled;
  readonly test: Labelled;
}

/** Images `[n, height, width]` and labels `[n]` of two IDX files as uint8 tensors. */
export function labelled(images: IdxArray, labels: IdxArray, name: string): Labelled {
  if (!(images.data instanceof Uint8Array) || !(labels.data instanceof Uint8Array)) {
    throw new FormatError(`${name}: expected images and labels of type uint8 (08).`);
  }
  if (
    images.shape.length !== 3 ||
    labels.shape.length !== 1 ||
    images.shape[0] !== labels.shape[0]
  ) {
    throw new FormatError(
      `${name}: expected images [n, height, width] and labels [n] for the same n, got [${images.shape.join(', ')}] and [${labels.shape.join(', ')}]. Check that both files belong together.`,
    );
  }
  return {
    x: fromData(images.data, images.shape, 'uint8'),
    y: fromData(labels.data, labels.shape, 'uint8'),
  };
}
