// A Program: plain data, a flat list of kernel calls over planned buffers. Compilation ends in one,
// both backends run it, and it prints as text. It relies on nothing but dtypes and shapes.
import type { DType } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';

/** Attributes of a kernel call, in the order in which its op declares them. */
export type Attrs = Readonly<Record<string, number | readonly number[]>>;

/**
 * Where a value lives. `input`, `state` and `output` slots are bound to buffers at each run;
 * a `feed` is a batch that the executor takes from a larger array at each step;
 * `binding` is a float scalar that each run sets; `arena` is scratch that no run outlives.
 */
export type Storage =
  | { readonly kind: 'input'; readonly slot: number }
  | { readonly kind: 'feed'; readonly slot: number }
  | { readonly kind: 'state'; readonly slot: number }
  | { readonly kind: 'binding'; readonly slot: number }
  | { readonly kind: 'output'; readonly slot: number }
  | { readonly kind: 'arena'; readonly offset: number };

export interface ProgramValue {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly storage: Storage;
  /** The value whose bytes it shows in another shape. */
  readonly viewOf?: number;
}

export interface Instruction {
  readonly kernel: string;
  /** Indices into the program's values. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attrs: Attrs;
  /** Layer path such as `sequential/dense_1`, or empty. */
  readonly path: string;
  readonly flops: number;
  readonly bytes: number;
  /** The loop body of a `scan`. */
  readonly body?: Program;
}

export interface Program {
  readonly name: string;
  readonly values: readonly ProgramValue[];
  readonly instructions: readonly Instruction[];
  /** Instructions from here on write state; nothing before them does, and none of them can fail. */
  readonly commit: number;
  readonly arenaBytes: number;
  readonly slots: {
    readonly inputs: number;
    readonly feeds: number;
    readonly states: number;
    readonly outputs: number;
  };
  /** Default value of each binding slot. */
  readonly bindings: readonly number[];
}
