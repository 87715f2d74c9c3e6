// Discretization: numbers as the bins that they fall into.
import { asFloat, cast } from '../../ops/convert.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { ConfigError, StateError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { camelKeys } from '../../util/registry.js';
import { refuseOptions } from '../../util/suggest.js';
import { checkLayerOptions, type LayerOptions, layers } from '../layer.js';
import { adaptTo, type Batches, type NumericData, NumericLayer, numericBatch } from './data.js';
import { encodeCategories, type OutputMode, outputModeOf } from './encode.js';
import {
  boundariesOf,
  emptySummary,
  mergeSummaries,
  type Summary,
  summarize,
} from './quantiles.js';
import { countUpTo } from './search.js';

export interface DiscretizationOptions extends LayerOptions {
  /** Ascending; each belongs to the bin above it. */
  readonly binBoundaries?: readonly number[] | null;
  /** Bins whose boundaries `adapt` finds, in place of `binBoundaries`. */
  readonly numBins?: number | null;
  /** How far the share of a bin may be off. Default 0.01. */
  readonly epsilon?: number;
  /** `int`, `one_hot`, `multi_hot` or `count`. Default int. */
  readonly outputMode?: string;
  readonly sparse?: false;
}

/**
 * The number of the bin of each element (int32), or rows that count them: `binBoundaries: [0, 1]` makes
 * the bins `(−∞, 0)`, `[0, 1)`, `[1, ∞)`.
 *
 * @example new Discretization([0, 1, 2]); new Discretization({ numBins: 4 }).adapt(data)
 */
export class Discretization extends NumericLayer {
  /** Given, or found by `adapt`. */
  binBoundaries: readonly number[] | undefined;
  readonly numBins: number | undefined;
  readonly epsilon: number;
  readonly outputMode: OutputMode;

  constructor(
    boundaries: readonly number[] | DiscretizationOptions,
    rest: DiscretizationOptions = {},
  ) {
    const options: DiscretizationOptions = Array.isArray(boundaries)
      ? { ...optionsAfter(new.target.name, rest), binBoundaries: boundaries }
      : (boundaries as DiscretizationOptions);
    super(options);
    const own = ['binBoundaries', 'numBins', 'epsilon', 'outputMode'];
    checkLayerOptions('Discretization', options, own, ['sparse']);
    refuseOptions('Discretization', options, ['sparse']);
    this.binBoundaries = options.binBoundaries ?? undefined;
    this.numBins = options.numBins ?? undefined;
    if ((this.binBoundaries === undefined) === (this.numBins === undefined)) {
      throw new ConfigError('Discretization: expected either binBoundaries or numBins.');
    }
    if (this.numBins !== undefined && !(Number.isInteger(this.numBins) && this.numBins >= 1)) {
      throw new ConfigError(
        `Discretization: numBins must be a whole number above 0, got ${this.numBins}.`,
      );
    }
    this.epsilon = options.epsilon ?? 0.01;
    this.outputMode = outputModeOf('Discretization', options.outputMode ?? 'int', [
      'int',
      'one_hot',
      'multi_hot',
      'count',
    ]);
  }

  /** Finds boundaries between which about equally many elements of the data lie. */
  adapt(data: NumericData | Iterable<unknown>, options?: { steps?: number }): void;
  adapt(data: NumericData | Batches, options?: { steps?: number }): void | Promise<void>;
  adapt(data: NumericData | Batches, { steps }: { steps?: number } = {}): void | Promise<void> {
    const { numBins, epsilon } = this;
    if (numBins === undefined) {
      throw new ConfigError(
        `Discretization "${this.name}".adapt: binBoundaries were given. Give numBins in their place.`,
      );
    }
    let summary: Summary = emptySummary;
    const see = (batch: unknown): void => {
      const values = numericBatch('Discretization', batch).dataSync();
      summary = mergeSummaries(summarize(values, epsilon), summary, epsilon);
    };
    const done = (): void => {
      this.binBoundaries = boundariesOf(summary, numBins);
    };
    return adaptTo(`Discretization "${this.name}"`, data, { see, done }, steps);
  }

  override call(x: Tensor): Tensor {
    const { binBoundaries } = this;
    if (!binBoundaries) {
      throw new StateError(
        `Discretization "${this.name}": there are no boundaries yet. Call adapt(data), or give binBoundaries.`,
      );
    }
    const bins = countUpTo(tensor(Float32Array.from(binBoundaries)), asFloat(x));
    return encodeCategories(cast(bins, 'int32'), this.outputMode, binBoundaries.length + 1);
  }

  override getConfig(): Record<string, unknown> {
    return {
      bin_boundaries: this.binBoundaries ?? null,
      num_bins: this.numBins ?? null,
      epsilon: this.epsilon,
      output_mode: this.outputMode,
      sparse: false,
      name: this.name,
      dtype: 'float32',
    };
  }

  static override fromConfig(config: Record<string, unknown>): Discretization {
    const { dtype: _, binBoundaries, ...options } = camelKeys(config) as DiscretizationOptions;
    const adapted = typeof options.numBins === 'number';
    const layer = new Discretization(adapted ? options : { ...options, binBoundaries });
    layer.binBoundaries = binBoundaries ?? undefined;
    return layer;
  }
}
layers.add('Discretization', Discretization);
