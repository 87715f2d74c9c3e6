// Kernels that memory limits, against a triad in C that runs between them on as many threads.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check } from '../checks.js';
import { entries } from '../contestants.js';
import { withWorker } from '../worker.js';

const cores = availableParallelism();
const source = fileURLToPath(new URL('../contestants/triad.c', import.meta.url));

const shapes = [
  ...[
    [65_536, 10],
    [262_144, 10],
    [1_048_576, 10],
    [262_144, 64],
    [65_536, 256],
  ],
  ...[
    [16_384, 1024],
    [32_768, 1000],
    [4096, 4096],
    [8192, 10_000],
  ],
];

/** Smaller operands stay in a cache of this size between two steps: measured, but not judged by memory. */
const CACHE_BYTES = 32 * 2 ** 20;
const isBeyondCaches = ([rows, n]) => rows * n * 4 > CACHE_BYTES;
const withinCaches = shapes.filter((shape) => !isBeyondCaches(shape)).map((s) => s.join('×'));

/** Forward and backward count together; updates one by one. */
const groups = {
  'BatchNorm, forward + backward': ['batchNorm', 'batchNormGrad'],
  'LayerNorm, forward + backward': ['layerNorm', 'layerNormGrad'],
  'softmax cross-entropy, forward + backward': [
    'sparseSoftmaxCrossEntropy',
    'sparseSoftmaxCrossEntropyGrad',
  ],
  sgd: ['sgd'],
  momentum: ['momentum'],
  rmsprop: ['rmsprop'],
  adam: ['adam'],
};

function compileTriad(folder) {
  const program = join(folder, 'triad');
  const flags = ['-O3', '-march=native', '-fopenmp', '-o', program, source];
  execFileSync('cc', flags, { stdio: ['ignore', 2, 2] });
  return { command: program, args: [String(cores)], env: {} };
}

/** A triad, then each shape, round by round: `{ round, kernel, shape, bytes, seconds, triad }`. */
async function measureAll(context, triadLaunch) {
  const { list, reason } = entries('neurone', context);
  if (list === undefined) throw new Error(reason.error);
  const found = [];
  await withWorker(triadLaunch, async (triad) => {
    for (let round = 0; round < context.rounds; round++) {
      for (const shape of [...shapes, undefined]) {
        context.progress(`round ${round + 1}: ${shape?.join('×') ?? 'updates'}`);
        const before = (await triad.ask({})).gigabytesPerSecond;
        const { kernels } = await withWorker(list[0].launch, (worker) =>
          worker.ask({ cmd: 'bandwidth', shape }),
        );
        const after = (await triad.ask({})).gigabytesPerSecond;
        const best = Math.max(before, after);
        found.push(...kernels.map((one) => ({ ...one, round, triad: best })));
      }
    }
  });
  return found;
}

const unique = (values) => [...new Set(values)];
const rate = (list) =>
  list.reduce((sum, { bytes }) => sum + bytes, 0) /
  list.reduce((sum, { seconds }) => sum + seconds, 0) /
  1e9;

function seriesOf(found) {
  const ours = unique(found.map(({ kernel, shape }) => `${kernel} ${shape}`)).map((name) => {
    const rounds = found.filter(({ kernel, shape }) => `${kernel} ${shape}` === name);
    const values = rounds.map((one) => rate([one]));
    return { name: 'neurone', title: 'neurone', configuration: name, unit: 'GB/s', values, rounds };
  });
  const configuration = `triad, ${cores} thread${cores === 1 ? '' : 's'}`;
  const values = found.map(({ triad }) => triad);
  return [...ours, { name: 'triad', title: 'C', configuration, unit: 'GB/s', values }];
}

/** Of the shape beyond the caches that fares worst, by round, what kernels reach of the triad. */
function worst(found, kernels) {
  const group = found.filter(
    ({ kernel, shape }) => kernels.includes(kernel) && !withinCaches.includes(shape),
  );
  return unique(group.map(({ round }) => round)).map((round) => {
    const inRound = group.filter((one) => one.round === round);
    const ratios = unique(inRound.map(({ shape }) => shape)).map((shape) => {
      const list = inRound.filter((one) => one.shape === shape);
      return rate(list) / list[0].triad;
    });
    return Math.min(...ratios);
  });
}

const bandwidth = {
  id: 'bandwidth',
  title: 'kernels that memory limits, the worst of the shapes',
  measure: async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'neurone-triad-'));
    try {
      return seriesOf(await measureAll(context, compileTriad(folder)));
    } catch (error) {
      const missing = { name: 'neurone', title: 'neurone', unit: 'GB/s', values: [] };
      return [{ ...missing, error: error.message, rounds: [] }];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  checks: (series) => {
    const found = series.flatMap(({ rounds }) => rounds ?? []);
    return Object.entries(groups).map(([name, kernels]) =>
      check(`of a triad, ${name}`, worst(found, kernels), { floor: 0.7 }),
    );
  },
};

export const bandwidthRows = [bandwidth];
