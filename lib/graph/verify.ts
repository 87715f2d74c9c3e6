// Proves that a Program reads what it means to read: every operand still holds the value that was
// computed for it, state is written in the commit alone, and nothing in the commit can fail.
import { ops } from '../ops/define.js';
import { byteSize } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { TraceError } from '../util/errors.js';
import type { Instruction, Program, Storage } from './program.js';

/** A stretch of one buffer. */
interface Range {
  readonly buffer: string;
  readonly from: number;
  readonly to: number;
}

function rangeOf(program: Program, id: number): Range {
  const { storage, shape, dtype } = program.values[id];
  const bytes = sizeOf(shape) * byteSize(dtype);
  if (storage.kind === 'arena') {
    return { buffer: 'arena', from: storage.offset, to: storage.offset + bytes };
  }
  return { buffer: `${storage.kind} ${storage.slot}`, from: 0, to: bytes };
}

const overlaps = (a: Range, b: Range): boolean =>
  a.buffer === b.buffer && a.from < b.to && b.from < a.to;

const isGiven = (storage: Storage): boolean =>
  storage.kind !== 'arena' && storage.kind !== 'output';

/** The operands that the instruction may overwrite with output `position`. */
function allowedInPlace(instruction: Instruction, position: number): readonly number[] {
  if (instruction.kernel === 'copy') return [];
  const allowed = ops
    .get(instruction.kernel)
    ?.inPlace?.(position, instruction.inputs.length, instruction.attrs);
  return allowed === undefined ? [] : [allowed].flat();
}

/** Throws TraceError, naming the instruction, if the program could compute something else. */
export function verify(program: Program): void {
  const fail = (index: number, why: string): never => {
    const { kernel, path } = program.instructions[index];
    throw new TraceError(
      `program ${program.name}: instruction ${index} (${kernel}${path ? `, ${path}` : ''}) ${why}.`,
    );
  };
  const written = new Set(program.instructions.flatMap((i) => i.outputs));
  // The values whose bytes are still all there, and which instruction destroyed the others.
  const whole = new Map<number, Range>();
  const lost = new Map<number, number>();
  for (const [id, value] of program.values.entries()) {
    if (isGiven(value.storage) && !written.has(id)) whole.set(id, rangeOf(program, id));
  }
  const define = (id: number, at: number): void => {
    const range = rangeOf(program, id);
    for (const [other, otherRange] of whole) {
      if (other === id || !overlaps(range, otherRange)) continue;
      whole.delete(other);
      lost.set(other, at);
    }
    whole.set(id, range);
  };
  const checkRead = (id: number, at: number): void => {
    const { viewOf } = program.values[id];
    if (viewOf !== undefined) {
      checkRead(viewOf, at);
      return;
    }
    if (whole.has(id)) return;
    const by = lost.get(id);
    fail(
      at,
      `reads value ${id}, which ${by === undefined ? 'nothing wrote' : `instruction ${by} overwrote`}`,
    );
  };

  for (const [at, instruction] of program.instructions.entries()) {
    for (const id of instruction.inputs) checkRead(id, at);
    for (const [position, id] of instruction.outputs.entries()) {
      const { storage } = program.values[id];
      const range = rangeOf(program, id);
      if (storage.kind === 'state' && at < program.commit)
        fail(at, 'writes state before the commit');
      if (isGiven(storage) && storage.kind !== 'state') fail(at, `writes ${storage.kind} data`);
      if (storage.kind === 'arena' && range.to > program.arenaBytes)
        fail(at, 'writes past the arena');
      const allowed = allowedInPlace(instruction, position);
      for (const [i, input] of instruction.inputs.entries()) {
        const other = rangeOf(program, input);
        if (!overlaps(range, other)) continue;
        const same = range.from === other.from && range.to === other.to;
        if (!same || !allowed.includes(i)) fail(at, `overwrites its operand ${i} while reading it`);
      }
      for (const other of instruction.outputs) {
        if (other !== id && overlaps(range, rangeOf(program, other)))
          fail(at, 'writes two outputs to one place');
      }
    }
    for (const id of instruction.outputs) define(id, at);
    if (at >= program.commit && ops.get(instruction.kernel)?.canFail)
      fail(at, 'can fail in the commit');
  }
}
