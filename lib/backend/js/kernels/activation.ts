// Gradients of activations from their outputs, and the softmax family over the last axis.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';

type GradLoop = (dy: DataArray, y: DataArray, dx: DataArray, n: number) => void;

const gradient =
  (loop: GradLoop): Kernel =>
  (call) => {
    const n = sizeOf(call.outputs[0].shape);
    return (inputs, outputs) => loop(inputs[0], inputs[1], outputs[0], n);
  };

/** Largest of the elements from `from` to `end`; NaN if one is NaN. */
export function rowMax(x: DataArray, from: number, end: number): number {
  let max = -Infinity;
  for (let i = from; i < end; i++) max = Math.max(max, x[i]);
  return max;
}

/** Σ exp(x − shift) over the elements from `from` to `end`. */
export function rowExpSum(x: DataArray, shift: number, from: number, end: number): number {
  let sum = 0;
  for (let i = from; i < end; i++) sum += Math.exp(x[i] - shift);
  return sum;
}

/** y = softmax of the elements of x from `from` to `end`. */
export function softmaxRow(x: DataArray, y: DataArray, from: number, end: number): void {
  const max = rowMax(x, from, end);
  let sum = 0;
  for (let i = from; i < end; i++) {
    const e = Math.exp(x[i] - max);
    y[i] = e;
    sum += e;
  }
  const scale = 1 / sum;
  for (let i = from; i < end; i++) y[i] *= scale;
}

function logSoftmaxRow(x: DataArray, y: DataArray, from: number, end: number): void {
  const max = rowMax(x, from, end);
  const logSum = Math.log(rowExpSum(x, max, from, end));
  for (let i = from; i < end; i++) y[i] = x[i] - max - logSum;
}

/** Runs `row` over each run of elements along the last axis. */
const alongLastAxis =
  (row: (x: DataArray, y: DataArray, from: number, end: number) => void): Kernel =>
  ({ outputs: [{ shape }] }) => {
    const size = sizeOf(shape);
    const length = shape.at(-1) ?? 1;
    return (inputs, outputs) => {
      for (let i = 0; i < size; i += length) row(inputs[0], outputs[0], i, i + length);
    };
  };

const softmaxGrad: Kernel = ({ outputs: [{ shape }] }) => {
  const size = sizeOf(shape);
  const length = shape.at(-1) ?? 1;
  return (inputs, outputs) => {
    const dy = inputs[0];
    const y = inputs[1];
    const dx = outputs[0];
    for (let from = 0; from < size; from += length) {
      let dot = 0;
      for (let i = from; i < from + length; i++) dot += dy[i] * y[i];
      for (let i = from; i < from + length; i++) dx[i] = y[i] * (dy[i] - dot);
    }
  };
};

export const activationKernels: Record<string, Kernel> = {
  // A product, not a choice: a branch on random signs measured three times slower.
  reluGrad: gradient((dy, y, dx, n) => {
    for (let i = 0; i < n; i++) dx[i] = dy[i] * +(y[i] > 0);
  }),
  relu6Grad: gradient((dy, y, dx, n) => {
    for (let i = 0; i < n; i++) dx[i] = dy[i] * +(y[i] > 0 && y[i] < 6);
  }),
  sigmoidGrad: gradient((dy, y, dx, n) => {
    for (let i = 0; i < n; i++) dx[i] = dy[i] * y[i] * (1 - y[i]);
  }),
  tanhGrad: gradient((dy, y, dx, n) => {
    for (let i = 0; i < n; i++) dx[i] = dy[i] * (1 - y[i] * y[i]);
  }),
  softmax: alongLastAxis(softmaxRow),
  logSoftmax: alongLastAxis(logSoftmaxRow),
  softmaxGrad,
};
