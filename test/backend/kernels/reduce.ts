// Cases of reductions, argMax and argMin, and products of matrices.
import type { DType } from '../../../lib/tensor/dtype.js';
import type { Shape } from '../../../lib/tensor/shape.js';
import type { Value } from '../../support/kernel.js';
import {
  broadcast,
  count,
  f32,
  i32,
  indicesOf,
  type KernelCase,
  random,
  randomInts,
  read,
  uniforms,
  value,
} from './case.js';

type Combine = (x: readonly number[]) => number;

/** The elements of x that meet at each index of the kept axes, in order. */
function groups(x: Value, axes: readonly number[]): number[][] {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const reduced = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  return indicesOf(kept).map((base) =>
    indicesOf(reduced).map((inner) =>
      read(
        x,
        base.map((i, k) => i + inner[k]),
      ),
    ),
  );
}

function reducing(
  kernel: string,
  combine: Combine,
  x: Value,
  axes: readonly number[],
  keepDims = 0,
): KernelCase {
  const shape = x.shape
    .map((size, axis) => (axes.includes(axis) ? (keepDims ? 1 : -1) : size))
    .filter((size) => size >= 0);
  return {
    kernel,
    title: `${x.dtype}[${x.shape}] over ${axes}`,
    inputs: [x],
    outputs: [{ dtype: x.dtype, shape }],
    attrs: { axes, keepDims },
    expected: [groups(x, axes).map(combine)],
    tolerance: { float32: 1e-5, float64: 1e-12 },
  };
}

const hasNan = (x: readonly number[]) => x.some(Number.isNaN);

const floatReducers: Readonly<Record<string, Combine>> = {
  sum: (x) => x.reduce((a, b) => a + b, 0),
  prod: (x) => x.reduce((a, b) => a * b, 1),
  max: (x) => (hasNan(x) ? NaN : Math.max(...x)),
  min: (x) => (hasNan(x) ? NaN : Math.min(...x)),
};

const wrap = (x: bigint) => Number(BigInt.asIntN(32, x));

const intReducers: Readonly<Record<string, Combine>> = {
  sum: (x) => wrap(x.reduce((a, b) => a + BigInt(b), 0n)),
  prod: (x) => wrap(x.reduce((a, b) => a * BigInt(b), 1n)),
  max: floatReducers.max,
  min: floatReducers.min,
};

const boolReducers: Readonly<Record<string, Combine>> = {
  any: (x) => Number(x.includes(1)),
  all: (x) => Number(!x.includes(0)),
};

const reductions: readonly (readonly [Shape, readonly number[]])[] = [
  [
    [3, 5, 7],
    [0, 1, 2],
  ],
  [[3, 5, 7], [0]],
  [[3, 5, 7], [1]],
  [[3, 5, 7], [2]],
  [
    [3, 5, 7],
    [0, 2],
  ],
  [
    [3, 5, 7],
    [1, 2],
  ],
  [
    [2, 3, 4, 5],
    [1, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 2],
  ],
  [[2, 1, 4, 1], [1]],
  [
    [2, 3, 2, 17, 2, 3],
    [2, 4],
  ],
  [
    [2, 2, 9, 2, 5],
    [1, 3],
  ],
  [[3, 17, 2, 18], [2]],
  [[37, 10], [1]],
  [[37, 3], [1]],
  [[1100, 33], [0]],
  [[3, 5], []],
  [[], []],
  [[1], [0]],
  [[1031], [0]],
  [[0, 3], [1]],
];
/** Over nothing; max and min have no answer there. */
const empty: readonly (readonly [Shape, readonly number[]])[] = [
  [[3, 0], [1]],
  [[0, 3], [0]],
];

const bools = (shape: Shape, seed: number) =>
  value(
    'bool',
    shape,
    uniforms(count(shape), seed).map((u) => (u < 0.6 ? 1 : 0)),
  );

