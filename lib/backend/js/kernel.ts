// What a kernel of the JS backend is: a function that plans once per instruction and returns the
// function that runs. Float32 buffers are Float64Arrays when the backend runs in float64.
import type { Attrs } from '../../graph/program.js';
import type { DataArray, DType } from '../../tensor/dtype.js';
import type { Shape } from '../../tensor/shape.js';

export interface ValueInfo {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** One instruction as its kernel sees it when the program is loaded. */
export interface KernelCall {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly attrs: Attrs;
  /** Whether float32 values are held in Float64Arrays. */
  readonly float64: boolean;
}

export type KernelRun = (inputs: readonly DataArray[], outputs: readonly DataArray[]) => void;

/** Plans a call; the function returned is run once per step and should allocate nothing. */
export type Kernel = (call: KernelCall) => KernelRun;

/** Thrown by a running kernel on data that it cannot accept; the executor adds op and layer. */
export class KernelFailure extends Error {
  constructor(
    /** As in the addon's `Status`. */
    readonly status: 'indexOutOfRange' | 'nonFinite',
    /** Flat index of the offending element. */
    readonly position: number,
    readonly value: number,
  ) {
    super(status);
  }
}
