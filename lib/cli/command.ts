// What a subcommand of `neurone` is, and how its arguments are read.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { suggestion } from '../util/suggest.js';

export type Options = NonNullable<ParseArgsConfig['options']>;
export type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows `Usage: neurone <name> [options]`. */
  readonly help: string;
  readonly options: Options;
  /** Resolves to the exit code. Results go to stdout, progress and remarks to stderr. */
  readonly run: (values: Values) => Promise<number>;
}

/** Exit codes of `neurone`. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** A mistake on the command line; ends the process with `exitCodes.usage`. */
export class UsageError extends Error {}

/** Reads `args` by the options of a command, which all have `--help` too. */
export function readValues(args: readonly string[], options: Options): Values {
  const known = { ...options, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...args], options: known, allowPositionals: false }).values as Values;
  } catch (error) {
    const unknown = /^Unknown option '(-[^']*)'/.exec(error instanceof Error ? error.message : '');
    const names = Object.keys(known).map((name) => `--${name}`);
    if (unknown) {
      throw new UsageError(`unknown option ${unknown[1]}.${suggestion(unknown[1], names)}`);
    }
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The whole number ≥ 1 that an option holds, or the default. */
export function countOption(values: Values, name: string, fallback: number): number {
  const text = values[name];
  if (text === undefined) return fallback;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new UsageError(`--${name}: expected a whole number of at least 1, got "${text}".`);
  }
  return count;
}
