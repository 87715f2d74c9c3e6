// Runs one kernel of the addon on one set of operands, as a program of a single instruction.

import type { Backend } from '../../lib/backend/backend.js';
import type { ValueInfo } from '../../lib/backend/js/kernel.js';
import { nativeLoad } from '../../lib/backend/select.js';
import type { Attrs, Program, Storage } from '../../lib/graph/program.js';
import type { DataArray, DType } from '../../lib/tensor/dtype.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { KernelFailure, type RunOptions, type Value } from './kernel.js';

export const nativeBackend = (): Backend => {
  const { backend, errors } = nativeLoad();
  if (!backend) throw new Error(errors.join('; '));
  return backend;
};

/** A call of `kernel` as a program; outputs in place are states. */
export function kernelProgram(
  kernel: string,
  inputs: readonly ValueInfo[],
  outputs: readonly ValueInfo[],
  attrs: Attrs = {},
  inPlace: readonly (number | undefined)[] = [],
): Program {
  const taken = inPlace.filter((input) => input !== undefined);
  const stateOf = (input: number): Storage => ({ kind: 'state', slot: taken.indexOf(input) });
  const values = [
    ...inputs.map(({ dtype, shape }, i) => ({
      dtype,
      shape,
      storage: taken.includes(i) ? stateOf(i) : ({ kind: 'input', slot: i } as const),
    })),
    ...outputs.map(({ dtype, shape }, i) => {
      const input = inPlace[i];
      const storage = input === undefined ? ({ kind: 'output', slot: i } as const) : stateOf(input);
      return { dtype, shape, storage };
    }),
  ];
  const bytes = values.reduce((n, { shape }) => n + 4 * sizeOf(shape), 0);
  const instruction = {
    kernel,
    inputs: inputs.map((_, i) => i),
    outputs: outputs.map((_, i) => inputs.length + i),
    attrs,
    path: '',
    // Enough to be shared among threads, if it has blocks.
    flops: 1e6,
    bytes,
  };
  return {
    name: kernel,
    values,
    instructions: [instruction],
    commit: 0,
    arenaBytes: 0,
    slots: { inputs: inputs.length, feeds: 0, states: taken.length, outputs: outputs.length },
    bindings: [],
  };
}

const allocate = (dtype: DType, length: number): DataArray =>
  dtype === 'float32'
    ? new Float32Array(length)
    : dtype === 'int32'
      ? new Int32Array(length)
      : new Uint8Array(length);

/**
 * The outputs of one call in float32; they begin as garbage, so that what is not written shows.
 *
 * @throws KernelFailure on data that the kernel refuses; Error if it writes to an input that is not
 * in place.
 */
export async function runNativeKernel(
  kernel: string,
  inputs: readonly Value[],
  outputInfos: readonly ValueInfo[],
  attrs: Attrs = {},
  { inPlace = [] }: RunOptions = {},
): Promise<DataArray[]> {
  const operands = inputs.map(({ dtype, shape, data }) => {
    const array = allocate(dtype, sizeOf(shape));
    array.set(data);
    return array;
  });
  const results = outputInfos.map(({ dtype, shape }, i) => {
    const taken = inPlace[i];
    return taken === undefined ? allocate(dtype, sizeOf(shape)).fill(77) : operands[taken];
  });
  const states = inPlace.filter((input) => input !== undefined).map((input) => operands[input]);
  const program = kernelProgram(kernel, inputs, outputInfos, attrs, inPlace);
  const executable = nativeBackend().load(program);
  const { failure } = await executable
    .enqueue({
      inputs: operands,
      states: states.map((state) => ({ read: state, write: state })),
      bindings: [],
      outputs: results,
      feeds: [],
      steps: 1,
      chain: 0,
    })
    .done();
  executable.unload();
  if (failure) {
    const { status, position, value } = failure;
    if (status === 'aborted' || status === 'outOfMemory') throw new Error(status);
    throw new KernelFailure(status, position, value);
  }
  for (const [i, operand] of operands.entries()) {
    if (inPlace.includes(i)) continue;
    const given = allocate(inputs[i].dtype, operand.length);
    given.set(inputs[i].data);
    if (!operand.every((x, j) => Object.is(x, given[j]))) {
      throw new Error(`${kernel} wrote to its input ${i}.`);
    }
  }
  return results;
}
