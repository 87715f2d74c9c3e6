// Calls of ops in functional models, by the keys of scripts/goldens/operations.py, which makes the same in Keras.
import { activations, input, ops, type Tensor, tensor } from '../../lib/index.js';
import type { Structure } from '../../lib/layers/layer.js';

/** Three inputs: x and y `[batch, 3, 4]`, i `[batch, 3]` of whole numbers. */
export const operationInputs = () =>
  [
    input([3, 4], { name: 'x' }),
    input([3, 4], { name: 'y' }),
    input([3], { name: 'i', dtype: 'int32' }),
  ] as const;

type Call = (x: Tensor, y: Tensor, i: Tensor) => Structure;

const of =
  (fn: (x: Tensor) => Tensor): Call =>
  (x) =>
    fn(x);

const ofTwo =
  (fn: (x: Tensor, y: Tensor) => Tensor): Call =>
  (x, y) =>
    fn(x, y);

const unary: Record<string, Call> = {
  absolute: of(ops.absolute),
  arctanh: of(ops.arctanh),
  ceil: of(ops.ceil),
  cos: of(ops.cos),
  cosh: of(ops.cosh),
  erf: of(ops.erf),
  exp: of(ops.exp),
  exp2: of(ops.exp2),
  expm1: of(ops.expm1),
  floor: of(ops.floor),
  isfinite: of(ops.isfinite),
  isinf: of(ops.isinf),
  isnan: of(ops.isnan),
  log: of(ops.log),
  log10: of(ops.log10),
  log1p: of(ops.log1p),
  log2: of(ops.log2),
  negative: of(ops.negative),
  reciprocal: of(ops.reciprocal),
  round: of(ops.round),
  rsqrt: of(ops.rsqrt),
  sign: of(ops.sign),
  sin: of(ops.sin),
  sinh: of(ops.sinh),
  sqrt: of(ops.sqrt),
  square: of(ops.square),
  tan: of(ops.tan),
  tanh: of(ops.tanh),
  trunc: of(ops.trunc),
  stop_gradient: of(ops.stopGradient),
  relu: of(ops.relu),
  relu6: of(activations.relu6),
  selu: of(activations.selu),
  sigmoid: of(activations.sigmoid),
  silu: of(activations.silu),
  softplus: of(ops.softplus),
  softsign: of(activations.softsign),
  hard_sigmoid: of(activations.hardSigmoid),
  hard_silu: of(activations.hardSilu),
  hard_tanh: of(activations.hardTanh),
  log_sigmoid: of(activations.logSigmoid),
  sparse_plus: of(activations.sparsePlus),
  sparse_sigmoid: of(activations.sparseSigmoid),
  tanh_shrink: of(activations.tanhShrink),
};

const binary: Record<string, Call> = {
  add: ofTwo((x, y) => x.add(y)),
  divide: ofTwo(ops.divide),
  equal: ofTwo(ops.equal),
  floor_divide: ofTwo(ops.floorDivide),
  greater: ofTwo(ops.greater),
  greater_equal: ofTwo(ops.greaterEqual),
  less: ofTwo(ops.less),
  less_equal: ofTwo(ops.lessEqual),
  logaddexp: ofTwo(ops.logaddexp),
  maximum: ofTwo(ops.maximum),
  minimum: ofTwo(ops.minimum),
  mod: ofTwo(ops.mod),
  multiply: ofTwo((x, y) => x.mul(y)),
  not_equal: ofTwo(ops.notEqual),
  power: ofTwo(ops.power),
  subtract: ofTwo(ops.subtract),
  logical_and: (x, y) => ops.logicalAnd(ops.greater(x, 0.5), ops.less(y, 1)),
  logical_or: (x, y) => ops.logicalOr(ops.greater(x, 0.5), ops.less(y, 1)),
  logical_xor: (x, y) => ops.logicalXor(ops.greater(x, 0.5), ops.less(y, 1)),
  logical_not: (x) => ops.logicalNot(ops.greater(x, 0.5)),
  where: (x, y) => ops.where(ops.greater(x, y), x, 0.5),
  matmul: (x, y) => ops.matmul(x, ops.transpose(y, [0, 2, 1])),
  einsum: (x, y) => ops.einsum('abc,abd->acd', x, y),
};

