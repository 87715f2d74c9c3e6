// Windows over a series, as Keras's `timeseries_dataset_from_array`.
import { currentSeed, nextDraw } from '../ops/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { checkCount, Dataset } from './dataset.js';
import { generatorOf } from './mersenne.js';
import { countRows, type RowSource, rowsOf, stack } from './rows.js';

export interface TimeseriesOptions {
  /** Steps in a window. */
  readonly sequenceLength: number;
  /** Steps between the starts of windows. Default 1. */
  readonly sequenceStride?: number;
  /** Steps between the steps of a window. Default 1. */
  readonly samplingRate?: number;
  /** Windows in a batch, default 128; null for single windows. */
  readonly batchSize?: number | null;
  /** Another order in each pass. Default false. */
  readonly shuffle?: boolean;
  /** Default: follows from `setRandomSeed`. */
  readonly seed?: number;
  /** The first row that is used. Default 0. */
  readonly startIndex?: number;
  /** The row before which windows end. Default: all rows. */
  readonly endIndex?: number;
}

const optionNames: readonly (keyof TimeseriesOptions)[] = [
  'sequenceLength',
  'sequenceStride',
  'samplingRate',
  'batchSize',
  'shuffle',
  'seed',
  'startIndex',
  'endIndex',
];

const where = 'timeseriesDatasetFromArray';

/** Where windows start, counted from `startIndex`. @throws ConfigError for options that do not fit */
function startsOf(rows: number, targets: number | undefined, options: TimeseriesOptions): number[] {
  checkOptions(where, options, optionNames);
  const { sequenceLength, sequenceStride = 1, samplingRate = 1 } = options;
  const { startIndex = 0, endIndex = rows } = options;
  checkCount(`${where}: sequenceLength`, sequenceLength, 1);
  checkCount(`${where}: sequenceStride`, sequenceStride, 1);
  checkCount(`${where}: samplingRate`, samplingRate, 1);
  checkCount(`${where}: startIndex`, startIndex, 0);
  if (!Number.isInteger(endIndex) || endIndex > rows || endIndex <= startIndex) {
    throw new ConfigError(
      `${where}: endIndex must be a whole number above startIndex and up to ${rows} rows, got ${endIndex}.`,
    );
  }
  const fitting = endIndex - startIndex - (sequenceLength - 1) * samplingRate;
  if (fitting < 1) {
    throw new ConfigError(
      `${where}: a window takes ${(sequenceLength - 1) * samplingRate + 1} rows, but there are ${endIndex - startIndex}.`,
    );
  }
  const count = Math.min(fitting, targets ?? fitting);
  return Array.from({ length: Math.ceil(count / sequenceStride) }, (_, i) => i * sequenceStride);
}

/**
 * Batches of windows `[batch, sequenceLength, …]` over rows that follow each other in time, with the target of
 * the row where each window starts.
 *
 * @param targets `targets[i]` belongs to the window that starts at row i; null for none
 * @example
 * // From ten steps the next one:
 * const data = timeseriesDatasetFromArray(x.slice(0, -10), x.slice(10), { sequenceLength: 10 });
 * @throws ConfigError for options that do not fit the series
 * @see https://keras.io/api/data_loading/timeseries/
 */
export function timeseriesDatasetFromArray(
  data: RowSource,
  targets: null,
  options: TimeseriesOptions,
): Dataset<Tensor>;
export function timeseriesDatasetFromArray(
  data: RowSource,
  targets: RowSource,
  options: TimeseriesOptions,
): Dataset<[Tensor, Tensor]>;
export function timeseriesDatasetFromArray(
  data: RowSource,
  targets: RowSource | null,
  options: TimeseriesOptions,
): Dataset<unknown> {
  const targetRows = targets === null ? undefined : countRows(targets, `${where}: targets`);
  const starts = startsOf(countRows(data, where), targetRows, options);
  const { sequenceLength, samplingRate = 1, startIndex = 0, batchSize = 128 } = options;
  const seed = options.shuffle ? (options.seed ?? currentSeed() + nextDraw()) : undefined;
  let pass = 0;
  async function* windows(): AsyncGenerator<unknown> {
    const rows = await rowsOf(data, where);
    const labels = targets === null ? undefined : await rowsOf(targets, `${where}: targets`);
    const order =
      seed === undefined ? undefined : await generatorOf(seed, pass++).order(starts.length);
    for (const i of starts.keys()) {
      const start = startIndex + starts[order ? order[i] : i];
      const steps = Array.from({ length: sequenceLength }, (_, k) =>
        rows.row(start + k * samplingRate),
      );
      const window = await stack(steps, `${where}: the window from row ${start}`);
      yield labels ? [window, labels.row(start)] : window;
    }
  }
  const all = new Dataset(() => Dataset.from(windows), starts.length);
  return batchSize === null ? all : (all.batch(batchSize) as Dataset<unknown>);
}
