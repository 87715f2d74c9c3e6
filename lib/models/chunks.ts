// Runs of many steps: about 10 ms of work per call of the engine, two queued at a time, so that the
// engine never waits for the event loop and the event loop never for the engine.
import { setImmediate } from 'node:timers/promises';
import type { Feed, QueuedRun, RunFailure } from '../backend/backend.js';
import { realized } from '../graph/run.js';
import type { DataArray } from '../tensor/dtype.js';
import type { Step } from './steps.js';

/** Consecutive steps of one program. */
export interface Segment {
  readonly step: Step;
  readonly steps: number;
  /** The feeds of steps from `first` on. */
  readonly feeds: (first: number) => Feed[];
  /** Where each output of steps from `first` on goes; default: fresh arrays. */
  readonly outputs?: (first: number, steps: number) => DataArray[];
}

/** A run that has ended. */
export interface Chunk {
  /** Index of its first step within the pass. */
  readonly first: number;
  readonly steps: number;
  /** What its steps logged, row by row. */
  readonly logs: DataArray;
  readonly step: Step;
}

/** A run that failed: which step, of which segment, and why. */
export interface ChunkFailure {
  readonly failure: RunFailure;
  readonly segment: Segment;
  /** The failing step's index within its segment. */
  readonly index: number;
}

export interface ChunkOptions {
  /** Each step on its own, awaited before the next: for callbacks between steps. */
  readonly single: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onChunk: (chunk: Chunk) => void | Promise<void>;
  readonly beforeStep?: ((first: number) => void | Promise<void>) | undefined;
  /** Whether to stop before the next chunk. */
  readonly stopped: () => boolean;
}

const targetSeconds = 0.01;
const maxSteps = 4096;
const queueLength = 2;

/** Steps that take about 10 ms; few at first, until their time is known. */
function stepsPerRun(step: Step, left: number): number {
  if (step.secondsPerStep === undefined) return 1;
  const wanted = Math.round(targetSeconds / Math.max(step.secondsPerStep, 1e-7));
  return Math.max(1, Math.min(wanted, maxSteps, left));
}

interface InFlight {
  readonly queued: QueuedRun;
  readonly segment: Segment;
  readonly from: number;
  readonly chunk: Chunk;
  readonly since: number;
}

let nextChain = 1;
const msPerTurn = 5;

/** Runs the segments one after the other; returns the failure that ended them, if one did. */
export async function runChunks(
  segments: readonly Segment[],
  options: ChunkOptions,
): Promise<ChunkFailure | undefined> {
  const chain = nextChain++;
  const inFlight: InFlight[] = [];
  let first = 0;
  let lastEnd = performance.now();
  let lastTurn = lastEnd;
  let failed: ChunkFailure | undefined;
  const abort = () => {
    for (const { queued } of inFlight) queued.abort();
  };
  options.signal?.addEventListener('abort', abort);

  const finish = async (): Promise<void> => {
    const { queued, segment, chunk, from, since } = inFlight[0];
    const result = await queued.done();
    inFlight.shift();
    const now = performance.now();
    const seconds = (now - Math.max(since, lastEnd)) / 1000 / chunk.steps;
    lastEnd = now;
    const { step } = segment;
    step.secondsPerStep =
      step.secondsPerStep === undefined ? seconds : (step.secondsPerStep + seconds) / 2;
    if (result.failure) failed ??= { failure: result.failure, segment, index: from + result.steps };
    const done = result.failure ? { ...chunk, steps: result.steps } : chunk;
    if (done.steps > 0) await options.onChunk(done);
    if (now - lastTurn > msPerTurn) {
      await setImmediate();
      lastTurn = performance.now();
    }
  };

  const stopping = (): boolean =>
    failed !== undefined || options.stopped() || options.signal?.aborted === true;
  try {
    for (const segment of segments) {
      for (let from = 0; from < segment.steps && !stopping(); ) {
        const steps = options.single ? 1 : stepsPerRun(segment.step, segment.steps - from);
        if (options.beforeStep) await options.beforeStep(first);
        const outputs = segment.outputs?.(from, steps);
        const { outputs: tensors, queued } = segment.step.graph.run({
          feeds: segment.feeds(from),
          steps,
          stacked: true,
          chain,
          ...(outputs && { outputs }),
        });
        const logs = realized(tensors[0]).data;
        const chunk = { first, steps, logs, step: segment.step };
        inFlight.push({ queued, segment, from, chunk, since: performance.now() });
        from += steps;
        first += steps;
        while (inFlight.length >= (options.single ? 1 : queueLength)) await finish();
      }
    }
    while (inFlight.length > 0) await finish();
  } finally {
    options.signal?.removeEventListener('abort', abort);
    if (inFlight.length > 0) abort();
  }
  return failed;
}
