// CategoryEncoding: whole numbers as rows with a place for each of them.
import { cast } from '../../ops/convert.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { refuseOptions } from '../../util/suggest.js';
import {
  type CallOptions,
  checkLayerOptions,
  type LayerOptions,
  layers,
  type Structure,
} from '../layer.js';
import { type NumericData, NumericLayer, toTensor } from './data.js';
import { encodeCategories, type OutputMode, outputModeOf } from './encode.js';

export interface CategoryEncodingOptions extends LayerOptions {
  /** How many categories there are. */
  readonly numTokens?: number;
  /** `multi_hot`, `one_hot` or `count`. Default multi_hot. */
  readonly outputMode?: string;
  readonly sparse?: false;
}

/** How CategoryEncoding may be called. */
export interface CategoryEncodingCallOptions extends CallOptions {
  /** How much each category counts, of the input's shape; for `count` alone. */
  readonly countWeights?: NumericData;
}

/**
 * Categories 0 … numTokens − 1: `[batch, n] → [batch, numTokens]`, or, one-hot, `[…] → […, numTokens]`.
 *
 * @example new CategoryEncoding(4, { outputMode: 'one_hot' })
 */
export class CategoryEncoding extends NumericLayer {
  readonly numTokens: number;
  readonly outputMode: OutputMode;

  constructor(numTokens: number | CategoryEncodingOptions, rest: CategoryEncodingOptions = {}) {
    const options =
      typeof numTokens === 'number'
        ? { ...optionsAfter(new.target.name, rest), numTokens }
        : numTokens;
    super(options);
    checkLayerOptions('CategoryEncoding', options, ['numTokens', 'outputMode'], ['sparse']);
    refuseOptions('CategoryEncoding', options, ['sparse']);
    const n = options.numTokens;
    if (n === undefined || !Number.isInteger(n) || n < 1) {
      throw new ConfigError(
        `CategoryEncoding: numTokens must be a whole number above 0, got ${n}. Where it is not known, use IntegerLookup.`,
      );
    }
    this.numTokens = n;
    this.outputMode = outputModeOf('CategoryEncoding', options.outputMode ?? 'multi_hot', [
      'one_hot',
      'multi_hot',
      'count',
    ]);
  }

  override apply(x: NumericData | Structure, options: CategoryEncodingCallOptions = {}): Tensor {
    return super.apply(x, options);
  }

  override call(x: Tensor, { countWeights }: CategoryEncodingCallOptions): Tensor {
    const { outputMode, numTokens } = this;
    if (countWeights !== undefined && outputMode !== 'count') {
      throw new ConfigError(
        `CategoryEncoding "${this.name}": countWeights go with outputMode "count", not "${outputMode}".`,
      );
    }
    const weights = countWeights === undefined ? undefined : toTensor(countWeights);
    return encodeCategories(cast(x, 'int32'), outputMode, numTokens, weights);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      num_tokens: this.numTokens,
      output_mode: this.outputMode,
    };
  }
}
layers.add('CategoryEncoding', CategoryEncoding);
