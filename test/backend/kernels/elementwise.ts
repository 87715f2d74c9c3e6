// Cases of unary, binary, comparing, logical, gradient and selecting kernels.
import {
  elementwiseCase,
  f32,
  i32,
  type KernelCase,
  random,
  randomInts,
  uniforms,
  value,
} from './case.js';
import { erf } from './reference.js';

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  1e-20,
  -1e-20,
  60,
  -60,
  Infinity,
  -Infinity,
  NaN,
];

const bool = (shape: readonly number[], seed: number) =>
  value(
    'bool',
    shape,
    uniforms(
      shape.reduce((n, d) => n * d, 1),
      seed,
    ).map((u) => (u < 0.5 ? 1 : 0)),
  );

const roundHalfEven = (x: number): number => {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
};

const unary: Readonly<Record<string, (x: number) => number>> = {
  negative: (x) => -x,
  absolute: (x) => (x < 0 ? -x : x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  square: (x) => x * x,
  sqrt: (x) => Math.sqrt(x),
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  exp: (x) => Math.E ** x,
  expm1: (x) => (Math.abs(x) < 1e-10 ? x : Math.exp(x) - 1),
  log: (x) => Math.log2(x) * Math.LN2,
  log1p: (x) => (Math.abs(x) < 1e-10 ? x : Math.log(1 + x)),
  sin: (x) => Math.sin(x),
  cos: (x) => Math.cos(x),
  tan: (x) => Math.sin(x) / Math.cos(x),
  tanh: (x) => (Math.abs(x) > 30 ? Math.sign(x) : 1 - 2 / (Math.exp(2 * x) + 1)),
  sigmoid: (x) => (1 + Math.tanh(x / 2)) / 2,
  softplus: (x) => (x > 40 ? x : Math.log(1 + Math.exp(x))),
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  erf,
  floor: (x) => Math.floor(x),
  ceil: (x) => -Math.floor(-x),
  round: roundHalfEven,
};

const onInts = ['negative', 'absolute', 'sign', 'square', 'relu'];
const extremes = i32([7], [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 46341, -65536]);
/** Where the function is defined or NaN is the answer; exp and its kin stay below overflow of float32. */
const unaryInputs = [
  f32([special.length], special),
  random([3, 5, 7], 3, [-4, 4]),
  random([], 4),
  random([2, 0, 3]),
  random([1031], 5, [0, 3]),
];

const intSquare = (x: number) => Number(BigInt.asIntN(32, BigInt(x) * BigInt(x)));

const unaryCases: KernelCase[] = [
  ...Object.entries(unary).flatMap(([kernel, op]) =>
    unaryInputs.map((input) => elementwiseCase(kernel, op, [input])),
  ),
  ...onInts.map((kernel) =>
    elementwiseCase(kernel, (x) => (kernel === 'square' ? intSquare(x) : unary[kernel](x) | 0), [
      extremes,
    ]),
  ),
  elementwiseCase('isNan', (x) => Number(Number.isNaN(x)), [f32([16], special)], 'bool'),
  elementwiseCase('isFinite', (x) => (x - x === 0 ? 1 : 0), [f32([16], special)], 'bool'),
  elementwiseCase('logicalNot', (x) => 1 - x, [bool([3, 5], 1)]),
];

const nanMax = (a: number, b: number) => Math.max(a, b);

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => (a === 1 || b === 0 ? 1 : a === -1 && Math.abs(b) === Infinity ? 1 : a ** b),
  maximum: nanMax,
  minimum: (a, b) => -nanMax(-a, -b),
  mod: (a, b) => (Number.isFinite(a) && Number.isFinite(b) ? a - b * Math.floor(a / b) : NaN),
};

const wrap = (x: bigint) => Number(BigInt.asIntN(32, x));

const intBinary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => wrap(BigInt(a) + BigInt(b)),
  subtract: (a, b) => wrap(BigInt(a) - BigInt(b)),
  multiply: (a, b) => wrap(BigInt(a) * BigInt(b)),
  power: (a, b) => wrap(BigInt(a) ** BigInt(b)),
  maximum: nanMax,
  minimum: (a, b) => -nanMax(-a, -b),
  mod: (a, b) => (b === 0 ? 0 : ((a % b) + b) % b),
};

const pairs: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [3, 5, 7],
    [3, 5, 7],
  ],
  [[3, 5, 7], [7]],
  [
    [5, 1],
    [3, 5, 7],
  ],
  [
    [3, 1, 7],
    [5, 1],
  ],
  [[4, 3], []],
  [[], [4, 3]],
  [[], []],
  [[2, 0], [1]],
  [[1, 1, 1], [1]],
  [
    [2, 1, 3, 1, 2],
    [1, 4, 1, 5, 2],
  ],
  [
    [2, 20, 1],
    [2, 20, 3],
  ],
  [[3], [400, 3]],
  [
    [2, 1, 5],
    [2, 17, 1],
  ],
];

