// The operations that Keras has a class for (keras/src/ops/numpy.py, nn.py, math.py and core.py); those over
// windows and images are in spatial.ts.
import * as activations from '../../activations/index.js';
import type { Recordable } from '../../ops/define.js';
import * as ops from '../../ops/index.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { getItem } from './get-item.js';
import { define, parameter, record } from './registry.js';
import './spatial.js';

/** Functions by Keras's name; ours, which they are recorded under, is the same but for its first letter. */
function plain(module: string, operands: number, table: Record<string, Recordable>): void {
  for (const [className, fn] of Object.entries(table)) {
    define(module, className, fn, { operands });
    record(className.charAt(0).toLowerCase() + className.slice(1), className);
  }
}

plain('ops.numpy', 1, {
  Absolute: ops.absolute,
  Arctanh: ops.arctanh,
  Ceil: ops.ceil,
  Cos: ops.cos,
  Cosh: ops.cosh,
  Exp: ops.exp,
  Exp2: ops.exp2,
  Expm1: ops.expm1,
  Floor: ops.floor,
  Isfinite: ops.isfinite,
  Isinf: ops.isinf,
  Isnan: ops.isnan,
  Log: ops.log,
  Log10: ops.log10,
  Log1p: ops.log1p,
  Log2: ops.log2,
  LogicalNot: ops.logicalNot,
  Negative: ops.negative,
  Reciprocal: ops.reciprocal,
  Sign: ops.sign,
  Sin: ops.sin,
  Sinh: ops.sinh,
  Sqrt: ops.sqrt,
  Square: ops.square,
  Tan: ops.tan,
  Tanh: ops.tanh,
  Trunc: ops.trunc,
});
record('isFinite', 'Isfinite');
record('isNan', 'Isnan');
record('exponential', 'Exp');
define('ops.numpy', 'Round', ops.round, { fixed: { decimals: 0 } });
record('round', 'Round');

// In Python the operator is another class than the function.
define('ops.numpy', 'TrueDivide', ops.divide, { operands: 2 });
plain('ops.numpy', 2, {
  Add: ops.add,
  Divide: ops.divide,
  Equal: ops.equal,
  FloorDivide: ops.floorDivide,
  Greater: ops.greater,
  GreaterEqual: ops.greaterEqual,
  Less: ops.less,
  LessEqual: ops.lessEqual,
  Logaddexp: ops.logaddexp,
  LogicalAnd: ops.logicalAnd,
  LogicalOr: ops.logicalOr,
  LogicalXor: ops.logicalXor,
  Matmul: ops.matmul,
  Maximum: ops.maximum,
  Minimum: ops.minimum,
  Mod: ops.mod,
  Multiply: ops.multiply,
  NotEqual: ops.notEqual,
  Power: ops.power,
  Subtract: ops.subtract,
});
plain('ops.numpy', 3, { Where: ops.where });
plain('ops.math', 1, { Erf: ops.erf, Rsqrt: ops.rsqrt });
plain('ops.core', 1, { StopGradient: ops.stopGradient });

const axis = parameter('axis', null);
const lastAxis = parameter('axis', -1);
const keepDims = parameter('keepdims', false, { option: 'keepDims', inOptions: true });

for (const [name, module, className, fn, fixed] of [
  ['sum', 'ops.numpy', 'Sum', ops.sum, {}],
  ['mean', 'ops.numpy', 'Mean', ops.mean, {}],
  ['std', 'ops.numpy', 'Std', ops.std, {}],
  ['variance', 'ops.numpy', 'Var', ops.variance, {}],
  ['any', 'ops.numpy', 'Any', ops.any, {}],
  ['all', 'ops.numpy', 'All', ops.all, {}],
  ['max', 'ops.numpy', 'Max', ops.max, { initial: null }],
  ['min', 'ops.numpy', 'Min', ops.min, { initial: null }],
  ['prod', 'ops.numpy', 'Prod', ops.prod, { dtype: null }],
  ['logSumExp', 'ops.math', 'Logsumexp', ops.logSumExp, {}],
] as const) {
  define(module, className, fn, { parameters: [axis, keepDims], fixed });
  record(name, className);
}

/** Keras's wider types become those that there are. */
const dtypeOf = (name: unknown): unknown => {
  if (name === 'int64') return 'int32';
  if (['float32', 'int32', 'uint8', 'bool'].includes(String(name))) return name;
  throw new ConfigError(
    `Cast: dtype ${JSON.stringify(name)} is none of float32, int32, uint8, bool.`,
  );
};

for (const [name, className, fn, parameters, fixed] of [
  ['argMax', 'Argmax', ops.argmax, [axis], { keepdims: false }],
  ['argMin', 'Argmin', ops.argmin, [axis], { keepdims: false }],
  ['cumsum', 'Cumsum', ops.cumsum, [axis], { dtype: null }],
  ['cumprod', 'Cumprod', ops.cumprod, [axis], { dtype: null }],
  ['sort', 'Sort', ops.sort, [lastAxis], {}],
  ['argsort', 'Argsort', ops.argsort, [lastAxis], {}],
  ['clip', 'Clip', ops.clip, [parameter('x_min'), parameter('x_max')], {}],
  ['reshape', 'Reshape', ops.reshape, [parameter('newshape')], {}],
  ['expandDims', 'ExpandDims', ops.expandDims, [parameter('axis')], {}],
  ['squeeze', 'Squeeze', ops.squeeze, [axis], {}],
  ['transpose', 'Transpose', ops.transpose, [parameter('axes', null)], {}],
  ['broadcastTo', 'BroadcastTo', ops.broadcastTo, [parameter('shape')], {}],
  ['concatenate', 'Concatenate', ops.concatenate, [parameter('axis', 0)], {}],
  ['stack', 'Stack', ops.stack, [parameter('axis', 0)], {}],
  ['reverse', 'Flip', ops.reverse, [parameter('axis')], {}],
] as const) {
  define('ops.numpy', className, fn, { parameters, fixed });
  record(name, className);
}
define('ops.math', 'TopK', ops.topK, { parameters: [parameter('k')], fixed: { sorted: true } });
record('topK', 'TopK');
define('ops.math', 'InTopK', ops.inTopK, { operands: 2, parameters: [parameter('k')] });
record('inTopK', 'InTopK');
define('ops.core', 'Cast', ops.cast, {
  parameters: [parameter('dtype', undefined, { read: dtypeOf })],
});
record('cast', 'Cast');
define('ops.nn', 'OneHot', ops.oneHot, {
  parameters: [parameter('num_classes')],
  fixed: { axis: -1, dtype: 'float32', sparse: false },
});
record('oneHot', 'OneHot');

