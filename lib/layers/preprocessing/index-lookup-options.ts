// Options of StringLookup and IntegerLookup.
import type { LayerOptions } from '../layer.js';
import type { Token } from './tokens.js';

export interface IndexLookupOptions<T extends Token> extends LayerOptions {
  /** The largest vocabulary, special tokens included. */
  readonly maxTokens?: number | null;
  /** Indices for tokens outside of the vocabulary; 0 refuses those. Default 1. */
  readonly numOovIndices?: number;
  /** What counts as absent: index 0 in mode `int`, dropped in the others. */
  readonly maskToken?: T | null;
  /** What stands for tokens outside of the vocabulary when going back. */
  readonly oovToken?: T | null;
  /** The tokens, or the path of a text file with one per line; otherwise `adapt` finds them. */
  readonly vocabulary?: readonly T[] | string | null;
  /** Of each token of the vocabulary; for `tf_idf`. */
  readonly idfWeights?: readonly number[] | null;
  /** Whether to go from indices to tokens. Default false. */
  readonly invert?: boolean;
  /** `int`, `one_hot`, `multi_hot`, `count` or `tf_idf`. Default int. */
  readonly outputMode?: string;
  /** Whether rows have `maxTokens` places, however many tokens there are. Default false. */
  readonly padToMaxTokens?: boolean;
  readonly sparse?: false;
  /** In which of several indices a number outside of the vocabulary goes: `floormod` or `farmhash`. */
  readonly oovMethod?: string;
  /** As in Hashing, for tokens outside of the vocabulary. */
  readonly salt?: number | readonly number[] | null;
  /** Of Keras's configs; the vocabulary says it. */
  readonly vocabularySize?: number | null;
  readonly vocabularyDtype?: string;
}

export const optionNames = [
  'maxTokens',
  'numOovIndices',
  'maskToken',
  'oovToken',
  'vocabulary',
  'idfWeights',
  'invert',
  'outputMode',
  'padToMaxTokens',
  'oovMethod',
  'salt',
  'vocabularySize',
  'vocabularyDtype',
] as const;
