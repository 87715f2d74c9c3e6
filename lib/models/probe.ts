// After a loss that is not finite: the failed step is run again with a check after every call, and
// the first one that fails names the layer and the op.

import type { Feed } from '../backend/backend.js';
import { currentBackend } from '../backend/select.js';
import { type Instruction, instructionAt, type Program } from '../graph/program.js';
import { sizeOf } from '../tensor/shape.js';
import { allocateData } from '../tensor/tensor.js';
import { NeuroneError } from '../util/errors.js';
import type { Step } from './steps.js';

const check = (value: number, origin: Instruction): Instruction => ({
  kernel: 'checkFinite',
  inputs: [value],
  outputs: [],
  attrs: {},
  path: origin.path,
  flops: 0,
  bytes: 0,
});

/** The program up to its failing call, with a check after each; and whose check each one is. */
function withChecks(
  program: Program,
  failing: number,
): { program: Program; origins: Instruction[] } {
  const instructions: Instruction[] = [];
  const origins: Instruction[] = [];
  for (const instruction of program.instructions.slice(0, instructionAt(program, failing).index)) {
    instructions.push(instruction);
    origins.push(instruction);
    for (const id of instruction.outputs) {
      if (program.values[id].dtype !== 'float32') continue;
      instructions.push(check(id, instruction));
      origins.push(instruction);
    }
  }
  return { program: { ...program, instructions, commit: instructions.length }, origins };
}

/** What produced the first value that is not finite; undefined if a second run is clean. */
export function findNonFiniteOp(
  step: Step,
  failing: number,
  feeds: readonly Feed[],
): string | undefined {
  const { lowered } = step.graph;
  const { program, origins } = withChecks(step.graph.program, failing);
  const states = lowered.variables.map(({ variable }) => ({
    read: variable.data,
    write: variable.data,
    version: variable.version,
  }));
  const executable = currentBackend().load(program);
  const result = executable
    .enqueue({
      inputs: lowered.captured.map((t) =>
        t.source.kind === 'value' ? t.source.data : allocateData(t.dtype, t.size),
      ),
      states,
      bindings: program.bindings,
      outputs: lowered.outputs.map(({ dtype, shape }) => allocateData(dtype, sizeOf(shape))),
      feeds,
      steps: 1,
      chain: 0,
    })
    .wait();
  executable.unload();
  if (result.failure?.status !== 'nonFinite') return undefined;
  const { kernel, path } = origins[instructionAt(program, result.failure.instruction).index];
  return `${kernel}${path ? ` in ${path}` : ''} produced ${result.failure.value}`;
}

/** The error for a loss that is not finite. */
export class NonFiniteLossError extends NeuroneError {}
