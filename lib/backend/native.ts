// The native backend: finds the addon, hands it Programs as numbers and runs as typed arrays, and
// keeps what a queued run uses alive until the engine is done with it.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../graph/program.js';
import type { DataArray } from '../tensor/dtype.js';
import { NativeError } from '../util/errors.js';
import type {
  Backend,
  Executable,
  QueuedRun,
  RunFailure,
  RunRequest,
  RunResult,
} from './backend.js';
import { encodeProgram } from './encode.js';

/** What the addon exports. */
export interface Addon {
  readonly kernels: readonly string[];
  start(onProgress: () => void, progress: Int32Array): void;
  load(words: Float64Array): number;
  /** The algorithm of each instruction, empty where its kernel has but one. */
  methods(program: number): string[];
  unload(program: number): void;
  enqueue(...args: RunArguments): number;
  runNow(...args: RunArguments): void;
  wait(ticket: number): boolean;
  notifyAfter(ticket: number): boolean;
  hold(on: boolean): void;
  abort(ticket: number): void;
  setThreads(threads: number): void;
  describe(): {
    readonly isa: string;
    readonly blasConfig: string;
    readonly blasCore: string;
    readonly threads: number;
    readonly cpuAllowance: number;
    readonly compiler: string;
  };
}

type RunArguments = [
  program: number,
  inputs: readonly DataArray[],
  stateReads: readonly DataArray[],
  stateWrites: readonly DataArray[],
  outputs: readonly DataArray[],
  feedSources: readonly DataArray[],
  feedRows: readonly (Int32Array | undefined)[],
  numbers: Float64Array,
  result: Float64Array,
  profile?: Float64Array | undefined,
];

/** The attempt to load the addon: the backend, or every reason why there is none. */
export interface NativeLoad {
  readonly backend: Backend | undefined;
  readonly addon: Addon | undefined;
  /** Where the addon was found. */
  readonly path: string | undefined;
  readonly errors: readonly string[];
}

const statuses = ['ok', 'indexOutOfRange', 'nonFinite', 'aborted', 'outOfMemory'] as const;

function toResult(words: Float64Array): RunResult {
  const [steps, code, instruction, position, value] = words;
  const status = statuses[code];
  if (status === 'ok') return { steps };
  const failure: RunFailure = { instruction, status, position, value };
  return { steps, failure };
}

/** A run that was queued and may still be using its buffers. */
class NativeRun implements QueuedRun {
  readonly result = new Float64Array(5);
  ticket = 0;
  /** What must not be collected before the run has ended. */
  held: RunArguments | undefined;
  private promise: Promise<RunResult> | undefined;

  constructor(private readonly queue: NativeQueue) {}

  done(): Promise<RunResult> {
    this.promise ??= this.queue.completion(this.ticket).then(() => toResult(this.result));
    return this.promise;
  }

  wait(): RunResult {
    this.queue.wait(this.ticket);
    return toResult(this.result);
  }

  abort(): void {
    this.queue.addon.abort(this.ticket);
  }
}

/** Runs in the order of their tickets; `progress[0]` is the last one that has ended. */
class NativeQueue {
  private readonly progress = new Int32Array(new SharedArrayBuffer(4));
  private readonly inFlight: NativeRun[] = [];
  private readonly waiting: { ticket: number; resolve: () => void }[] = [];

  constructor(readonly addon: Addon) {
    addon.start(() => this.resolveWaiting(), this.progress);
  }

  get completed(): number {
    return Atomics.load(this.progress, 0) >>> 0;
  }

  submit(args: RunArguments, run: NativeRun): NativeRun {
    run.held = args;
    run.ticket = this.addon.enqueue(...args);
    this.inFlight.push(run);
    this.release();
    return run;
  }

  /** Lets go of what ended runs used. */
  private release(): void {
    const { completed } = this;
    while (this.inFlight.length > 0 && this.inFlight[0].ticket <= completed) {
      this.inFlight[0].held = undefined;
      this.inFlight.shift();
    }
  }

  wait(ticket: number): void {
    if (this.completed < ticket && !this.addon.wait(ticket)) {
      throw new NativeError('the engine was stopped before the run had ended.');
    }
    this.release();
  }

