// The base of StringLookup and IntegerLookup: tokens to indices of a vocabulary, and back.
import { cast } from '../../ops/convert.js';
import { scope } from '../../ops/define.js';
import { multiply } from '../../ops/elementwise.js';
import { fromData, type Tensor, tensor } from '../../tensor/tensor.js';
import { ConfigError, DataError, FormatError, StateError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { camelKeys } from '../../util/registry.js';
import { refuseOptions } from '../../util/suggest.js';
import type { ArrayKeeper, AssetKeeper } from '../assets.js';
import { type AnyLayer, checkLayerOptions, Layer } from '../layer.js';
import { adaptTo, type Batches, isArrayLike } from './data.js';
import { encodeCategories, type OutputMode, outputModeOf } from './encode.js';
import { bucketOf, type Salt } from './fingerprint.js';
import { saltOf } from './hashing.js';
import { type IndexLookupOptions, optionNames } from './index-lookup-options.js';
import type { Token, TokenData, Tokens } from './tokens.js';
import { type Specials, specialTokens, TokenCounts, withoutSpecials } from './vocabulary.js';
import { readFile, readLines, vocabularyName, writeLines } from './vocabulary-file.js';

/** The options that a lookup's arguments `(maxTokens, options)` or `(options)` stand for. */
export const lookupOptions = <O extends { maxTokens?: number | null }>(
  first: number | null | O,
  rest: O,
): O =>
  typeof first === 'number' || first === null
    ? { ...optionsAfter('a lookup', rest), maxTokens: first }
    : first;

/** Looks tokens up in a vocabulary. */
export abstract class IndexLookup<T extends Token>
  extends Layer
  implements AssetKeeper, ArrayKeeper
{
  readonly maxTokens: number | undefined;
  readonly numOovIndices: number;
  readonly maskToken: T | undefined;
  readonly oovToken: T | undefined;
  readonly invert: boolean;
  readonly outputMode: OutputMode;
  readonly padToMaxTokens: boolean;
  readonly oovMethod: string;
  readonly salt: Salt;
  private readonly inputVocabulary: readonly T[] | null;
  private readonly inputIdfWeights: readonly number[] | null;
  /** Whether the vocabulary was given for good, so that there is nothing to adapt to. */
  private readonly fixed: boolean;
  protected tokens: readonly T[] = [];
  private indices = new Map<Token, number>();
  private idfWeights: Float32Array | undefined;
  /** The size of the vocabulary once there is one. */
  private knownSize: number | null;

  constructor(
    className: string,
    options: IndexLookupOptions<T>,
    oovToken: T,
    own: readonly string[] = [],
  ) {
    super({ ...options, activityRegularizer: undefined });
    checkLayerOptions(className, options, [...optionNames, ...own], ['sparse']);
    refuseOptions(className, options, ['sparse']);
    const refuse = (why: string): never => {
      throw new ConfigError(`${className}: ${why}`);
    };
    this.maxTokens = options.maxTokens ?? undefined;
    this.numOovIndices = options.numOovIndices ?? 1;
    this.maskToken = options.maskToken ?? undefined;
    this.oovToken = options.oovToken === null ? undefined : (options.oovToken ?? oovToken);
    this.invert = options.invert ?? false;
    this.padToMaxTokens = options.padToMaxTokens ?? false;
    this.oovMethod = options.oovMethod ?? 'floormod';
    this.salt = saltOf(className, options.salt);
    this.outputMode = outputModeOf(className, options.outputMode ?? 'int', [
      'int',
      'one_hot',
      'multi_hot',
      'count',
      'tf_idf',
    ]);
    const { maxTokens, numOovIndices, outputMode, oovMethod, invert } = this;
    const { idfWeights = null, vocabulary = null } = options;
    if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && maxTokens > 1)) {
      refuse(`maxTokens must be a whole number above 1, got ${maxTokens}.`);
    }
    if (this.padToMaxTokens && maxTokens === undefined) refuse('padToMaxTokens needs maxTokens.');
    if (!(Number.isInteger(numOovIndices) && numOovIndices >= 0)) {
      refuse(`numOovIndices must be a whole number of at least 0, got ${numOovIndices}.`);
    }
    if (!['floormod', 'farmhash'].includes(oovMethod)) {
      refuse(`oovMethod must be floormod or farmhash, got "${oovMethod}".`);
    }
    if (this.salt && typeof oovToken === 'number' && oovMethod !== 'farmhash') {
      refuse('salt goes with oovMethod "farmhash" alone.');
    }
    if (invert && outputMode !== 'int') {
      refuse(`invert goes with outputMode "int" alone, got "${outputMode}".`);
    }
    if (idfWeights !== null && outputMode !== 'tf_idf') {
      refuse(`idfWeights go with outputMode "tf_idf" alone, got "${outputMode}".`);
    }
    this.inputVocabulary = typeof vocabulary === 'string' ? null : vocabulary;
    this.inputIdfWeights = idfWeights;
    this.fixed = vocabulary !== null;
    this.knownSize = options.vocabularySize ?? null;
    if (vocabulary !== null) this.setVocabulary(vocabulary, idfWeights ?? undefined);
  }

  /** `StringLookup "lookup"` */
  protected get where(): string {
    return `${this.constructor.name} "${this.name}"`;
  }

  /** A line of a vocabulary's file as a token. */
  protected abstract parse(line: string): T;

  private get specials(): Specials {
    const { maskToken: mask, oovToken: oov, numOovIndices: oovCount, outputMode } = this;
    return { mask, oov, maskCount: mask !== undefined && outputMode === 'int' ? 1 : 0, oovCount };
  }

  /** The index of the first token outside of the vocabulary. */
  protected get oovStart(): number {
    return this.specials.maskCount;
  }

  /** The index of the first token of the vocabulary that is not special. */
  protected get tokenStart(): number {
    return this.oovStart + this.numOovIndices;
  }

  /** The size of the vocabulary, special tokens included. */
  vocabularySize(): number {
    return this.tokenStart + this.tokens.length;
  }

  /** The tokens by index; without the special ones if `includeSpecialTokens` is false. */
  getVocabulary(includeSpecialTokens = true): (T | undefined)[] {
    const specials = includeSpecialTokens
      ? (specialTokens(this.specials) as (T | undefined)[])
      : [];
    return [...specials, ...this.tokens];
  }

  /**
   * Sets the vocabulary, with or without the special tokens in front.
   *
   * @param idfWeights of each token, for `tf_idf`
   */
  setVocabulary(vocabulary: readonly T[] | string, idfWeights?: readonly number[]): void {
    const { where, outputMode } = this;
    if ((outputMode === 'tf_idf') !== (idfWeights !== undefined)) {
      throw new ConfigError(
        `${where}: a vocabulary has idfWeights in outputMode "tf_idf", and there alone. The mode is "${outputMode}".`,
      );
    }
    if (typeof vocabulary === 'string') {
      this.keepTokens(readFile(vocabulary).map((line) => this.parse(line)));
      return;
    }
    const { tokens, found } = withoutSpecials(where, vocabulary, this.specials, this.invert);
    const size = this.tokenStart + tokens.length;
    if (this.maxTokens !== undefined && size > this.maxTokens) {
      throw new ConfigError(
        `${where}: a vocabulary of ${size} tokens, special ones included, is larger than maxTokens ${this.maxTokens}.`,
      );
    }
    this.keepTokens(tokens as readonly T[]);
    if (!idfWeights) return;
    if (idfWeights.length !== vocabulary.length) {
      throw new ConfigError(
        `${where}: expected one of idfWeights for each of ${vocabulary.length} tokens, got ${idfWeights.length}.`,
      );
    }
    const average = idfWeights.reduce((a, b) => a + b, 0) / idfWeights.length;
    this.keepWeights(idfWeights, found ? 0 : this.tokenStart, average);
  }

  /** Its vocabulary, a token a line, unless the config has it. */
  saveAssets(): Readonly<Record<string, string>> {
    if (this.inputVocabulary !== null) return {};
    const lines = this.getVocabulary().map((token) => String(token ?? ''));
    return { [vocabularyName]: writeLines(this.where, lines) };
  }

  /** Takes on a vocabulary that `saveAssets` gave, here or in Python. */
  loadAssets(assets: Readonly<Record<string, string>>): void {
    if (this.inputVocabulary !== null) return;
    const text = assets[vocabularyName];
    if (text === undefined)
      throw new FormatError(`${this.where}: its ${vocabularyName} is missing.`);
    const tokens = readLines(this.where, text).map((line) => this.parse(line));
    // That of a layer that was not adapted has nothing but special tokens.
    if (tokens.length <= this.tokenStart && this.tokens.length === 0) return;
    if (this.outputMode !== 'tf_idf') {
      this.setVocabulary(tokens);
      return;
    }
    const { idfWeights = new Float32Array(0), padToMaxTokens } = this;
    // Padded weights go on behind the tokens.
    const own = padToMaxTokens ? idfWeights.subarray(0, tokens.length) : idfWeights;
    this.setVocabulary(tokens, [...own]);
  }

  /** @internal */
  get ownArrays(): Readonly<Record<string, Float32Array>> {
    return this.idfWeights ? { idf_weights: this.idfWeights } : {};
  }

  /** @internal */
  loadOwnArray(name: string, values: Float32Array): void {
    if (name !== 'idf_weights' || this.outputMode !== 'tf_idf') {
      throw new FormatError(`${this.where}: the file has "${name}", which the layer does not.`);
    }
    const expected = this.tokens.length > 0 ? this.idfWeights?.length : undefined;
    if (expected !== undefined && expected !== values.length) {
      throw new FormatError(
        `${this.where}: the file has ${values.length} idf_weights, expected one for each of ${expected} tokens.`,
      );
    }
    this.idfWeights = values;
  }

  private keepTokens(tokens: readonly T[]): void {
    const size = this.tokenStart + tokens.length;
    const { knownSize, outputMode } = this;
    if (outputMode !== 'int' && !this.padToMaxTokens && knownSize !== null && knownSize !== size) {
      throw new StateError(
        `${this.where}: in outputMode "${outputMode}" the size of the vocabulary cannot change: it is ${knownSize}, the new one has ${size} tokens. Make a new layer, or set padToMaxTokens.`,
      );
    }
    this.tokens = tokens;
    this.indices = new Map(tokens.map((token, i) => [token, this.tokenStart + i]));
    this.knownSize = size;
  }

  private keepWeights(weights: ArrayLike<number>, before: number, padding: number): void {
    const size = this.padToMaxTokens ? (this.maxTokens ?? 0) : before + weights.length;
    const padded = new Float32Array(size);
    padded.fill(padding, 0, before);
    padded.set(weights, before);
    this.idfWeights = padded;
  }

  /** Finds the vocabulary in data: the most frequent tokens first, at most `maxTokens`. */
  adapt(data: TokenData | Iterable<unknown>, options?: { steps?: number }): void;
  adapt(data: TokenData | Batches, options?: { steps?: number }): void | Promise<void>;
  adapt(data: TokenData | Batches, { steps }: { steps?: number } = {}): void | Promise<void> {
    if (this.fixed) {
      throw new ConfigError(`${this.where}.adapt: the layer was made with a vocabulary.`);
    }
    const counts = new TokenCounts();
    const see = (batch: unknown, whole: boolean): void => this.count(batch, whole, counts);
    return adaptTo(this.where, data, { see, done: () => this.keepCounts(counts) }, steps);
  }

  /** Counts a batch: rows are samples; of whole data in one row, every token is. */
  private count(batch: unknown, whole: boolean, counts: TokenCounts): void {
    const rows = Array.isArray(batch) && batch.some(Array.isArray) ? batch : undefined;
    if (rows && !isArrayLike(batch)) {
      for (const row of rows) counts.add(this.read(row).values);
      return;
    }
    const { values, shape } = this.read(batch);
    const samples = shape.length > 1 || (whole && shape.length === 1) ? shape[0] : 1;
    const length = values.length / samples;
    for (let i = 0; i < samples; i++) counts.add(values.slice(i * length, (i + 1) * length));
  }

  private keepCounts(counts: TokenCounts): void {
    if (counts.empty) return;
    const { maxTokens = Number.POSITIVE_INFINITY, maskToken, oovToken } = this;
    const limit = Math.max(0, maxTokens - this.tokenStart);
    const tokens = counts.mostFrequent([maskToken, oovToken], limit);
    this.keepTokens(tokens as T[]);
    if (this.outputMode !== 'tf_idf') return;
    const weights = counts.inverseFrequencies(tokens);
    const average = weights.reduce((a, b) => a + b, 0) / weights.length;
    this.keepWeights(weights, this.tokenStart, average);
  }

  /** Data as tokens of this layer. */
  protected abstract read(data: unknown): Tokens;

  /** The indices of tokens, whose values are known. */
  protected lookUp({ values, shape }: Tokens): Tensor {
    const dropped = this.outputMode === 'int' ? 0 : -1;
    const indexOf = (token: Token): number => {
      if (this.maskToken !== undefined && token === this.maskToken) return dropped;
      return this.indices.get(token) ?? this.oovIndex(token);
    };
    return fromData(Int32Array.from(values, indexOf), shape, 'int32');
  }

  private oovIndex(token: Token): number {
    const { numOovIndices: n, oovStart } = this;
    if (n === 0) {
      throw new DataError(
        `${this.where}: "${token}" is not in the vocabulary, and numOovIndices is 0. Set it to 1.`,
      );
    }
    if (n === 1) return oovStart;
    if (typeof token === 'string' || this.oovMethod === 'farmhash') {
      return oovStart + bucketOf(token, n, this.salt);
    }
    return oovStart + (((token % n) + n) % n);
  }

  /** The tokens at indices, whose values are known; numbers outside of the vocabulary are unknown. */
  protected goBack(values: readonly Token[]): (T | undefined)[] {
    const vocabulary = this.getVocabulary();
    return values.map((i) => vocabulary[Math.trunc(Number(i))] ?? this.oovToken);
  }

  /** Indices in the layer's output mode. */
  protected encode(indices: Tensor): Tensor {
    const { outputMode, padToMaxTokens } = this;
    if (outputMode === 'int') return indices;
    const depth = padToMaxTokens ? this.maxTokens : this.knownSize;
    // A file's vocabulary comes after its config, which says how large it is.
    const idfWeights =
      this.idfWeights ?? (scope.infersShapes && depth ? new Float32Array(depth) : undefined);
    if (!depth || (outputMode === 'tf_idf' && !idfWeights)) {
      throw new StateError(
        `${this.where}: there is no vocabulary yet. Call adapt(data), or give one.`,
      );
    }
    if (outputMode !== 'tf_idf') {
      return cast(encodeCategories(indices, outputMode, depth), 'int32');
    }
    return multiply(encodeCategories(indices, 'count', depth), tensor(idfWeights ?? []));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      invert: this.invert,
      max_tokens: this.maxTokens ?? null,
      num_oov_indices: this.numOovIndices,
      oov_token: this.oovToken ?? null,
      mask_token: this.maskToken ?? null,
      output_mode: this.outputMode,
      sparse: false,
      pad_to_max_tokens: this.padToMaxTokens,
      idf_weights: this.inputIdfWeights,
      vocabulary: this.inputVocabulary,
      vocabulary_size: this.knownSize,
      oov_method: this.oovMethod,
      salt: this.salt ?? null,
    };
  }

  static override fromConfig(
    this: new (
      options: never,
    ) => AnyLayer,
    config: Record<string, unknown>,
  ): AnyLayer {
    const { dtype: _, trainable: __, hasInputVocabulary: ___, ...options } = camelKeys(config);
    if (typeof options.vocabulary === 'string') {
      throw new ConfigError(
        `"${String(config.name)}": a config may not name a file as the vocabulary ("${options.vocabulary}"). Read it, and give the tokens.`,
      );
    }
    return new this(options as never);
  }
}