const odd = f32([3, 4], [1, NaN, -2, 3, Infinity, 1, 2, 4, -Infinity, 5, -Infinity, 4]);

const reduceCases: KernelCase[] = [
  ...Object.entries(floatReducers).flatMap(([kernel, combine]) => {
    const near = kernel === 'prod' ? ([0.9, 1.1] as [number, number]) : undefined;
    const shapes = kernel === 'sum' || kernel === 'prod' ? [...reductions, ...empty] : reductions;
    return [
      ...shapes.map(([shape, axes], i) => reducing(kernel, combine, random(shape, i, near), axes)),
      reducing(kernel, combine, random([3, 5], 1, near), [1], 1),
      reducing(kernel, combine, odd, [0]),
      reducing(kernel, combine, odd, [1]),
    ];
  }),
  ...Object.entries(intReducers).flatMap(([kernel, combine]) =>
    reductions.map(([shape, axes], i) =>
      reducing(kernel, combine, randomInts(shape, i, [-(2 ** 31), 2 ** 31]), axes),
    ),
  ),
  ...Object.entries(boolReducers).flatMap(([kernel, combine]) =>
    [...reductions, ...empty].map(([shape, axes], i) =>
      reducing(kernel, combine, bools(shape, i), axes),
    ),
  ),
];

const firstBest = (better: (a: number, b: number) => boolean) => (x: readonly number[]) =>
  hasNan(x) ? x.findIndex(Number.isNaN) : x.findIndex((v) => x.every((w) => !better(w, v)));

const ties = f32(
  [3, 5],
  [1, 3, 3, 0, 0, NaN, 9, NaN, -9, 1, -Infinity, -Infinity, Infinity, Infinity, 0],
);

const argumentCases: KernelCase[] = Object.entries({
  argMax: firstBest((a, b) => a > b),
  argMin: firstBest((a, b) => a < b),
}).flatMap(([kernel, combine]) =>
  [
    ...[0, 1, 2].map((axis) => [random([3, 5, 7], axis), axis] as const),
    ...[0, 1].map((axis) => [ties, axis] as const),
    [random([9]), 0] as const,
    [random([0, 4]), 1] as const,
    [i32([2, 3], [4, 5, 5, -1, -1, -2]), 1] as const,
  ].map(([x, axis]) => ({
    kernel,
    title: `${x.dtype}[${x.shape}] axis ${axis}`,
    inputs: [x],
    outputs: [{ dtype: 'int32' as DType, shape: x.shape.toSpliced(axis, 1) }],
    attrs: { axis },
    expected: [groups(x, [axis]).map(combine)],
  })),
);

function multiplying(shapeA: Shape, shapeB: Shape, [transposeA, transposeB] = [0, 0]): KernelCase {
  const a = random(shapeA, 1, [-1, 1]);
  const b = random(shapeB, 2, [-1, 1]);
  const swap = (shape: Shape) => [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
  const [rowsA, k] = (transposeA ? swap(shapeA) : shapeA).slice(-2);
  const [, columns] = (transposeB ? swap(shapeB) : shapeB).slice(-2);
  const shape = [...broadcast(shapeA.slice(0, -2), shapeB.slice(0, -2)), rowsA, columns];
  const cell = (index: number[]): number => {
    const batch = index.slice(0, -2);
    const [i, j] = index.slice(-2);
    let sum = 0;
    for (let p = 0; p < k; p++) {
      const x = read(a, [...batch, ...(transposeA ? [p, i] : [i, p])]);
      sum += x * read(b, [...batch, ...(transposeB ? [j, p] : [p, j])]);
    }
    return sum;
  };
  return {
    kernel: 'matmul',
    title: `[${shapeA}]${transposeA ? 'ᵀ' : ''} · [${shapeB}]${transposeB ? 'ᵀ' : ''}`,
    inputs: [a, b],
    outputs: [{ dtype: 'float32', shape }],
    attrs: { transposeA, transposeB },
    expected: [indicesOf(shape).map(cell)],
    tolerance: { float32: 3e-6, float64: 1e-14 },
    scale: Math.sqrt(k),
  };
}

/** Sizes m, n, k around the tiles and blocks of every implementation, and degenerate ones. */
const gemmSizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [3, 5, 7],
  [4, 8, 16],
  [5, 9, 17],
  [1, 33, 20],
  [33, 1, 20],
  [65, 67, 70],
  [17, 130, 40],
  [130, 17, 40],
  [70, 3, 700],
  [9, 600, 11],
  [8, 8, 1030],
  [260, 2, 515],
  [2, 515, 515],
  [3, 4, 0],
  [0, 4, 3],
  [4, 0, 3],
];

