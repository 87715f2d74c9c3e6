// Arithmetic as methods of tensors: `t.add(u)` is `ops.add(t, u)`.
import type { DType } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import { Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { recordable } from './define.js';
import * as elementwise from './elementwise.js';
import { type MatmulOptions, matmul } from './gemm.js';
import * as movement from './movement.js';
import * as reduce from './reduce.js';
import { softmax } from './softmax.js';

const unary = {
  neg: elementwise.negative,
  abs: elementwise.absolute,
  square: elementwise.square,
  sqrt: elementwise.sqrt,
  exp: elementwise.exp,
  log: elementwise.log,
  tanh: elementwise.tanh,
  sigmoid: elementwise.sigmoid,
  relu: elementwise.relu,
};

const binary = {
  add: elementwise.add,
  sub: elementwise.subtract,
  subtract: elementwise.subtract,
  mul: elementwise.multiply,
  multiply: elementwise.multiply,
  div: elementwise.divide,
  divide: elementwise.divide,
  pow: elementwise.power,
  maximum: elementwise.maximum,
  minimum: elementwise.minimum,
  equal: elementwise.equal,
  less: elementwise.less,
  greater: elementwise.greater,
};

const reductions = {
  sum: reduce.sum,
  mean: reduce.mean,
  max: reduce.max,
  min: reduce.min,
};

type Unary = { [K in keyof typeof unary]: () => Tensor };
type Binary = { [K in keyof typeof binary]: (other: TensorLike) => Tensor };
type Reductions = {
  [K in keyof typeof reductions]: (axis?: reduce.Axes, options?: reduce.ReduceOptions) => Tensor;
};

declare module '../tensor/tensor.js' {
  interface Tensor extends Unary, Binary, Reductions {
    /** Matrix product with `other`. */
    matmul(other: TensorLike, options?: MatmulOptions): Tensor;
    reshape(shape: Shape): Tensor;
    transpose(axes?: readonly number[]): Tensor;
    /** Rows `begin` (default 0) up to, not including, `end` of the first axis; negative counts from the end. */
    slice(begin?: number, end?: number): Tensor;
    softmax(axis?: number): Tensor;
    argmax(axis?: number): Tensor;
    /** The tensor in another dtype. */
    cast(dtype: DType): Tensor;
  }
}

/** Recorded as it was called: in a functional model the number of rows is not known. */
const sliceRows = recordable('sliceRows', (x: Tensor, begin = 0, end?: number): Tensor => {
  if (x.rank === 0) throw new ShapeError('slice: a scalar has no axis to slice.');
  for (const row of [begin, end ?? 0]) {
    if (Number.isInteger(row) || Math.abs(row) === Number.POSITIVE_INFINITY) continue;
    const got = Array.isArray(row) ? 'an array; for several axes there is ops.slice' : String(row);
    throw new ConfigError(`slice: expected whole numbers of rows, got ${got}.`);
  }
  const [rows] = x.shape;
  const clamp = (i: number) => Math.max(0, Math.min(rows, i < 0 ? i + rows : i));
  const from = clamp(begin);
  return movement.sliceAxis(x, 0, from, Math.max(from, clamp(end ?? rows)));
});

const methods: Record<string, unknown> = {
  matmul(this: Tensor, other: TensorLike, options?: MatmulOptions) {
    return matmul(this, other, options);
  },
  reshape(this: Tensor, shape: Shape) {
    return movement.reshape(this, shape);
  },
  transpose(this: Tensor, axes?: readonly number[]) {
    return movement.transpose(this, axes);
  },
  slice(this: Tensor, begin?: number, end?: number) {
    return sliceRows(this, begin, end);
  },
  softmax(this: Tensor, axis?: number) {
    return softmax(this, axis);
  },
  argmax(this: Tensor, axis?: number) {
    return reduce.argmax(this, axis);
  },
  cast(this: Tensor, dtype: DType) {
    return elementwise.cast(this, dtype);
  },
};
for (const [name, op] of Object.entries(unary)) {
  methods[name] = function (this: Tensor) {
    return op(this);
  };
}
for (const [name, op] of Object.entries(binary)) {
  methods[name] = function (this: Tensor, other: TensorLike) {
    return op(this, other);
  };
}
for (const [name, op] of Object.entries(reductions)) {
  methods[name] = function (this: Tensor, axis?: reduce.Axes, options?: reduce.ReduceOptions) {
    return op(this, axis, options);
  };
}
Object.assign(Tensor.prototype, methods);
