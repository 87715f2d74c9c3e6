// Runs one kernel on one set of operands: the seam between the kernel tests and a backend.
import { KernelFailure, type ValueInfo } from '../../lib/backend/js/kernel.js';
import { jsKernels } from '../../lib/backend/js/kernels/index.js';
import type { Attrs } from '../../lib/graph/program.js';
import type { DataArray, DType } from '../../lib/tensor/dtype.js';
import { sizeOf } from '../../lib/tensor/shape.js';

/** An operand, with its values as doubles. */
export interface Value extends ValueInfo {
  readonly data: readonly number[];
}

export interface RunOptions {
  /** Hold float32 values in Float64Arrays. */
  readonly float64?: boolean;
  /** The input whose buffer each output takes over. */
  readonly inPlace?: readonly (number | undefined)[];
}

export { KernelFailure };

function allocate(dtype: DType, length: number, float64: boolean): DataArray {
  if (dtype === 'float32') return float64 ? new Float64Array(length) : new Float32Array(length);
  return dtype === 'int32' ? new Int32Array(length) : new Uint8Array(length);
}

/**
 * The outputs of one call; they begin as garbage, so that what is not written shows.
 *
 * @throws KernelFailure on data that the kernel refuses; Error if it writes to an input that is not
 * in place, or if a second run of the same plan gives other results.
 */
export async function runKernel(
  kernel: string,
  inputs: readonly Value[],
  outputInfos: readonly ValueInfo[],
  attrs: Attrs = {},
  { float64 = false, inPlace = [] }: RunOptions = {},
): Promise<DataArray[]> {
  const plan = jsKernels.get(kernel);
  if (!plan) throw new Error(`No kernel "${kernel}".`);
  const run = plan({ inputs, outputs: outputInfos, attrs, float64 });
  const once = (): DataArray[] => {
    const operands = inputs.map(({ dtype, shape, data }) => {
      const array = allocate(dtype, sizeOf(shape), float64);
      array.set(data);
      return array;
    });
    const results = outputInfos.map(({ dtype, shape }, i) => {
      const taken = inPlace[i];
      return taken === undefined
        ? allocate(dtype, sizeOf(shape), float64).fill(77)
        : operands[taken];
    });
    run(operands, results);
    for (const [i, operand] of operands.entries()) {
      if (inPlace.includes(i)) continue;
      if (!operand.every((x, j) => Object.is(x, inputs[i].data[j]) || x === inputs[i].data[j])) {
        throw new Error(`${kernel} wrote to its input ${i}.`);
      }
    }
    return results;
  };
  const first = once();
  const second = once();
  for (const [i, result] of second.entries()) {
    if (!result.every((x, j) => Object.is(x, first[i][j]))) {
      throw new Error(`${kernel} gave another output ${i} when its plan ran again.`);
    }
  }
  return first;
}
