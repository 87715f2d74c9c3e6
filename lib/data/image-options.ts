// Options of image data sets: names, defaults, and what they must be.
import { type DataFormat, dataFormatOf } from '../layers/data-format.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions, suggestion } from '../util/suggest.js';
import { checkCount } from './dataset.js';

export type ColorMode = 'grayscale' | 'rgb' | 'rgba';

/** What resizing an image of a data set may be: names of `tf.image.resize`. */
export type Interpolation =
  | 'bilinear'
  | 'nearest'
  | 'bicubic'
  | 'area'
  | 'lanczos3'
  | 'lanczos5'
  | 'gaussian'
  | 'mitchellcubic';

/**
 * What to do about an image that cannot be read: fail, leave it out, or ask. A function that gives nothing
 * leaves it out; it may throw an error of its own.
 */
export type OnImageError =
  | 'throw'
  | 'skip'
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is allowed
  | ((path: string, error: Error) => 'throw' | 'skip' | void | Promise<'throw' | 'skip' | void>);

export interface ImageDatasetOptions {
  /** `'inferred'` from the names of folders (default), one whole number for each file, or null for none. */
  readonly labels?: 'inferred' | readonly number[] | null;
  /**
   * `'int'` (default): int32 `[batch]`; `'categorical'`: float32 `[batch, classes]`, one-hot; `'binary'`:
   * float32 `[batch, 1]`, 0 or 1; null: no labels.
   */
  readonly labelMode?: 'int' | 'categorical' | 'binary' | null;
  /** Folders to take, in the order of their labels. Default: all, in alphanumeric order. */
  readonly classNames?: readonly string[];
  /** Channels: grayscale 1, rgb 3 (default), rgba 4. */
  readonly colorMode?: ColorMode;
  /** Images in a batch, default 32; null for single images without the batch axis. */
  readonly batchSize?: number | null;
  /** `[height, width]`, or one number for both. Default 256. */
  readonly imageSize?: number | readonly [number, number];
  /** Another order in each pass. Default true; false: alphanumeric order. */
  readonly shuffle?: boolean;
  /** Seed of shuffling, 0 … 2³² − 1. Default: follows from `setRandomSeed`. */
  readonly seed?: number;
  /** The part of the files, between 0 and 1, that is kept for validation. */
  readonly validationSplit?: number;
  /** Which part; `'both'` gives the two data sets. */
  readonly subset?: 'training' | 'validation' | 'both';
  /** Default bilinear. Images are float32 from 0 to 255, with `nearest` uint8. */
  readonly interpolation?: Interpolation;
  /** Whether to look into folders that are links. Default false. */
  readonly followLinks?: boolean;
  /** Cut the edges off instead of changing the aspect ratio. Default false. */
  readonly cropToAspectRatio?: boolean;
  /** Fill up with black instead of changing the aspect ratio. Default false. */
  readonly padToAspectRatio?: boolean;
  /** Where the channels are. Default `channelsLast`. */
  readonly dataFormat?: 'channelsLast' | 'channelsFirst' | DataFormat;
  /** Default `'throw'`. */
  readonly onError?: OnImageError;
}

const optionNames: readonly (keyof ImageDatasetOptions)[] = [
  'labels',
  'labelMode',
  'classNames',
  'colorMode',
  'batchSize',
  'imageSize',
  'shuffle',
  'seed',
  'validationSplit',
  'subset',
  'interpolation',
  'followLinks',
  'cropToAspectRatio',
  'padToAspectRatio',
  'dataFormat',
  'onError',
];

const channelsOf: Readonly<Record<ColorMode, 1 | 3 | 4>> = { grayscale: 1, rgb: 3, rgba: 4 };

const interpolations: readonly Interpolation[] = [
  'bilinear',
  'nearest',
  'bicubic',
  'area',
  'lanczos3',
  'lanczos5',
  'gaussian',
  'mitchellcubic',
];

/** `given` if it is one of `known`. @throws ConfigError that suggests what was meant */
export function oneOf<T extends string>(
  where: string,
  name: string,
  given: unknown,
  known: readonly T[],
): T {
  const found = known.find((value) => value === given);
  if (found !== undefined) return found;
  const hint = typeof given === 'string' ? suggestion(given, known) : '';
  throw new ConfigError(
    `${where}: ${name} must be one of ${known.join(', ')}, got ${JSON.stringify(given)}.${hint}`,
  );
}

/** Channels of a colour mode. */
export const channelsIn = (where: string, mode: ColorMode | undefined): 1 | 3 | 4 =>
  channelsOf[
    oneOf(where, 'colorMode', mode ?? 'rgb', Object.keys(channelsOf) as readonly ColorMode[])
  ];

