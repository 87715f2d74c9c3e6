// What a backend is: it loads Programs and runs them, in the order in which runs are queued.
import type { Program } from '../graph/program.js';
import type { DataArray } from '../tensor/dtype.js';

/** Where the batches of one feed come from. */
export interface Feed {
  /** All rows, the leading axis first. */
  readonly source: DataArray;
  /** Row numbers, one batch after the other; absent: rows in order from `first`. */
  readonly rows?: Int32Array;
  readonly first: number;
}

/** Equal arrays, or a copy from `read` to `write` before the first step. */
export interface BoundState {
  readonly read: DataArray;
  readonly write: DataArray;
  /** A number of its own for each content that a state has had. */
  readonly version: number;
}

export interface RunRequest {
  readonly inputs: readonly DataArray[];
  readonly states: readonly BoundState[];
  readonly bindings: readonly number[];
  /** An array of one output, or of the outputs of all steps, one after the other. */
  readonly outputs: readonly DataArray[];
  readonly feeds: readonly Feed[];
  readonly steps: number;
  /** Once a run fails, later ones of the same chain (not 0) do not start. */
  readonly chain: number;
}

/** Why a run stopped before its last step. */
export interface RunFailure {
  readonly instruction: number;
  readonly status: 'indexOutOfRange' | 'nonFinite' | 'aborted' | 'outOfMemory';
  /** Flat index of the offending element in the operand that was checked. */
  readonly position: number;
  readonly value: number;
}

export interface RunResult {
  /** Steps whose commit was done. */
  readonly steps: number;
  readonly failure?: RunFailure | undefined;
}

/** A queued run. */
export interface QueuedRun {
  /** Resolves, and never rejects, when the run has ended. */
  done(): Promise<RunResult>;
  /** Blocks until the run has ended. */
  wait(): RunResult;
  /** Stops it before its next step. */
  abort(): void;
}

export interface Executable {
  /** Queues a run and returns at once (the JS backend runs it before it returns). */
  enqueue(request: RunRequest): QueuedRun;
  /** Runs at once on the calling thread, after the step that is being computed. */
  runSync(request: RunRequest): RunResult;
  /** Seconds spent in each instruction of one run. */
  profile(request: RunRequest): Float64Array;
  /** The algorithm of each instruction, empty where its kernel has but one. */
  methods(): readonly string[];
  /** Frees what the backend holds for the program. */
  unload(): void;
}

export interface Backend {
  readonly name: 'native' | 'js';
  readonly kernels: ReadonlySet<string>;
  load(program: Program): Executable;
}
