// Arguments of constructors: main ones by position and the rest in one options object, or all in one.
import { ConfigError } from './errors.js';
import { checkOptions } from './suggest.js';

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The options that came after main arguments by position.
 *
 * @throws ConfigError for anything but an object: a further argument by position would be lost.
 */
export function optionsAfter<O extends object>(where: string, rest: O): O {
  if (rest === undefined || rest === null || isRecord(rest)) return rest;
  throw new ConfigError(
    `${where}: after the main arguments expected one object of options, e.g. { name: 'mine' }, got ${Array.isArray(rest) ? 'an array' : JSON.stringify(rest)}.`,
  );
}

/**
 * What is given of some options: without those that are null or undefined.
 *
 * @throws ConfigError for what is no object, and unknown options.
 */
export function givenOptions<O extends object>(
  where: string,
  options: O | null | undefined,
  known: readonly string[],
): O {
  checkOptions(where, options, known);
  const given = Object.entries(options ?? {}).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(given) as O;
}

/**
 * Main arguments by position and then options, or options alone.
 *
 * @param main names of the arguments, of which `given` holds the values, then the options
 */
export function mainOptions<O extends object>(
  where: string,
  main: readonly (keyof O & string)[],
  given: readonly unknown[],
): O {
  const [first] = given;
  if (first === undefined || first === null || isRecord(first)) return (first ?? {}) as O;
  const named: Record<string, unknown> = {};
  for (const [i, value] of given.entries()) {
    if (i < main.length && !isRecord(value)) named[main[i]] = value;
    else Object.assign(named, optionsAfter(where, value as object));
  }
  return named as O;
}

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
    else if (arg !== undefined && i < main.length) named[main[i]] = arg;
    else if (arg !== undefined && arg !== null) optionsAfter(where, arg as object);
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
