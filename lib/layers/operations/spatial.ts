// Operations over windows and images (keras/src/ops/nn.py and image.py). Keras's functions name the order of
// the channels in each config of nn.py, and leave it open in those of image.py.
import { asTensor } from '../../ops/convert.js';
import type { Recordable } from '../../ops/define.js';
import * as ops from '../../ops/index.js';
import { channelsFirst } from '../../ops/windows.js';
import { Tensor, type TensorLike } from '../../tensor/tensor.js';
import { define, type Parameter, parameter, record } from './registry.js';

type Options = Readonly<Record<string, unknown>>;

const option = (key: string, fallback: unknown, write?: Parameter['write']): Parameter =>
  parameter(key, fallback, { inOptions: true, ...(write && { write }) });

const lowerCase = (value: unknown): unknown => String(value).toLowerCase();
const order = (value: unknown): unknown =>
  channelsFirst('dataFormat', String(value)) ? 'channels_first' : 'channels_last';
/** Keras's functions of images take no single number for both axes. */
const pair = (value: unknown): unknown => (typeof value === 'number' ? [value, value] : value);
/** Keras keeps `causal` in a config, and fails when the model runs. */
const padding = (value: unknown): unknown => {
  const name = lowerCase(value);
  return name === 'causal' ? undefined : name;
};

const strides = option('strides', 1);
const padded = option('padding', 'valid', padding);
const channels = option('data_format', 'channels_last', order);
const dilation = option('dilation_rate', 1);

/** The arguments of `conv` without the groups, unless there are several: of those Keras's class knows nothing. */
function withoutGroups([x, kernel, given = {}]: readonly unknown[]): readonly unknown[] {
  const { groups: _, ...options } = given as Options;
  const shapeOf = (t: unknown) => (t instanceof Tensor ? t : asTensor(t as TensorLike)).shape;
  const first = channelsFirst('conv', options.dataFormat as string | undefined);
  const groups = (shapeOf(x).at(first ? 1 : -1) ?? 1) / (shapeOf(kernel).at(-2) ?? 1);
  return [x, kernel, groups === 1 ? options : { ...options, groups }];
}

for (const [name, className, fn, operands, parameters] of [
  ['conv', 'Conv', ops.conv, 2, [strides, padded, channels, dilation]],
  [
    'convTranspose',
    'ConvTranspose',
    ops.convTranspose,
    2,
    [strides, padded, option('output_padding', null), channels, dilation],
  ],
  ['depthwiseConv', 'DepthwiseConv', ops.depthwiseConv, 2, [strides, padded, channels, dilation]],
  ['separableConv', 'SeparableConv', ops.separableConv, 3, [strides, padded, channels, dilation]],
] as const) {
  define('ops.nn', className, fn, { operands, parameters });
  record(name, className, name === 'conv' ? withoutGroups : undefined);
}

for (const [name, className, fn] of [
  ['maxPool', 'MaxPool', ops.maxPool],
  ['averagePool', 'AveragePool', ops.averagePool],
] as const) {
  const parameters = [parameter('pool_size'), option('strides', null), padded, channels];
  define('ops.nn', className, fn, { parameters });
  record(name, className);
}

for (const [name, className, fn] of [
  ['adaptiveMaxPool', 'AdaptiveMaxPool', ops.adaptiveMaxPool],
  ['adaptiveAveragePool', 'AdaptiveAveragePool', ops.adaptiveAveragePool],
] as const) {
  define('ops.nn', className, fn, { parameters: [parameter('output_size'), channels] });
  // In a functional model Keras takes no single number for all axes.
  record(name, className, ([x, size, ...more]) => {
    const axes = (x as Tensor).rank - 2;
    return [x, typeof size === 'number' ? new Array(axes).fill(size) : size, ...more];
  });
}

const image = (
  name: string,
  className: string,
  fn: Recordable,
  parameters: readonly Parameter[] = [],
  operands = 1,
): void => {
  define('ops.image', className, fn, {
    operands,
    parameters: [...parameters, option('data_format', null, order)],
  });
  record(name, className);
};
const interpolation = option('interpolation', 'bilinear', lowerCase);
const fillMode = option('fill_mode', 'constant');
const fillValue = option('fill_value', 0);

image('resize', 'Resize', ops.image.resize, [
  parameter('size'),
  interpolation,
  option('antialias', false),
  option('crop_to_aspect_ratio', false),
  option('pad_to_aspect_ratio', false),
  fillMode,
  fillValue,
]);
image(
  'affineTransform',
  'AffineTransform',
  ops.image.affineTransform,
  [interpolation, fillMode, fillValue],
  2,
);
image('gaussianBlur', 'GaussianBlur', ops.image.gaussianBlur, [
  option('kernel_size', [3, 3], pair),
  option('sigma', [1, 1], pair),
]);
image('rgbToHsv', 'RGBToHSV', ops.image.rgbToHsv);
image('hsvToRgb', 'HSVToRGB', ops.image.hsvToRgb);
image('rgbToGrayscale', 'RGBToGrayscale', ops.image.rgbToGrayscale);
