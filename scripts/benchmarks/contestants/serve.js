// The contestant's side of the protocol, for Node: JSON lines on stdin and stdout, one command at a
// time, blocked on stdin in between. Everything else that is printed goes to stderr.

import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { quantile } from '../statistics.js';

const RESOLUTION_MS = 1;

/** A run is over after this part of its seconds. */
const ENOUGH = 0.7;

function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const kilobytes = (field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return { rss: kilobytes('VmRSS') * 1024, peakRss: kilobytes('VmHWM') * 1024 };
}

/** Whole epochs for about `seconds`: one call, as a user would, once the time of an epoch is known. */
async function runEpochs(session, seconds) {
  const start = performance.now();
  let epochs = 0;
  let elapsed = 0;
  while (elapsed < seconds * ENOUGH) {
    const count = Math.max(1, Math.round((seconds - elapsed) / session.epochSeconds));
    await session.epochs(count);
    const now = (performance.now() - start) / 1000;
    session.epochSeconds = (now - elapsed) / count;
    elapsed = now;
    epochs += count;
  }
  return { samplesPerSecond: (epochs * session.rows) / elapsed, epochs, seconds: elapsed };
}

/** One sample at a time for `seconds`; latencies in microseconds. */
async function runSingles(session, seconds) {
  const latencies = [];
  const end = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < end; ) {
    const pending = session.one();
    if (pending instanceof Promise) await pending;
    const after = performance.now();
    latencies.push((after - now) * 1000);
    now = after;
  }
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), calls: latencies.length };
}

/** What a timer of 1 ms is late by, in milliseconds, while `action` runs. */
export async function withEventLoopDelay(action) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const result = await action();
  histogram.disable();
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const eventLoop = { p99: late(histogram.percentile(99)), max: late(histogram.max) };
  return { ...result, eventLoop };
}

async function prepare(create, workload) {
  const session = await create(workload);
  if (workload.mode === 'predictOne') {
    await runSingles(session, 0.3);
    return session;
  }
  await session.epochs(1);
  session.epochSeconds = Number.POSITIVE_INFINITY; // the first one compiled: it tells nothing
  return session;
}

/**
 * Answers commands until stdin ends. `create(workload)` gives `{ rows, epochs(n), one() }`;
 * `commands` are the contestant's own.
 */
export async function serve(create, commands = {}) {
  console.log = console.error;
  console.info = console.error;
  let session;
  const answers = {
    async prepare({ workload }) {
      session = await prepare(create, workload);
      return {};
    },
    async run({ seconds, eventLoop }) {
      if (session.one !== undefined) return runSingles(session, seconds);
      return eventLoop
        ? withEventLoopDelay(() => runEpochs(session, seconds))
        : runEpochs(session, seconds);
    },
    async firstStep({ workload }) {
      await (await create(workload)).epochs(1);
      return {};
    },
    ...commands,
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.cmd === 'quit') break;
    const answer = await answers[request.cmd](request).catch((error) => ({
      error: `${error.name}: ${error.message}`,
    }));
    process.stdout.write(`${JSON.stringify({ ...answer, ...memory() })}\n`);
  }
  process.exit(0);
}
