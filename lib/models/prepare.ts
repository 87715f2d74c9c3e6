// What fit and evaluate read: arrays or batches, validation data, weights.
import { evaluate } from '../graph/evaluate.js';
import { cast, multiply } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import { ConfigError, DataError } from '../util/errors.js';
import {
  type BatchSource,
  checkRows,
  type Dataset,
  isBatchSource,
  rowsOf,
  type Samples,
  toInputs,
  toSamples,
  weightsOfClasses,
} from './data.js';
import type { FitOptions, Model } from './model.js';

export type Batches = AsyncIterator<unknown> | Iterator<unknown>;

export const iteratorOf = (source: BatchSource): Batches =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();

/** Ends an iterator early. A generator that the user made stays the user's, to go on with. */
export async function closeIterator(
  batches: Batches | undefined,
  source: BatchSource,
): Promise<void> {
  const own: unknown = source;
  if (batches && batches !== own) await batches.return?.();
}

/** The error for a source without a batch. */
export const noBatch = (where: string): DataError =>
  new DataError(
    `${where}: the iterator yielded no batch. A generator can be read only once: for several passes give an object whose [Symbol.iterator] or [Symbol.asyncIterator] begins anew.`,
  );

/** Arrays, or a source of batches. */
export type Prepared =
  | { readonly kind: 'arrays'; readonly data: Dataset }
  | { readonly kind: 'batches'; readonly source: BatchSource };

export async function prepare(
  model: Model,
  x: Samples | BatchSource,
  y: Samples | undefined,
  sampleWeight: Samples | undefined,
  where: string,
): Promise<Prepared> {
  if (isBatchSource(x)) {
    if (y === undefined && sampleWeight === undefined) return { kind: 'batches', source: x };
    throw new ConfigError(
      `${where}: x yields batches, so ${y === undefined ? 'sampleWeight' : 'y'} must come in them: yield [x, y, sampleWeight].`,
    );
  }
  const data: Dataset = {
    x: await toInputs(x),
    y: y === undefined ? undefined : await model.targets(y),
    weight: sampleWeight === undefined ? undefined : await toSamples(sampleWeight, 'sampleWeight'),
  };
  checkRows(data, where);
  return { kind: 'arrays', data };
}

/** Sample weights with class weights multiplied in. */
export async function withClassWeight(
  data: Dataset,
  classWeight: Readonly<Record<number, number>> | undefined,
): Promise<Dataset> {
  if (!classWeight || !data.y) return data;
  const ofClass = weightsOfClasses(data.y, classWeight);
  if (!data.weight) return { ...data, weight: ofClass };
  const flat = reshape(cast(data.weight, 'float32'), [data.x.shape[0]]);
  const weight = multiply(flat, ofClass);
  await evaluate(weight);
  return { ...data, weight };
}

/** What `validationSplit` leaves to train on, and takes from the end. */
function split(data: Dataset, fraction: number): { train: Dataset; validation: Dataset } {
  if (!(fraction > 0 && fraction < 1)) {
    throw new ConfigError(`fit: validationSplit must be between 0 and 1, got ${fraction}.`);
  }
  const rows = data.x.shape[0];
  const at = Math.floor(rows * (1 - fraction));
  if (at === 0 || at === rows) {
    throw new DataError(
      `fit: validationSplit ${fraction} of ${rows} samples leaves none to ${at === 0 ? 'train' : 'validate'} on.`,
    );
  }
  return { train: rowsOf(data, 0, at), validation: rowsOf(data, at, rows) };
}

export interface Sources {
  readonly train: Prepared;
  readonly validation: Prepared | undefined;
}

export async function prepareFit(
  model: Model,
  x: Samples | BatchSource,
  y: Samples | undefined,
  options: FitOptions,
): Promise<Sources> {
  const train = await prepare(model, x, y, options.sampleWeight, 'fit');
  const given = options.validationData ?? undefined;
  const validationSplit = options.validationSplit ?? 0;
  if (train.kind === 'arrays') {
    if (!train.data.y) throw new DataError('fit: y is missing.');
    if (given === undefined && validationSplit !== 0) {
      const parts = split(train.data, validationSplit);
      const weighted = await withClassWeight(parts.train, options.classWeight);
      return {
        train: { kind: 'arrays', data: weighted },
        validation: { kind: 'arrays', data: parts.validation },
      };
    }
  } else if (validationSplit !== 0) {
    throw new ConfigError('fit: validationSplit needs arrays; give validationData beside batches.');
  }
  const weighted: Prepared =
    train.kind === 'arrays'
      ? { kind: 'arrays', data: await withClassWeight(train.data, options.classWeight) }
      : train;
  if (given === undefined) return { train: weighted, validation: undefined };
  return { train: weighted, validation: await prepareValidation(model, given) };
}

function prepareValidation(
  model: Model,
  given: NonNullable<FitOptions['validationData']>,
): Promise<Prepared> {
  if (isBatchSource(given)) {
    return prepare(model, given, undefined, undefined, 'validationData');
  }
  if (!Array.isArray(given) || !given[1]) {
    throw new ConfigError(
      'fit: validationData: expected [x, y], [x, y, sampleWeight] or an iterable of batches.',
    );
  }
  return prepare(model, given[0], given[1], given[2], 'validationData');
}
