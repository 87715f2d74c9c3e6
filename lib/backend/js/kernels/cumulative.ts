// cumSum and cumProd: what has been added up, or multiplied, so far along one axis.
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { flagAttr, numberAttr } from './attrs.js';

type Combine = (a: number, b: number) => number;

const add: Combine = (a, b) => a + b;
const multiply: Combine = (a, b) => a * b;
const addInt: Combine = (a, b) => (a + b) | 0;

/** Totals are doubles, so that rounding does not grow along the axis; those of integers wrap. */
const along =
  (initial: number, float: Combine, int: Combine): Kernel =>
  ({ inputs: [{ shape, dtype }], attrs }) => {
    const axis = numberAttr(attrs, 'axis');
    const n = shape[axis];
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const reverse = flagAttr(attrs, 'reverse');
    const step = reverse ? -inner : inner;
    const first = reverse ? (n - 1) * inner : 0;
    const combine = dtype === 'float32' ? float : int;
    return ([x], [y]) => {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let total = initial;
          for (let k = 0, at = o * n * inner + i + first; k < n; k++, at += step) {
            total = combine(total, x[at]);
            y[at] = total;
          }
        }
      }
    };
  };

export const cumulativeKernels: Record<string, Kernel> = {
  cumSum: along(0, add, addInt),
  cumProd: along(1, multiply, Math.imul),
};
