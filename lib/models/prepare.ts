// What fit and evaluate read: arrays or batches, validation data, weights.
import { evaluate } from '../graph/evaluate.js';
import { cast, multiply } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, DataError } from '../util/errors.js';
import { suggestion } from '../util/suggest.js';
import {
  type BatchSource,
  checkRows,
  type Dataset,
  isBatchSource,
  partsIn,
  type RawBatch,
  rowsIn,
  rowsOf,
  type Samples,
  type SamplesOf,
  toInputs,
  toSamples,
  weightsOfClasses,
} from './data.js';
import type { AnyModel, FitOptions } from './model.js';

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

/** How many batches a source has, if it says so, as a `Dataset` does. */
export function batchesIn(source: BatchSource): number | undefined {
  const size: unknown = 'size' in source ? source.size : undefined;
  return typeof size === 'number' && Number.isInteger(size) ? size : undefined;
}

/** Arrays or single batches as the engine reads them. */
export async function toDataset(
  model: AnyModel,
  { x, y, sampleWeight }: RawBatch,
  where: string,
): Promise<Dataset> {
  const inputs = await toInputs(x, model.inputCount);
  const alone: Dataset = { ...inputs, y: [], weights: [] };
  checkRows(alone, where);
  if (y === undefined) return alone;
  await model.ensureOutputs(inputs);
  const data: Dataset = {
    ...inputs,
    y: await targetsOf(model, y),
    weights: sampleWeight === undefined ? [] : await weightsOf(model, sampleWeight),
  };
  checkRows(data, where);
  return data;
}

/** What was given for each output: by order or by name. */
function byOutput(
  model: AnyModel,
  given: SamplesOf,
  what: string,
): readonly (Samples | undefined | null)[] {
  const names = model.outputNames;
  const { form, parts } = partsIn(given, names.length);
  if (form === 'one' || form === 'list') {
    if (parts.length === names.length) return parts;
    throw new DataError(
      `${model.name}: ${what}: expected one for each of ${names.length} outputs (${names.join(', ')}), got ${parts.length}.`,
    );
  }
  const unknown = form.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new DataError(
      `${model.name}: ${what}: there is no output "${unknown}".${suggestion(unknown, names)} Outputs: ${names.join(', ')}.`,
    );
  }
  return names.map((name) => parts[form.indexOf(name)]);
}

async function targetsOf(model: AnyModel, y: SamplesOf): Promise<(Tensor | undefined)[]> {
  const targets: (Tensor | undefined)[] = [];
  for (const [i, part] of byOutput(model, y, 'y').entries()) {
    if (part === undefined || part === null) targets.push(undefined);
    else targets.push(await model.targets(part, i));
  }
  return targets;
}

/** Weights by output; one for all of them counts for each. */
async function weightsOf(model: AnyModel, given: SamplesOf): Promise<(Tensor | undefined)[]> {
  const { form, parts } = partsIn(given, model.outputNames.length);
  if (form === 'one') {
    const weight = await toSamples(parts[0], 'sampleWeight');
    return model.outputNames.map(() => weight);
  }
  const weights: (Tensor | undefined)[] = [];
  for (const part of byOutput(model, given, 'sampleWeight')) {
    weights.push(part ? await toSamples(part, 'sampleWeight') : undefined);
  }
  return weights;
}

export async function prepare(
  model: AnyModel,
  x: SamplesOf | BatchSource,
  y: SamplesOf | undefined,
  sampleWeight: SamplesOf | undefined,
  where: string,
): Promise<Prepared> {
  if (isBatchSource(x)) {
    if (y === undefined && sampleWeight === undefined) return { kind: 'batches', source: x };
    const record = y !== undefined && Object.getPrototypeOf(y) === Object.prototype;
    const options = record ? ` Options come after y: ${where}(x, null, { … }).` : '';
    throw new ConfigError(
      `${where}: x yields batches, so ${y === undefined ? 'sampleWeight' : 'y'} must come in them: yield [x, y, sampleWeight].${options}`,
    );
  }
  return { kind: 'arrays', data: await toDataset(model, { x, y, sampleWeight }, where) };
}

/** Sample weights with class weights multiplied in. */
export async function withClassWeight(
  data: Dataset,
  classWeight: Readonly<Record<number, number>> | undefined,
): Promise<Dataset> {
  if (!classWeight || data.y.length === 0) return data;
  const [y, ...more] = data.y;
  if (more.length > 0 || !y) {
    throw new ConfigError(
      'fit: classWeight is for models with one output. Give sampleWeight for each output instead.',
    );
  }
  const ofClass = weightsOfClasses(y, classWeight);
  const [given] = data.weights;
  if (!given) return { ...data, weights: [ofClass] };
  const flat = reshape(cast(given, 'float32'), [rowsIn(data)]);
  const weight = multiply(flat, ofClass);
  await evaluate(weight);
  return { ...data, weights: [weight] };
}

/** What `validationSplit` leaves to train on, and takes from the end. */
function split(data: Dataset, fraction: number): { train: Dataset; validation: Dataset } {
  if (typeof fraction !== 'number' || !(fraction > 0 && fraction < 1)) {
    throw new ConfigError(
      `fit: validationSplit must be a number between 0 and 1, got ${JSON.stringify(fraction) ?? fraction}.`,
    );
  }
  const rows = rowsIn(data);
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
  model: AnyModel,
  x: SamplesOf | BatchSource,
  y: SamplesOf | undefined,
  options: FitOptions,
): Promise<Sources> {
  const train = await prepare(model, x, y, options.sampleWeight, 'fit');
  const given = options.validationData ?? undefined;
  const validationSplit = options.validationSplit ?? 0;
  if (train.kind === 'arrays') {
    if (train.data.y.length === 0 && model.compileOptions?.loss !== undefined)
      throw new DataError('fit: y is missing.');
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
  model: AnyModel,
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
