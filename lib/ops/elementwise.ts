// Elementwise ops with their derivatives: unary, binary with broadcasting, comparisons, where.
import type { DType } from '../tensor/dtype.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { asFloat, asOperands, asTensor, cast } from './convert.js';
import { atPath, call, defineOp, type Op, recordable } from './define.js';
import { sumTo } from './movement.js';

export { cast } from './convert.js';

type UnaryGrad = (dy: Tensor, x: Tensor, y: Tensor) => Tensor;

function defineUnary(name: string, grad?: UnaryGrad): (x: TensorLike) => Tensor {
  const op = defineOp({
    name,
    kind: 'unary',
    rows: 'independent',
    infer: ([x]) => [x],
    inPlace: () => 0,
    ...(grad && {
      vjp: ({ inputs: [x], outputs: [y], grads: [dy] }) => [dy && grad(dy, x, y)],
    }),
  } satisfies Op);
  const integers = ['negative', 'absolute', 'sign', 'square', 'relu'].includes(name);
  return recordable(name, (x: TensorLike) => {
    const t = asTensor(x);
    return call(op, [integers && t.dtype === 'int32' ? t : asFloat(t)]);
  });
}

/** −x */
export const negative = defineUnary('negative', (dy) => negative(dy));
/** |x|; its derivative at 0 is 0. */
export const absolute = defineUnary('absolute', (dy, x) => multiply(dy, sign(x)));
/** −1, 0 or 1. */
export const sign = defineUnary('sign');
/** x² */
export const square = defineUnary('square', (dy, x) => multiply(dy, multiply(x, 2)));
/** √x */
export const sqrt = defineUnary('sqrt', (dy, _x, y) => divide(multiply(dy, 0.5), y));
/** 1/√x; where its result counts for nothing its derivative is 0, at 0 too, as TensorFlow has it. */
export const rsqrt = defineUnary('rsqrt', (dy, x, y) =>
  where(equal(dy, 0), 0, multiply(dy, multiply(divide(y, x), -0.5))),
);
/** 1/x */
export const reciprocal = defineUnary('reciprocal', (dy, _x, y) =>
  negative(multiply(dy, square(y))),
);
/** eˣ */
export const exp = defineUnary('exp', (dy, _x, y) => multiply(dy, y));
/** eˣ − 1, exact near 0. */
export const expm1 = defineUnary('expm1', (dy, x) => multiply(dy, exp(x)));
/** Natural logarithm. */
export const log = defineUnary('log', (dy, x) => divide(dy, x));
/** ln(1 + x), exact near 0. */
export const log1p = defineUnary('log1p', (dy, x) => divide(dy, add(x, 1)));
/** Sine of radians. */
export const sin = defineUnary('sin', (dy, x) => multiply(dy, cos(x)));
/** Cosine of radians. */
export const cos = defineUnary('cos', (dy, x) => negative(multiply(dy, sin(x))));
/** Tangent of radians. */
export const tan = defineUnary('tan', (dy, _x, y) => multiply(dy, add(square(y), 1)));
/** Gauss's error function. */
export const erf = defineUnary('erf', (dy, x) =>
  multiply(dy, multiply(exp(negative(square(x))), 2 / Math.sqrt(Math.PI))),
);
/** ln(1 + eˣ) */
export const softplus = defineUnary('softplus', (dy, x) => multiply(dy, sigmoid(x)));
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = defineUnary('sigmoid', (dy, _x, y) => sigmoidGrad(dy, y));
/** Hyperbolic tangent. */
export const tanh = defineUnary('tanh', (dy, _x, y) => tanhGrad(dy, y));
/** max(x, 0); its derivative at 0 is 0. */
export const relu = defineUnary('relu', (dy, _x, y) => reluGrad(dy, y));
/** min(max(x, 0), 6); its derivative at 0 and 6 is 0. */
export const relu6 = defineUnary('relu6', (dy, _x, y) => relu6Grad(dy, y));
/** Largest whole number ≤ x. */
export const floor = defineUnary('floor');
/** Smallest whole number ≥ x. */
export const ceil = defineUnary('ceil');
/** Nearest whole number; halves go to the even one. */
export const round = defineUnary('round');

