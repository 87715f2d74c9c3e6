// Training speed: samples per second of `fit`, against each peer's fastest loop.

import { check, ratioCheck } from '../checks.js';
import { interleave } from '../interleave.js';
import { ratios } from '../statistics.js';
import { trainingFlops, workloads } from '../workloads.js';

const trainers = ['neurone', 'jax', 'jax-epoch', 'keras', 'torch', 'tfjs-node'];
const samples = ({ samplesPerSecond }) => samplesPerSecond;

/** How a speed is asked for and read, for rows of training and prediction alike. */
export const speed = { request: { cmd: 'run' }, unit: 'samples/s', score: samples, value: samples };

function trainingRow(id, title, limits) {
  const workload = workloads[id];
  return {
    id,
    title,
    measure: (context) => interleave(trainers, { ...speed, workload }, context),
    checks: (series) => [ratioCheck(series, limits)],
  };
}

/** The floors of the small networks were set against one jitted step at a time: both ratios are shown. */
function tinyRow(id, title, limits) {
  const checks = (series) => [
    ratioCheck(series, limits, { peer: 'jax' }),
    ratioCheck(series, limits),
  ];
  return { ...trainingRow(id, title, limits), checks };
}

const gflops = (answer) => answer.gflops;
const products = ['numpy', 'torch-mm', 'neurone'].map((name) => ({
  name,
  request: { cmd: 'peak' },
  seconds: 0.5,
  unit: 'GFLOP/s, sgemm 2048³',
  workload: undefined,
  score: gflops,
  value: gflops,
}));

const isSpeed = ({ unit }) => unit === speed.unit;

/** Our fraction of the best sgemm that anybody reached in the same round. */
function fractionOfPeak(series) {
  const text = 'of the sgemm peak';
  const limits = { floor: 0.75, goal: 0.85 };
  const own = series.find((one) => one.name === 'neurone' && isSpeed(one));
  const peaks = series.filter((one) => !isSpeed(one) && one.values.length > 0);
  if (own === undefined || own.values.length === 0 || peaks.length === 0) {
    return check(text, undefined, limits);
  }
  const best = own.values.map((_, round) => Math.max(...peaks.map(({ values }) => values[round])));
  const reached = own.values.map((value) => (value * trainingFlops(workloads.mnist)) / 1e9);
  return check(text, ratios(reached, best), limits);
}

const mnist = {
  id: 'mnist',
  title: '784→512→512→10, dropout 0.2, Adam, batch 128',
  measure: (context) =>
    interleave([...trainers, ...products], { ...speed, workload: workloads.mnist }, context),
  checks: (series) => [
    ratioCheck(series.filter(isSpeed), { floor: 1.15, goal: 1.4 }),
    fractionOfPeak(series),
  ],
};

const javascript = {
  id: 'js',
  title: 'JS backend alone, 784→512→512→10, dropout 0.2, Adam, batch 128',
  measure: (context) =>
    interleave(
      ['neurone-js', 'tfjs-cpu', 'tfjs-wasm'],
      { ...speed, workload: workloads.mnistShort },
      context,
    ),
  checks: (series) => [
    ratioCheck(series, { floor: 3, goal: 10 }, { ours: 'neurone-js', peer: 'tfjs-cpu' }),
  ],
};

export const trainingRows = [
  tinyRow('tiny32', '32→64→32→1, mse, Adam, batch 32', { floor: 8, goal: 15 }),
  tinyRow('tiny256', '32→64→32→1, mse, Adam, batch 256', { floor: 1.5, goal: 2.5 }),
  mnist,
  trainingRow('large', '1024→4096→4096→1000, SGD momentum, batch 256', { floor: 1, goal: 1.1 }),
  javascript,
];