const reductions: Record<string, Call> = {
  sum: (x) => x.sum(-1),
  mean: (x) => ops.mean(x, [1, 2], { keepDims: true }),
  std: (x) => ops.std(x, 1),
  variance: (x) => ops.variance(x, 1),
  max: (x) => ops.max(x, 1, { keepDims: true }),
  min: (x) => ops.min(x, 2),
  prod: (x) => ops.prod(x, 1),
  any: (x) => ops.any(ops.greater(x, 1), 1),
  all: (x) => ops.all(ops.greater(x, 0.2), 1),
  logsumexp: (x) => ops.logSumExp(x, 1, { keepDims: true }),
  argmax: (x) => ops.argmax(x, -1),
  argmin: (x) => ops.argmin(x, 1),
  cumsum: (x) => ops.cumsum(x, 1),
  cumprod: (x) => ops.cumprod(x, 2),
  sort: (x) => ops.sort(x, 1),
  argsort: (x) => ops.argsort(x),
  top_k: (x) => ops.topK(x, 2),
};

const movement: Record<string, Call> = {
  number: (x) => ops.multiply(x, 2.5),
  'whole number': (_x, _y, i) => ops.subtract(1, i),
  array: (x) => ops.add(x, Float32Array.of(0.5, 1, -2, 3)),
  tensor: (_x, y) => ops.multiply(tensor([[1], [2], [3]]), y),
  clip: (x) => ops.clip(x, 0.25, 1),
  reshape: (x) => ops.reshape(x, [-1, 12]),
  expand_dims: (x) => ops.expandDims(x, 1),
  squeeze: (x) => ops.squeeze(ops.sum(x, 1, { keepDims: true }), 1),
  transpose: (x) => ops.transpose(x, [0, 2, 1]),
  broadcast_to: (x) => ops.broadcastTo(ops.sum(x, 0, { keepDims: true }), [2, 3, 4]),
  concatenate: (x, y) => ops.concatenate([x, y], 1),
  stack: (x, y) => ops.stack([x, y], 1),
  flip: (x) => ops.reverse(x, 2),
  take: (x) => ops.gather(x, [2, 0], 2),
  'take from': (_x, _y, i) => ops.gather(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), i.mul(2)),
  take_along_axis: (x) => ops.takeAlongAxis(x, ops.argsort(x), -1),
  slice: (x) => ops.slice(x, [0, 1, 0], [2, 2, 3]),
  rows: (x) => x.slice(1),
  pad: (x) =>
    ops.pad(x, [
      [0, 0],
      [1, 0],
      [0, 2],
    ]),
  'pad with': (x) =>
    ops.pad(
      x,
      [
        [0, 0],
        [1, 0],
        [0, 2],
      ],
      1.5,
    ),
  one_hot: (_x, _y, i) => ops.oneHot(i, 4),
  cast: (_x, _y, i) => i.cast('float32'),
};

const parameterized: Record<string, Call> = {
  softmax: (x) => ops.softmax(x, 1),
  log_softmax: of(activations.logSoftmax),
  sparsemax: of(activations.sparsemax),
  glu: (x) => activations.glu(x, { axis: 2 }),
  gelu: (x) => activations.gelu(x, true),
  elu: (x) => activations.elu(x, 0.7),
  celu: (x) => activations.celu(x, { alpha: 0.6 }),
  leaky_relu: (x) => activations.leakyRelu(x, { negativeSlope: 0.3 }),
  hard_shrink: (x) => activations.hardShrink(x, 0.4),
  soft_shrink: (x) => activations.softShrink(x, { threshold: 0.4 }),
  squareplus: (x) => activations.squareplus(x, 2),
  threshold: (x) => activations.threshold(x, { threshold: 0.75, defaultValue: 0.25 }),
  'relu with': (x) => activations.relu(x, { negativeSlope: 0.1, maxValue: 1, threshold: 0.5 }),
};

