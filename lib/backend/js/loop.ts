// Runs the body of a scan once per iteration, on slices of the scan's operands.
import type { Instruction, Program, ProgramValue } from '../../graph/program.js';
import { type DataArray, viewOf } from '../../tensor/dtype.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Executable } from '../backend.js';
import { KernelFailure, type KernelRun } from './kernel.js';

/** What an instruction of a body refused. */
export class BodyFailure extends KernelFailure {
  constructor(
    readonly instruction: number,
    status: KernelFailure['status'],
    position: number,
    value: number,
  ) {
    super(status, position, value);
  }
}

const like = (data: DataArray, { dtype, shape }: ProgramValue): DataArray =>
  data instanceof Float64Array
    ? new Float64Array(sizeOf(shape))
    : viewOf(dtype, new ArrayBuffer(data.BYTES_PER_ELEMENT * sizeOf(shape)), 0, sizeOf(shape));

/**
 * The run of one scan. Each carry has two buffers, its output and one more: an iteration reads one
 * and writes the other, so that the last writes the output.
 */
export function loopRun(
  instruction: Instruction,
  body: Program,
  executable: Executable,
): KernelRun {
  const { length, reverse, carries, sequences } = instruction.attrs as Record<string, number>;
  const slotSizes = (kind: 'input' | 'output', count: number): number[] => {
    const sizes = new Array<number>(count).fill(0);
    for (const { storage, shape } of body.values) {
      if (storage.kind === kind) sizes[storage.slot] = sizeOf(shape);
    }
    return sizes;
  };
  const inputSizes = slotSizes('input', body.slots.inputs);
  const outputSizes = slotSizes('output', body.slots.outputs);
  const carryInfos = Array.from({ length: carries }, (_, i): ProgramValue | undefined =>
    body.values.find(({ storage }) => storage.kind === 'output' && storage.slot === i),
  );
  let spare: DataArray[] | undefined;

  return (inputs, outputs) => {
    spare ??= carryInfos.map((info, i) => like(outputs[i], info!));
    if (length === 0) for (let i = 0; i < carries; i++) outputs[i].set(inputs[i]);
    let current: readonly DataArray[] = inputs.slice(0, carries);
    for (let step = 0; step < length; step++) {
      const at = reverse ? length - 1 - step : step;
      const next = (length - 1 - step) % 2 === 0 ? outputs.slice(0, carries) : spare;
      const slice = (data: DataArray, size: number) => data.subarray(at * size, (at + 1) * size);
      const operands = inputs.map((data, i) => {
        if (i < carries) return current[i];
        return i < carries + sequences ? slice(data, inputSizes[i]) : data;
      });
      const results = outputSizes.map((size, i) =>
        i < carries ? next[i] : slice(outputs[i], size),
      );
      const { failure } = executable.runSync({
        inputs: operands,
        outputs: results,
        states: [],
        bindings: [],
        feeds: [],
        steps: 1,
        chain: 0,
      });
      if (failure && failure.status !== 'aborted' && failure.status !== 'outOfMemory') {
        throw new BodyFailure(failure.instruction, failure.status, failure.position, failure.value);
      }
      current = next;
    }
  };
}
