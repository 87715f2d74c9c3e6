// "Did you mean …?" for names and options that do not exist.
import { ConfigError } from './errors.js';

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + cost);
    }
    row = next;
  }
  return row[b.length];
}

/** The candidate nearest to `name`, if any is near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** ` Did you mean "relu"?`, or nothing. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const best = nearest(name, candidates);
  return best === undefined ? '' : ` Did you mean "${best}"?`;
}

/** Throws if an option that Keras's configs name, but nothing here heeds, has a value. */
export function refuseOptions(where: string, options: object, names: readonly string[]): void {
  for (const [key, value] of Object.entries(options)) {
    if (!names.includes(key) || value === null || value === undefined || value === false) continue;
    throw new ConfigError(`${where}: ${key} is not supported, so it must be null.`);
  }
}

/**
 * Throws if `options` is no record, or has a key that is neither in `known` nor among those of old or other
 * configs, which are not listed.
 */
export function checkOptions(
  where: string,
  options: object | null | undefined,
  known: readonly string[],
  unlisted: readonly string[] = [],
): void {
  if (options === undefined || options === null) return;
  if (typeof options !== 'object' || Array.isArray(options)) {
    const got = Array.isArray(options) ? 'an array' : JSON.stringify(options);
    throw new ConfigError(
      `${where}: expected an object of options, { ${known[0]}: … }, got ${got}. Options: ${known.join(', ')}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key) || unlisted.includes(key)) continue;
    throw new ConfigError(
      `${where}: unknown option "${key}".${suggestion(key, known)} Options: ${known.join(', ')}.`,
    );
  }
}