/** A constant of numbers that JSON keeps exactly. */
const eighths = (...shape: number[]): Tensor => {
  const size = shape.reduce((a, b) => a * b);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => ((i % 7) - 3) / 8),
    { shape },
  );
};
const image = (x: Tensor): Tensor => ops.reshape(x, [-1, 2, 2, 3]);
/** `count` for each row. */
const frames = (i: Tensor, count: number): Tensor => ops.max(ops.add(ops.multiply(i, 0), count), 1);

const spatial: Record<string, Call> = {
  conv: (x) => ops.conv(x, eighths(2, 4, 5), { groups: 1 }),
  'conv with': (x) =>
    ops.conv(image(x), eighths(2, 1, 3, 2), { strides: 1, padding: 'SAME', dilationRate: [1, 2] }),
  'conv in steps': (x) => ops.conv(x, eighths(2, 4, 2), { strides: [2] }),
  'conv by': (x, y) => ops.conv(x, ops.reshape(ops.sum(y, 0), [3, 4, 1])),
  conv_transpose: (x) => ops.convTranspose(x, eighths(2, 5, 4), { strides: 2 }),
  'conv_transpose with': (x) =>
    ops.convTranspose(x, eighths(3, 2, 4), { strides: [2], padding: 'same', outputPadding: 1 }),
  depthwise_conv: (x) => ops.depthwiseConv(x, eighths(2, 4, 2), { padding: 'same' }),
  separable_conv: (x) => ops.separableConv(x, eighths(2, 4, 2), eighths(1, 8, 3)),
  max_pool: (x) => ops.maxPool(x, 2),
  'max_pool with': (x) => ops.maxPool(image(x), [2, 1], { strides: 1, padding: 'same' }),
  average_pool: (x) => ops.averagePool(image(x), 2),
  'average_pool with': (x) =>
    ops.averagePool(x, 2, { strides: 1, padding: 'same', dataFormat: 'channels_first' }),
  adaptive_max_pool: (x) => ops.adaptiveMaxPool(x, 2),
  adaptive_average_pool: (x) => ops.adaptiveAveragePool(x, [2], { dataFormat: 'channelsFirst' }),
  resize: (x) => ops.image.resize(image(x), [3, 4]),
  'resize with': (x) =>
    ops.image.resize(image(x), [3, 5], {
      interpolation: 'bicubic',
      antialias: true,
      padToAspectRatio: true,
      fillValue: 0.5,
    }),
  'resize cut': (x) =>
    ops.image.resize(image(x), [4, 2], { interpolation: 'nearest', cropToAspectRatio: true }),
  'resize bytes': (x) => ops.image.resize(ops.cast(ops.multiply(image(x), 255), 'uint8'), [3, 5]),
  affine_transform: (x) =>
    ops.image.affineTransform(image(x), [1, 0.25, 0.5, 0, 1, 0, 0, 0], { fillMode: 'reflect' }),
  'affine_transform by': (x, y) =>
    ops.image.affineTransform(
      image(x),
      ops.gather(ops.reshape(y, [-1, 12]), [0, 1, 2, 3, 4, 5, 6, 7], 1),
      {
        interpolation: 'nearest',
        fillValue: 2,
      },
    ),
  gaussian_blur: (x) => ops.image.gaussianBlur(image(x)),
  'gaussian_blur with': (x) => ops.image.gaussianBlur(image(x), { kernelSize: [1, 3], sigma: 0.5 }),
  rgb_to_hsv: (x) => ops.image.rgbToHsv(image(x)),
  hsv_to_rgb: (x) => ops.image.hsvToRgb(image(x)),
  rgb_to_grayscale: (x) => ops.image.rgbToGrayscale(image(x), { dataFormat: 'channelsLast' }),
  in_top_k: (x, _y, i) => ops.inTopK(ops.reshape(i, [-1]), ops.reshape(x, [-1, 4]), 2),
  ctc_loss: (x, _y, i) => ops.ctcLoss(ops.minimum(i, 2), x, frames(i, 1), frames(i, 3), 3),
  ctc_decode: (x, _y, i) => ops.ctcDecode(x, frames(i, 3), { mergeRepeated: false, maskIndex: 1 }),
};

/** Calls by name. */
export const operationCalls: Readonly<Record<string, Call>> = {
  ...unary,
  ...binary,
  ...reductions,
  ...movement,
  ...parameterized,
  ...spatial,
};
