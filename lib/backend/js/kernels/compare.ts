// Comparisons and logic of two broadcast operands, and the choice between two by a condition.
import type { DataArray } from '../../../tensor/dtype.js';
import type { Kernel } from '../kernel.js';
import { broadcasting } from './binary.js';
import { broadcastStrides, Rows } from './rows.js';

function select(c: DataArray, a: DataArray, b: DataArray, y: DataArray, row: Rows): void {
  for (let { i, end, p, q, r, dp, dq, dr } = row; i < end; i++, p += dp, q += dq, r += dr) {
    y[i] = c[p] ? a[q] : b[r];
  }
}

const where: Kernel = ({ inputs, outputs: [{ shape }] }) => {
  const rows = new Rows(
    shape,
    inputs.map((input) => ({ strides: broadcastStrides(input.shape, shape) })),
  );
  return (inputs, outputs) => {
    for (let more = rows.first(); more; more = rows.next()) {
      select(inputs[0], inputs[1], inputs[2], outputs[0], rows);
    }
  };
};

export const compareKernels: Record<string, Kernel> = {
  equal: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq)
      y[i] = +(a[p] === b[q]);
  }),
  notEqual: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq)
      y[i] = +(a[p] !== b[q]);
  }),
  less: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = +(a[p] < b[q]);
  }),
  lessEqual: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = +(a[p] <= b[q]);
  }),
  greater: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = +(a[p] > b[q]);
  }),
  greaterEqual: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = +(a[p] >= b[q]);
  }),
  logicalAnd: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = a[p] & b[q];
  }),
  logicalOr: broadcasting((a, b, y, row) => {
    for (let { i, end, p, q, dp, dq } = row; i < end; i++, p += dp, q += dq) y[i] = a[p] | b[q];
  }),
  where,
};
