// Rows without a peer: compile time, equal bits, flat memory.

import { availableParallelism } from 'node:os';
import { check, ownCheck } from '../checks.js';
import { askNeurone } from '../wholeProcess.js';
import { workloads } from '../workloads.js';

const FITS = 10_000;
const PREDICTIONS = 1_000_000;

/** One series of neurone's, or the reason why there is none. */
async function series(configuration, unit, measure) {
  const one = { name: 'neurone', title: 'neurone', configuration, unit };
  try {
    return { ...one, ...(await measure()) };
  } catch (error) {
    return { ...one, values: [], error: error.message };
  }
}

const compile = {
  id: 'compile',
  title: 'compile time of the training program of an MLP, warm',
  lowerIsBetter: true,
  measure: async (context) => [
    await series('first step less a steady one', 'ms', async () => {
      const { milliseconds } = await askNeurone({ cmd: 'compileTime' }, context);
      return { values: milliseconds };
    }),
  ],
  checks: (found) => [ownCheck(found, 'ms', { floor: 3, atMost: true })],
};

async function distinctResults(context) {
  const results = new Set();
  for (const threads of [1, 2, 4, availableParallelism(), 1]) {
    const request = { cmd: 'bits', workload: workloads.mnistShort };
    results.add((await askNeurone(request, context, threads)).bits);
  }
  return results.size;
}

const bits = {
  id: 'bits',
  title: 'the same bits for every thread count, and on a rerun with the same seed',
  lowerIsBetter: true,
  measure: async (context) => [
    await series('1, 2, 4 threads, twice', 'distinct results', async () => {
      return { values: [await distinctResults(context)] };
    }),
  ],
  checks: (found) => [ownCheck(found, 'distinct results', { floor: 1, atMost: true })],
};

/** Megabytes by which the last tenth ends above the second: the first ones warm up. */
async function growth(request, context) {
  const answer = await askNeurone(request, context);
  const { rssByTenth } = answer;
  return { values: [(rssByTenth.at(-1) - rssByTenth[1]) / 1e6], answers: [answer] };
}

function growthOf(cmd, count, rows, context) {
  const workload = { ...workloads.tiny32, rows };
  const configuration = `${count.toLocaleString('en')} ${cmd}`;
  return series(configuration, 'MB grown', () => growth({ cmd, workload, count }, context));
}

const flat = {
  id: 'flat',
  title: 'memory over many small fits and single predictions, the last eight tenths',
  lowerIsBetter: true,
  measure: async (context) => [
    await growthOf('fits', FITS, 64, context),
    await growthOf('predictions', PREDICTIONS, 1, context),
  ],
  checks: (found) =>
    found.map(({ configuration, values }) =>
      check(`MB, ${configuration}`, values, { floor: 10, atMost: true }),
    ),
};

export const ownRows = [compile, bits, flat];
