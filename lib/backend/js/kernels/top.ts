// topK: the positions of each row's largest elements, by one pass that keeps the best so far in a heap; and
// inTopK: whether a row's element is among them.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { numberAttr } from './attrs.js';

/** Whether element `i` comes after `j`: it is smaller, or equal and later; NaN is the largest. */
function isWorse(x: DataArray, i: number, j: number): boolean {
  const [a, b] = [x[i], x[j]];
  if (a < b) return true;
  if (a > b) return false;
  const nans = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return nans === 0 ? i > j : nans < 0;
}

/** Moves the position at `at` down to its place in a heap whose root is the worst. */
function sink(x: DataArray, heap: DataArray, size: number, at: number): void {
  const position = heap[at];
  let to = at;
  for (let child = 2 * to + 1; child < size; child = 2 * to + 1) {
    if (child + 1 < size && isWorse(x, heap[child + 1], heap[child])) child += 1;
    if (isWorse(x, position, heap[child])) break;
    heap[to] = heap[child];
    to = child;
  }
  heap[to] = position;
}

/** Fills `heap` with the positions of the row's best elements, the best first. */
function selectRow(x: DataArray, from: number, n: number, heap: DataArray): void {
  const k = heap.length;
  for (let i = 0; i < k; i++) heap[i] = from + i;
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(x, heap, k, i);
  let least = x[heap[0]];
  for (let i = from + k; i < from + n; i++) {
    if (x[i] <= least || isWorse(x, i, heap[0])) continue;
    heap[0] = i;
    sink(x, heap, k, 0);
    least = x[heap[0]];
  }
  for (let left = k - 1; left > 0; left--) {
    const worst = heap[0];
    heap[0] = heap[left];
    heap[left] = worst;
    sink(x, heap, left, 0);
  }
  for (let i = 0; i < k; i++) heap[i] -= from;
}

export const topKernels: Record<string, Kernel> = {
  topK: ({ inputs: [{ shape }], outputs: [y] }) => {
    const n = shape[shape.length - 1];
    const k = y.shape[y.shape.length - 1];
    const rows = sizeOf(shape.slice(0, -1));
    return ([x], [out]) => {
      for (let row = 0; row < rows; row++) {
        selectRow(x, row * n, n, out.subarray(row * k, (row + 1) * k));
      }
    };
  },

  inTopK: ({ inputs: [{ shape }], attrs }) => {
    const n = shape[shape.length - 1];
    const rows = sizeOf(shape.slice(0, -1));
    const k = numberAttr(attrs, 'k');
    const isIn = (x: DataArray, from: number, label: number): boolean => {
      if (label < 0 || label >= n) return false;
      const value = x[from + label];
      let above = 0;
      for (let i = from; i < from + n; i++) {
        if (!Number.isFinite(x[i])) return false;
        if (x[i] > value) above += 1;
      }
      return above < k;
    };
    return ([x, labels], [out]) => {
      for (let row = 0; row < rows; row++) out[row] = Number(isIn(x, row * n, labels[row]));
    };
  },
};
