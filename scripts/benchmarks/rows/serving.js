// Prediction, and what else happens in a process that trains: latency, throughput, the event loop.

import { availableParallelism } from 'node:os';
import { ownCheck, ratioCheck } from '../checks.js';
import { interleave } from '../interleave.js';
import { workloads } from '../workloads.js';
import { speed } from './training.js';

/** The answer of ours in a round. */
const answerOf = (series, round) => series.find(({ name }) => name === 'neurone').answers[round];

/** Measures the latency of one sample, against onnxruntime on one thread and on all. */
export const latencyOf = (workload) => (context) =>
  interleave(
    [
      'neurone',
      { name: 'onnxruntime', threads: 1 },
      { name: 'onnxruntime', threads: availableParallelism() },
    ],
    {
      request: { cmd: 'run' },
      unit: 'µs',
      workload,
      score: ({ p50 }) => 1 / p50,
      value: ({ p50 }) => p50,
    },
    context,
  );

const latency = {
  id: 'latency',
  title: 'one sample through the 784-512-512-10 model, p50',
  lowerIsBetter: true,
  measure: latencyOf(workloads.predictOne),
  checks: (series) => [
    ratioCheck(
      series.filter(({ name, threads }) => name === 'neurone' || threads === 1),
      { floor: 1, atMost: true },
    ),
    ownCheck(series, 'p99 / p50', { floor: 3, atMost: true }, (p50, round) => {
      return answerOf(series, round).p99 / p50;
    }),
  ],
};

const throughput = {
  id: 'throughput',
  title: 'the same model, predictions in batches of 256',
  measure: (context) =>
    interleave(
      ['neurone', 'onnxruntime', 'jax', 'keras', 'torch', 'tfjs-node'],
      { ...speed, workload: workloads.predictBatches },
      context,
    ),
  checks: (series) => [ratioCheck(series, { floor: 1, goal: 1.2 })],
};

const eventLoop = {
  id: 'eventLoop',
  title: 'event-loop delay while the 784-512-512-10 model trains, p99',
  lowerIsBetter: true,
  measure: (context) =>
    interleave(
      [
        { name: 'neurone', workload: workloads.mnist },
        { name: 'tfjs-node', workload: workloads.mnistShort },
        { name: 'tfjs-wasm', workload: workloads.mnistShort },
      ],
      {
        ...speed,
        request: { cmd: 'run', eventLoop: true },
        unit: 'ms',
        value: ({ eventLoop }) => eventLoop.p99,
      },
      context,
    ),
  checks: (series) => [
    ownCheck(series, 'p99, ms', { floor: 5, atMost: true }),
    ownCheck(series, 'max, ms', { floor: 20, atMost: true }, (_, round) => {
      return answerOf(series, round).eventLoop.max;
    }),
  ],
};

export const servingRows = [latency, throughput, eventLoop];