define('ops.numpy', 'Take', ops.take, { operands: 2, parameters: [axis], lists: undefined });
record('take', 'Take');
record('gather', 'Take', ([x, indices, axis = 0]) => [x, indices, axis]);
define('ops.numpy', 'TakeAlongAxis', ops.takeAlongAxis, {
  operands: 2,
  parameters: [axis],
  lists: 'int32',
});
record('takeAlongAxis', 'TakeAlongAxis');
define('ops.core', 'Slice', ops.slice, {
  operands: 2,
  parameters: [parameter('shape')],
  lists: undefined,
});
record('slice', 'Slice');
define('ops.numpy', 'GetItem', getItem, { operands: 2 });
record('sliceRows', 'GetItem', ([x, start, stop = null]) => [x, [{ start, stop, step: null }]]);

define('ops.numpy', 'Pad', ops.pad, {
  parameters: [parameter('pad_width')],
  keywords: ['constant_values'],
  fixed: { mode: 'constant' },
});
record('pad', 'Pad');
define(
  'ops.numpy',
  'Einsum',
  (...given: (Tensor | string)[]) =>
    ops.einsum(given.at(-1) as string, ...(given.slice(0, -1) as Tensor[])),
  { operands: Number.POSITIVE_INFINITY, parameters: [parameter('subscripts')] },
);
record('einsum', 'Einsum', ([equation, ...operands]) => [...operands, equation]);

plain('ops.nn', 1, {
  Relu: ops.relu,
  Relu6: activations.relu6,
  Selu: activations.selu,
  Sigmoid: ops.sigmoid,
  Silu: activations.silu,
  Softplus: ops.softplus,
  Softsign: ops.softsign,
});
plain('activations.activations', 1, { Mish: activations.mish });
for (const [name, className, fn, ...parameters] of [
  ['hard_sigmoid', 'HardSigmoid', activations.hardSigmoid],
  ['hard_silu', 'HardSilu', activations.hardSilu],
  ['hard_tanh', 'HardTanh', activations.hardTanh],
  ['log_sigmoid', 'LogSigmoid', activations.logSigmoid],
  ['sparse_plus', 'SparsePlus', activations.sparsePlus],
  ['sparse_sigmoid', 'SparseSigmoid', activations.sparseSigmoid],
  ['tanh_shrink', 'TanhShrink', activations.tanhShrink],
  ['softmax', 'Softmax', activations.softmax, lastAxis],
  ['log_softmax', 'LogSoftmax', activations.logSoftmax, lastAxis],
  ['sparsemax', 'Sparsemax', activations.sparsemax, lastAxis],
  ['glu', 'Glu', activations.glu, lastAxis],
  ['gelu', 'Gelu', activations.gelu, parameter('approximate', false)],
  ['elu', 'Elu', activations.elu, parameter('alpha', 1)],
  ['celu', 'Celu', activations.celu, parameter('alpha', 1)],
  ['leaky_relu', 'LeakyRelu', activations.leakyRelu, parameter('negative_slope', 0.2)],
  ['hard_shrink', 'HardShrink', activations.hardShrink, parameter('threshold', 0.5)],
  ['soft_shrink', 'SoftShrink', activations.softShrink, parameter('threshold', 0.5)],
  ['squareplus', 'Squareplus', activations.squareplus, parameter('b', 4)],
] as const) {
  define('ops.nn', className, fn, { parameters });
  record(name, className);
}
record('logSoftmax', 'LogSoftmax');
define('ops.nn', 'Threshold', activations.threshold, {
  parameters: [parameter('threshold'), parameter('default_value')],
});
record('threshold', 'Threshold');
define('activations.activations', 'ReLU', activations.relu, {
  parameters: [
    parameter('negative_slope', 0),
    parameter('max_value', null),
    parameter('threshold', 0),
  ],
});

define('ops.nn', 'CTCLoss', ops.ctcLoss, { operands: 4, parameters: [parameter('mask_index', 0)] });
record('ctcLoss', 'CTCLoss');
const option = (key: string, fallback: unknown) => parameter(key, fallback, { inOptions: true });
define('ops.nn', 'CTCDecode', ops.ctcDecode, {
  operands: 2,
  parameters: [
    option('strategy', 'greedy'),
    option('beam_width', 100),
    option('top_paths', 1),
    option('merge_repeated', true),
    option('mask_index', 0),
  ],
});
// The last class, which null stands for.
record('ctcDecode', 'CTCDecode', ([x, lengths, given = {}]) => {
  const options = given as ops.CtcDecodeOptions;
  return [x, lengths, options.maskIndex === null ? { ...options, maskIndex: -1 } : options];
});
