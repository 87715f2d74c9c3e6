// Running totals along an axis.
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { asTensor, cast } from './convert.js';
import { call, defineOp, type Op, recordable } from './define.js';
import { divide, equal, logicalAnd, multiply, where } from './elementwise.js';
import { normalizeAxis, reshape } from './movement.js';

/** Options of running totals. */
export interface CumulativeOptions {
  /** From the last element to the first. Default false. */
  readonly reverse?: boolean;
}

const defineCumulative = (name: string, vjp: Op['vjp']): Op =>
  defineOp({ name, kind: 'reduce', rows: 'mixes', infer: ([x]) => [x], vjp });

/** Of what is added to or taken from, bytes and booleans are counted in int32. */
const asNumber = (x: TensorLike): Tensor => {
  const t = asTensor(x);
  return t.dtype === 'float32' || t.dtype === 'int32' ? t : cast(t, 'int32');
};

function run(op: Op, x: TensorLike, axis: number | undefined, options: CumulativeOptions): Tensor {
  const t = asNumber(x);
  const flat = axis === undefined ? reshape(t, [t.size]) : t;
  const at = normalizeAxis(axis ?? 0, flat.rank, op.name);
  return call(op, [flat], { axis: at, reverse: options.reverse ? 1 : 0 });
}

const cumsumOp: Op = defineCumulative('cumSum', ({ grads: [dy], attrs }) => [
  dy && call(cumsumOp, [dy], { axis: attrs.axis, reverse: attrs.reverse ? 0 : 1 }),
]);

/** Products up to each element. Where one factor is 0, its derivative is made of the other factors. */
const cumprodOp: Op = defineCumulative('cumProd', ({ inputs: [x], outputs: [y], grads, attrs }) => {
  const [dy] = grads;
  if (!dy) return [undefined];
  const back = { axis: attrs.axis, reverse: attrs.reverse ? 0 : 1 };
  const zero = equal(x, 0);
  const zeros = call(cumsumOp, [cast(zero, 'float32')], attrs);
  const first = logicalAnd(zero, equal(zeros, 1));
  const others = call(cumprodOp, [where(first, 1, x)], attrs);
  const atOthers = divide(call(cumsumOp, [multiply(dy, y)], back), where(zero, 1, x));
  return [where(first, call(cumsumOp, [multiply(dy, others)], back), atOthers)];
});

/** Sums up to and including each element, along `axis` or (by default) of all elements in a row. */
export const cumsum = recordable(
  'cumsum',
  (x: TensorLike, axis?: number, options: CumulativeOptions = {}): Tensor =>
    run(cumsumOp, x, axis, options),
);

/** Products up to and including each element, along `axis` or (by default) of all in a row. */
export const cumprod = recordable(
  'cumprod',
  (x: TensorLike, axis?: number, options: CumulativeOptions = {}): Tensor =>
    run(cumprodOp, x, axis, options),
);
