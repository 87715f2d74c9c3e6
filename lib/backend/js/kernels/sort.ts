// argSort: the positions of each row's elements in their order.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { flagAttr } from './attrs.js';

/** Compares elements `i` and `j`: NaN is the largest of all, and of equals the first comes first. */
function compare(x: DataArray, i: number, j: number, sign: number): number {
  const [a, b] = [x[i], x[j]];
  if (a < b) return -sign;
  if (a > b) return sign;
  const nans = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return nans === 0 ? i - j : sign * nans;
}

export const sortKernels: Record<string, Kernel> = {
  argSort: ({ inputs: [{ shape }], attrs }) => {
    const n = shape[shape.length - 1];
    const size = sizeOf(shape);
    const sign = flagAttr(attrs, 'descending') ? -1 : 1;
    return ([x], [y]) => {
      for (let from = 0; from < size; from += n) {
        const row = y.subarray(from, from + n);
        for (let i = 0; i < n; i++) row[i] = from + i;
        row.sort((i, j) => compare(x, i, j, sign));
        for (let i = 0; i < n; i++) row[i] -= from;
      }
    };
  },
};
