// Cases of kernels that move, cast, gather and generate elements.
import type { DType } from '../../../lib/tensor/dtype.js';
import type { Shape } from '../../../lib/tensor/shape.js';
import type { Value } from '../../support/kernel.js';
import {
  count,
  f32,
  i32,
  indicesOf,
  type KernelCase,
  random,
  read,
  scalar,
  uniforms,
  value,
} from './case.js';

const anyDType: readonly DType[] = ['float32', 'int32', 'uint8', 'bool'];

const some = (dtype: DType, shape: Shape, seed = 1): Value =>
  value(
    dtype,
    shape,
    uniforms(count(shape), seed).map((u) => u * 200 - (dtype === 'int32' ? 100 : 0)),
  );

/** A case whose output at each index is the element of x at `source(index)`. */
function moving(
  kernel: string,
  x: Value,
  shape: Shape,
  attrs: Record<string, number | readonly number[]>,
  source: (index: number[]) => number[],
): KernelCase {
  return {
    kernel,
    title: `${x.dtype}[${x.shape}] → [${shape}] ${JSON.stringify(attrs)}`,
    inputs: [x],
    outputs: [{ dtype: x.dtype, shape }],
    attrs,
    expected: [indicesOf(shape).map((index) => read(x, source(index)))],
  };
}

function transposing(x: Value, permutation: readonly number[]): KernelCase {
  const shape = permutation.map((axis) => x.shape[axis]);
  return moving('transpose', x, shape, { permutation }, (index) =>
    x.shape.map((_, axis) => index[permutation.indexOf(axis)]),
  );
}

const transposeCases: KernelCase[] = [
  ...anyDType.map((dtype) => transposing(some(dtype, [3, 5, 7]), [2, 0, 1])),
  transposing(random([37, 53]), [1, 0]),
  transposing(random([2, 3, 4, 5]), [0, 2, 1, 3]),
  transposing(random([2, 3, 4, 5]), [3, 2, 1, 0]),
  transposing(random([2, 3, 4, 5]), [0, 1, 3, 2]),
  transposing(random([2, 35, 4, 33]), [2, 0, 3, 1]),
  transposing(random([2, 70, 5]), [0, 2, 1]),
  transposing(random([2, 5, 70]), [0, 2, 1]),
  transposing(random([130, 66]), [1, 0]),
  transposing(random([4, 1, 3]), [1, 2, 0]),
  transposing(random([3, 0]), [1, 0]),
  transposing(random([5]), [0]),
  transposing(random([1, 1]), [1, 0]),
  transposing(random([]), []),
];

const broadcastToCases: KernelCase[] = [
  ...anyDType.map((dtype) => [some(dtype, [5, 1]), [3, 5, 7]] as const),
  [random([]), [4, 3]] as const,
  [random([7]), [3, 5, 7]] as const,
  [random([3, 1, 1]), [3, 5, 7]] as const,
  [random([1, 5, 1]), [3, 5, 7]] as const,
  [random([1]), [0, 3]] as const,
  [random([3, 5]), [3, 5]] as const,
].map(([x, shape]) => moving('broadcastTo', x, shape, {}, (index) => index));

const sliceCases: KernelCase[] = [
  ...anyDType.map((dtype) => [some(dtype, [3, 5, 7]), [1, 0, 2], [1, 2, 3], [2, 3, 2]] as const),
  [random([3, 5, 7]), [2, 4, 6], [-1, -2, -3], [3, 3, 3]] as const,
  [random([3, 5, 7]), [0, 0, 0], [1, 1, 1], [3, 5, 7]] as const,
  [random([10]), [9], [-1], [10]] as const,
  [random([4, 6]), [1, 0], [1, 1], [2, 6]] as const,
  [random([4, 6]), [4, 0], [1, 1], [0, 6]] as const,
  [random([]), [], [], []] as const,
].map(([x, begin, strides, shape]) =>
  moving('slice', x, shape, { begin, strides }, (index) =>
    index.map((i, k) => begin[k] + i * strides[k]),
  ),
);

function padding(
  x: Value,
  fill: number,
  before: readonly number[],
  after: readonly number[],
): KernelCase {
  const shape = x.shape.map((size, i) => size + before[i] + after[i]);
  const value = { dtype: x.dtype, shape: [], data: [fill] };
  const inside = (index: number[]) =>
    index.every((i, k) => i >= before[k] && i < before[k] + x.shape[k]);
  return {
    kernel: 'pad',
    title: `${x.dtype}[${x.shape}] ${before} | ${after}`,
    inputs: [x, value],
    outputs: [{ dtype: x.dtype, shape }],
    attrs: { before, after },
    expected: [
      indicesOf(shape).map((index) =>
        inside(index)
          ? read(
              x,
              index.map((i, k) => i - before[k]),
            )
          : fill,
      ),
    ],
  };
}

