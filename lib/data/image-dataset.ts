// Data sets of image files: listed at once, decoded while they are read, a few batches ahead.
import { currentSeed, nextDraw } from '../ops/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, DataError } from '../util/errors.js';
import { Dataset } from './dataset.js';
import { type LabelledFiles, listImages, withLabels } from './image-files.js';
import {
  type CheckedOptions,
  checkImageOptions,
  type ImageDatasetOptions,
} from './image-options.js';
import { ImageStream } from './image-stream.js';
import { handOver, handsOver } from './lent.js';
import { MersenneTwister } from './mersenne.js';

/** An image that was left out, and why. */
export interface SkippedImage {
  readonly path: string;
  readonly error: Error;
}

/** Batches (or single samples) of images: `[images, labels]`, or images alone. */
export class ImageDataset<T = [Tensor, Tensor]> extends Dataset<T> {
  /** Names of the classes by label; undefined without labels. */
  readonly classNames: readonly string[] | undefined;
  /** The files, in Keras's order; passes shuffle them further. */
  readonly filePaths: readonly string[];
  private readonly left: ReadonlyMap<string, Error>;

  /** @internal */
  constructor(elements: Dataset<T>, files: LabelledFiles, left: ReadonlyMap<string, Error>) {
    super(() => elements, elements.size);
    this.classNames = files.classNames;
    this.filePaths = files.paths;
    this.left = left;
  }

  /** Images that could not be read and were left out, up to now. Later passes do not try them again. */
  get skipped(): readonly SkippedImage[] {
    return [...this.left].map(([path, error]) => ({ path, error }));
  }
}

type Element<O> = O extends { labels: null } | { labelMode: null } ? Tensor : [Tensor, Tensor];

/** What options give: one data set, or two with `subset: 'both'`. */
export type ImageDatasets<O> = O extends { subset: 'both' }
  ? [train: ImageDataset<Element<O>>, validation: ImageDataset<Element<O>>]
  : ImageDataset<Element<O>>;

function datasetOf(
  files: LabelledFiles,
  options: CheckedOptions,
  shuffle: boolean,
  where: string,
): ImageDataset<unknown> {
  const seed = shuffle ? (options.seed ?? currentSeed() + nextDraw()) : undefined;
  const stream = new ImageStream(files, options, where, seed);
  const { batchSize } = options;
  const elements = batchSize === null ? stream.samples() : stream.batches(batchSize);
  const made = new ImageDataset<unknown>(elements, files, stream.left);
  return handsOver(elements) ? handOver(made) : made;
}

const part = (files: LabelledFiles, from: number, to: number): LabelledFiles => ({
  paths: files.paths.slice(from, to),
  labels: files.labels?.slice(from, to),
  classNames: files.classNames,
});

/** Files in the order in which Keras has them before it splits them. */
async function shuffledFiles(files: LabelledFiles, seed: number): Promise<LabelledFiles> {
  const { paths, labels, classNames } = files;
  const order = [...(await new MersenneTwister(seed).order(paths.length))];
  return {
    paths: order.map((i) => paths[i]),
    labels: labels && order.map((i) => labels[i]),
    classNames,
  };
}

/** @throws ConfigError for labels that the mode does not take */
function checkClasses({ labels, classNames }: LabelledFiles, mode: string, where: string): void {
  if (!labels || !classNames) return;
  if (mode === 'binary' && classNames.length !== 2) {
    throw new ConfigError(
      `${where}: labelMode 'binary' needs two classes, but there ${classNames.length === 1 ? 'is one' : `are ${classNames.length}`}: ${classNames.slice(0, 10).join(', ')}.`,
    );
  }
  const most = labels.reduce((a, b) => Math.max(a, b), 0);
  if (mode !== 'int' && most >= classNames.length) {
    throw new ConfigError(
      `${where}: labelMode '${mode}' needs labels of 0 … ${classNames.length - 1} for ${classNames.length} classes, got ${most}.`,
    );
  }
  if (classNames.length > 1) return;
  process.emitWarning(
    `${where}: there is one class only ("${classNames[0]}"), so all labels are the same. Is this the folder that holds a folder for each class?`,
    'NeuroneWarning',
  );
}

