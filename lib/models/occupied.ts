// One job at a time per model, and the numbers that jobs are given.
import { ConfigError, StateError } from '../util/errors.js';
import type { AnyModel } from './model.js';

/** Marks the model as busy for the length of `body`. Hooks between passes may evaluate and the like. */
export async function occupied<T>(
  model: AnyModel,
  what: string,
  body: () => Promise<T>,
): Promise<T> {
  const outer = model.busy;
  if (outer && (what === 'fit' || !model.betweenPasses)) {
    throw new StateError(
      `${model.name}: ${what}() was called while ${outer}() is running. Await it first.`,
    );
  }
  const between = model.betweenPasses;
  model.busy = what;
  model.betweenPasses = false;
  try {
    return await body();
  } finally {
    model.busy = outer;
    model.betweenPasses = between;
  }
}

/** Checks those of the named options that are given; `least` by name. */
export function wholeNumbers(
  where: string,
  options: object,
  least: Readonly<Record<string, number>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (name in least && value !== undefined && value !== null) {
      wholeNumber(value, `${where}: ${name}`, least[name]);
    }
  }
}

/** @throws ConfigError for a signal that is none. */
export function checkSignal(where: string, signal: AbortSignal | undefined): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new ConfigError(`${where}: signal: expected an AbortSignal, got ${typeof signal}.`);
}

export function wholeNumber(value: number, name: string, least = 1): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ConfigError(`${name}: expected a whole number ≥ ${least}, got ${value}.`);
}
