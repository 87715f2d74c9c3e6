// How often callbacks save: at the end of epochs, or every so many batches.
import { ConfigError } from '../util/errors.js';

/** `'epoch'`, or a number of batches. */
export type SaveFrequency = 'epoch' | number;

/** The frequency that an option gives. @throws ConfigError for anything else */
export function checkFrequency(where: string, given: SaveFrequency = 'epoch'): SaveFrequency {
  if (given === 'epoch' || (Number.isInteger(given) && given > 0)) return given;
  throw new ConfigError(
    `${where}: saveFreq: expected 'epoch' or a whole number of batches, got ${JSON.stringify(given)}.`,
  );
}

/** Counts batches over the ends of epochs. */
export class EveryBatches {
  /** Batches since the last time, and the last one's number. */
  state: { readonly seen: number; readonly last: number | null } = { seen: 0, last: null };

  constructor(private readonly frequency: SaveFrequency) {}

  /** Counts the batch that has ended; whether it is time. */
  isDue(step: number): boolean {
    const { seen, last } = this.state;
    if (this.frequency === 'epoch') return false;
    const now = seen + (last === null || step <= last ? step + 1 : step - last);
    const due = now >= this.frequency;
    this.state = { seen: due ? 0 : now, last: step };
    return due;
  }
}
