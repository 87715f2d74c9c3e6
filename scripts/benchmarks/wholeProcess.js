// Rows that are about whole processes: started, asked, ended, contestant by contestant in each round.

import { performance } from 'node:perf_hooks';
import { describe, entries } from './contestants.js';
import { withWorker } from './worker.js';

/** The first variant with the most threads: nothing is calibrated here. */
function defaultEntry(name, context) {
  const { list, reason } = entries(name, context);
  if (list === undefined) return reason;
  const entry = list.findLast(({ variant }) => variant === list[0].variant);
  return { ...entry, configuration: describe(entry) };
}

/** One figure per round and contestant; `measure(worker, start)` takes it in a fresh process. */
export async function eachProcess(names, { unit, measure }, context) {
  const series = names.map((name) => ({ ...defaultEntry(name, context), unit, values: [] }));
  for (let round = 0; round < context.rounds; round++) {
    for (const one of series) {
      if (one.error !== undefined) continue;
      try {
        const start = performance.now();
        one.values.push(await withWorker(one.launch, (worker) => measure(worker, start)));
        context.progress(`${one.name}: ${one.values.at(-1).toPrecision(3)} ${unit}`);
      } catch (error) {
        one.error = error.message;
      }
    }
  }
  return series.map(({ launch: _launch, ...rest }) => rest);
}

/** Seconds from the start of the process to the end of its first training step. */
export const firstStep = (workload) => async (worker, start) => {
  await worker.ask({ cmd: 'firstStep', workload });
  return (performance.now() - start) / 1000;
};

/** Peak resident memory in GB of a process that trained for a while. */
export const peakMemory = (workload, seconds) => async (worker) => {
  await worker.ask({ cmd: 'prepare', workload });
  return (await worker.ask({ cmd: 'run', seconds })).peakRss / 1e9;
};

/** What only neurone answers: one command of its own, in a fresh process, with threads if given. */
export async function askNeurone(request, context, threads) {
  const { list, reason } = entries('neurone', context);
  if (list === undefined) throw new Error(reason.error);
  const { launch } = list[0];
  const env = threads === undefined ? {} : { NEURONE_NUM_THREADS: String(threads) };
  return withWorker({ ...launch, env }, (worker) => worker.ask(request));
}
