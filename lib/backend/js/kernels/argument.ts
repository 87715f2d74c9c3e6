// argMax and argMin: positions of extremes along one axis.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { numberAttr } from './attrs.js';

/** Position of the best of `n` elements from `from`, `step` apart: the first, unless one is NaN. */
type Search = (x: DataArray, from: number, step: number, n: number) => number;

const searchMax: Search = (x, from, step, n) => {
  let best = 0;
  let value = x[from];
  for (let k = 1, i = from + step; k < n; k++, i += step) {
    // Written so that the first NaN wins: no comparison with NaN is true.
    if (!(x[i] <= value) && !Number.isNaN(value)) {
      best = k;
      value = x[i];
    }
  }
  return best;
};

const searchMin: Search = (x, from, step, n) => {
  let best = 0;
  let value = x[from];
  for (let k = 1, i = from + step; k < n; k++, i += step) {
    if (!(x[i] >= value) && !Number.isNaN(value)) {
      best = k;
      value = x[i];
    }
  }
  return best;
};

const along =
  (search: Search): Kernel =>
  ({ inputs: [{ shape }], attrs }) => {
    const axis = numberAttr(attrs, 'axis');
    const outer = sizeOf(shape.slice(0, axis));
    const n = shape[axis];
    const inner = sizeOf(shape.slice(axis + 1));
    return (inputs, outputs) => {
      for (let o = 0, at = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++, at++) {
          outputs[0][at] = search(inputs[0], o * n * inner + i, inner, n);
        }
      }
    };
  };

export const argumentKernels: Record<string, Kernel> = {
  argMax: along(searchMax),
  argMin: along(searchMin),
};
