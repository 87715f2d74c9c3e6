// The pure-JS backend: the same Programs, interpreted over typed arrays on the calling thread.
// In float64 it is the oracle for the native kernels and for gradients.
import {
  countInstructions,
  type Instruction,
  type Program,
  type Storage,
} from '../../graph/program.js';
import type { DataArray, DType } from '../../tensor/dtype.js';
import { byteSize, viewOf } from '../../tensor/dtype.js';
import { sizeOf } from '../../tensor/shape.js';
import { NativeError } from '../../util/errors.js';
import type {
  Backend,
  Executable,
  QueuedRun,
  RunFailure,
  RunRequest,
  RunResult,
} from '../backend.js';
import { KernelFailure, type KernelRun } from './kernel.js';
import { jsKernels } from './kernels/index.js';
import { BodyFailure, loopRun } from './loop.js';

interface LoadedInstruction {
  readonly run: KernelRun;
  readonly inputs: DataArray[];
  readonly outputs: DataArray[];
  readonly instruction: Instruction;
}

/** Memory that no run outlives: one for all programs, as large as the largest needs. */
class Arena {
  buffer = new ArrayBuffer(0);

  reserve(bytes: number): ArrayBuffer {
    if (bytes > this.buffer.byteLength) this.buffer = new ArrayBuffer(bytes);
    return this.buffer;
  }
}

class JsExecutable implements Executable {
  private readonly data: DataArray[];
  /** The arena's buffer that `data` shows; another program may have made it grow. */
  private shown: ArrayBuffer | undefined;
  private readonly loaded: readonly LoadedInstruction[];
  /** What failures call each instruction: see instructionAt. */
  private readonly numbers: readonly number[];

  constructor(
    private readonly program: Program,
    private readonly float64: boolean,
    private readonly arena: Arena,
  ) {
    const scale = float64 ? 2 : 1;
    this.data = program.values.map(({ storage, dtype, shape }) => {
      const bytes = ownsBuffer(storage) ? sizeOf(shape) * byteSize(dtype) * scale : 0;
      return this.view(dtype, new ArrayBuffer(bytes), 0);
    });
    this.loaded = program.instructions.map((instruction) => this.loadInstruction(instruction));
    let next = 0;
    this.numbers = program.instructions.map(({ body }) => {
      const number = next;
      next += 1 + (body ? countInstructions(body) : 0);
      return number;
    });
  }

  private view(dtype: DType, buffer: ArrayBuffer, offset: number, size?: number): DataArray {
    if (dtype === 'float32' && this.float64) return new Float64Array(buffer, offset, size);
    return viewOf(dtype, buffer, offset, size ?? buffer.byteLength / byteSize(dtype));
  }

  private loadInstruction(instruction: Instruction): LoadedInstruction {
    const { body } = instruction;
    if (body) {
      // It runs while the values of the program around it are alive.
      const inner = new JsExecutable(body, this.float64, new Arena());
      const run = loopRun(instruction, body, inner);
      return { run, inputs: [], outputs: [], instruction };
    }
    const kernel = jsKernels.get(instruction.kernel);
    if (!kernel) throw new NativeError(`the JS backend has no kernel "${instruction.kernel}".`);
    const info = (id: number) => this.program.values[id];
    const run = kernel({
      inputs: instruction.inputs.map(info),
      outputs: instruction.outputs.map(info),
      attrs: instruction.attrs,
      float64: this.float64,
    });
    return { run, inputs: [], outputs: [], instruction };
  }

  private bindArena(): void {
    const scale = this.float64 ? 2 : 1;
    const buffer = this.arena.reserve(this.program.arenaBytes * scale);
    if (buffer === this.shown) return;
    this.shown = buffer;
    for (const [id, { storage, dtype, shape }] of this.program.values.entries()) {
      if (storage.kind !== 'arena') continue;
      this.data[id] = this.view(dtype, buffer, storage.offset * scale, sizeOf(shape));
    }
  }

  private bind(request: RunRequest): void {
    this.bindArena();
    for (const [id, { storage }] of this.program.values.entries()) {
      if (storage.kind === 'input') this.data[id] = request.inputs[storage.slot];
      else if (storage.kind === 'state') this.data[id] = request.states[storage.slot].write;
      else if (storage.kind === 'binding') this.data[id][0] = request.bindings[storage.slot];
    }
    carryStates(request);
  }

