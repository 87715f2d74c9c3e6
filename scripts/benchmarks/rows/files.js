// Files: how long loading 100 MB takes, and what saving and loading do to the event loop.

import { availableParallelism } from 'node:os';
import { ownCheck, ratioCheck } from '../checks.js';
import { interleave } from '../interleave.js';
import { workloads } from '../workloads.js';

const longest = (series, what) =>
  ownCheck(
    series,
    `longest block while it ${what}s, ms`,
    { floor: 20, goal: 10, atMost: true },
    (_, round) => {
      const { answers } = series.find(({ name }) => name === 'neurone');
      return answers[round][what].eventLoop.max;
    },
  );

const files = {
  id: 'files',
  title: 'loading a .keras file of 100 MB',
  lowerIsBetter: true,
  measure: (context) =>
    interleave(
      ['neurone', { name: 'keras', variant: 'default', threads: availableParallelism() }],
      {
        request: { cmd: 'files', workload: workloads.file },
        unit: 's',
        score: ({ load }) => 1 / load.seconds,
        value: ({ load }) => load.seconds,
      },
      context,
    ),
  checks: (series) => [
    ratioCheck(series, { floor: 1.5, goal: 1, atMost: true }),
    longest(series, 'save'),
    longest(series, 'load'),
  ],
};

export const fileRows = [files];
