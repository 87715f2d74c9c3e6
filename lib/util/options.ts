// Arguments of constructors: main ones by position and the rest in one options object, or all in one.
import { ConfigError } from './errors.js';
import { checkOptions } from './suggest.js';

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Arguments as one record: those by position under the names in `main`, and what options objects hold.
 * Undefined ones are left out.
 *
 * @param others names that only an options object may give
 * @throws ConfigError for an unknown option.
 */
export function toNamed<O extends object>(
  where: string,
  args: readonly unknown[],
  main: readonly (keyof O & string)[],
  others: readonly (keyof O & string)[] = [],
): Partial<O> {
  const named: Record<string, unknown> = {};
  for (const [i, arg] of args.entries()) {
    if (isRecord(arg)) Object.assign(named, arg);
    else if (arg !== undefined) named[main[i]] = arg;
  }
  checkOptions(where, named, [...main, ...others]);
  return Object.fromEntries(
    Object.entries(named).filter(([, value]) => value !== undefined),
  ) as Partial<O>;
}

/**
 * A number, or `fallback` where none is given.
 *
 * @throws ConfigError for anything but a finite number, or for nothing where there is no fallback.
 */
export function numberOption(
  where: string,
  name: string,
  given: number | null | undefined,
  fallback?: number,
): number {
  const value = given ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const got = typeof value === 'number' ? value : given === null ? 'null' : typeof given;
  throw new ConfigError(`${where}: expected a finite number as ${name}, got ${got}.`);
}
