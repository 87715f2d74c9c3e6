// Checks of options, so that a wrong one is refused where it is given.
import { ConfigError } from '../util/errors.js';

/** Bounds of a number: inside of [least, most], or strictly inside where `open`. */
export interface Range {
  readonly least?: number;
  readonly most?: number;
  readonly open?: boolean;
}

/** @throws ConfigError for anything but a number in the range. */
export function checkNumber(
  where: string,
  option: string,
  value: unknown,
  range: Range = {},
): void {
  const { least = -Infinity, most = Infinity, open = false } = range;
  const inside =
    typeof value === 'number' &&
    (open ? value > least && value < most : value >= least && value <= most);
  if (inside) return;
  const bounds = [
    Number.isFinite(least) ? `${open ? 'above' : 'at least'} ${least}` : '',
    Number.isFinite(most) ? `${open ? 'below' : 'at most'} ${most}` : '',
  ].filter((bound) => bound !== '');
  const expected = bounds.length > 0 ? `a number ${bounds.join(' and ')}` : 'a number';
  throw new ConfigError(`${where}: ${option} must be ${expected}, got ${String(value)}.`);
}

/** @throws ConfigError for anything but a whole number of at least `least`. */
export function checkWhole(where: string, option: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && Number(value) >= least) return;
  const from = Number.isFinite(least) ? ` of at least ${least}` : '';
  throw new ConfigError(`${where}: ${option} must be a whole number${from}, got ${String(value)}.`);
}

/** The one of `known` that `value` names, in any spelling of case and underscores. */
export function oneOf<T extends string>(
  where: string,
  option: string,
  value: unknown,
  known: readonly T[],
): T {
  const plain = (name: string): string => name.replace(/_/g, '').toLowerCase();
  const found = known.find((name) => plain(name) === plain(String(value)));
  if (found !== undefined) return found;
  throw new ConfigError(
    `${where}: unknown ${option} "${String(value)}". Known: ${known.join(', ')}.`,
  );
}