/** The derivative of an activation from its output, as one kernel: `f'(x)·dy` given y = f(x). */
function defineActivationGrad(
  name: string,
  formula: (dy: Tensor, y: Tensor) => Tensor,
): (dy: Tensor, y: Tensor) => Tensor {
  const op = defineOp({
    name,
    kind: 'binary',
    rows: 'independent',
    infer: ([dy]) => [dy],
    inPlace: () => 0,
    decompose: ([dy, y]) => [formula(dy, y)],
  });
  return (dy, y) => call(op, [dy, y]);
}

/** @internal */
export const sigmoidGrad = defineActivationGrad('sigmoidGrad', (dy, y) =>
  multiply(dy, multiply(y, subtract(1, y))),
);
/** @internal */
export const tanhGrad = defineActivationGrad('tanhGrad', (dy, y) =>
  multiply(dy, subtract(1, square(y))),
);
/** @internal */
export const reluGrad = defineActivationGrad('reluGrad', (dy, y) => where(greater(y, 0), dy, 0));
/** @internal */
export const relu6Grad = defineActivationGrad('relu6Grad', (dy, y) =>
  where(logicalAnd(greater(y, 0), less(y, 6)), dy, 0),
);

function broadcastInfer(
  name: string,
  a: { shape: readonly number[] },
  b: { shape: readonly number[] },
) {
  const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShapes(a.shape, b.shape);
  if (shape) return shape;
  throw new ShapeError(
    `${name}: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)} do not broadcast${atPath()}.`,
  );
}