/** Two whole numbers from 1 on: height and width. */
export function imageSize(where: string, name: string, given: unknown): readonly [number, number] {
  const size: unknown = typeof given === 'number' ? [given, given] : given;
  const right =
    Array.isArray(size) && size.length === 2 && size.every((n) => Number.isInteger(n) && n >= 1);
  if (right) return [size[0], size[1]];
  throw new ConfigError(
    `${where}: ${name} must be a whole number from 1 on, or [height, width] of two, got ${JSON.stringify(given)}.`,
  );
}

/** Options as they count: checked, with defaults. */
export interface CheckedOptions {
  readonly labels: 'inferred' | readonly number[] | null;
  readonly labelMode: 'int' | 'categorical' | 'binary';
  readonly classNames: readonly string[] | undefined;
  readonly channels: 1 | 3 | 4;
  readonly batchSize: number | null;
  readonly size: readonly [number, number];
  readonly shuffle: boolean;
  readonly seed: number | undefined;
  readonly validationSplit: number;
  readonly subset: 'training' | 'validation' | 'both' | undefined;
  readonly interpolation: Interpolation;
  readonly followLinks: boolean;
  readonly fit: 'stretch' | 'crop' | 'pad';
  readonly channelsFirst: boolean;
  readonly onError: OnImageError;
}

function checkSplit(where: string, { validationSplit, subset, ...o }: ImageDatasetOptions): void {
  if (validationSplit !== undefined && !(validationSplit > 0 && validationSplit < 1)) {
    throw new ConfigError(
      `${where}: validationSplit must be between 0 and 1, got ${validationSplit}.`,
    );
  }
  if ((validationSplit === undefined) !== (subset === undefined)) {
    throw new ConfigError(`${where}: validationSplit and subset go together; give both.`);
  }
  if (subset !== undefined) oneOf(where, 'subset', subset, ['training', 'validation', 'both']);
  if (validationSplit !== undefined && (o.shuffle ?? true) && o.seed === undefined) {
    throw new ConfigError(
      `${where}: validationSplit of shuffled files needs a seed, so that the two parts never overlap.`,
    );
  }
}

function checkLabels(
  where: string,
  { labels = 'inferred', classNames }: ImageDatasetOptions,
): void {
  if (labels !== null && labels !== 'inferred' && !Array.isArray(labels)) {
    throw new ConfigError(
      `${where}: labels must be 'inferred', a list of whole numbers or null, got ${JSON.stringify(labels)}.`,
    );
  }
  if (classNames && labels !== 'inferred') {
    throw new ConfigError(`${where}: classNames needs labels: 'inferred'.`);
  }
}

/** @throws ConfigError for options that make no sense */
export function checkImageOptions(where: string, options: ImageDatasetOptions): CheckedOptions {
  checkOptions(where, options, optionNames);
  checkSplit(where, options);
  checkLabels(where, options);
  const { labels = 'inferred', labelMode = 'int', batchSize = 32, onError = 'throw' } = options;
  const { seed, cropToAspectRatio: crops = false, padToAspectRatio: pads = false } = options;
  if (crops && pads) {
    throw new ConfigError(`${where}: give cropToAspectRatio or padToAspectRatio, not both.`);
  }
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    throw new ConfigError(`${where}: seed must be a whole number of 0 … 2³² − 1, got ${seed}.`);
  }
  if (typeof onError !== 'function' && onError !== 'throw' && onError !== 'skip') {
    throw new ConfigError(
      `${where}: onError must be throw, skip, or a function of the path and the error, got ${JSON.stringify(onError)}.`,
    );
  }
  const modes = ['int', 'categorical', 'binary'] as const;
  return {
    labels: labelMode === null ? null : labels,
    labelMode: oneOf(where, 'labelMode', labelMode ?? 'int', modes),
    classNames: options.classNames,
    channels: channelsIn(where, options.colorMode),
    batchSize: batchSize === null ? null : checkCount(`${where}: batchSize`, batchSize, 1),
    size: imageSize(where, 'imageSize', options.imageSize ?? 256),
    shuffle: options.shuffle ?? true,
    seed,
    validationSplit: options.validationSplit ?? 0,
    subset: options.subset,
    interpolation: oneOf(
      where,
      'interpolation',
      options.interpolation ?? 'bilinear',
      interpolations,
    ),
    followLinks: options.followLinks ?? false,
    fit: crops ? 'crop' : pads ? 'pad' : 'stretch',
    channelsFirst: dataFormatOf(where, options.dataFormat) === 'channels_first',
    onError,
  };
}
