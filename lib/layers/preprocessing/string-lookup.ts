// StringLookup: strings as indices of a vocabulary, and back.
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError, DataError, TraceError } from '../../util/errors.js';
import { type CallOptions, layers } from '../layer.js';
import { IndexLookup, lookupOptions } from './index-lookup.js';
import type { IndexLookupOptions } from './index-lookup-options.js';
import {
  isTraced,
  type NestedStrings,
  nest,
  type TokenData,
  type Tokens,
  tokensOf,
} from './tokens.js';

export interface StringLookupOptions extends IndexLookupOptions<string> {
  /** Default utf-8, and nothing else. */
  readonly encoding?: string;
}

/**
 * The index of each string in a vocabulary, or rows that count them; with `invert`, the strings of
 * indices, in nested arrays. Strings are no tensors: it works on data, not inside of models.
 *
 * @example new StringLookup({ vocabulary: ['a', 'b'] }).apply([['b'], ['z']]) // [[2], [0]]
 */
export class StringLookup extends IndexLookup<string> {
  constructor(maxTokens: number | null | StringLookupOptions = {}, rest: StringLookupOptions = {}) {
    const options = lookupOptions(maxTokens, rest);
    super('StringLookup', options, '[UNK]', ['encoding']);
    if (!/^utf-?8$/i.test(options.encoding ?? 'utf-8')) {
      throw new ConfigError(`StringLookup: encoding must be utf-8, got "${options.encoding}".`);
    }
  }

  protected override parse(line: string): string {
    return line;
  }

  protected override read(data: unknown): Tokens {
    const tokens = tokensOf(this.where, data);
    const wrong = tokens.values.find((token) => typeof token !== 'string');
    if (wrong === undefined) return tokens;
    throw new DataError(
      `${this.where}: expected strings, got numbers. Use IntegerLookup, or make strings of them.`,
    );
  }

  override apply(x: Tensor, options?: CallOptions): Tensor;
  override apply(x: TokenData, options?: CallOptions): Tensor | NestedStrings;
  override apply(x: TokenData, options: CallOptions = {}): Tensor | NestedStrings {
    return this.call(x, options);
  }

  override call(x: Tensor, options?: CallOptions): Tensor;
  override call(x: TokenData, options?: CallOptions): Tensor | NestedStrings;
  override call(x: TokenData, _options: CallOptions = {}): Tensor | NestedStrings {
    if (isTraced(x)) {
      throw new TraceError(
        `${this.where}: strings cannot be part of a compiled model. Apply the layer to the data, and give the model its result.`,
      );
    }
    if (!this.invert) return this.encode(this.lookUp(this.read(x)));
    const { values, shape } = tokensOf(this.where, x);
    return nest(this.goBack(values), shape) as NestedStrings;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), encoding: 'utf-8' };
  }
}
layers.add('StringLookup', StringLookup);
