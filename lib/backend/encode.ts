// A Program as the numbers that the addon decodes: see native/program.cc.
import type { Instruction, Program, Storage } from '../graph/program.js';
import { dtypes } from '../tensor/dtype.js';

/** In the order of the addon's `StorageKind`. */
const storageKinds: readonly Storage['kind'][] = [
  'input',
  'feed',
  'state',
  'binding',
  'output',
  'arena',
];

/** Nanoseconds that one thread is expected to take: about 50 FLOPs or 16 bytes in each. */
const workOf = ({ flops, bytes }: Instruction): number => Math.max(flops / 50, bytes / 16);

/** Stands for a loop, whose body follows. */
const loopKernel = -1;

/** @param kernels number of each kernel in the addon's list */
export const encodeProgram = (
  program: Program,
  kernels: ReadonlyMap<string, number>,
): Float64Array<ArrayBuffer> => Float64Array.from(wordsOf(program, kernels));

/** Slots of the states that an instruction writes; the others are the same in all steps. */
function writtenStates({ instructions, values }: Program): Set<number> {
  const storages = instructions.flatMap(({ outputs }) => outputs.map((id) => values[id].storage));
  return new Set(storages.flatMap((at) => (at.kind === 'state' ? [at.slot] : [])));
}

function wordsOf(program: Program, kernels: ReadonlyMap<string, number>): number[] {
  const { slots } = program;
  const words: number[] = [
    program.values.length,
    program.instructions.length,
    program.commit,
    program.arenaBytes,
    slots.inputs,
    slots.feeds,
    slots.states,
    slots.outputs,
    program.bindings.length,
  ];
  const written = writtenStates(program);
  for (let slot = 0; slot < slots.states; slot++) words.push(written.has(slot) ? 0 : 1);
  for (const { dtype, shape, storage } of program.values) {
    const place = storage.kind === 'arena' ? storage.offset : storage.slot;
    words.push(dtypes.indexOf(dtype), storageKinds.indexOf(storage.kind), place);
    words.push(shape.length, ...shape);
  }
  for (const instruction of program.instructions) {
    words.push(instruction.body ? loopKernel : (kernels.get(instruction.kernel) ?? Number.NaN));
    words.push(instruction.inputs.length, ...instruction.inputs);
    words.push(instruction.outputs.length, ...instruction.outputs);
    const attrs = Object.values(instruction.attrs).flatMap((value) =>
      typeof value === 'number' ? [value] : [value.length, ...value],
    );
    words.push(attrs.length, ...attrs, workOf(instruction));
    const body = instruction.body ? wordsOf(instruction.body, kernels) : [];
    for (const word of body) words.push(word);
  }
  return words;
}