/** The data sets of files: split, shuffled, decoded. */
async function toDatasets(
  listed: LabelledFiles,
  options: CheckedOptions,
  where: string,
): Promise<ImageDataset<unknown> | [ImageDataset<unknown>, ImageDataset<unknown>]> {
  checkClasses(listed, options.labelMode, where);
  const { shuffle, subset, validationSplit } = options;
  const files = shuffle ? await shuffledFiles(listed, options.seed ?? currentSeed()) : listed;
  const count = files.paths.length;
  const at = count - Math.trunc(validationSplit * count);
  if (subset !== undefined && (at === 0 || at === count)) {
    throw new DataError(
      `${where}: validationSplit ${validationSplit} of ${count} images leaves none to ${at === 0 ? 'train' : 'validate'} on.`,
    );
  }
  const train = () => datasetOf(part(files, 0, at), options, shuffle, where);
  const validation = (shuffled: boolean) =>
    datasetOf(part(files, at, count), options, shuffled, where);
  if (subset === 'both') return [train(), validation(false)];
  return subset === 'validation' ? validation(shuffle) : train();
}

/**
 * A data set of the images in a folder that has one folder for each class, as Keras's
 * `image_dataset_from_directory`.
 *
 * Files are decoded and resized by threads of their own, a few batches ahead of what is read: never are all
 * in memory. Elements are `[images, labels]`, images `[batch, height, width, channels]` float32 from 0 to
 * 255; without labels images alone. Each pass has another order, which follows from the seed. JPEG, PNG, GIF
 * (its first picture) and BMP are read, with the npm package `sharp` (`npm install sharp`).
 *
 * Files, labels, the split and the pixels are Keras's (JPEG decoders may differ by a few of 255 steps); the
 * order of a shuffled pass is not, since TensorFlow shuffles by its own generator.
 *
 * @example
 * const [train, validation] = await imageDatasetFromDirectory('flowers', {
 *   imageSize: [180, 180], validationSplit: 0.2, subset: 'both', seed: 123,
 * });
 * await model.fit(train, null, { validationData: validation, epochs: 10 });
 * @param folder the folder of the folders; with `labels: null` or a list, all images within it are taken
 * @throws DataError if there are no images or no classes; ConfigError for wrong options, unknown classes and
 *   without sharp; FormatError (in a pass) for a file that is no image, see `onError`
 * @see https://keras.io/api/data_loading/image/
 */
export async function imageDatasetFromDirectory<const O extends ImageDatasetOptions>(
  folder: string,
  options?: O,
): Promise<ImageDatasets<O>> {
  const where = 'imageDatasetFromDirectory';
  const checked = checkImageOptions(where, options ?? {});
  const files = await listImages(folder, checked, where);
  return (await toDatasets(files, checked, where)) as ImageDatasets<O>;
}

/**
 * A data set of image files, with a label for each, or without: as `imageDatasetFromDirectory` otherwise.
 * The files may be of any kind that sharp reads.
 *
 * @param paths the files, in the order of `labels`
 * @param options `labels` is a list of whole numbers, or null (default)
 * @throws DataError for an empty list, or one of another length than the labels
 */
export async function imageDatasetFromFiles<
  const O extends Omit<ImageDatasetOptions, 'classNames' | 'followLinks'> & {
    readonly labels?: readonly number[] | null;
  },
>(
  paths: readonly string[],
  options?: O,
): Promise<ImageDatasets<O extends { labels: readonly number[] } ? O : O & { labels: null }>> {
  const where = 'imageDatasetFromFiles';
  const checked = checkImageOptions(where, { labels: null, ...options });
  const { labels } = checked;
  if (labels === 'inferred') {
    throw new ConfigError(`${where}: labels must be a list or null; only folders have names.`);
  }
  if (paths.length === 0) throw new DataError(`${where}: the list of files is empty.`);
  const files = labels
    ? withLabels(paths, labels, where)
    : { paths, labels: undefined, classNames: undefined };
  return (await toDatasets(files, checked, where)) as Awaited<
    ReturnType<typeof imageDatasetFromFiles<O>>
  >;
}