  completion(ticket: number): Promise<void> {
    if (this.completed >= ticket || this.addon.notifyAfter(ticket)) {
      this.release();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      if (this.waiting.length === 0) this.addon.hold(true);
      this.waiting.push({ ticket, resolve });
    });
  }

  private resolveWaiting(): void {
    const { completed } = this;
    this.release();
    const ended = this.waiting.filter(({ ticket }) => ticket <= completed);
    if (ended.length === 0) return;
    const open = this.waiting.filter(({ ticket }) => ticket > completed);
    this.waiting.splice(0, this.waiting.length, ...open);
    if (open.length === 0) this.addon.hold(false);
    for (const { resolve } of ended) resolve();
  }
}

/** The kernels of a program and of the bodies in it. */
const kernelsOf = ({ instructions }: Program): string[] =>
  instructions.flatMap(({ kernel, body }) => (body ? kernelsOf(body) : [kernel]));

class NativeExecutable implements Executable {
  private readonly id: number;

  constructor(
    private readonly queue: NativeQueue,
    private readonly program: Program,
    kernels: ReadonlyMap<string, number>,
  ) {
    const missing = kernelsOf(program).filter((kernel) => !kernels.has(kernel));
    if (missing.length > 0) {
      throw new NativeError(`the addon has no kernel "${[...new Set(missing)].join('", "')}".`);
    }
    this.id = queue.addon.load(encodeProgram(program, kernels));
  }

  private argumentsOf(request: RunRequest, run: NativeRun, profile?: Float64Array): RunArguments {
    return [
      this.id,
      request.inputs,
      request.states.map(({ read }) => read),
      request.states.map(({ write }) => write),
      request.outputs,
      request.feeds.map(({ source }) => source),
      request.feeds.map(({ rows }) => rows),
      Float64Array.of(
        request.steps,
        request.chain,
        ...request.feeds.map(({ first }) => first),
        ...request.bindings,
        ...request.states.map(({ version }) => version),
      ),
      run.result,
      profile,
    ];
  }

  enqueue(request: RunRequest): QueuedRun {
    const run = new NativeRun(this.queue);
    return this.queue.submit(this.argumentsOf(request, run), run);
  }

  runSync(request: RunRequest): RunResult {
    const run = new NativeRun(this.queue);
    this.queue.addon.runNow(...this.argumentsOf(request, run));
    return toResult(run.result);
  }

  profile(request: RunRequest): Float64Array {
    const seconds = new Float64Array(this.program.instructions.length);
    const run = new NativeRun(this.queue);
    this.queue.submit(this.argumentsOf(request, run, seconds), run);
    run.wait();
    return seconds;
  }

  methods(): readonly string[] {
    return this.queue.addon.methods(this.id);
  }

  unload(): void {
    this.queue.addon.unload(this.id);
  }
}

function makeBackend(addon: Addon): Backend {
  const kernels = new Map(addon.kernels.map((name, i) => [name, i]));
  let queue: NativeQueue | undefined;
  return {
    name: 'native',
    kernels: new Set(addon.kernels),
    load: (program) => {
      queue ??= new NativeQueue(addon);
      return new NativeExecutable(queue, program, kernels);
    },
  };
}

/** The package's folder: the nearest above this file with a package.json. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}

/** Tries the local build, then the platform's prebuild; keeps every error. */
export function loadNative(require: (path: string) => unknown): NativeLoad {
  const root = packageRoot();
  const platform = `${process.platform}-${process.arch}`;
  const candidates = [
    process.env.NEURONE_ADDON,
    join(root, 'build', 'Release', 'neurone.node'),
    join(root, 'prebuilds', platform, 'neurone.node'),
  ].filter((path) => path !== undefined);
  const errors: string[] = [];
  for (const path of candidates) {
    if (!existsSync(path)) {
      errors.push(`${path}: no such file`);
      continue;
    }
    try {
      const addon = require(path) as Addon;
      return { backend: makeBackend(addon), addon, path, errors };
    } catch (error) {
      errors.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { backend: undefined, addon: undefined, path: undefined, errors };
}
