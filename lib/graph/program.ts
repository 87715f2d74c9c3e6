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
  /**
   * One iteration of a `scan`. The body's inputs are the carries, a slice of each sequence, and the
   * captures: in the order of the scan's own inputs; its outputs the next carries and a slice of each
   * stacked result. The scan's last output is scratch: the body's arena, then each carry again.
   */
  readonly body?: Program;
}

/** Rounded up to where values begin in an arena. */
export const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Instructions of a program and of the bodies in it. */
export const countInstructions = ({ instructions }: Program): number =>
  instructions.reduce((n, { body }) => n + 1 + (body ? countInstructions(body) : 0), 0);

/** An instruction, and where it is. */
interface Located {
  readonly instruction: Instruction;
  /** The program or body that it is in. */
  readonly program: Program;
  /** Which of the outermost program's instructions it is, or is in. */
  readonly index: number;
}

/**
 * The instruction that an executor calls `number`: they are numbered in order, those of a body after
 * the scan that it belongs to.
 */
export function instructionAt(program: Program, number: number): Located {
  let rest = number;
  for (const [index, instruction] of program.instructions.entries()) {
    if (rest === 0) return { program, instruction, index };
    rest--;
    const inner = instruction.body ? countInstructions(instruction.body) : 0;
    if (instruction.body && rest < inner)
      return { ...instructionAt(instruction.body, rest), index };
    rest -= inner;
  }
  throw new RangeError(`${program.name} has no instruction ${number}.`);
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
