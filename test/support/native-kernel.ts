// One kernel of the addon on one set of operands, for any instruction set of this processor.
import { copyFileSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeProgram } from '../../lib/backend/encode.js';
import { KernelFailure, type ValueInfo } from '../../lib/backend/js/kernel.js';
import type { Addon } from '../../lib/backend/native.js';
import { nativeLoad } from '../../lib/backend/select.js';
import type { Attrs, Storage } from '../../lib/graph/program.js';
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
    /** The input that is a state which no step changes; the others are inputs of the program. */
    private readonly constant?: number,
  ) {
    const operands = [...inputs, output].map(infoOf);
    const kernels = new Map(addon.kernels.map((name, i) => [name, i]));
    const states = constant === undefined ? 0 : 1;
    const words = encodeProgram(
      {
        name: kernel,
        values: operands.map((operand, i) => ({
          ...operand,
          storage: this.storageOf(i, inputs.length),
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
        slots: { inputs: inputs.length - states, feeds: 0, states, outputs: 1 },
        bindings: [],
      },
      kernels,
    );
    this.id = addon.load(words);
  }

  private storageOf(operand: number, inputs: number): Storage {
    if (operand === inputs) return { kind: 'output', slot: 0 };
    if (operand === this.constant) return { kind: 'state', slot: 0 };
    return { kind: 'input', slot: operand - (operand > (this.constant ?? inputs) ? 1 : 0) };
  }

  /** The algorithm that the kernel chose. */
  get method(): string {
    return this.addon.methods(this.id)[0];
  }

  /** @param version of the constant input */
  run(inputs: readonly Float32Array[], threads = 1, version = 1): Float32Array {
    const y = new Float32Array(sizeOf(infoOf(this.output).shape)).fill(Number.NaN);
    this.runInto(y, inputs, threads, version);
    return y;
  }

  /**
   * Fills `y`, which may be one of the inputs if the kernel works in place.
   *
   * @throws KernelFailure on data that the kernel refuses
   */
  runInto(y: DataArray, inputs: readonly DataArray[], threads = 1, version = 1): void {
    const result = new Float64Array(5);
    const states = this.constant === undefined ? [] : [inputs[this.constant]];
    this.addon.setThreads(threads);
    const ticket = this.addon.enqueue(
      this.id,
      inputs.filter((_, i) => i !== this.constant),
      states,
      states,
      [y],
      [],
      [],
      Float64Array.of(1, 0, ...states.map(() => version)),
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