const matmulCases: KernelCase[] = [
  ...gemmSizes.flatMap(([m, n, k]) => [
    multiplying([m, k], [k, n]),
    multiplying([k, m], [k, n], [1, 0]),
    multiplying([m, k], [n, k], [0, 1]),
    multiplying([k, m], [n, k], [1, 1]),
  ]),
  multiplying([2, 3, 4, 5], [2, 3, 5, 6]),
  multiplying([2, 1, 4, 5], [3, 5, 6]),
  multiplying([4, 5], [3, 5, 6]),
  multiplying([3, 1, 5, 4], [2, 6, 5], [1, 1]),
  multiplying([0, 4, 5], [5, 6]),
];

const activations: readonly ((x: number) => number)[] = [
  (x) => x,
  (x) => Math.max(x, 0),
  (x) => 1 / (1 + Math.exp(-x)),
  (x) => Math.tanh(x),
];

function densely(shape: Shape, columns: number, activation: number, withBias: boolean): KernelCase {
  const k = shape[shape.length - 1];
  const x = random(shape, 1, [-1, 1]);
  const w = random([k, columns], 2, [-1, 1]);
  const bias = random([columns], 3, [-1, 1]);
  const out = [...shape.slice(0, -1), columns];
  const cell = (index: number[]): number => {
    const j = index[index.length - 1];
    let sum = withBias ? bias.data[j] : 0;
    for (let p = 0; p < k; p++)
      sum += read(x, [...index.slice(0, -1), p]) * w.data[p * columns + j];
    return activations[activation](sum);
  };
  return {
    kernel: 'dense',
    title: `[${shape}] → ${columns}, activation ${activation}${withBias ? ', bias' : ''}`,
    inputs: withBias ? [x, w, bias] : [x, w],
    outputs: [{ dtype: 'float32', shape: out }],
    attrs: { activation },
    expected: [indicesOf(out).map(cell)],
    tolerance: { float32: 3e-6, float64: 1e-14 },
    scale: Math.sqrt(k),
  };
}

const denseCases: KernelCase[] = [
  ...[0, 1, 2, 3].flatMap((activation) =>
    [true, false].flatMap((withBias) => [
      densely([3, 5], 7, activation, withBias),
      densely([2, 3, 33], 17, activation, withBias),
    ]),
  ),
  densely([70, 100], 65, 1, true),
  densely([260, 515], 2, 1, true),
  densely([2, 20], 520, 1, true),
  densely([5], 3, 0, true),
  densely([0, 4], 3, 1, true),
  densely([2, 0], 3, 1, true),
  {
    kernel: 'dense',
    title: 'NaN and infinity pass',
    inputs: [f32([2, 2], [NaN, 1, Infinity, 1]), f32([2, 1], [1, 1])],
    outputs: [{ dtype: 'float32', shape: [2, 1] }],
    attrs: { activation: 1 },
    expected: [[NaN, Infinity]],
  },
];

export const reduceAndProductCases: readonly KernelCase[] = [
  ...reduceCases,
  ...argumentCases,
  ...matmulCases,
  ...denseCases,
];
