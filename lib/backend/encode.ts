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

/** @param kernels number of each kernel in the addon's list */
export function encodeProgram(
  program: Program,
  kernels: ReadonlyMap<string, number>,
): Float64Array<ArrayBuffer> {
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
  for (const { dtype, shape, storage } of program.values) {
    const place = storage.kind === 'arena' ? storage.offset : storage.slot;
    words.push(dtypes.indexOf(dtype), storageKinds.indexOf(storage.kind), place);
    words.push(shape.length, ...shape);
  }
  for (const instruction of program.instructions) {
    words.push(kernels.get(instruction.kernel) ?? -1);
    words.push(instruction.inputs.length, ...instruction.inputs);
    words.push(instruction.outputs.length, ...instruction.outputs);
    const attrs = Object.values(instruction.attrs).flatMap((value) =>
      typeof value === 'number' ? [value] : [value.length, ...value],
    );
    words.push(attrs.length, ...attrs, workOf(instruction));
  }
  return Float64Array.from(words);
}
