// Kernels that move slices to or from places given by indices, and sequences made of indices.
import type { DataArray } from '../../../tensor/dtype.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import { type Kernel, KernelFailure } from '../kernel.js';
import { numberAttr } from './attrs.js';

/** A table seen as [outer, n, inner], where n is the indexed axis. */
function split(shape: Shape, axis: number): { outer: number; n: number; inner: number } {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    n: shape[axis],
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** Fails at the first of `count` indices outside [0, n). */
function checkIndices(indices: DataArray, count: number, n: number): void {
  for (let i = 0; i < count; i++) {
    const index = indices[i];
    if (index < 0 || index >= n) throw new KernelFailure('indexOutOfRange', i, index);
  }
}

const gather: Kernel = ({ inputs: [x, indices], attrs }) => {
  const { outer, n, inner } = split(x.shape, numberAttr(attrs, 'axis'));
  const count = sizeOf(indices.shape);
  return (inputs, outputs) => {
    const x = inputs[0];
    const indices = inputs[1];
    const y = outputs[0];
    checkIndices(indices, count, n);
    for (let o = 0, to = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        const from = (o * n + indices[i]) * inner;
        for (let j = from; j < from + inner; j++, to++) y[to] = x[j];
      }
    }
  };
};

const gatherGrad: Kernel = ({ inputs: [, indices], outputs: [dx], attrs }) => {
  const { outer, n, inner } = split(dx.shape, numberAttr(attrs, 'axis'));
  const count = sizeOf(indices.shape);
  return (inputs, outputs) => {
    const dy = inputs[0];
    const indices = inputs[1];
    const dx = outputs[0];
    checkIndices(indices, count, n);
    dx.fill(0);
    for (let o = 0, from = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        const to = (o * n + indices[i]) * inner;
        for (let j = to; j < to + inner; j++, from++) dx[j] += dy[from];
      }
    }
  };
};

const oneHot: Kernel = ({ inputs: [indices], outputs: [y] }) => {
  const count = sizeOf(indices.shape);
  const depth = y.shape.at(-1) ?? 1;
  return (inputs, outputs) => {
    outputs[0].fill(0);
    for (let i = 0; i < count; i++) {
      const index = inputs[0][i];
      if (index >= 0 && index < depth) outputs[0][i * depth + index] = 1;
    }
  };
};

const arange: Kernel = ({ outputs: [y], attrs }) => {
  const n = sizeOf(y.shape);
  const start = numberAttr(attrs, 'start');
  const step = numberAttr(attrs, 'step');
  return (_inputs, outputs) => {
    for (let i = 0; i < n; i++) outputs[0][i] = start + i * step;
  };
};

export const gatherKernels: Record<string, Kernel> = { gather, gatherGrad, oneHot, arange };
