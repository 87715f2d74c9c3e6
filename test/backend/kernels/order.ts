// Cases of running totals and of argSort.
import type { DType } from '../../../lib/tensor/dtype.js';
import type { Value } from '../../support/kernel.js';
import { f32, i32, indicesOf, type KernelCase, random, randomInts, read } from './case.js';

type Step = (total: number, x: number, dtype: DType) => number;

const steps: Readonly<Record<string, readonly [number, Step]>> = {
  cumSum: [0, (total, x, dtype) => (dtype === 'int32' ? (total + x) | 0 : total + x)],
  cumProd: [1, (total, x, dtype) => (dtype === 'int32' ? Math.imul(total, x) : total * x)],
};

function accumulating(kernel: string, x: Value, axis: number, reverse: number): KernelCase {
  const [initial, step] = steps[kernel];
  const n = x.shape[axis];
  const expected = indicesOf(x.shape).map((index) => {
    const order = Array.from({ length: n }, (_, i) => (reverse ? n - 1 - i : i));
    const until = order.slice(0, order.indexOf(index[axis]) + 1);
    return until.reduce((t, i) => step(t, read(x, index.toSpliced(axis, 1, i)), x.dtype), initial);
  });
  return {
    kernel,
    title: `${x.dtype}[${x.shape}] axis ${axis}${reverse ? ' in reverse' : ''}`,
    inputs: [x],
    outputs: [{ dtype: x.dtype, shape: x.shape }],
    attrs: { axis, reverse },
    expected: [expected],
  };
}

const operands: readonly (readonly [Value, number])[] = [
  [random([7], 1), 0],
  [random([3, 5], 2), 0],
  [random([3, 5], 3), 1],
  [random([2, 3, 70], 4), 1],
  [random([2, 0], 5), 1],
  [random([0, 2], 6), 1],
  [f32([5], [1, NaN, 2, Infinity, 3]), 0],
  [randomInts([4, 3], 7, [-(2 ** 31), 2 ** 31]), 0],
];

const sum = Object.keys(steps).flatMap((kernel) =>
  operands.flatMap(([x, axis]) => [0, 1].map((reverse) => accumulating(kernel, x, axis, reverse))),
);

/** Positions in order, by a sort of pairs: NaN is the largest, and of equals the first comes first. */
function ordered(row: readonly number[], descending: number): number[] {
  const rank = (v: number) => (Number.isNaN(v) ? Infinity : v);
  const isNan = (v: number) => Number(Number.isNaN(v));
  const sign = descending ? -1 : 1;
  return [...row.keys()].sort((i, j) => {
    const [a, b] = [row[i], row[j]];
    if (isNan(a) !== isNan(b)) return sign * (isNan(a) - isNan(b));
    if (rank(a) !== rank(b)) return rank(a) < rank(b) ? -sign : sign;
    return i - j;
  });
}

function sorting(x: Value, descending: number): KernelCase {
  const n = x.shape[x.shape.length - 1];
  const rows = n === 0 ? 0 : x.data.length / n;
  return {
    kernel: 'argSort',
    title: `${x.dtype}[${x.shape}]${descending ? ' descending' : ''}`,
    inputs: [x],
    outputs: [{ dtype: 'int32', shape: x.shape }],
    attrs: { descending },
    expected: [
      Array.from({ length: rows }, (_, r) =>
        ordered(x.data.slice(r * n, (r + 1) * n), descending),
      ).flat(),
    ],
  };
}

const odd = f32([2, 6], [1, NaN, -0, 0, -Infinity, 1, Infinity, -1, NaN, NaN, -1e-40, 0]);
const sort = [
  random([3, 5], 1),
  random([2, 2, 300], 2),
  randomInts([2, 200], 3, [-3, 3]),
  i32([4], [2 ** 31 - 1, -(2 ** 31), 0, -1]),
  odd,
  random([3, 0], 4),
  random([1], 5),
].flatMap((x) => [0, 1].map((descending) => sorting(x, descending)));

function top(x: Value, k: number): KernelCase {
  const n = x.shape[x.shape.length - 1];
  const rows = x.data.length / n;
  return {
    kernel: 'topK',
    title: `${x.dtype}[${x.shape}] ${k}`,
    inputs: [x],
    outputs: [{ dtype: 'int32', shape: x.shape.with(-1, k) }],
    expected: [
      Array.from({ length: rows }, (_, r) =>
        ordered(x.data.slice(r * n, (r + 1) * n), 1).slice(0, k),
      ).flat(),
    ],
  };
}

const rising = f32(
  [1, 200],
  Array.from({ length: 200 }, (_, i) => i),
);
const largest = [
  ...[1, 2, 5].map((k) => top(random([3, 5], k), k)),
  ...[1, 3, 70, 300].map((k) => top(random([2, 2, 300], k), k)),
  ...[1, 7, 100].map((k) => top(randomInts([2, 200], k, [-3, 3]), k)),
  ...[1, 4, 12].map((k) => top({ ...odd, shape: [12] }, k)),
  ...[1, 3].map((k) => top(odd, k)),
  ...[1, 9].map((k) => top(rising, k)),
  top(i32([4], [2 ** 31 - 1, -(2 ** 31), 0, -1]), 2),
  top(random([0, 3], 4), 2),
];

function inTop(x: Value, labels: Value, k: number): KernelCase {
  const n = x.shape[x.shape.length - 1];
  const isIn = (label: number, row: readonly number[]) =>
    label >= 0 &&
    label < n &&
    row.every(Number.isFinite) &&
    row.filter((v) => v > row[label]).length < k;
  return {
    kernel: 'inTopK',
    title: `[${x.shape}] ${k}`,
    inputs: [x, labels],
    outputs: [{ dtype: 'bool', shape: labels.shape }],
    attrs: { k },
    expected: [labels.data.map((l, r) => Number(isIn(l, x.data.slice(r * n, (r + 1) * n))))],
  };
}

const isAmong = [
  ...[1, 2, 9].map((k) => inTop(random([4, 5], k), randomInts([4], k, [-1, 6]), k)),
  inTop(random([2, 3, 70], 4), randomInts([2, 3], 5, [0, 70]), 30),
  inTop(f32([3, 3], [1, 1, 1, NaN, 1, 0, Infinity, 1, 0]), i32([3], [2, 1, 1]), 1),
  inTop(f32([2], [1, 2]), i32([], [0]), 2),
  inTop(random([0, 3], 4), i32([0], []), 2),
];

export const orderCases: readonly KernelCase[] = [...sum, ...sort, ...largest, ...isAmong];
