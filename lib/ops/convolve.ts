// Convolutions as keras.ops has them: 1, 2 or 3 spatial axes, channels last or first, padding by name.
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { asFloat } from './convert.js';
import { convInputGrad, convolve, type Epilogue, type Geometry, spanOf } from './convolution.js';
import { atPath, recordable } from './define.js';
import { reshape } from './movement.js';
import {
  type AxisPadding,
  asImage,
  type ChannelOrder,
  channelsFirst,
  fromImage,
  type PerAxis,
  perAxis,
  samePadding,
  spatialOf,
  windowsAlong,
  withChannelsLast,
} from './windows.js';

/** How an input is padded: not at all; so that stride 1 keeps its size; before its first element only. */
export type Padding = 'valid' | 'same' | 'causal';

/** Options of `conv` and its relatives. */
export interface ConvOptions {
  /** Step from place to place, for all spatial axes or for each. Default 1. */
  readonly strides?: PerAxis | undefined;
  /** Default `valid`; `same` as TensorFlow has it; `causal` with one spatial axis only. */
  readonly padding?: Padding | (string & {}) | undefined;
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: ChannelOrder | null | undefined;
  /** Distance between the kernel's elements, for all spatial axes or for each. Default 1. */
  readonly dilationRate?: PerAxis | undefined;
}

/** Options of `conv`. */
export interface GroupedConvOptions extends ConvOptions {
  /** Parts of the channels that are convolved apart. Default: as the kernel's shape says. */
  readonly groups?: number;
}

/** Options of `convTranspose`; there is no padding `causal`. */
export interface ConvTransposeOptions extends ConvOptions {
  /** Added to the output's sizes, less than the strides; default: what makes it `strides` times as large. */
  readonly outputPadding?: PerAxis | null | undefined;
}

const optionNames = ['strides', 'padding', 'dataFormat', 'dilationRate'] as const;

/** @internal The padding that a user means; `causal` where there is one spatial axis. */
export function paddingNamed(where: string, given: string, causal: boolean): Padding {
  const name = given.toLowerCase();
  if (name === 'valid' || name === 'same' || (causal && name === 'causal')) return name;
  throw new ConfigError(
    `${where}: padding must be valid${causal ? ', same or causal' : ' or same'}, got "${given}"${atPath()}.`,
  );
}

/** The kernel along one axis. */
interface AxisKernel {
  /** With the gaps that dilation makes. */
  readonly span: number;
  readonly stride: number;
}

/** What `padding` adds to `size` elements. */
function paddingOf(padding: Padding, size: number, { span, stride }: AxisKernel): AxisPadding {
  if (padding === 'same') return samePadding(size, span, stride);
  return { before: padding === 'causal' ? span - 1 : 0, after: 0 };
}

/** A call's operands as kernels take them, and its options for each axis. */
interface Prepared {
  readonly x: Tensor;
  /** Of two spatial axes at least. */
  readonly kernel: Tensor;
  readonly axes: readonly AxisKernel[];
  readonly padding: Padding;
  geometry(paddings: readonly AxisPadding[], groups: number): Geometry;
}

function prepare(where: string, x: Tensor, kernel: Tensor, options: ConvOptions): Prepared {
  const sizes = kernel.shape.slice(0, -2);
  const rank = sizes.length;
  const strides = perAxis(where, 'strides', options.strides ?? 1, rank);
  const dilations = perAxis(where, 'dilationRate', options.dilationRate ?? 1, rank);
  // Of one step there is one row.
  const rows = (values: readonly number[], row: number) => (rank === 1 ? [row, ...values] : values);
  return {
    x: asImage(x),
    kernel: rank === 1 ? reshape(kernel, [1, ...kernel.shape]) : kernel,
    axes: sizes.map((size, i) => ({ span: spanOf(size, dilations[i]), stride: strides[i] })),
    padding: paddingNamed(where, options.padding ?? 'valid', rank === 1),
    geometry: (paddings, groups) => ({
      strides: rows(strides, 1),
      dilations: rows(dilations, 1),
      before: rows(
        paddings.map(({ before }) => before),
        0,
      ),
      after: rows(
        paddings.map(({ after }) => after),
        0,
      ),
      groups,
    }),
  };
}