/** Every special value against every other. */
const table = [f32([special.length, 1], special), f32([special.length], special)];
/** Operands on which mod and power are well conditioned. */
const gentle = (shape: readonly number[], seed: number) => random(shape, seed, [0.5, 3]);

const binaryCases: KernelCase[] = Object.entries(binary).flatMap(([kernel, op]) => {
  const operand = kernel === 'power' ? gentle : random;
  const cases = pairs.map(([a, b], i) =>
    elementwiseCase(kernel, op, [operand(a, i), operand(b, i + 50)]),
  );
  if (kernel !== 'mod') cases.push(elementwiseCase(kernel, op, table));
  return cases;
});

const ints = randomInts([3, 5, 7], 1, [-(2 ** 31), 2 ** 31]);
const smallInts = randomInts([5, 7], 2, [0, 9]);

const intCases: KernelCase[] = [
  ...Object.entries(intBinary).flatMap(([kernel, op]) => [
    elementwiseCase(kernel, op, [ints, smallInts]),
    elementwiseCase(kernel, op, [i32([4], [7, -7, 0, 5]), i32([4], [3, 3, 3, 0])]),
  ]),
  ...['add', 'subtract', 'multiply'].map((kernel) =>
    elementwiseCase(kernel, intBinary[kernel], [extremes, i32([7, 1], [...extremes.data])]),
  ),
  elementwiseCase('mod', intBinary.mod, [i32([3], [7, -7, 6]), i32([], [-3])]),
  elementwiseCase(
    'power',
    (a, b) =>
      a === 1 ? 1 : a === -1 ? (b % 2 ? -1 : 1) : b < 0 ? 0 : wrap(BigInt(a) ** BigInt(b)),
    [i32([4], [1, -1, -1, 2]), i32([], [-3])],
  ),
  elementwiseCase('mod', (a, b) => a - b * Math.floor(a / b), [
    f32([6], [5, -5, 5, -5, 6, 0]),
    f32([6], [3, 3, -3, -3, 3, 3]),
  ]),
  elementwiseCase('mod', () => NaN, [f32([4], [NaN, 1, Infinity, 1]), f32([4], [1, NaN, 2, 0])]),
];

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  less: (a, b) => a < b,
  lessEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterEqual: (a, b) => a >= b,
};

const bytes = (seed: number) =>
  value(
    'uint8',
    [3, 4],
    uniforms(12, seed).map((u) => u * 4),
  );

const comparisonCases: KernelCase[] = Object.entries(comparisons).flatMap(([kernel, op]) =>
  [
    ...pairs.map(([a, b], i) => [random(a, i), random(b, i + 50)]),
    table,
    [randomInts([3, 5], 1, [-2, 3]), randomInts([5], 2, [-2, 3])],
    [bytes(1), bytes(2)],
    [bool([3, 5], 1), bool([3, 5], 2)],
  ].map((inputs) => ({
    ...elementwiseCase(kernel, (a, b) => Number(op(a, b)), inputs, 'bool'),
    inPlace: [],
  })),
);

const logicalCases: KernelCase[] = pairs.flatMap(([a, b], i) => [
  { ...elementwiseCase('logicalAnd', (x, y) => x * y, [bool(a, i), bool(b, i + 9)]), inPlace: [] },
  {
    ...elementwiseCase('logicalOr', (x, y) => Math.sign(x + y), [bool(a, i), bool(b, i + 9)]),
    inPlace: [],
  },
]);

const gradCases: KernelCase[] = [[3, 5, 7], [], [0], [1031]].flatMap((shape) =>
  Object.entries({
    relu6Grad: (dy: number, y: number) => (y > 0 && y < 6 ? dy : 0),
    reluGrad: (dy: number, y: number) => (y > 0 ? dy : 0),
    sigmoidGrad: (dy: number, y: number) => dy * y * (1 - y),
    tanhGrad: (dy: number, y: number) => dy * (1 - y * y),
  }).map(([kernel, op]) => ({
    ...elementwiseCase(kernel, op, [random(shape, 1), random(shape, 2, [-1, 1])]),
    inPlace: [[0]],
  })),
);

const whereCases: KernelCase[] = [
  ...pairs.map(([a, b], i) => [bool(a, i), random(b, i + 20), random(a, i + 40)]),
  ...pairs.map(([a, b], i) => [bool(b, i), random([], i + 20), random(a, i + 40)]),
  [bool([3, 1], 1), randomInts([1, 4], 2, [-9, 9]), randomInts([3, 4], 3, [-9, 9])],
  [bool([3, 4], 1), bytes(2), bytes(3)],
  [bool([3, 5], 1), bool([3, 5], 2), bool([3, 5], 3)],
  [bool([], 1), f32([2], [NaN, 1]), f32([2], [Infinity, 2])],
].map((inputs) => ({
  ...elementwiseCase('where', (c, a, b) => (c ? a : b), inputs, inputs[1].dtype),
  inPlace: [],
}));

export const elementwiseCases: readonly KernelCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...intCases,
  ...comparisonCases,
  ...logicalCases,
  ...gradCases,
  ...whereCases,
];
