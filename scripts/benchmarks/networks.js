// Networks as plain data that every contestant builds from: a list of layers, whose sizes are those of
// channels-last images and square kernels. `floatingPointOperations` counts their products.

export const dense = (units, activation) => ({ type: 'dense', units, activation });
export const dropout = (rate) => ({ type: 'dropout', rate });
export const rescale = (scale) => ({ type: 'rescale', scale });
export const softmax = { type: 'activation', name: 'softmax' };
const relu = { type: 'activation', name: 'relu' };
const relu6 = { type: 'activation', name: 'relu6' };
const batchNorm = { type: 'batchNorm' };
const flatten = { type: 'flatten' };
const globalAverage = { type: 'globalAverage' };

function conv(filters, kernel, { stride = 1, padding = 'same', bias = false, activation } = {}) {
  return { type: 'conv', filters, kernel, stride, padding, bias, activation };
}
const depthwise = (kernel, stride) => ({ type: 'depthwise', kernel, stride, padding: 'same' });
const maxPool = (size, stride = size, padding = 'valid') => {
  return { type: 'maxPool', size, stride, padding };
};
/** `body(x) + shortcut(x)`; an empty list is the identity. */
const residual = (body, shortcut = []) => ({ type: 'residual', body, shortcut });

export function perceptron(hidden, outputs, { rate = 0, isClassifier = true, scale } = {}) {
  const layer = (units) => [dense(units, 'relu'), ...(rate > 0 ? [dropout(rate)] : [])];
  return [
    ...(scale === undefined ? [] : [rescale(scale)]),
    ...hidden.flatMap(layer),
    dense(outputs),
    ...(isClassifier ? [softmax] : []),
  ];
}

export const digits = [
  conv(32, 3, { padding: 'valid', bias: true, activation: 'relu' }),
  maxPool(2),
  conv(64, 3, { padding: 'valid', bias: true, activation: 'relu' }),
  maxPool(2),
  flatten,
  dropout(0.5),
  dense(10),
  softmax,
];

const normalized = (layer, activation = relu) => [layer, batchNorm, activation];

function residualStage(filters, stride) {
  return [0, 1, 2].flatMap((i) => {
    const by = i === 0 ? stride : 1;
    const body = [
      ...normalized(conv(filters, 3, { stride: by })),
      conv(filters, 3, { bias: false }),
      batchNorm,
    ];
    return [residual(body, by === 1 ? [] : [conv(filters, 1, { stride: by })]), relu];
  });
}

/** ResNet-20 for CIFAR (He et al. 2015), with projections where the size changes. */
export const resnet20 = [
  ...normalized(conv(16, 3)),
  ...residualStage(16, 1),
  ...residualStage(32, 2),
  ...residualStage(64, 2),
  globalAverage,
  dense(10),
  softmax,
];

export const vggLike = [
  ...normalized(conv(64, 3)),
  ...normalized(conv(64, 3)),
  maxPool(2),
  ...normalized(conv(128, 3)),
  ...normalized(conv(128, 3)),
  maxPool(2),
  globalAverage,
  dense(10),
  softmax,
];

/** The nearest multiple of 8, as MobileNet rounds its channels. */
function channels(wanted) {
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

function invertedResidual(from, to, expansion, stride) {
  const expand = expansion === 1 ? [] : normalized(conv(from * expansion, 1), relu6);
  const body = [...expand, ...normalized(depthwise(3, stride), relu6), ...[conv(to, 1), batchNorm]];
  return stride === 1 && from === to ? [residual(body)] : body;
}

/** MobileNetV2 (Sandler et al. 2018). */
export function mobileNetV2(width, outputs) {
  const stages = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ];
  let from = channels(32 * width);
  const layers = normalized(conv(from, 3, { stride: 2 }), relu6);
  for (const [expansion, filters, repeats, stride] of stages) {
    const to = channels(filters * width);
    for (let i = 0; i < repeats; i++) {
      layers.push(...invertedResidual(from, to, expansion, i === 0 ? stride : 1));
      from = to;
    }
  }
  return [
    ...layers,
    ...normalized(conv(1280, 1), relu6),
    ...[globalAverage, dense(outputs), softmax],
  ];
}

function bottleneckStage(filters, repeats, stride) {
  return Array.from({ length: repeats }, (_, i) => {
    const by = i === 0 ? stride : 1;
    const body = [
      ...normalized(conv(filters, 1, { stride: by })),
      ...normalized(conv(filters, 3)),
      ...[conv(4 * filters, 1), batchNorm],
    ];
    const shortcut = i === 0 ? [conv(4 * filters, 1, { stride: by }), batchNorm] : [];
    return [residual(body, shortcut), relu];
  }).flat();
}

/** ResNet50 (He et al. 2015). */
export const resnet50 = [
  ...normalized(conv(64, 7, { stride: 2 })),
  maxPool(3, 2, 'same'),
  ...bottleneckStage(64, 3, 1),
  ...bottleneckStage(128, 4, 2),
  ...bottleneckStage(256, 6, 2),
  ...bottleneckStage(512, 3, 2),
  globalAverage,
  dense(1000),
  softmax,
];

const outputSize = (size, { kernel, stride, padding }) =>
  Math.ceil((padding === 'same' ? size : size - kernel + 1) / stride);

/** Shape of what leaves a layer, and the FLOPs of its products. */
function passed(shape, layer) {
  const last = shape.at(-1);
  switch (layer.type) {
    case 'dense':
      return { shape: [layer.units], flops: 2 * last * layer.units };
    case 'flatten':
      return { shape: [shape.reduce((n, size) => n * size, 1)], flops: 0 };
    case 'globalAverage':
      return { shape: [last], flops: 0 };
    case 'maxPool': {
      const size = (n) => outputSize(n, { ...layer, kernel: layer.size });
      return { shape: [...shape.slice(0, -1).map(size), last], flops: 0 };
    }
    case 'conv':
    case 'depthwise': {
      const to = layer.filters ?? last;
      const sizes = shape.slice(0, -1).map((n) => outputSize(n, layer));
      const inputs = layer.type === 'conv' ? last : 1;
      const flops = 2 * sizes[0] * sizes[1] * layer.kernel ** 2 * inputs * to;
      return { shape: [...sizes, to], flops };
    }
    case 'residual': {
      const body = floatingPointOperations(layer.body, shape);
      const shortcut = floatingPointOperations(layer.shortcut, shape);
      return { shape: body.shape, flops: body.flops + shortcut.flops };
    }
    default:
      return { shape, flops: 0 };
  }
}

/**
 * FLOPs of the products of one sample's forward pass, and those of the first layer that has any: of it,
 * training needs no input gradient.
 */
export function floatingPointOperations(layers, input) {
  let [shape, flops, first] = [input, 0, undefined];
  for (const layer of layers) {
    const after = passed(shape, layer);
    shape = after.shape;
    flops += after.flops;
    if (after.flops > 0) first ??= after.flops;
  }
  return { shape, flops, first };
}
