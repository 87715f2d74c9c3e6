// One kernel of the addon on one set of operands, for any instruction set of this processor.
import { copyFileSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeProgram } from '../../lib/backend/encode.js';
import { KernelFailure, type ValueInfo } from '../../lib/backend/js/kernel.js';
import type { Addon } from '../../lib/backend/native.js';
import { nativeLoad } from '../../lib/backend/select.js';
import type { Attrs } from '../../lib/graph/program.js';
import type { DataArray } from '../../lib/tensor/dtype.js';
import type { Shape } from '../../lib/tensor/shape.js';

export type Isa = 'baseline' | 'avx2' | 'avx512';

/** Where engines tell of their progress, as long as this process lives. */
const progress: Int32Array[] = [];

/** An operand; one that is given by its shape alone holds float32. */
type Operand = Shape | ValueInfo;

const infoOf = (operand: Operand): ValueInfo =>
  'shape' in operand ? operand : { dtype: 'float32', shape: operand };

/** How a run ends that a kernel refused, by the number of its `Status`. */
const refusals: Readonly<Record<number, KernelFailure['status']>> = {
  1: 'indexOutOfRange',
  2: 'nonFinite',
};

const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

/** A second copy of the addon in this process, which chooses its instruction set anew. */
export function loadIsa(isa: Isa): Addon {
  const path = join(mkdtempSync(join(tmpdir(), 'neurone-isa-')), 'neurone.node');
  copyFileSync(nativeLoad().path!, path);
  const before = process.env.NEURONE_ISA;
  process.env.NEURONE_ISA = isa;
  const addon = createRequire(import.meta.url)(path) as Addon;
  if (before === undefined) delete process.env.NEURONE_ISA;
  else process.env.NEURONE_ISA = before;
  progress.push(new Int32Array(new SharedArrayBuffer(4)));
  addon.start(() => {}, progress[progress.length - 1]);
  return addon;
}

/** A program of one call, loaded. Outputs begin as NaN, so that what is not written shows. */
export class NativeKernel {
  private readonly id: number;

  /** @throws Error as the kernel's `prepare` does */
  constructor(
    private readonly addon: Addon,
    kernel: string,
    inputs: readonly Operand[],
    private readonly output: Operand,
    attrs: Attrs,
  ) {
    const operands = [...inputs, output].map(infoOf);
    const kernels = new Map(addon.kernels.map((name, i) => [name, i]));
    const words = encodeProgram(
      {
        name: kernel,
        values: operands.map((operand, i) => ({
          ...operand,
          storage: i < inputs.length ? { kind: 'input', slot: i } : { kind: 'output', slot: 0 },
        })),
        instructions: [
          {
            kernel,
            inputs: inputs.map((_, i) => i),
            outputs: [inputs.length],
            attrs,
            flops: 1e9,
            bytes: 0,
            path: '',
          },
        ],
        commit: 0,
        arenaBytes: 0,
        slots: { inputs: inputs.length, feeds: 0, states: 0, outputs: 1 },
        bindings: [],
      },
      kernels,
    );
    this.id = addon.load(words);
  }

  /** The algorithm that the kernel chose. */
  get method(): string {
    return this.addon.methods(this.id)[0];
  }

  run(inputs: readonly Float32Array[], threads = 1): Float32Array {
    const y = new Float32Array(sizeOf(infoOf(this.output).shape)).fill(Number.NaN);
    this.runInto(y, inputs, threads);
    return y;
  }

  /**
   * Fills `y`, which may be one of the inputs if the kernel works in place.
   *
   * @throws KernelFailure on data that the kernel refuses
   */
  runInto(y: DataArray, inputs: readonly DataArray[], threads = 1): void {
    const result = new Float64Array(5);
    this.addon.setThreads(threads);
    const ticket = this.addon.enqueue(
      this.id,
      inputs,
      [],
      [],
      [y],
      [],
      [],
      Float64Array.of(1, 0),
      result,
    );
    this.addon.wait(ticket);
    const [, status, , position, value] = result;
    if (status in refusals) throw new KernelFailure(refusals[status], position, value);
    if (status !== 0) throw new Error(`the run failed with status ${status}`);
  }

  unload(): void {
    this.addon.unload(this.id);
  }
}
