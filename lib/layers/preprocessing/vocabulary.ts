// The vocabulary of a lookup layer: its tokens by index, the special ones first, and the counting that
// finds one in data.
import { ConfigError } from '../../util/errors.js';
import type { Token } from './tokens.js';

/** The tokens that come first: the mask's, then as many out-of-vocabulary ones as there are indices. */
export interface Specials {
  readonly mask: Token | undefined;
  readonly oov: Token | undefined;
  readonly maskCount: number;
  readonly oovCount: number;
}

export const specialTokens = ({ mask, oov, maskCount, oovCount }: Specials) => [
  ...new Array<Token | undefined>(maskCount).fill(mask),
  ...new Array<Token | undefined>(oovCount).fill(oov),
];

/** A vocabulary without its special tokens, and whether it began with them. */
export function withoutSpecials(
  where: string,
  vocabulary: readonly Token[],
  specials: Specials,
  invert: boolean,
): { tokens: readonly Token[]; found: boolean } {
  const expected = specialTokens(specials);
  const found = expected.every((token, i) => vocabulary[i] === token);
  const tokens = found ? vocabulary.slice(expected.length) : vocabulary;
  if (vocabulary.length === 0) throw new ConfigError(`${where}: the vocabulary is empty.`);
  const unique = new Set(tokens);
  if (unique.size !== tokens.length) {
    const met = new Set<Token>();
    const again = tokens.filter((token) => met.size === met.add(token).size);
    throw new ConfigError(
      `${where}: every token may occur once in the vocabulary, but these occur again: ${again.slice(0, 5).join(', ')}.`,
    );
  }
  const reserved = [specials.mask, ...(invert ? [specials.oov] : [])];
  const misplaced = reserved.find((token) => token !== undefined && unique.has(token));
  if (misplaced !== undefined) {
    throw new ConfigError(
      `${where}: the reserved token "${misplaced}" stands in the midst of the vocabulary. Leave the special tokens out, or begin with exactly [${expected.join(', ')}].`,
    );
  }
  return { tokens, found };
}

const order = (a: Token, b: Token): number =>
  typeof a === 'number' && typeof b === 'number'
    ? a - b
    : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));

/** Counts tokens, and the samples that each occurs in. */
export class TokenCounts {
  private readonly counts = new Map<Token, number>();
  private readonly documents = new Map<Token, number>();
  private samples = 0;

  /** Adds one sample. */
  add(sample: readonly Token[]): void {
    this.samples++;
    for (const token of sample) this.counts.set(token, (this.counts.get(token) ?? 0) + 1);
    for (const token of new Set(sample)) {
      this.documents.set(token, (this.documents.get(token) ?? 0) + 1);
    }
  }

  get empty(): boolean {
    return this.counts.size === 0;
  }

  /** The most frequent tokens but `without`; of equally frequent ones the later in order first. */
  mostFrequent(without: readonly (Token | undefined)[], limit: number): Token[] {
    const counted = [...this.counts].filter(([token]) => !without.includes(token));
    counted.sort(([a, n], [b, m]) => m - n || order(b, a));
    return counted.slice(0, limit).map(([token]) => token);
  }

  /** ln(1 + samples / (1 + samples with the token)), in float32. */
  inverseFrequencies(tokens: readonly Token[]): Float32Array {
    return Float32Array.from(tokens, (token) =>
      Math.log(1 + this.samples / (1 + (this.documents.get(token) ?? 0))),
    );
  }
}