const padCases: KernelCase[] = [
  ...anyDType.map((dtype) => padding(some(dtype, [2, 3, 4]), 1, [1, 0, 2], [0, 2, 1])),
  padding(random([3, 5]), NaN, [0, 0], [0, 0]),
  padding(random([0, 2]), 3, [1, 0], [1, 1]),
  padding(random([]), 3, [], []),
];

function concatenating(axis: number, parts: readonly Value[]): KernelCase {
  const shape = parts[0].shape.map((size, k) =>
    k === axis ? parts.reduce((sum, part) => sum + part.shape[axis], 0) : size,
  );
  const pick = (index: number[]): number => {
    let at = index[axis];
    for (const part of parts) {
      if (at < part.shape[axis]) return read(part, index.with(axis, at));
      at -= part.shape[axis];
    }
    throw new Error('outside');
  };
  return {
    kernel: 'concat',
    title: `${parts[0].dtype} ${parts.map((part) => `[${part.shape}]`).join(' ')} axis ${axis}`,
    inputs: parts,
    outputs: [{ dtype: parts[0].dtype, shape }],
    attrs: { axis },
    expected: [indicesOf(shape).map(pick)],
  };
}

const concatCases: KernelCase[] = [
  ...anyDType.map((dtype) =>
    concatenating(1, [some(dtype, [3, 2, 4], 1), some(dtype, [3, 5, 4], 2)]),
  ),
  concatenating(0, [random([2, 3], 1), random([0, 3], 2), random([1, 3], 3)]),
  concatenating(2, [random([2, 3, 1], 1), random([2, 3, 4], 2), random([2, 3, 1], 3)]),
  concatenating(0, [random([5])]),
  concatenating(1, [random([3, 5000], 1), random([3, 0], 2), random([3, 1], 3)]),
];

const copyCases: KernelCase[] = [
  ...anyDType.map((dtype) => [some(dtype, [3, 4]), [2, 6]] as const),
  [random([]), [1, 1]] as const,
  [random([0, 3]), [0]] as const,
].map(([x, shape]) => ({
  kernel: 'copy',
  title: `${x.dtype}[${x.shape}] → [${shape}]`,
  inputs: [x],
  outputs: [{ dtype: x.dtype, shape }],
  expected: [x.data],
}));

const clamp = (x: number, low: number, high: number) =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high));

const casts: Readonly<Record<DType, (x: number) => number>> = {
  float32: (x) => x,
  int32: (x) => clamp(x, -2147483648, 2147483647),
  uint8: (x) => clamp(x, 0, 255),
  bool: (x) => (x === 0 ? 0 : 1),
};

const castInputs: readonly Value[] = [
  f32([13], [0, -0, 0.5, -0.5, 1.999, -1.999, 254.9, 256, 3e9, -3e9, Infinity, -Infinity, NaN]),
  i32([6], [0, 1, -1, 300, 2 ** 24 - 1, -(2 ** 31)]),
  value('uint8', [2, 2], [0, 1, 128, 255]),
  value('bool', [3], [0, 1, 1]),
  random([0]),
  random([]),
];

const castCases: KernelCase[] = castInputs.flatMap((x) =>
  anyDType.map((dtype) => ({
    kernel: 'cast',
    title: `${x.dtype}[${x.shape}] → ${dtype}`,
    inputs: [x],
    outputs: [{ dtype, shape: x.shape }],
    expected: [x.data.map(casts[dtype])],
  })),
);

function gathering(x: Value, indices: Value, axis: number): KernelCase {
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const rank = indices.shape.length;
  const row = (index: number[]) => read(indices, index.slice(axis, axis + rank));
  return {
    kernel: 'gather',
    title: `${x.dtype}[${x.shape}] at [${indices.shape}] axis ${axis}`,
    inputs: [x, indices],
    outputs: [{ dtype: x.dtype, shape }],
    attrs: { axis },
    expected: [
      indicesOf(shape).map((index) =>
        read(x, [...index.slice(0, axis), row(index), ...index.slice(axis + rank)]),
      ),
    ],
  };
}

