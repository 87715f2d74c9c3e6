// Where a run of `fit` stands, so that a callback can save it and another process can go on from there.
import type { Callback, Logs, LogValue } from './callback.js';

/** The sums that the logs of a pass are made of. */
export interface PassSums {
  /** Sums of the losses so far: the total by sample, those of single outputs by step. */
  readonly losses: readonly number[];
  readonly samples: number;
  readonly steps: number;
  /** The logs after the last step. */
  readonly logs: Logs<LogValue>;
}

/** A place between two steps of a run, and what goes on from there needs besides all variables. */
export interface RunPosition {
  /** The seed of the shuffles. */
  readonly seed: number;
  /** Which `fit` of the model it is: it tells the shuffles of runs apart. */
  readonly fit: number;
  readonly epoch: number;
  /** Steps of the epoch that are done. */
  readonly step: number;
  /** The epoch that the order of rows was made for. */
  readonly order: number;
  /** How many rows of that order, or batches of the iterator, were used before. */
  readonly taken: number;
  readonly sums: PassSums;
}

/** A run of `fit`, as callbacks see it. */
export interface Run {
  /** All callbacks, in the order in which they are called. */
  readonly callbacks: readonly Callback[];
  /** Where it stands: in a batch hook after that step, in `onEpochEnd` before the next epoch. */
  position(): RunPosition;
  /** Goes on from a position; in `onTrainBegin`. */
  resume(at: RunPosition): void;
}
