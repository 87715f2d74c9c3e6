// Runs of compiled graphs: binding tensors and variables to slots, and what a failed run says.

import type {
  Executable,
  Feed,
  QueuedRun,
  RunFailure,
  RunRequest,
  RunResult,
} from '../backend/backend.js';
import { backendGeneration, currentBackend } from '../backend/select.js';
import type { DataArray } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { allocateData, fromData, type PendingRun, type Tensor } from '../tensor/tensor.js';
import { DataError, NeuroneError } from '../util/errors.js';
import type { Lowered } from './lower.js';
import { instructionAt, type Program } from './program.js';
import { verify } from './verify.js';

/** A run stopped because a value was not finite. */
export class NonFiniteError extends NeuroneError {}

/** A run that was asked to stop. */
export class AbortError extends NeuroneError {}

/** What a failure of a run means to the user. */
export function describeFailure(program: Program, failure: RunFailure): NeuroneError {
  if (failure.status === 'aborted') return new AbortError('the run was aborted.');
  const at = instructionAt(program, failure.instruction);
  const { kernel, path, inputs } = at.instruction;
  const where = path ? `${path} (${kernel})` : kernel;
  const value = String(failure.value);
  if (failure.status === 'nonFinite') {
    return new NonFiniteError(`${where}: the value at position ${failure.position} is ${value}.`);
  }
  if (kernel.startsWith('sparseSoftmaxCrossEntropy')) {
    const classes = at.program.values[inputs[0]].shape.at(-1);
    return new DataError(
      `${where}: the label of row ${failure.position} is ${value}, expected 0 … ${(classes ?? 0) - 1} for ${classes} classes. Check the labels, or the units of the last layer.`,
    );
  }
  return new DataError(
    `${where}: index ${value} at position ${failure.position} is outside of the ${at.program.values[inputs[0]].shape.join('×')} table.`,
  );
}

/** A queued run as tensors see it: waiting for it throws what stopped it, or what it depends on. */
class ProgramRun implements PendingRun {
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  constructor(
    private readonly program: Program,
    readonly queued: QueuedRun,
    private after: readonly PendingRun[],
  ) {}

  private end(failures: readonly unknown[], { failure }: RunResult): void {
    this.ended = true;
    this.after = [];
    if (failures.length > 0) this.failure = { error: failures[0] };
    else if (failure) this.failure = { error: describeFailure(this.program, failure) };
  }

  async done(): Promise<void> {
    if (!this.ended) {
      const before = await Promise.allSettled(this.after.map((run) => run.done()));
      const failures = before.flatMap((b) => (b.status === 'rejected' ? [b.reason] : []));
      this.end(failures, await this.queued.done());
    }
    if (this.failure) throw this.failure.error;
  }

  wait(): void {
    this.settle();
    if (this.failure) throw this.failure.error;
  }

  /** Waits for the end, and forgets what came before. */
  settle(): void {
    if (this.ended) return;
    const failures = this.after.flatMap((run) => {
      try {
        run.wait();
        return [];
      } catch (error) {
        return [error];
      }
    });
    this.end(failures, this.queued.wait());
  }
}

/** The same run for whom a failure does not matter: a variable still holds its last whole step. */
const settled = (queued: QueuedRun): PendingRun => ({
  done: async () => {
    await queued.done();
  },
  wait: () => {
    queued.wait();
  },
});

const maxPending = 64;
const pending: ProgramRun[] = [];

/**
 * Keeps the queue short: a loop that never awaits waits for the oldest run here. So a run never
 * depends on more than the last few that have not ended.
 */
function bounded(run: ProgramRun): void {
  pending.push(run);
  if (pending.length > maxPending) pending.shift()?.settle();
}

/** What a call of a program binds besides its captured tensors and variables. */
export interface RunOptions {
  readonly args?: readonly Tensor[];
  readonly feeds?: readonly Feed[];
  readonly steps?: number;
  /** Values of the leading binding slots. */
  readonly bindings?: readonly number[];
  /** Stack the outputs of all steps along a new leading axis. */
  readonly stacked?: boolean;
  /** Arrays to write outputs to, instead of fresh ones. */
  readonly outputs?: readonly DataArray[];
  /** Runs of one chain end with the first of them that fails. */
  readonly chain?: number;
  /** Tensors to bind instead of those captured at lowering. */
  readonly captured?: readonly Tensor[];
}