function scattering(shape: Shape, indices: Value, axis: number): KernelCase {
  const gathered = gathering(random(shape), indices, axis);
  const dy = random(gathered.outputs[0].shape, 9);
  const rank = indices.shape.length;
  const dx = new Array<number>(count(shape)).fill(0);
  for (const index of indicesOf(dy.shape)) {
    const to = [
      ...index.slice(0, axis),
      read(indices, index.slice(axis, axis + rank)),
      ...index.slice(axis + rank),
    ];
    dx[to.reduce((at, i, k) => at * shape[k] + i, 0)] += read(dy, index);
  }
  return {
    ...gathered,
    kernel: 'gatherGrad',
    inputs: [dy, indices],
    outputs: [{ dtype: 'float32', shape }],
    expected: [dx],
    tolerance: { float32: 1e-4, float64: 1e-12 },
  };
}

const lookups: readonly (readonly [Shape, Value, number])[] = [
  [[5, 3], i32([4], [4, 0, 2, 2]), 0],
  [[5, 40], i32([2, 2], [1, 1, 1, 0]), 0],
  [[2, 5, 3], i32([3], [4, 4, 1]), 1],
  [[2, 3, 5], i32([2, 1], [3, 0]), 2],
  [[5], i32([], [3]), 0],
  [[5, 2], i32([0], []), 0],
  [[1, 1], i32([3], [0, 0, 0]), 1],
];

const refused = (
  kernel: string,
  inputs: readonly Value[],
  shape: Shape,
  at: readonly number[],
): KernelCase => ({
  kernel,
  title: `refuses index ${at[1]}`,
  inputs,
  outputs: [{ dtype: 'float32', shape }],
  attrs: { axis: 0 },
  fails: { status: 'indexOutOfRange', position: at[0], value: at[1] },
});

const gatherCases: KernelCase[] = [
  ...anyDType.map((dtype) => gathering(some(dtype, [5, 3]), i32([2, 3], [0, 4, 1, 1, 2, 3]), 0)),
  ...lookups.flatMap(([shape, indices, axis]) => [
    gathering(random(shape), indices, axis),
    scattering(shape, indices, axis),
  ]),
  refused('gather', [random([5, 3]), i32([4], [0, 5, -1, 9])], [4, 3], [1, 5]),
  refused('gather', [random([5, 3]), i32([2, 2], [0, 1, -1, 5])], [2, 2, 3], [2, -1]),
  refused('gather', [random([0, 3]), i32([1], [0])], [1, 3], [0, 0]),
  refused('gatherGrad', [random([3, 2]), i32([3], [0, 2, 3])], [3, 2], [2, 3]),
];

const oneHotCases: KernelCase[] = [
  [i32([4], [0, 2, -1, 3]), 3] as const,
  [i32([2, 2], [1, 0, 1, 1]), 2] as const,
  [i32([], [1]), 4] as const,
  [i32([0], []), 4] as const,
].map(([indices, depth]) => ({
  kernel: 'oneHot',
  title: `[${indices.shape}] depth ${depth}`,
  inputs: [indices],
  outputs: [{ dtype: 'float32', shape: [...indices.shape, depth] }],
  expected: [
    indices.data.flatMap((index) => Array.from({ length: depth }, (_, i) => (i === index ? 1 : 0))),
  ],
}));

const arangeCases: KernelCase[] = (['float32', 'int32'] as const).flatMap((dtype) =>
  [
    [0, 1, 7],
    [5, -2, 4],
    [3, 2, 0],
  ].map(([start, step, n]) => ({
    kernel: 'arange',
    title: `${dtype} ${start} + ${step}i, ${n} of them`,
    inputs: [],
    outputs: [{ dtype, shape: [n] }],
    attrs: { start, step },
    expected: [Array.from({ length: n }, (_, i) => start + i * step)],
  })),
);

const checkFiniteCases: KernelCase[] = [
  ...[random([3, 5]), random([0]), scalar(3.4e38)].map((x) => ({
    kernel: 'checkFinite',
    title: `accepts [${x.shape}]`,
    inputs: [x],
    outputs: [],
    expected: [],
  })),
  ...[NaN, Infinity, -Infinity].map((bad) => ({
    kernel: 'checkFinite',
    title: `refuses ${bad}`,
    inputs: [f32([2, 3], [1, 2, 0, bad, 1, NaN])],
    outputs: [],
    fails: { status: 'nonFinite', position: 3, value: bad },
  })),
];

export const movementCases: readonly KernelCase[] = [
  ...transposeCases,
  ...broadcastToCases,
  ...sliceCases,
  ...padCases,
  ...concatCases,
  ...copyCases,
  ...castCases,
  ...gatherCases,
  ...oneHotCases,
  ...arangeCases,
  ...checkFiniteCases,
];