  private bindStep(request: RunRequest, step: number): void {
    for (const [id, { storage, shape, viewOf: base }] of this.program.values.entries()) {
      const size = sizeOf(shape);
      if (storage.kind === 'output') {
        const whole = request.outputs[storage.slot];
        const stacked = whole.length >= request.steps * size;
        this.data[id] = stacked ? whole.subarray(step * size, (step + 1) * size) : whole;
      } else if (storage.kind === 'feed') {
        // A view has the elements of its batch, whatever its own leading axis is.
        if (base !== undefined) this.data[id] = this.data[base];
        else this.data[id] = takeBatch(request, storage.slot, step, shape, this.data[id]);
      }
    }
    for (const { inputs, outputs, instruction } of this.loaded) {
      for (const [i, id] of instruction.inputs.entries()) inputs[i] = this.data[id];
      for (const [i, id] of instruction.outputs.entries()) outputs[i] = this.data[id];
    }
  }

  private runSteps(request: RunRequest, onInstruction?: (index: number) => void): RunResult {
    this.bind(request);
    for (let step = 0; step < request.steps; step++) {
      this.bindStep(request, step);
      for (const [index, { run, inputs, outputs }] of this.loaded.entries()) {
        try {
          run(inputs, outputs);
        } catch (error) {
          if (!(error instanceof KernelFailure)) throw error;
          return { steps: step, failure: toFailure(error, this.numbers[index]) };
        }
        onInstruction?.(index);
      }
    }
    return { steps: request.steps };
  }

  enqueue(request: RunRequest): QueuedRun {
    const result = failedChains.has(request.chain) ? skipped(request) : this.runSteps(request);
    if (result.failure && request.chain !== 0) failedChains.add(request.chain);
    return { done: () => Promise.resolve(result), wait: () => result, abort: () => {} };
  }

  runSync(request: RunRequest): RunResult {
    return this.runSteps(request);
  }

  profile(request: RunRequest): Float64Array {
    const seconds = new Float64Array(this.loaded.length);
    let before = performance.now();
    this.runSteps(request, (index) => {
      const now = performance.now();
      seconds[index] += (now - before) / 1000;
      before = now;
    });
    return seconds;
  }

  methods(): readonly string[] {
    return this.program.instructions.map(() => '');
  }

  unload(): void {}
}

/** Chains of which a run has failed: see RunRequest. */
const failedChains = new Set<number>();

/** States go to where the run writes them, even if no step is run. */
function carryStates({ states }: RunRequest): void {
  for (const { read, write } of states) if (read !== write) write.set(read);
}

/** A run of a chain that has failed. */
function skipped(request: RunRequest): RunResult {
  carryStates(request);
  return { steps: 0, failure: { instruction: 0, status: 'aborted', position: 0, value: 0 } };
}

const ownsBuffer = (storage: Storage): boolean =>
  storage.kind === 'binding' || storage.kind === 'feed';

const toFailure = (error: KernelFailure, instruction: number): RunFailure => ({
  instruction: instruction + (error instanceof BodyFailure ? 1 + error.instruction : 0),
  status: error.status,
  position: error.position,
  value: error.value,
});

/** One batch of a feed: a window on its source, or its rows gathered into `scratch`. */
function takeBatch(
  request: RunRequest,
  slot: number,
  step: number,
  shape: readonly number[],
  scratch: DataArray,
): DataArray {
  const { source, rows, first } = request.feeds[slot];
  const batch = shape[0];
  const rowSize = sizeOf(shape.slice(1));
  if (!rows) {
    const from = (first + step * batch) * rowSize;
    return source.subarray(from, from + batch * rowSize);
  }
  for (let i = 0; i < batch; i++) {
    const from = rows[step * batch + i] * rowSize;
    scratch.set(source.subarray(from, from + rowSize), i * rowSize);
  }
  return scratch;
}

/** The JS backend; with `float64` every float32 value is held and computed in double precision. */
export const jsBackend = (options: { float64?: boolean } = {}): Backend => {
  const arena = new Arena();
  return {
    name: 'js',
    kernels: new Set(jsKernels.keys()),
    load: (program) => new JsExecutable(program, options.float64 ?? false, arena),
  };
};
