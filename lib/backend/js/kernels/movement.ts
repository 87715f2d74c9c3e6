// Kernels that only move elements: each is a strided copy between regions of two arrays.
import type { DataArray, DType } from '../../../tensor/dtype.js';
import { type Shape, sizeOf, stridesOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { listAttr, numberAttr } from './attrs.js';
import { broadcastStrides, type Operand, Rows } from './rows.js';

function copyRows(x: DataArray, y: DataArray, rows: Rows): void {
  for (let more = rows.first(); more; more = rows.next()) {
    for (let { i, end, p, q, dp, dq } = rows; i < end; i++, p += dp, q += dq) y[q] = x[p];
  }
}

/** The kernel that fills a dense output from where `locate` says that its elements lie. */
const reading =
  (locate: (x: Shape, y: Shape, attrs: Parameters<typeof listAttr>[0]) => Operand): Kernel =>
  ({ inputs: [x], outputs: [{ shape }], attrs }) => {
    const source = locate(x.shape, shape, attrs);
    const rows = new Rows(shape, [source, { strides: stridesOf(shape) }]);
    return (inputs, outputs) => copyRows(inputs[0], outputs[0], rows);
  };

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

const transpose = reading((x, _y, attrs) => {
  const strides = stridesOf(x);
  return { strides: listAttr(attrs, 'permutation').map((axis) => strides[axis]) };
});

const broadcastTo = reading((x, y) => ({ strides: broadcastStrides(x, y) }));

const slice = reading((x, _y, attrs) => {
  const strides = stridesOf(x);
  const steps = listAttr(attrs, 'strides');
  return {
    offset: dot(listAttr(attrs, 'begin'), strides),
    strides: strides.map((stride, i) => stride * steps[i]),
  };
});

const pad: Kernel = ({ inputs: [{ shape }], outputs: [y], attrs }) => {
  const strides = stridesOf(y.shape);
  const rows = new Rows(shape, [
    { strides: stridesOf(shape) },
    { strides, offset: dot(listAttr(attrs, 'before'), strides) },
  ]);
  return (inputs, outputs) => {
    outputs[0].fill(inputs[1][0]);
    copyRows(inputs[0], outputs[0], rows);
  };
};

const concat: Kernel = ({ inputs, outputs: [y], attrs }) => {
  const axis = numberAttr(attrs, 'axis');
  const strides = stridesOf(y.shape);
  let offset = 0;
  const parts = inputs.map(({ shape }) => {
    const rows = new Rows(shape, [{ strides: stridesOf(shape) }, { strides, offset }]);
    offset += shape[axis] * strides[axis];
    return rows;
  });
  return (inputs, outputs) => {
    for (let i = 0; i < parts.length; i++) copyRows(inputs[i], outputs[0], parts[i]);
  };
};

const copy: Kernel = () => (inputs, outputs) => outputs[0].set(inputs[0]);

type CastLoop = (x: DataArray, y: DataArray, n: number) => void;

const widen: CastLoop = (x, y) => y.set(x);

const toBool: CastLoop = (x, y, n) => {
  for (let i = 0; i < n; i++) y[i] = x[i] !== 0 ? 1 : 0;
};

const toUint8: CastLoop = (x, y, n) => {
  for (let i = 0; i < n; i++) y[i] = Math.min(Math.max(x[i], 0), 255);
};

/** Stores of a double into an Int32Array truncate, and turn NaN into 0. */
const toInt32: CastLoop = (x, y, n) => {
  for (let i = 0; i < n; i++) y[i] = Math.min(Math.max(x[i], -(2 ** 31)), 2 ** 31 - 1);
};

function castLoop(from: DType, to: DType): CastLoop {
  if (to === 'bool') return from === 'bool' ? widen : toBool;
  if (to === 'uint8') return from === 'float32' || from === 'int32' ? toUint8 : widen;
  return to === 'int32' && from === 'float32' ? toInt32 : widen;
}

const cast: Kernel = ({ inputs: [x], outputs: [y] }) => {
  const loop = castLoop(x.dtype, y.dtype);
  const n = sizeOf(y.shape);
  return (inputs, outputs) => loop(inputs[0], outputs[0], n);
};

export const movementKernels: Record<string, Kernel> = {
  transpose,
  broadcastTo,
  slice,
  pad,
  concat,
  copy,
  cast,
};
