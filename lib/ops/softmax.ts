// Softmax and the cross-entropies built on it, each one kernel over the last axis.
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { asFloat, cast } from './convert.js';
import { atPath, call, defineOp, recordable } from './define.js';
import { divide, exp, multiply, subtract } from './elementwise.js';
import { expandDims, normalizeAxis, oneHot, transpose } from './movement.js';
import { logSumExp, max, sum } from './reduce.js';

const last = { keepDims: true };

const softmaxOp = defineOp({
  name: 'softmax',
  kind: 'reduce',
  rows: 'independent',
  infer: ([x]) => [x],
  vjp: ({ outputs: [y], grads: [dy] }) => [dy && call(softmaxGradOp, [dy, y])],
  flops: ([x]) => 4 * sizeOf(x.shape),
  inPlace: () => 0,
  decompose: ([x]) => {
    const e = exp(subtract(x, max(x, -1, last)));
    return [divide(e, sum(e, -1, last))];
  },
});

const softmaxGradOp = defineOp({
  name: 'softmaxGrad',
  kind: 'reduce',
  rows: 'independent',
  infer: ([dy]) => [dy],
  flops: ([x]) => 4 * sizeOf(x.shape),
  inPlace: () => 0,
  decompose: ([dy, y]) => [multiply(y, subtract(dy, sum(multiply(dy, y), -1, last)))],
});

const logSoftmaxOp = defineOp({
  name: 'logSoftmax',
  kind: 'reduce',
  rows: 'independent',
  infer: ([x]) => [x],
  vjp: ({ outputs: [y], grads: [dy] }) => [dy && subtract(dy, multiply(exp(y), sum(dy, -1, last)))],
  flops: ([x]) => 4 * sizeOf(x.shape),
  inPlace: () => 0,
  decompose: ([x]) => [subtract(x, logSumExp(x, -1, last))],
});

/** @internal Applies `f`, which works on the last axis, to another one. */
export function overAxis(x: Tensor, axis: number, where: string, f: (t: Tensor) => Tensor): Tensor {
  const at = normalizeAxis(axis, x.rank, where);
  if (at === x.rank - 1) return f(x);
  const order = x.shape.map((_, i) => i);
  [order[at], order[x.rank - 1]] = [x.rank - 1, at];
  return transpose(f(transpose(x, order)), order);
}

/** eˣ / Σ eˣ along `axis` (default: the last). */
export const softmax = recordable(
  'softmax',
  (x: TensorLike, axis = -1): Tensor =>
    overAxis(asFloat(x), axis, 'softmax', (t) => call(softmaxOp, [t])),
);

/** ln softmax(x), without overflow. */
export const logSoftmax = recordable(
  'logSoftmax',
  (x: TensorLike, axis = -1): Tensor =>
    overAxis(asFloat(x), axis, 'logSoftmax', (t) => call(logSoftmaxOp, [t])),
);

const crossEntropyOp = defineOp({
  name: 'sparseSoftmaxCrossEntropy',
  kind: 'loss',
  rows: 'independent',
  canFail: true,
  infer: ([, labels]) => [{ shape: labels.shape, dtype: 'float32' }],
  vjp: ({ inputs: [logits, labels], grads: [dy] }) => [
    dy && call(crossEntropyGradOp, [logits, labels, dy]),
    undefined,
  ],
  flops: ([x]) => 4 * sizeOf(x.shape),
  decompose: ([logits, labels]) => {
    const picked = multiply(logits, oneHot(labels, logits.shape[logits.rank - 1]));
    return [subtract(logSumExp(logits, -1), sum(picked, -1))];
  },
});

const crossEntropyGradOp = defineOp({
  name: 'sparseSoftmaxCrossEntropyGrad',
  kind: 'loss',
  rows: 'independent',
  infer: ([logits]) => [logits],
  flops: ([x]) => 4 * sizeOf(x.shape),
  inPlace: () => 0,
  decompose: ([logits, labels, dloss]) => [
    multiply(
      subtract(softmax(logits), oneHot(labels, logits.shape[logits.rank - 1])),
      expandDims(dloss, -1),
    ),
  ],
});

/**
 * Cross-entropy of logits `[..., C]` with whole-number labels `[...]`: `logsumexp(x) − x[label]`.
 *
 * @throws DataError when it runs, for a label outside of 0 … C − 1.
 */
export function sparseSoftmaxCrossEntropy(logits: TensorLike, labels: TensorLike): Tensor {
  const x = asFloat(logits);
  const y = cast(labels, 'int32');
  if (!sameShape(x.shape.slice(0, -1), y.shape)) {
    throw new ShapeError(
      `sparseSoftmaxCrossEntropy: logits ${formatShape(x.shape)} need labels ${formatShape(x.shape.slice(0, -1))}, got ${formatShape(y.shape)}${atPath()}.`,
    );
  }
  return call(crossEntropyOp, [x, y]);
}
