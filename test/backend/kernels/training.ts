// Cases of random kernels, the softmax family and sparse cross-entropy.
import type { Shape } from '../../../lib/tensor/shape.js';
import type { Value } from '../../support/kernel.js';
import { count, f32, i32, type KernelCase, random, randomInts, scalar } from './case.js';
import { truncatedNormal, words } from './reference.js';

const keys: readonly (readonly number[])[] = [
  [0, 0, 0, 0],
  [0x12345678, -2, 41, 7],
];

const uniform = (word: number) => (word >>> 8) / 16777216;

function normal(word: number, i: number, all: readonly number[]): number {
  const first = i - (i % 2);
  const radius = Math.sqrt(-2 * Math.log(((all[first] >>> 8) + 1) / 16777216));
  const angle = 2 * Math.PI * uniform(all[first + 1]);
  return i === first ? radius * Math.cos(angle) : radius * Math.sin(angle) + 0 * word;
}

const draws: Readonly<Record<string, (word: number, i: number, all: readonly number[]) => number>> =
  {
    randomBits: (word) => word | 0,
    randomUniform: uniform,
    randomNormal: normal,
    randomTruncatedNormal: (word) => truncatedNormal(((word >>> 8) + 0.5) / 16777216),
  };

const drawShapes: readonly Shape[] = [[1], [3], [4], [5, 7], [4095], [4097], [33, 64], [0], []];

const drawCases: KernelCase[] = Object.entries(draws).flatMap(([kernel, draw]) =>
  drawShapes.flatMap((shape, i) => {
    const key = keys[i % 2];
    const stream = i * 3;
    const n = count(shape);
    return {
      kernel,
      title: `[${shape}] stream ${stream}`,
      inputs: [i32([4], key)],
      outputs: [
        { dtype: kernel === 'randomBits' ? ('int32' as const) : ('float32' as const), shape },
      ],
      attrs: { stream },
      expected: [
        words(n + (n % 2), stream, key)
          .map(draw)
          .slice(0, n),
      ],
      tolerance:
        kernel === 'randomUniform' ? { float32: 0, float64: 0 } : { float32: 4e-6, float64: 1e-13 },
    };
  }),
);

const dropoutCases: KernelCase[] = [0, 0.1, 0.5, 0.999, 1].flatMap((rate) =>
  [[5, 7], [4097], [], [0]].map((shape) => {
    const x = random(shape, 2);
    const kept = words(count(shape), 5, keys[1]).map((word) => uniform(word) >= Math.fround(rate));
    return {
      kernel: 'dropout',
      title: `[${shape}] rate ${rate}`,
      inputs: [x, i32([4], keys[1]), scalar(rate)],
      outputs: [{ dtype: 'float32' as const, shape }],
      attrs: { stream: 5 },
      expected: [x.data.map((v, i) => (kept[i] ? v / (1 - Math.fround(rate)) : 0))],
      inPlace: [[0]],
    };
  }),
);

const advanceKeyCases: KernelCase[] = [
  [
    [1, 2, 3, 4],
    [1, 2, 4, 4],
  ],
  [
    [1, 2, -1, 4],
    [1, 2, 0, 5],
  ],
  [
    [1, 2, 2147483647, 4],
    [1, 2, -2147483648, 4],
  ],
  [
    [-1, -1, -1, -1],
    [-1, -1, 0, 0],
  ],
].map(([before, after]) => ({
  kernel: 'advanceKey',
  title: `${before}`,
  inputs: [i32([4], before)],
  outputs: [{ dtype: 'int32', shape: [4] }],
  expected: [after],
  inPlace: [[0]],
}));

/** `data` in runs along the last axis. */
function runs(x: Value): number[][] {
  const length = x.shape[x.shape.length - 1] ?? 1;
  const rows = length === 0 ? 0 : x.data.length / length;
  return Array.from({ length: rows }, (_, row) => x.data.slice(row * length, (row + 1) * length));
}

function logSoftmax(x: readonly number[]): number[] {
  const max = Math.max(...x);
  const logSum = Math.log(x.reduce((sum, v) => sum + Math.exp(v - max), 0));
  return x.map((v) => v - max - logSum);
}

const softmax = (x: readonly number[]) => logSoftmax(x).map(Math.exp);