type BinaryGrads = readonly [
  (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
  (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
];

function defineBinary(
  name: string,
  grads?: BinaryGrads,
  convert: (a: TensorLike, b: TensorLike) => [Tensor, Tensor] = asOperands,
): (a: TensorLike, b: TensorLike) => Tensor {
  const op = defineOp({
    name,
    kind: 'binary',
    rows: 'independent',
    infer: ([a, b]) => [{ shape: broadcastInfer(name, a, b), dtype: a.dtype }],
    inPlace: () => [0, 1],
    ...(grads && {
      vjp: ({ inputs: [a, b], outputs: [y], grads: [dy], needs }) =>
        [a, b].map((x, i) => (dy && needs(i) ? sumTo(grads[i](dy, a, b, y), x.shape) : undefined)),
    }),
  } satisfies Op);
  return recordable(name, (a: TensorLike, b: TensorLike) => call(op, convert(a, b)));
}

/** a + b */
export const add = defineBinary('add', [(dy) => dy, (dy) => dy]);
/** a − b */
export const subtract = defineBinary('subtract', [(dy) => dy, (dy) => negative(dy)]);
/** a · b, element by element. */
export const multiply = defineBinary('multiply', [
  (dy, _a, b) => multiply(dy, b),
  (dy, a) => multiply(dy, a),
]);
/** a / b, in float32. */
export const divide = defineBinary(
  'divide',
  [(dy, _a, b) => divide(dy, b), (dy, _a, b, y) => negative(multiply(dy, divide(y, b)))],
  (a, b) => [asFloat(a), asFloat(b)],
);
/** aᵇ */
export const power = defineBinary('power', [
  (dy, a, b) => multiply(dy, multiply(b, power(a, subtract(b, 1)))),
  (dy, a, _b, y) =>
    multiply(dy, where(greater(a, 0), multiply(y, log(where(greater(a, 0), a, 1))), 0)),
]);
/** The larger of each pair; NaN wins. At a tie the first takes the gradient, as in TensorFlow. */
export const maximum = defineBinary('maximum', [
  (dy, a, b) => where(greaterEqual(a, b), dy, 0),
  (dy, a, b) => where(greaterEqual(a, b), 0, dy),
]);
/** The smaller of each pair; NaN wins. At a tie the first takes the gradient, as in TensorFlow. */
export const minimum = defineBinary('minimum', [
  (dy, a, b) => where(lessEqual(a, b), dy, 0),
  (dy, a, b) => where(lessEqual(a, b), 0, dy),
]);
/** Remainder with the sign of the divisor. */
export const mod = defineBinary('mod', [
  (dy) => dy,
  (dy, a, b) => negative(multiply(dy, floor(divide(a, b)))),
]);

function defineComparison(name: string): (a: TensorLike, b: TensorLike) => Tensor {
  const op = defineOp({
    name,
    kind: 'binary',
    rows: 'independent',
    infer: ([a, b]) => [{ shape: broadcastInfer(name, a, b), dtype: 'bool' }],
  });
  return recordable(name, (a: TensorLike, b: TensorLike) => call(op, asOperands(a, b)));
}

/** a = b, as bool. */
export const equal = defineComparison('equal');
/** a ≠ b */
export const notEqual = defineComparison('notEqual');
/** a < b */
export const less = defineComparison('less');
/** a ≤ b */
export const lessEqual = defineComparison('lessEqual');
/** a > b */
export const greater = defineComparison('greater');
/** a ≥ b */
export const greaterEqual = defineComparison('greaterEqual');

const toBool = (x: TensorLike): Tensor => cast(asTensor(x), 'bool');

function defineLogical(name: string): (a: TensorLike, b: TensorLike) => Tensor {
  const op = defineOp({
    name,
    kind: 'binary',
    rows: 'independent',
    infer: ([a, b]) => [{ shape: broadcastInfer(name, a, b), dtype: 'bool' }],
  });
  return recordable(name, (a: TensorLike, b: TensorLike) => call(op, [toBool(a), toBool(b)]));
}

/** Both. */
export const logicalAnd = defineLogical('logicalAnd');
/** Either or both. */
export const logicalOr = defineLogical('logicalOr');

function definePredicate(
  name: string,
  input: (x: TensorLike) => Tensor,
): (x: TensorLike) => Tensor {
  const op = defineOp({
    name,
    kind: 'unary',
    rows: 'independent',
    infer: ([x]) => [{ shape: x.shape, dtype: 'bool' as DType }],
  });
  return recordable(name, (x: TensorLike) => call(op, [input(x)]));
}

/** Whether each element is NaN. */
export const isnan = definePredicate('isNan', asFloat);
/** Whether each element is neither NaN nor infinite. */
export const isfinite = definePredicate('isFinite', asFloat);
/** Not. */
export const logicalNot = definePredicate('logicalNot', toBool);

const whereOp = defineOp({
  name: 'where',
  kind: 'select',
  rows: 'independent',
  infer: ([condition, a, b]) => [
    {
      shape: broadcastInfer('where', condition, { shape: broadcastInfer('where', a, b) }),
      dtype: a.dtype,
    },
  ],
  vjp: ({ inputs: [condition, a, b], grads: [dy], needs }) => [
    undefined,
    dy && needs(1) ? sumTo(where(condition, dy, 0), a.shape) : undefined,
    dy && needs(2) ? sumTo(where(condition, 0, dy), b.shape) : undefined,
  ],
});

/** `a` where the condition holds, else `b`; all three broadcast. */
export const where = recordable(
  'where',
  (condition: TensorLike, a: TensorLike, b: TensorLike): Tensor => {
    const [x, y] = asOperands(a, b);
    return call(whereOp, [toBool(condition), x, y]);
  },
);

/** x between `low` and `high`; `low` where it is above `high`, as TensorFlow has it. */
export const clip = recordable(
  'clip',
  (x: TensorLike, low: TensorLike, high: TensorLike): Tensor => maximum(minimum(x, high), low),
);

const stopGradientOp = defineOp({
  name: 'stopGradient',
  kind: 'view',
  rows: 'independent',
  infer: ([x]) => [x],
  flops: () => 0,
});

/** x, as a constant to every derivative. */
export const stopGradient = recordable(
  'stopGradient',
  (x: TensorLike): Tensor => call(stopGradientOp, [asTensor(x)]),
);

/** @internal */
export const checkFiniteOp = defineOp({
  name: 'checkFinite',
  kind: 'check',
  rows: 'independent',
  canFail: true,
  infer: () => [],
});

/** @internal */
