// IntegerLookup: whole numbers as indices of a vocabulary, and back, inside of models too.
import { cast } from '../../ops/convert.js';
import { add, equal, logicalAnd, mod, subtract, where } from '../../ops/elementwise.js';
import { broadcastTo, gather } from '../../ops/movement.js';
import { fromData, type Tensor } from '../../tensor/tensor.js';
import { ConfigError, DataError } from '../../util/errors.js';
import { type CallOptions, layers } from '../layer.js';
import { toTensor } from './data.js';
import { IndexLookup, lookupOptions } from './index-lookup.js';
import type { IndexLookupOptions } from './index-lookup-options.js';
import { countUpTo } from './search.js';
import { isTraced, type Token, type TokenData, type Tokens, tokensOf } from './tokens.js';

export interface IntegerLookupOptions extends IndexLookupOptions<number> {
  /** Default int64, and nothing else. */
  readonly vocabularyDtype?: string;
}

const ints = (values: readonly number[]): Tensor =>
  fromData(Int32Array.from(values), [values.length], 'int32');
const whole = (value: number): Tensor => fromData(Int32Array.of(value), [], 'int32');

/**
 * The index of each whole number in a vocabulary, or rows that count them; with `invert`, the numbers
 * of indices.
 *
 * @example new IntegerLookup({ vocabulary: [12, 36] }).apply([[36], [7]]) // [[2], [0]]
 */
export class IntegerLookup extends IndexLookup<number> {
  constructor(
    maxTokens: number | null | IntegerLookupOptions = {},
    rest: IntegerLookupOptions = {},
  ) {
    const options = lookupOptions(maxTokens, rest);
    super('IntegerLookup', options, -1);
    const { vocabularyDtype = 'int64' } = options;
    if (vocabularyDtype !== 'int64') {
      throw new ConfigError(
        `IntegerLookup: vocabularyDtype must be int64, got "${vocabularyDtype}".`,
      );
    }
  }

  protected override parse(line: string): number {
    if (/^\s*[+-]?\d+\s*$/.test(line)) return this.checked(Number(line));
    throw new DataError(
      `${this.where}: expected a whole number in each line of the vocabulary, got ${JSON.stringify(line.slice(0, 40))}.`,
    );
  }

  private checked(token: Token): number {
    if (typeof token === 'number' && Number.isSafeInteger(Math.trunc(token))) {
      return Math.trunc(token);
    }
    throw new DataError(`${this.where}: expected whole numbers, got ${typeof token} "${token}".`);
  }

  protected override read(data: unknown): Tokens {
    const { values, shape } = tokensOf(this.where, data);
    return { values: values.map((token) => this.checked(token)), shape };
  }

  override apply(x: TokenData, options: CallOptions = {}): Tensor {
    return isTraced(x) ? super.apply(x, options) : this.call(x);
  }

  override call(x: TokenData, _options: CallOptions = {}): Tensor {
    if (isTraced(x)) {
      const t = cast(toTensor(x), 'int32');
      return this.invert ? this.tokensAt(t) : this.encode(this.indicesOf(t));
    }
    const tokens = this.read(x);
    if (!this.invert) return this.encode(this.lookUp(tokens));
    const found = this.goBack(tokens.values).map(Number);
    return fromData(Int32Array.from(found), tokens.shape, 'int32');
  }

  /** `lookUp` as ops. */
  private indicesOf(x: Tensor): Tensor {
    const { tokens, tokenStart, numOovIndices, oovMethod, maskToken } = this;
    const order = tokens.map((_, i) => i).sort((i, j) => tokens[i] - tokens[j]);
    if (tokens.some((token) => token !== (token | 0))) {
      throw new ConfigError(
        `${this.where}: inside of a model the vocabulary must fit into 32 bits. Apply the layer to the data.`,
      );
    }
    if (numOovIndices > 1 && oovMethod === 'farmhash') {
      throw new ConfigError(
        `${this.where}: hashing cannot be part of a compiled model. Apply the layer to the data, or use oovMethod "floormod".`,
      );
    }
    const keys = ints(order.map((i) => tokens[i]));
    const at = subtract(countUpTo(keys, x), whole(1));
    // A first key that nothing is looked up by stands for what lies below all others.
    const place = add(at, whole(1));
    const found = logicalAnd(
      equal(gather(ints([0, ...order.map((i) => tokens[i])]), place), x),
      equal(gather(ints([0, ...order.map(() => 1)]), place), whole(1)),
    );
    const index = gather(ints([0, ...order.map((i) => tokenStart + i)]), place);
    const known = where(found, index, this.unknownIndices(x, found));
    if (maskToken === undefined) return known;
    const dropped = whole(this.outputMode === 'int' ? 0 : -1);
    return where(equal(x, whole(maskToken)), dropped, known);
  }

  /** Indices for what was not found. */
  private unknownIndices(x: Tensor, found: Tensor): Tensor {
    const { numOovIndices: n, oovStart, maskToken } = this;
    if (n > 1) return add(mod(x, whole(n)), whole(oovStart));
    if (n === 1) return broadcastTo(whole(oovStart), x.shape);
    // Index 1 of one element fails when it runs.
    const masked = maskToken === undefined ? found : where(equal(x, whole(maskToken)), true, found);
    return gather(ints([0]), where(masked, whole(0), whole(1)));
  }

  /** `goBack` as ops. */
  private tokensAt(x: Tensor): Tensor {
    const oov = Number(this.oovToken);
    const table = this.getVocabulary().map((token) => token ?? oov);
    const at = countUpTo(ints(table.map((_, i) => i)), x);
    const token = gather(ints([oov, ...table]), at);
    const inside = equal(subtract(at, whole(1)), x);
    return where(inside, token, whole(oov));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), vocabulary_dtype: 'int64' };
  }
}
layers.add('IntegerLookup', IntegerLookup);
