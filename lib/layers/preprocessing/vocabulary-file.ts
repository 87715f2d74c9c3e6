// The file that Keras keeps a vocabulary in: a token a line, the special ones first.
import { readFileSync } from 'node:fs';
import { ConfigError, FormatError } from '../../util/errors.js';

export const vocabularyName = 'vocabulary.txt';

/** Where Python's `splitlines` ends a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they end lines in Python.
const lineBreak = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** A Map holds hardly more. */
const maxTokens = 1 << 23;

/** Tokens as lines. @throws ConfigError for one that a line cannot hold, so that it would come back as another */
export function writeLines(where: string, tokens: readonly string[]): string {
  const wrong = tokens.find((token) => lineBreak.test(token));
  if (wrong !== undefined) {
    throw new ConfigError(
      `${where}: the token ${JSON.stringify(wrong)} has a line break, so ${vocabularyName} cannot hold it. Give the vocabulary when the layer is made; then it is in the config.`,
    );
  }
  if (tokens.length > 1 && tokens.at(-1) === '') {
    throw new ConfigError(
      `${where}: the last token is empty, so ${vocabularyName} cannot hold it. Give the vocabulary when the layer is made; then it is in the config.`,
    );
  }
  return tokens.join('\n');
}

/** Lines as Python's `splitlines` has them, but for empty ones at the end. */
export function readLines(where: string, text: string): string[] {
  const lines = text.split(new RegExp(lineBreak, 'g'), maxTokens + 1);
  if (lines.length > maxTokens) {
    throw new FormatError(`${where}: ${vocabularyName} has more than ${maxTokens} tokens.`);
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The lines of a file that a user names, but for empty ones at the end. */
export function readFile(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
