// Cases of `convPool`: what the cases of `conv` expect, pooled by loops over every place of every window.
import { flat, indicesOf, type KernelCase } from './case.js';
import { convolutionCases } from './convolution.js';

interface Windows {
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const pooledShape = (shape: readonly number[], w: Windows): number[] =>
  shape.map((size, axis) => {
    const i = axis - 1;
    if (i !== 0 && i !== 1) return size;
    const free = size + w.before[i] + w.after[i] - w.window[i];
    return Math.floor(free / w.strides[i]) + 1;
  });

function pooled(
  x: readonly number[],
  shape: readonly number[],
  w: Windows,
  of: (values: readonly number[]) => number,
): number[] {
  return indicesOf(pooledShape(shape, w)).map(([image, row, column, channel]) => {
    const places = indicesOf(w.window)
      .map(([i, j]) => [
        row * w.strides[0] - w.before[0] + i,
        column * w.strides[1] - w.before[1] + j,
      ])
      .filter(([i, j]) => i >= 0 && i < shape[1] && j >= 0 && j < shape[2]);
    return of(places.map(([i, j]) => x[flat(shape, [image, i, j, channel])]));
  });
}

const windowsOf: readonly Windows[] = [
  { window: [1, 1], strides: [1, 1], before: [0, 0], after: [0, 0] },
  { window: [2, 2], strides: [2, 2], before: [0, 0], after: [1, 1] },
  { window: [3, 3], strides: [2, 2], before: [1, 1], after: [1, 1] },
  { window: [3, 2], strides: [1, 3], before: [1, 0], after: [2, 1] },
];

const largest = (values: readonly number[]) =>
  values.some(Number.isNaN) ? Number.NaN : Math.max(...values);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

export const convolutionPoolCases: readonly KernelCase[] = convolutionCases
  .filter(({ kernel, outputs }) => kernel === 'conv' && outputs[0].shape.length === 4)
  .map((test, i) => {
    const [{ shape }] = test.outputs;
    const windows = windowsOf[i % windowsOf.length];
    const averages = i % 3 === 0;
    const { window, strides, before, after } = windows;
    return {
      ...test,
      kernel: 'convPool',
      title: `${test.title}, ${averages ? 'averages' : 'maxima'} of ${window}`,
      outputs: [{ dtype: 'float32', shape: pooledShape(shape, windows) }],
      attrs: {
        ...test.attrs,
        averages: averages ? 1 : 0,
        window,
        poolStrides: strides,
        poolBefore: before,
        poolAfter: after,
      },
      expected: test.expected?.map((x) => pooled(x, shape, windows, averages ? mean : largest)),
    };
  });