const softmaxInputs: readonly Value[] = [
  random([3, 5, 7], 1, [-5, 5]),
  random([7], 2, [-300, 300]),
  random([4, 1]),
  random([0, 3]),
  random([3, 0]),
  random([2, 1031], 4),
  // Rows side by side, whole sets of them and a rest, and rows by themselves with a rest.
  random([50, 10], 5, [-9, 9]),
  random([33, 3], 6, [-9, 9]),
  random([37, 31], 7, [-9, 9]),
  random([20, 70], 8, [-9, 9]),
  f32(
    [5, 3],
    [
      NaN,
      1,
      2,
      Infinity,
      1,
      2,
      -Infinity,
      1,
      2,
      -Infinity,
      -Infinity,
      -Infinity,
      1e38,
      1e38,
      -1e38,
    ],
  ),
];

const softmaxCases: KernelCase[] = Object.entries({ softmax, logSoftmax }).flatMap(
  ([kernel, row]) =>
    softmaxInputs.map((x) => ({
      kernel,
      title: `[${x.shape}]`,
      inputs: [x],
      outputs: [x],
      expected: [runs(x).flatMap(row)],
      inPlace: [[0]],
      tolerance: { float32: 1e-5, float64: 1e-12 },
    })),
);

const rowsOfEveryLength = [
  [50, 10],
  [33, 3],
  [37, 31],
  [20, 70],
  [11, 300],
  [3, 1000],
];

const softmaxGradCases: KernelCase[] = [[3, 5, 7], [7], [4, 1], [0, 3], ...rowsOfEveryLength].map(
  (shape) => {
    const dy = random(shape, 1);
    const y = random(shape, 2, [0, 1]);
    const rowsOfY = runs(y);
    return {
      kernel: 'softmaxGrad',
      title: `[${shape}]`,
      inputs: [dy, y],
      outputs: [{ dtype: 'float32', shape }],
      expected: [
        runs(dy).flatMap((d, r) => {
          const dot = d.reduce((sum, v, i) => sum + v * rowsOfY[r][i], 0);
          return d.map((v, i) => rowsOfY[r][i] * (v - dot));
        }),
      ],
      inPlace: [[0]],
      tolerance: { float32: 1e-5, float64: 1e-12 },
    };
  },
);

const crossEntropyCases: KernelCase[] = [
  [3, 5, 7],
  [4, 10],
  [7],
  [5, 1],
  [0, 3],
  ...rowsOfEveryLength,
].flatMap((shape) => {
  const logits = random(shape, 1, [-8, 8]);
  const outer = shape.slice(0, -1);
  const labels = randomInts(outer, 2, [0, shape[shape.length - 1]]);
  const dloss = random(outer, 3);
  return [
    {
      kernel: 'sparseSoftmaxCrossEntropy',
      title: `[${shape}]`,
      inputs: [logits, labels],
      outputs: [{ dtype: 'float32', shape: outer }],
      expected: [runs(logits).map((x, r) => -logSoftmax(x)[labels.data[r]])],
      tolerance: { float32: 1e-5, float64: 1e-12 },
    },
    {
      kernel: 'sparseSoftmaxCrossEntropyGrad',
      title: `[${shape}]`,
      inputs: [logits, labels, dloss],
      outputs: [logits],
      expected: [
        runs(logits).flatMap((x, r) =>
          softmax(x).map((p, c) => (p - (c === labels.data[r] ? 1 : 0)) * dloss.data[r]),
        ),
      ],
      inPlace: [[0]],
      tolerance: { float32: 1e-5, float64: 1e-12 },
    },
  ];
});

const badLabelCases: KernelCase[] = [
  [[0, 3, -1, 9], 1, 3],
  [[2, 0, -1, 9], 2, -1],
].map(([labels, position, bad]) => ({
  kernel: 'sparseSoftmaxCrossEntropy',
  title: `refuses label ${bad}`,
  inputs: [random([2, 2, 3]), i32([2, 2], labels as number[])],
  outputs: [{ dtype: 'float32', shape: [2, 2] }],
  fails: { status: 'indexOutOfRange', position: position as number, value: bad as number },
}));

const nonFiniteLossCase: KernelCase = {
  kernel: 'sparseSoftmaxCrossEntropy',
  title: 'NaN and infinity pass',
  inputs: [f32([3, 2], [NaN, 1, -Infinity, 1, 1, -Infinity]), i32([3], [1, 0, 0])],
  outputs: [{ dtype: 'float32', shape: [3] }],
  expected: [[NaN, Infinity, 0]],
};

export const trainingCases: readonly KernelCase[] = [
  ...drawCases,
  ...dropoutCases,
  ...advanceKeyCases,
  ...softmaxCases,
  ...softmaxGradCases,
  ...crossEntropyCases,
  ...badLabelCases,
  nonFiniteLossCase,
];
