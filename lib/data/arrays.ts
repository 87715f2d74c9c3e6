// Small things that Keras has under `keras.utils`: one-hot labels, vectors of length one, data sets in two.
import { realize } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import { asFloat, asTensor } from '../ops/convert.js';
import { absolute, cast, divide, equal, power, sqrt, square, where } from '../ops/elementwise.js';
import { oneHot, reshape } from '../ops/movement.js';
import { max, sum } from '../ops/reduce.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, DataError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Dataset } from './dataset.js';
import { MersenneTwister } from './mersenne.js';

/**
 * Class labels as one-hot rows: float32, with the classes on a new last axis (a last axis of length 1 becomes
 * it).
 *
 * @param numClasses default: the largest label and one
 * @example toCategorical([0, 2]); // [[1, 0, 0], [0, 0, 1]]
 * @throws DataError for labels that are no whole numbers of 0 … numClasses − 1
 */
export function toCategorical(x: TensorLike, numClasses?: number): Tensor {
  const given = asTensor(x);
  const { shape } = given;
  const labels =
    shape.length > 1 && shape[shape.length - 1] === 1 ? reshape(given, shape.slice(0, -1)) : given;
  realize([labels]);
  const { data, run } = realized(labels);
  run?.wait();
  let most = -1;
  for (let i = 0; i < data.length; i++) most = Math.max(most, data[i]);
  const classes = numClasses ?? most + 1;
  const wrong = data.findIndex((v: number) => !Number.isInteger(v) || v < 0 || v >= classes);
  if (wrong >= 0) {
    throw new DataError(
      `toCategorical: expected labels of 0 … ${classes - 1}, got ${data[wrong]} at ${wrong}.`,
    );
  }
  return oneHot(cast(labels, 'int32'), classes);
}

export interface NormalizeOptions {
  /** Default −1. */
  readonly axis?: number;
  /** Of the norm: 2 (default), 1, another number from 1 on, or Infinity. */
  readonly order?: number;
}

/**
 * Vectors along an axis divided by their norm; zeros stay zeros.
 *
 * @throws ConfigError for an order below 1
 */
export function normalize(x: TensorLike, options: NormalizeOptions = {}): Tensor {
  checkOptions('normalize', options, ['axis', 'order']);
  const { axis = -1, order = 2 } = options;
  if (!(order >= 1)) throw new ConfigError(`normalize: order must be at least 1, got ${order}.`);
  const t = asFloat(x);
  const keep = { keepDims: true };
  const norm =
    order === 2
      ? sqrt(sum(square(t), axis, keep))
      : order === Number.POSITIVE_INFINITY
        ? max(absolute(t), axis, keep)
        : power(sum(power(absolute(t), order), axis, keep), 1 / order);
  return divide(t, where(equal(norm, 0), 1, norm));
}

export interface SplitOptions {
  /** A fraction of 0 … 1, or how many elements, of the first part. Default: what the other leaves. */
  readonly leftSize?: number;
  /** The same of the second part. */
  readonly rightSize?: number;
  /** Shuffle before splitting. Default false. */
  readonly shuffle?: boolean;
  /** Seed of shuffling, default 0. */
  readonly seed?: number;
}

/** To the nearest whole number, halves to the even one, as Python rounds. */
function rounded(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

function partSize(name: string, size: number | undefined, total: number): number | undefined {
  if (size === undefined) return undefined;
  if (Number.isInteger(size) && size >= 1 && size < total) return size;
  if (size > 0 && size < 1) return rounded(size * total);
  throw new ConfigError(
    `splitDataset: ${name} must be a fraction between 0 and 1 or a whole number below ${total}, got ${size}.`,
  );
}

/**
 * A data set in two: all elements are read, and are then in memory.
 *
 * @example const [train, test] = await splitDataset(Dataset.from(x, y), { leftSize: 0.8, shuffle: true });
 * @throws ConfigError for sizes that do not fit; DataError if a part would be empty
 */
export async function splitDataset<T>(
  dataset: Dataset<T>,
  options: SplitOptions,
): Promise<[Dataset<T>, Dataset<T>]> {
  checkOptions('splitDataset', options, ['leftSize', 'rightSize', 'shuffle', 'seed']);
  const elements: T[] = [];
  for await (const element of dataset) elements.push(element);
  const total = elements.length;
  const left = partSize('leftSize', options.leftSize, total);
  const right = partSize('rightSize', options.rightSize, total);
  if (left === undefined && right === undefined) {
    throw new ConfigError('splitDataset: give leftSize, rightSize or both.');
  }
  const leftCount = left ?? total - (right ?? 0);
  const rightCount = right ?? total - leftCount;
  if (leftCount + rightCount > total) {
    throw new ConfigError(
      `splitDataset: leftSize and rightSize are ${leftCount} and ${rightCount} of ${total} elements.`,
    );
  }
  if (leftCount === 0 || rightCount === 0) {
    throw new DataError(
      `splitDataset: ${leftCount} and ${rightCount} of ${total} elements; neither part may be empty.`,
    );
  }
  if (options.shuffle) await new MersenneTwister(options.seed ?? 0).shuffle(elements);
  const part = (items: T[]): Dataset<T> => Dataset.from(() => items);
  return [part(elements.slice(0, leftCount)), part(elements.slice(total - rightCount))];
}
