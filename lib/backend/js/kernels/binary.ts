// Elementwise arithmetic of two broadcast operands, one loop per op (see unary.ts). Stores into an
// Int32Array wrap, so only products, powers and remainders need integer loops of their own.
import type { DataArray } from '../../../tensor/dtype.js';
import type { Kernel } from '../kernel.js';
import { floorMod, power } from './math.js';
import { broadcastStrides, Rows } from './rows.js';

/** Computes one row: y at `i` to `end` from a at `p` and b at `q`. */
export type BinaryLoop = (a: DataArray, b: DataArray, y: DataArray, row: Rows) => void;

/** The kernel that runs `loop` over the rows of a broadcast. */
export const broadcasting =
  (loop: BinaryLoop): Kernel =>
  ({ inputs: [a, b], outputs: [{ shape }] }) => {
    const rows = new Rows(shape, [
      { strides: broadcastStrides(a.shape, shape) },
      { strides: broadcastStrides(b.shape, shape) },
    ]);
    return (inputs, outputs) => {
      const a = inputs[0];
      const b = inputs[1];
      const y = outputs[0];
      for (let more = rows.first(); more; more = rows.next()) loop(a, b, y, rows);
    };
  };

const byDType =
  (float: BinaryLoop, int: BinaryLoop): Kernel =>
  (call) =>
    broadcasting(call.outputs[0].dtype === 'int32' ? int : float)(call);

/** A loop for ops that are rare enough to pay for a call per element. */
const intLoop =
  (op: (a: number, b: number) => number): BinaryLoop =>
  (a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = op(a[p], b[q]);
  };

/** Wraps; a negative power of anything but ±1 truncates to 0. */
function intPower(base: number, exponent: number): number {
  if (exponent < 0) {
    if (base === -1) return exponent % 2 === 0 ? 1 : -1;
    return base === 1 ? 1 : 0;
  }
  let result = 1;
  for (let rest = exponent, factor = base; rest > 0; rest >>>= 1) {
    if (rest & 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}

export const binaryKernels: Record<string, Kernel> = {
  add: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = a[p] + b[q];
  }),
  subtract: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = a[p] - b[q];
  }),
  multiply: byDType((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = a[p] * b[q];
  }, intLoop(Math.imul)),
  divide: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = a[p] / b[q];
  }),
  power: byDType((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) {
      y[i] = power(a[p], b[q]);
    }
  }, intLoop(intPower)),
  maximum: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) {
      y[i] = Math.max(a[p], b[q]);
    }
  }),
  minimum: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) {
      y[i] = Math.min(a[p], b[q]);
    }
  }),
  mod: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) {
      y[i] = floorMod(a[p], b[q]);
    }
  }),
};