function operands(where: string, x: TensorLike, kernel: TensorLike, most: number) {
  const [t, w] = [asFloat(x), asFloat(kernel)];
  if (t.rank >= 3 && t.rank <= most + 2 && w.rank === t.rank) return [t, w] as const;
  throw new ShapeError(
    `${where}: expected input [batch, …, channels] and a kernel with as many axes, 1 to ${most} of them spatial, got ${formatShape(t.shape)} and ${formatShape(w.shape)}${atPath()}.`,
  );
}

const channelsText = (n: number): string => (n === 1 ? '1 channel' : `${n} channels`);

/** What a kernel is made for: `3 channels`, or so many in each group. */
function kernelText(perGroup: number, groups: number | undefined): string {
  if (groups === 1) return channelsText(perGroup);
  const each = groups === undefined ? 'each group' : `each of ${groups} groups`;
  return `${channelsText(perGroup)} in ${each}`;
}

/** An operand by its shape, and how many of its channels count. */
interface Channels {
  readonly shape: Shape;
  readonly channels: number;
}

/** The groups that the shapes imply, unless they were given. */
function groupsOf(where: string, input: Channels, kernel: Channels, given?: number): number {
  const [channels, perGroup] = [input.channels, kernel.channels];
  const groups = given ?? channels / perGroup;
  if (Number.isInteger(groups) && groups >= 1 && perGroup * groups === channels) return groups;
  throw new ShapeError(
    `${where}: kernel ${formatShape(kernel.shape)} takes ${kernelText(perGroup, given)}, but input ${formatShape(input.shape)} has ${channelsText(channels)}${atPath()}. Check the kernel's shape, and dataFormat.`,
  );
}

/** @internal `conv` with what the kernel does besides. */
export function fusedConv(
  where: string,
  input: TensorLike,
  weights: TensorLike,
  options: GroupedConvOptions,
  epilogue: Epilogue = {},
): Tensor {
  const [t, w] = operands(where, input, weights, 3);
  return withChannelsLast(t, channelsFirst(where, options.dataFormat), (last) => {
    const { x, kernel, axes, padding, geometry } = prepare(where, last, w, options);
    const groups = groupsOf(
      where,
      { shape: t.shape, channels: last.shape[t.rank - 1] },
      { shape: w.shape, channels: w.shape[t.rank - 2] },
      options.groups,
    );
    const paddings = axes.map((axis, i) => paddingOf(padding, last.shape[i + 1], axis));
    return fromImage(convolve(x, kernel, geometry(paddings, groups), epilogue), t.rank);
  });
}

/**
 * Convolution (cross-correlation) of `x` `[batch, s…, channels]` with a kernel
 * `[k…, channels / groups, filters]`: `[batch, o…, filters]`, over 1 to 3 spatial axes.
 *
 * @throws ShapeError if the kernel does not fit the channels, or spans more than the padded input.
 */
export const conv = recordable(
  'conv',
  (x: TensorLike, kernel: TensorLike, options: GroupedConvOptions = {}): Tensor => {
    checkOptions('conv', options, [...optionNames, 'groups']);
    return fusedConv('conv', x, kernel, options);
  },
);

/** The size of a transposed convolution's output along an axis. */
function transposedSize(
  size: number,
  { span, stride }: AxisKernel,
  padding: Padding,
  outputPadding: number | undefined,
): number {
  if (padding === 'same') {
    return outputPadding === undefined
      ? size * stride
      : (size - 1) * stride + (span % 2) + outputPadding;
  }
  return (size - 1) * stride + span + (outputPadding ?? Math.max(stride - span, 0));
}

/**
 * Transposed convolution: what a convolution of the output's shape makes of it is `x`
 * `[batch, s…, channels]`; the kernel is `[k…, filters, channels]`, the result `[batch, o…, filters]`.
 *
 * @throws ShapeError if the kernel does not fit the channels.
 */
