// Proves that a Program reads what it means to read: every operand still holds the value that was
// computed for it, state is written in the commit alone, and nothing in the commit can fail.
import { ops } from '../ops/define.js';
import { byteSize } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { TraceError } from '../util/errors.js';
import { align, type Instruction, type Program, type Storage } from './program.js';

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

const canFail = ({ kernel, body }: Instruction): boolean =>
  ops.get(kernel)?.canFail === true || (body?.instructions.some(canFail) ?? false);

/** What keeps a loop's operands from being what its body takes and gives, if anything does. */
function wrongLoop(program: Program, instruction: Instruction, body: Program): string | undefined {
  const { inputs, outputs, attrs } = instruction;
  const { length, carries, sequences } = attrs as Record<string, number>;
  const { slots } = body;
  if (slots.feeds + slots.states + body.bindings.length > 0) return 'has state in its body';
  if (body.commit !== body.instructions.length) return 'has a commit in its body';
  if (slots.inputs !== inputs.length || slots.outputs !== outputs.length - 1) {
    return 'does not bind every operand of its body';
  }
  const bytesOf = (p: Program, id: number): number => {
    const { shape, dtype } = p.values[id];
    return sizeOf(shape) * byteSize(dtype);
  };
  for (const [id, { storage }] of body.values.entries()) {
    const bytes = bytesOf(body, id);
    if (storage.kind === 'input') {
      const isSlice = storage.slot >= carries && storage.slot < carries + sequences;
      const given = bytesOf(program, inputs[storage.slot]);
      if (given !== bytes * (isSlice ? length : 1))
        return `gives its body an operand ${storage.slot} of the wrong size`;
    } else if (storage.kind === 'output') {
      const taken = bytesOf(program, outputs[storage.slot]);
      if (taken !== bytes * (storage.slot < carries ? 1 : length))
        return `takes a result ${storage.slot} of the wrong size`;
      if (storage.slot < carries && bytesOf(program, inputs[storage.slot]) !== bytes)
        return `changes the size of carry ${storage.slot}`;
    }
  }
  const carried = outputs.slice(0, carries).reduce((n, id) => n + align(bytesOf(program, id)), 0);
  const scratch = bytesOf(program, outputs[outputs.length - 1]);
  return scratch < align(body.arenaBytes) + carried ? 'has too little scratch' : undefined;
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
    if (instruction.body) {
      const wrong = wrongLoop(program, instruction, instruction.body);
      if (wrong) fail(at, wrong);
      verify(instruction.body);
    }
    if (at >= program.commit && canFail(instruction)) fail(at, 'can fail in the commit');
  }
}
