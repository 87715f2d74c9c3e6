// Elementwise functions that are made of ops: other bases, hyperbolic functions, rounding, tests.
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { asFloat } from './convert.js';
import { call, defineOp, recordable } from './define.js';
import {
  absolute,
  add,
  cast,
  divide,
  equal,
  exp,
  expm1,
  floor,
  log,
  log1p,
  maximum,
  multiply,
  negative,
  notEqual,
  sign,
  square,
  subtract,
  where,
} from './elementwise.js';

/** 2ˣ */
export const exp2 = recordable(
  'exp2',
  (x: TensorLike): Tensor => exp(multiply(asFloat(x), Math.LN2)),
);
/** Logarithm to base 2. */
export const log2 = recordable('log2', (x: TensorLike): Tensor => divide(log(x), Math.LN2));
/** Logarithm to base 10. */
export const log10 = recordable('log10', (x: TensorLike): Tensor => divide(log(x), Math.LN10));

/** ln(eᵃ + eᵇ), without overflow. At a tie the first takes the gradient, as in Keras. */
export const logaddexp = recordable('logaddexp', (a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = [asFloat(a), asFloat(b)];
  // The difference of equal infinities would be NaN.
  const distance = where(equal(x, y), 0, absolute(subtract(x, y)));
  return add(maximum(x, y), log1p(exp(negative(distance))));
});

/** Hyperbolic sine, exact near 0. */
export const sinh = recordable(
  'sinh',
  (x: TensorLike): Tensor => multiply(subtract(expm1(x), expm1(negative(x))), 0.5),
);
/** Hyperbolic cosine. */
export const cosh = recordable(
  'cosh',
  (x: TensorLike): Tensor => multiply(add(exp(x), exp(negative(x))), 0.5),
);
/** Inverse of tanh. */
export const arctanh = recordable(
  'arctanh',
  (x: TensorLike): Tensor => multiply(subtract(log1p(x), log1p(negative(x))), 0.5),
);

/** The whole part: rounded towards zero. */
export const trunc = recordable(
  'trunc',
  (x: TensorLike): Tensor => multiply(sign(x), floor(absolute(x))),
);
/** ⌊a / b⌋, in float32. */
export const floorDivide = recordable(
  'floorDivide',
  (a: TensorLike, b: TensorLike): Tensor => floor(divide(a, b)),
);

/** Either, but not both. */
export const logicalXor = recordable(
  'logicalXor',
  (a: TensorLike, b: TensorLike): Tensor => notEqual(cast(a, 'bool'), cast(b, 'bool')),
);
/** Whether each element is infinite. */
export const isinf = recordable(
  'isinf',
  (x: TensorLike): Tensor => equal(absolute(asFloat(x)), Infinity),
);

/** A quotient with a derivative of its own: that of the quotient cancels out where |x| is large. */
const softsignOp = defineOp({
  name: 'softsign',
  kind: 'view',
  rows: 'independent',
  infer: ([y]) => [y],
  vjp: ({ inputs: [, x], grads: [dy] }) => [
    undefined,
    dy && divide(dy, square(add(absolute(x), 1))),
  ],
  flops: () => 0,
});

/** x / (1 + |x|) */
export const softsign = recordable('softsign', (x: TensorLike): Tensor => {
  const t = asFloat(x);
  return call(softsignOp, [divide(t, add(absolute(t), 1)), t]);
});