export const convTranspose = recordable(
  'convTranspose',
  (input: TensorLike, weights: TensorLike, options: ConvTransposeOptions = {}): Tensor => {
    const where = 'convTranspose';
    checkOptions(where, options, [...optionNames, 'outputPadding']);
    const [t, w] = operands(where, input, weights, 3);
    return withChannelsLast(t, channelsFirst(where, options.dataFormat), (last) => {
      const { x, kernel, axes, padding, geometry } = prepare(where, last, w, options);
      if (padding === 'causal') paddingNamed(where, padding, false);
      groupsOf(
        where,
        { shape: t.shape, channels: last.shape[t.rank - 1] },
        { shape: w.shape, channels: w.shape[t.rank - 1] },
        1,
      );
      const { outputPadding } = options;
      const extra =
        outputPadding === undefined || outputPadding === null
          ? undefined
          : perAxis(where, 'outputPadding', outputPadding, axes.length, 0);
      const size = axes.map((axis, i) =>
        transposedSize(last.shape[i + 1], axis, padding, extra?.[i]),
      );
      const paddings = axes.map((axis, i) => paddingOf(padding, size[i], axis));
      const places = axes.map(({ span, stride }, i) =>
        windowsAlong(size[i], span, stride, paddings[i]),
      );
      if (!sameShape(places, spatialOf(last.shape))) {
        throw new ShapeError(
          `${where}: outputPadding [${extra}] gives outputs of ${formatShape(size)}, of which the convolution would make ${formatShape(places)}, not ${formatShape(spatialOf(last.shape))}${atPath()}. Change it, or leave it out.`,
        );
      }
      const sizes = axes.length === 1 ? [1, ...size] : size;
      return fromImage(convInputGrad(x, kernel, sizes, geometry(paddings, 1)), t.rank);
    });
  },
);

/** A depthwise kernel `[k…, channels, multiplier]` as one of `conv` in groups of one channel. */
function depthwiseKernel(kernel: Tensor): Tensor {
  const [channels, multiplier] = kernel.shape.slice(-2);
  return reshape(kernel, [...kernel.shape.slice(0, -2), 1, channels * multiplier]);
}

/** @internal `depthwiseConv` with what the kernel does besides. */
export function fusedDepthwise(
  where: string,
  x: TensorLike,
  weights: TensorLike,
  options: ConvOptions,
  epilogue: Epilogue = {},
): Tensor {
  const [t, w] = operands(where, x, weights, 2);
  const groups = w.shape[w.rank - 2];
  const channels = t.shape[channelsFirst(where, options.dataFormat) ? 1 : t.rank - 1];
  groupsOf(where, { shape: t.shape, channels }, { shape: w.shape, channels: groups }, 1);
  return fusedConv(where, x, depthwiseKernel(w), { ...options, groups }, epilogue);
}

/**
 * Convolution of every channel for itself: `x` `[batch, s…, channels]`, kernel
 * `[k…, channels, multiplier]`, result `[batch, o…, channels · multiplier]`; 1 or 2 spatial axes.
 */
export const depthwiseConv = recordable(
  'depthwiseConv',
  (x: TensorLike, kernel: TensorLike, options: ConvOptions = {}): Tensor => {
    checkOptions('depthwiseConv', options, optionNames);
    return fusedDepthwise('depthwiseConv', x, kernel, options);
  },
);

/**
 * `depthwiseConv`, then a convolution of size 1 that mixes the channels: the second kernel is
 * `[1…, channels · multiplier, filters]`, the result `[batch, o…, filters]`.
 */
export const separableConv = recordable(
  'separableConv',
  (
    x: TensorLike,
    depthwise: TensorLike,
    pointwise: TensorLike,
    options: ConvOptions = {},
  ): Tensor => {
    checkOptions('separableConv', options, optionNames);
    const between = fusedDepthwise('separableConv', x, depthwise, options);
    const { dataFormat = 'channels_last' } = options;
    return fusedConv('separableConv', between, pointwise, { dataFormat, groups: 1 });
  },
);
