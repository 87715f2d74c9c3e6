// MobileNetV2 (Sandler et al. 2018, https://arxiv.org/abs/1801.04381): inverted residuals with linear
// bottlenecks, with the layers and names of keras.applications.MobileNetV2.
import { BatchNormalization } from '../layers/batch-normalization.js';
import { Conv2D, DepthwiseConv2D } from '../layers/convolution/index.js';
import { ZeroPadding2D } from '../layers/image/index.js';
import { Add } from '../layers/merging.js';
import { ReLU } from '../layers/rectifiers.js';
import type { Model } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import {
  type ApplicationOptions,
  averageAndPredict,
  checkApplication,
  imageInput,
  withTop,
} from './network.js';

export interface MobileNetV2Options extends ApplicationOptions {
  /** Factor of the channels of all layers. Default 1. */
  readonly alpha?: number;
}

/** Channels, rounded to a multiple of 8 that is not less than 0.9 of what was wanted. */
function channels(wanted: number): number {
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

const normalization = (name: string) => new BatchNormalization({ momentum: 0.999, name });
const relu6 = (name: string) => new ReLU({ maxValue: 6, name });
const pointwise = (filters: number, name: string) =>
  new Conv2D(filters, 1, { padding: 'same', useBias: false, name });

/** Zeros around the image so that a 3×3 window with strides of 2 covers it, most of them at its end. */
function padForStrides(x: Tensor, name: string): Tensor {
  const before = (size: number | null) => (size ?? 0) % 2; // an unknown size is null
  const [, height, width] = x.shape;
  const padding = [
    [before(height), 1],
    [before(width), 1],
  ] as const;
  return new ZeroPadding2D(padding, { name }).apply(x);
}

interface Block {
  readonly filters: number;
  readonly strides: number;
  readonly expansion: number;
  readonly index: number;
}

function invertedResidual(x: Tensor, { filters, strides, expansion, index }: Block) {
  const prefix = index === 0 ? 'expanded_conv_' : `block_${index}_`;
  const inner = x.shape.at(-1) as number;
  let y = x;
  if (index > 0) {
    y = pointwise(expansion * inner, `${prefix}expand`).apply(y);
    y = relu6(`${prefix}expand_relu`).apply(normalization(`${prefix}expand_BN`).apply(y));
  }
  if (strides === 2) y = padForStrides(y, `${prefix}pad`);
  const padding = strides === 1 ? 'same' : 'valid';
  const name = `${prefix}depthwise`;
  y = new DepthwiseConv2D(3, { strides, padding, useBias: false, name }).apply(y);
  y = relu6(`${prefix}depthwise_relu`).apply(normalization(`${prefix}depthwise_BN`).apply(y));
  y = pointwise(filters, `${prefix}project`).apply(y);
  y = normalization(`${prefix}project_BN`).apply(y);
  if (strides === 2 || inner !== filters) return y;
  return new Add({ name: `${prefix}add` }).apply([x, y]);
}

/** Expansion, filters, repeats and strides of the first of them. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2 of width `alpha`; the weight files of keras.applications.MobileNetV2 load. */
export function MobileNetV2({ alpha = 1, ...options }: MobileNetV2Options = {}): Model {
  checkApplication('MobileNetV2', options, ['alpha']);
  if (!(alpha > 0)) {
    throw new ConfigError(`MobileNetV2: expected a positive alpha, got ${alpha}.`);
  }
  const inputs = imageInput('MobileNetV2', options, { usual: 224, least: 32 });
  let x: Tensor = new Conv2D(channels(32 * alpha), 3, {
    ...{ strides: 2, padding: 'same', useBias: false, name: 'Conv1' },
  }).apply(inputs);
  x = relu6('Conv1_relu').apply(normalization('bn_Conv1').apply(x));
  let index = 0;
  for (const [expansion, width, repeats, first] of stages) {
    for (let i = 0; i < repeats; i++, index++) {
      const strides = i === 0 ? first : 1;
      x = invertedResidual(x, { filters: channels(width * alpha), strides, expansion, index });
    }
  }
  const last = alpha > 1 ? channels(1280 * alpha) : 1280;
  x = new Conv2D(last, 1, { useBias: false, name: 'Conv_1' }).apply(x);
  x = relu6('out_relu').apply(normalization('Conv_1_bn').apply(x));
  const name = `mobilenetv2_${alpha.toFixed(2)}_${inputs.shape[1] ?? 'None'}`;
  return withTop(inputs, x, { name, ...options }, { classifier: averageAndPredict(options) });
}
