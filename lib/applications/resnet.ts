// Residual networks (He et al. 2015, https://arxiv.org/abs/1512.03385): the bottleneck ones of
// keras.applications, and the small ones for CIFAR.
import { BatchNormalization } from '../layers/batch-normalization.js';
import { Conv2D } from '../layers/convolution/index.js';
import { Activation } from '../layers/core.js';
import { ZeroPadding2D } from '../layers/image/index.js';
import { Add } from '../layers/merging.js';
import { MaxPooling2D } from '../layers/pooling/index.js';
import type { Model } from '../models/model.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type ApplicationOptions,
  averageAndPredict,
  checkApplication,
  imageInput,
  withTop,
} from './network.js';

const sizes = { usual: 224, least: 32 };

const normalization = (name: string) => new BatchNormalization({ epsilon: 1.001e-5, name });
const relu = (name: string) => new Activation('relu', { name });

const endsOf = (options: ApplicationOptions) => ({
  classifier: averageAndPredict(options, 'avg_pool'),
  poolingName: { avg: 'avg_pool', max: 'max_pool' },
});

interface Block {
  readonly filters: number;
  readonly strides: number;
  readonly projects: boolean;
  readonly name: string;
}

/** 1×1, 3×3 and 1×1 convolutions beside a shortcut. */
function bottleneck(x: Tensor, { filters, strides, projects, name }: Block) {
  let shortcut = x;
  if (projects) {
    shortcut = new Conv2D(4 * filters, 1, { strides, name: `${name}_0_conv` }).apply(x);
    shortcut = normalization(`${name}_0_bn`).apply(shortcut);
  }
  let y = new Conv2D(filters, 1, { strides, name: `${name}_1_conv` }).apply(x);
  y = relu(`${name}_1_relu`).apply(normalization(`${name}_1_bn`).apply(y));
  y = new Conv2D(filters, 3, { padding: 'same', name: `${name}_2_conv` }).apply(y);
  y = relu(`${name}_2_relu`).apply(normalization(`${name}_2_bn`).apply(y));
  y = new Conv2D(4 * filters, 1, { name: `${name}_3_conv` }).apply(y);
  y = normalization(`${name}_3_bn`).apply(y);
  return relu(`${name}_out`).apply(new Add({ name: `${name}_add` }).apply([shortcut, y]));
}

function bottlenecks(x: Tensor, counts: readonly number[]): Tensor {
  let y = x;
  for (const [stage, count] of counts.entries()) {
    for (let i = 0; i < count; i++) {
      y = bottleneck(y, {
        filters: 64 * 2 ** stage,
        strides: i === 0 && stage > 0 ? 2 : 1,
        projects: i === 0,
        name: `conv${stage + 2}_block${i + 1}`,
      });
    }
  }
  return y;
}

function bottleneckNetwork(
  className: string,
  counts: readonly number[],
  options: ApplicationOptions,
): Model {
  checkApplication(className, options);
  const inputs = imageInput(className, options, sizes);
  let x = new ZeroPadding2D(3, { name: 'conv1_pad' }).apply(inputs);
  x = new Conv2D(64, 7, { strides: 2, name: 'conv1_conv' }).apply(x);
  x = relu('conv1_relu').apply(normalization('conv1_bn').apply(x));
  x = new ZeroPadding2D(1, { name: 'pool1_pad' }).apply(x);
  x = new MaxPooling2D(3, { strides: 2, name: 'pool1_pool' }).apply(x);
  const named = { name: className.toLowerCase(), ...options };
  return withTop(inputs, bottlenecks(x, counts), named, endsOf(options));
}

/** ResNet50 with the layers, names and weight files of keras.applications.ResNet50. */
export const ResNet50 = (options: ApplicationOptions = {}): Model =>
  bottleneckNetwork('ResNet50', [3, 4, 6, 3], options);

/** ResNet101 with the layers, names and weight files of keras.applications.ResNet101. */
export const ResNet101 = (options: ApplicationOptions = {}): Model =>
  bottleneckNetwork('ResNet101', [3, 4, 23, 3], options);

/** ResNet152 with the layers, names and weight files of keras.applications.ResNet152. */
export const ResNet152 = (options: ApplicationOptions = {}): Model =>
  bottleneckNetwork('ResNet152', [3, 8, 36, 3], options);

/** Two 3×3 convolutions beside a shortcut, projected where the size changes. */
function basicBlock(x: Tensor, { filters, strides, projects, name }: Block) {
  const conv = (size: number, by: number, part: string) =>
    new Conv2D(filters, size, {
      ...{ strides: by, padding: 'same', useBias: false, kernelInitializer: 'heNormal' },
      name: `${name}_${part}_conv`,
    });
  const normalized = (part: string) => new BatchNormalization({ name: `${name}_${part}_bn` });
  const shortcut = projects ? normalized('0').apply(conv(1, strides, '0').apply(x)) : x;
  let y = normalized('1').apply(conv(3, strides, '1').apply(x));
  y = relu(`${name}_1_relu`).apply(y);
  y = normalized('2').apply(conv(3, 1, '2').apply(y));
  return relu(`${name}_out`).apply(new Add({ name: `${name}_add` }).apply([shortcut, y]));
}

function cifarNetwork(className: string, blocks: number, options: ApplicationOptions): Model {
  checkApplication(className, options);
  const inputs = imageInput(className, options, { usual: 32, least: 8 });
  let x: Tensor = new Conv2D(16, 3, {
    ...{ padding: 'same', useBias: false, kernelInitializer: 'heNormal', name: 'conv1_conv' },
  }).apply(inputs);
  x = relu('conv1_relu').apply(new BatchNormalization({ name: 'conv1_bn' }).apply(x));
  for (const stage of [0, 1, 2]) {
    for (let i = 0; i < blocks; i++) {
      const first = i === 0 && stage > 0;
      x = basicBlock(x, {
        filters: 16 * 2 ** stage,
        strides: first ? 2 : 1,
        projects: first,
        name: `conv${stage + 2}_block${i + 1}`,
      });
    }
  }
  const chosen = { classes: 10, name: className.toLowerCase(), ...options };
  return withTop(inputs, x, chosen, endsOf(chosen));
}

/** The 20-layer network for 32×32 images of section 4.2, with projections; 10 classes by default. */
export const ResNet20 = (options: ApplicationOptions = {}): Model =>
  cifarNetwork('ResNet20', 3, options);

/** The 32-layer network for 32×32 images; see `ResNet20`. */
export const ResNet32 = (options: ApplicationOptions = {}): Model =>
  cifarNetwork('ResNet32', 5, options);

/** The 56-layer network for 32×32 images; see `ResNet20`. */
export const ResNet56 = (options: ApplicationOptions = {}): Model =>
  cifarNetwork('ResNet56', 9, options);
