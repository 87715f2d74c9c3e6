// Matrix products: `matmul`, batched and broadcasting, and the fused dense layer.
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { asFloat } from './convert.js';
import { atPath, call, defineOp, recordable } from './define.js';
import { add } from './elementwise.js';
import { type ConvActivation, fused, fusedByConv } from './fused-activation.js';
import { reshape, sumAxes, sumTo } from './movement.js';

/** Which operands to transpose (their last two axes). */
export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

const flags = (transposeA: boolean, transposeB: boolean) => ({
  transposeA: transposeA ? 1 : 0,
  transposeB: transposeB ? 1 : 0,
});

const lastTwo = (shape: Shape, transposed: unknown): [number, number] => {
  const [rows, columns] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
};

/** @internal */
export const matmulOp = defineOp({
  name: 'matmul',
  kind: 'gemm',
  rows: 'mixes',
  infer: ([a, b], attrs) => {
    const [m, k] = lastTwo(a.shape, attrs.transposeA);
    const [k2, n] = lastTwo(b.shape, attrs.transposeB);
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (k !== k2 || !batch) {
      const why =
        k === k2
          ? `leading axes ${formatShape(a.shape.slice(0, -2))} and ${formatShape(b.shape.slice(0, -2))} do not broadcast`
          : `expected ${k} rows on the right, got ${k2}`;
      throw new ShapeError(
        `matmul: ${formatShape(a.shape)}${attrs.transposeA ? 'ᵀ' : ''} and ${formatShape(b.shape)}${attrs.transposeB ? 'ᵀ' : ''} do not multiply: ${why}${atPath()}.`,
      );
    }
    return [{ shape: [...batch, m, n], dtype: 'float32' }];
  },
  vjp: ({ inputs: [a, b], grads: [dy], attrs, needs }) => {
    if (!dy) return [undefined, undefined];
    const ta = attrs.transposeA === 1;
    const tb = attrs.transposeB === 1;
    const da = () => (ta ? product(b, dy, tb, true) : product(dy, b, false, !tb));
    const db = () => (tb ? product(dy, a, true, ta) : product(a, dy, !ta, false));
    return [
      needs(0) ? sumTo(da(), a.shape) : undefined,
      needs(1) ? sumTo(db(), b.shape) : undefined,
    ];
  },
  flops: ([a], [y], attrs) => 2 * sizeOf(y.shape) * lastTwo(a.shape, attrs.transposeA)[1],
});

const product = (a: Tensor, b: Tensor, ta: boolean, tb: boolean): Tensor =>
  call(matmulOp, [a, b], flags(ta, tb));

/**
 * Matrix product over the last two axes: `[..., M, K] · [..., K, N] → [..., M, N]`; leading axes
 * broadcast, and a vector counts as a row on the left, a column on the right.
 */
export const matmul = recordable(
  'matmul',
  (a: TensorLike, b: TensorLike, options: MatmulOptions = {}): Tensor => {
    const x = asFloat(a);
    const y = asFloat(b);
    if (x.rank === 0 || y.rank === 0) {
      throw new ShapeError(
        `matmul: expected tensors with at least one axis, got a scalar${atPath()}.`,
      );
    }
    if (x.rank === 1 || y.rank === 1) {
      const out = matmul(
        x.rank === 1 ? reshape(x, [1, x.size]) : x,
        y.rank === 1 ? reshape(y, [y.size, 1]) : y,
        {
          transposeA: x.rank > 1 && options.transposeA,
          transposeB: y.rank > 1 && options.transposeB,
        },
      );
      const kept = [...out.shape];
      if (y.rank === 1) kept.splice(-1, 1);
      if (x.rank === 1) kept.splice(y.rank === 1 ? -1 : -2, 1);
      return reshape(out, kept);
    }
    const { transposeA = false, transposeB = false } = options;
    if (x.rank > 2 && y.rank === 2 && !transposeA) {
      const rows = product(flattenRows(x), y, false, transposeB);
      return reshape(rows, [...x.shape.slice(0, -1), rows.shape[1]]);
    }
    return product(x, y, transposeA, transposeB);
  },
);

/** `[..., K]` as a matrix `[rows, K]`. */
const flattenRows = (x: Tensor): Tensor => {
  const columns = x.shape[x.rank - 1];
  return reshape(x, [sizeOf(x.shape.slice(0, -1)), columns]);
};

/** An activation that `dense` fuses. */
export type FusedActivation = Exclude<ConvActivation, 'relu6'>;

/** The names of the activations that `dense` fuses. */
export const fusedActivations: readonly string[] = fusedByConv.filter((name) => name !== 'relu6');

const denseOp = defineOp({
  name: 'dense',
  kind: 'gemm',
  rows: 'independent',
  infer: ([x, w]) => [{ shape: [x.shape[0], w.shape[1]], dtype: 'float32' }],
  vjp: ({ inputs: [x, w, bias], outputs: [y], grads: [dy], attrs, needs }) => {
    if (!dy) return [undefined];
    const dz = fused[attrs.activation as number].grad(dy, y);
    return [
      needs(0) ? product(dz, w, false, true) : undefined,
      needs(1) ? product(x, dz, true, false) : undefined,
      bias && needs(2) ? sumAxes(dz, [0]) : undefined,
    ];
  },
  flops: ([x, w]) => 2 * x.shape[0] * sizeOf(w.shape),
  decompose: ([x, w, bias], attrs) => {
    const z = product(x, w, false, false);
    return [fused[attrs.activation as number].apply(bias ? add(z, bias) : z)];
  },
});

/**
 * `activation(x · w + bias)` in one kernel: `[..., K] · [K, N] (+ [N]) → [..., N]`.
 *
 * @param activation one of `linear`, `relu`, `sigmoid`, `tanh`
 */
export const dense = recordable(
  'dense',
  (x: TensorLike, w: Tensor, bias?: Tensor, activation: FusedActivation = 'linear'): Tensor => {
    const t = asFloat(x);
    const inner = t.shape[t.rank - 1];
    if (t.rank < 1 || w.rank !== 2 || inner !== w.shape[0]) {
      throw new ShapeError(
        `dense: input ${formatShape(t.shape)} and weights ${formatShape(w.shape)} do not multiply: expected ${w.shape[0]} features on the last axis, got ${inner}${atPath()}.`,
      );
    }
    if (bias && !sameShape(bias.shape, [w.shape[1]])) {
      throw new ShapeError(
        `dense: expected a bias of shape [${w.shape[1]}] for weights ${formatShape(w.shape)}, got ${formatShape(bias.shape)}${atPath()}.`,
      );
    }
    const inputs = bias ? [flattenRows(t), w, bias] : [flattenRows(t), w];
    const y = call(denseOp, inputs, { activation: fusedActivations.indexOf(activation) });
    return reshape(y, [...t.shape.slice(0, -1), w.shape[1]]);
  },
);
