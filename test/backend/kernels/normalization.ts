// Cases of normalization kernels, against the formulas written out for one channel or row.
import type { Attrs } from '../../../lib/graph/program.js';
import type { Value } from '../../support/kernel.js';
import { f32, type KernelCase, random, scalar } from './case.js';

const epsilon = scalar(0.125);
const shapes: readonly (readonly [number, number])[] = [
  [5, 3],
  [1, 4],
  [40, 1],
  [3, 130],
  [75, 10],
  [40, 31],
  [37, 64],
  [21, 300],
];

const column = (x: Value, c: number): number[] => x.data.filter((_, i) => i % x.shape[1] === c);
const row = (x: Value, r: number): number[] => x.data.slice(r * x.shape[1], (r + 1) * x.shape[1]);
const total = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0);
const average = (x: readonly number[]): number => total(x) / x.length;
const spread = (x: readonly number[], m: number): number => average(x.map((v) => (v - m) ** 2));

/** Of the elements that are normalized together: their place in the matrix, and their statistics. */
interface Part {
  readonly at: readonly number[];
  readonly mean: number;
  readonly variance: number;
}

const partsOf = (x: Value, along: 'columns' | 'rows', centered: boolean): Part[] => {
  const [rows, n] = x.shape;
  const count = along === 'columns' ? n : rows;
  return Array.from({ length: count }, (_, k) => {
    const values = along === 'columns' ? column(x, k) : row(x, k);
    const at = values.map((_, i) => (along === 'columns' ? i * n + k : k * n + i));
    const mean = centered ? average(values) : 0;
    return { at, mean, variance: spread(values, mean) };
  });
};

function normalized(x: Value, parts: readonly Part[]): number[] {
  const y = new Array<number>(x.data.length);
  for (const { at, mean, variance } of parts) {
    for (const i of at) y[i] = (x.data[i] - mean) / Math.sqrt(variance + 0.125);
  }
  return y;
}

function forward(along: 'columns' | 'rows', centered: boolean, shape: readonly [number, number]) {
  const x = random(shape, 1, [1, 5]);
  const n = shape[1];
  const [gamma, beta] = [random([n], 2), random([n], 3)];
  const parts = partsOf(x, along, centered);
  const hats = normalized(x, parts);
  const { kernel, attrs } = named(along, centered);
  const statistics = { dtype: 'float32', shape: [parts.length] } as const;
  return {
    kernel,
    title: `[${shape}]${centered ? '' : ', not centered'}`,
    inputs: [x, gamma, beta, epsilon],
    outputs: [x, ...Array(along === 'columns' ? 3 : 2).fill(statistics)],
    attrs,
    expected: [
      hats.map((v, i) => v * gamma.data[i % n] + beta.data[i % n]),
      parts.map((part) => part.mean),
      parts.map((part) => part.variance),
      ...(along === 'columns' ? [beta.data] : []),
    ],
    inPlace: along === 'rows' ? [[0]] : [],
    tolerance: { float32: 1e-5, float64: 1e-12 },
  } satisfies KernelCase;
}

const named = (
  along: 'columns' | 'rows',
  centered: boolean,
): { readonly kernel: string; readonly attrs: Attrs } =>
  along === 'columns'
    ? { kernel: 'batchNorm', attrs: { activation: 0 } }
    : { kernel: 'layerNorm', attrs: { centered: centered ? 1 : 0 } };

function backward(along: 'columns' | 'rows', centered: boolean, shape: readonly [number, number]) {
  const x = random(shape, 1, [1, 5]);
  const dy = random(shape, 4);
  const n = shape[1];
  const gamma = random([n], 2);
  const parts = partsOf(x, along, centered);
  const hats = normalized(x, parts);
  const g = dy.data.map((v, i) => v * gamma.data[i % n]);
  const dx = new Array<number>(g.length);
  for (const { at, variance } of parts) {
    const mean = centered ? average(at.map((i) => g[i])) : 0;
    const slope = average(at.map((i) => g[i] * hats[i]));
    for (const i of at) dx[i] = (g[i] - mean - hats[i] * slope) / Math.sqrt(variance + 0.125);
  }
  const perColumn = (values: readonly number[]) =>
    Array.from({ length: n }, (_, c) => total(values.filter((_, i) => i % n === c)));
  const { kernel, attrs } = named(along, centered);
  const parameter = { dtype: 'float32', shape: [n] } as const;
  return {
    kernel: `${kernel}Grad`,
    title: `[${shape}]${centered ? '' : ', not centered'}`,
    inputs: [
      dy,
      x,
      f32(
        [parts.length],
        parts.map((part) => part.mean),
      ),
      f32(
        [parts.length],
        parts.map((part) => part.variance),
      ),
      gamma,
      epsilon,
      ...(along === 'columns' ? [gamma] : []),
    ],
    outputs: [x, parameter, parameter],
    attrs,
    expected: [dx, perColumn(dy.data.map((v, i) => v * hats[i])), perColumn(dy.data)],
    inPlace: [[0]],
    // Statistics come rounded to float32.
    tolerance: { float32: 1e-5, float64: 1e-6 },
    scale: 1,
  } satisfies KernelCase;
}

const scaleShiftCases: KernelCase[] = shapes.map((shape) => {
  const [x, ...tables] = [random(shape), ...[2, 3, 4].map((seed) => random([shape[1]], seed))];
  const [mean, scale, offset] = tables.map((t) => (i: number) => t.data[i % shape[1]]);
  return {
    kernel: 'scaleShift',
    title: `[${shape}]`,
    inputs: [x, ...tables],
    outputs: [x],
    expected: [x.data.map((v, i) => (v - mean(i)) * scale(i) + offset(i))],
    inPlace: [[0]],
  };
});

export const normalizationCases: readonly KernelCase[] = [
  ...scaleShiftCases,
  ...shapes.flatMap((shape) => [
    forward('columns', true, shape),
    backward('columns', true, shape),
    ...[true, false].flatMap((centered) => [
      forward('rows', centered, shape),
      backward('rows', centered, shape),
    ]),
  ]),
];
