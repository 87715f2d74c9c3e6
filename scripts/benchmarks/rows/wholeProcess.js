// What a process costs: the time until it has trained, and the memory that it takes.

import { ownCheck } from '../checks.js';
import { eachProcess, firstStep, peakMemory } from '../wholeProcess.js';
import { workloads } from '../workloads.js';

const start = {
  id: 'start',
  title: 'process start to the end of the first training step of the 784 model',
  lowerIsBetter: true,
  measure: (context) =>
    eachProcess(
      ['neurone', 'tfjs-node', 'tfjs-wasm', 'torch', 'keras', 'jax'],
      { unit: 's', measure: firstStep(workloads.mnistOneBatch) },
      context,
    ),
  checks: (series) => [ownCheck(series, 's', { floor: 0.25, atMost: true })],
};

const memory = {
  id: 'memory',
  title: 'peak resident memory of the 784 training, with its data',
  lowerIsBetter: true,
  measure: (context) =>
    eachProcess(
      ['neurone', 'tfjs-node', 'torch', 'keras', 'jax'],
      { unit: 'GB', measure: peakMemory(workloads.mnist, context.seconds) },
      context,
    ),
  checks: (series) => [ownCheck(series, 'GB', { floor: 0.25, atMost: true })],
};

export const wholeProcessRows = [start, memory];