/** The data of a tensor that has a value, and the run that fills it. */
export function realized(t: Tensor): { data: DataArray; run: PendingRun | undefined } {
  if (t.source.kind !== 'value') throw new NeuroneError(`${t} has no value yet.`);
  return t.source;
}

/**
 * The executables that the backend holds, the one used last at the end. Models come and go without a
 * finalizer to count on, so the oldest is unloaded here; its graph loads it again if it is run again.
 */
const loaded = new Set<Executable>();
const maxLoaded = 512;
let newest: Executable | undefined;

function touch(executable: Executable): void {
  if (executable === newest) return;
  loaded.delete(executable);
  loaded.add(executable);
  newest = executable;
  if (loaded.size <= maxLoaded) return;
  const [oldest] = loaded;
  loaded.delete(oldest);
  oldest.unload();
}

/** A lowered graph with its executable. */
export class CompiledGraph {
  private executable: Executable | undefined;
  private generation = -1;

  constructor(readonly lowered: Lowered) {
    if (process.env.NEURONE_VERIFY) verify(lowered.program);
  }

  get program(): Program {
    return this.lowered.program;
  }

  private load(): Executable {
    const current = this.generation === backendGeneration() ? this.executable : undefined;
    if (current && loaded.has(current)) {
      touch(current);
      return current;
    }
    this.executable = currentBackend().load(this.program);
    this.generation = backendGeneration();
    touch(this.executable);
    return this.executable;
  }

  private request(options: RunOptions) {
    const { program, captured, variables } = this.lowered;
    const { args = [], feeds = [], steps = 1, bindings = [], stacked = false } = options;
    const operands = [...args, ...(options.captured ?? captured)].map(realized);
    const states = variables.map(({ variable, written }) => variable.bind(written));
    const shapes = this.lowered.outputs;
    const outputs =
      options.outputs ??
      shapes.map(({ dtype, shape }) => allocateData(dtype, sizeOf(shape) * (stacked ? steps : 1)));
    const tensorsOf = (run: PendingRun | undefined): Tensor[] =>
      shapes.map(({ dtype, shape }, i) =>
        fromData(outputs[i], stacked ? [steps, ...shape] : shape, dtype, run),
      );
    return {
      after: operands.flatMap(({ run }) => run ?? []),
      tensorsOf,
      request: {
        inputs: operands.map(({ data }) => data),
        states,
        bindings: [...bindings, ...program.bindings.slice(bindings.length)],
        outputs,
        feeds,
        steps,
        chain: options.chain ?? 0,
      },
    };
  }

  /** Queues a run; the outputs are pending until it ends. */
  run(options: RunOptions = {}): { outputs: Tensor[]; queued: QueuedRun } {
    const executable = this.load();
    const { request, after, tensorsOf } = this.request(options);
    const queued = executable.enqueue(request);
    const run = new ProgramRun(this.program, queued, after);
    bounded(run);
    this.markWritten(settled(queued), request.states);
    return { outputs: tensorsOf(run), queued };
  }

  /** Runs on the calling thread, with one thread, between the steps of whatever is queued. */
  runSync(options: RunOptions = {}): Tensor[] {
    const executable = this.load();
    const { request, after, tensorsOf } = this.request(options);
    for (const run of after) run.wait();
    for (const { variable } of this.lowered.variables) variable.filledBy?.wait();
    const result = executable.runSync(request);
    if (result.failure) throw describeFailure(this.program, result.failure);
    this.markWritten(undefined, request.states);
    return tensorsOf(undefined);
  }

  /** Seconds per instruction, for one step. */
  profile(options: RunOptions = {}): Float64Array {
    const executable = this.load();
    const { request, after } = this.request(options);
    for (const run of after) run.wait();
    for (const { variable } of this.lowered.variables) variable.run?.wait();
    return executable.profile(request);
  }

  private markWritten(run: PendingRun | undefined, states: RunRequest['states']): void {
    for (const [i, { variable, written }] of this.lowered.variables.entries()) {
      if (!written) continue;
      variable.run = run;
      if (states[i].read !== states[i].write) variable.filledBy = run;
    }
  }

  unload(): void {
    if (this.executable && loaded.delete(this.executable)) this.executable.unload();
    this.executable = undefined;
  }
}
