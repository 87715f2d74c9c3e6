// Convolutions as keras.ops has them: 1, 2 or 3 spatial axes, channels last or first, padding by name.
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions, suggestion } from '../util/suggest.js';
import { asFloat } from './convert.js';
import { convInputGrad, convolve, type Epilogue, type Geometry } from './convolution.js';
import { atPath, recordable } from './define.js';
import { reshape, transpose } from './movement.js';
import { type AxisWindow, type Padding, paddingOf, perAxis, spanOf } from './window.js';

/** Options of `conv` and its relatives. */
export interface ConvOptions {
  /** One number, or one per spatial axis. Default 1. */
  readonly strides?: number | readonly number[];
  /** `valid` (the default): none; `same`: as much as keeps the size at stride 1; `causal`: before only. */
  readonly padding?: Padding;
  /** `channels_last` (the default) or `channels_first`. */
  readonly dataFormat?: string | null;
  /** Distance of the kernel's elements: one number, or one per spatial axis. Default 1. */
  readonly dilationRate?: number | readonly number[];
}

/** Options of `conv`. */
export interface GroupedConvOptions extends ConvOptions {
  /** Parts of the channels that are convolved apart. Default: as the kernel's shape says. */
  readonly groups?: number;
}

/** Options of `convTranspose`. */
export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  readonly padding?: Exclude<Padding, 'causal'>;
  /** Sizes added to the output, less than the strides; default: what makes it `strides` times as large. */
  readonly outputPadding?: number | readonly number[] | null;
}

const optionNames = ['strides', 'padding', 'dataFormat', 'dilationRate'] as const;

/** The padding that a user means. */
export function paddingNamed(where: string, given: string, known: readonly Padding[]): Padding {
  const name = given.toLowerCase();
  const found = known.find((padding) => padding === name);
  if (found) return found;
  throw new ConfigError(
    `${where}: padding must be ${known.join(' or ')}, got "${given}".${suggestion(name, known)}`,
  );
}

const isChannelsFirst = (where: string, given: string | null | undefined): boolean => {
  const name = (given ?? 'channels_last').replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  if (name === 'channels_last' || name === 'channels_first') return name === 'channels_first';
  throw new ConfigError(
    `${where}: dataFormat must be channelsLast or channelsFirst, got "${given}"${atPath()}.`,
  );
};

/** Channels moved from the second axis to the last. */
export const channelsToEnd = (x: Tensor): Tensor =>
  transpose(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);

/** Channels moved from the last axis to the second. */
export const channelsToFront = (x: Tensor): Tensor =>
  transpose(x, [0, x.rank - 1, ...x.shape.slice(1, -1).map((_, i) => i + 1)]);

/** Operands of equal rank with their spatial axes named. */
interface Operands {
  readonly x: Tensor;
  readonly kernel: Tensor;
  /** Number of spatial axes. */
  readonly rank: number;
}

function operandsOf(where: string, given: TensorLike, kernel: TensorLike, most: number): Operands {
  const x = asFloat(given);
  const w = asFloat(kernel);
  const rank = x.rank - 2;
  if (rank >= 1 && rank <= most && w.rank === x.rank) return { x, kernel: w, rank };
  throw new ShapeError(
    `${where}: expected input [batch, …, channels] and a kernel with as many axes, 1 to ${most} of them spatial, got ${formatShape(x.shape)} and ${formatShape(w.shape)}${atPath()}.`,
  );
}

/** What moves over each spatial axis. */
function windowsOf(where: string, sizes: Shape, options: ConvOptions): AxisWindow[] {
  const rank = sizes.length;
  const strides = perAxis(where, 'strides', options.strides ?? 1, rank);
  const dilations = perAxis(where, 'dilationRate', options.dilationRate ?? 1, rank);
  return sizes.map((size, i) => ({ size, stride: strides[i], dilation: dilations[i] }));
}

/** A geometry of two axes at least: a single one gets an axis of size 1 before it. */
function geometryFor(
  windows: readonly AxisWindow[],
  padding: readonly (readonly [number, number])[],
  groups: number,
): Geometry {
  const lead = windows.length === 1 ? [0] : [];
  return {
    strides: [...lead.map(() => 1), ...windows.map(({ stride }) => stride)],
    dilations: [...lead.map(() => 1), ...windows.map(({ dilation }) => dilation)],
    before: [...lead, ...padding.map(([before]) => before)],
    after: [...lead, ...padding.map(([, after]) => after)],
    groups,
  };
}

/** `[batch, s, channels]` as `[batch, 1, s, channels]`. */
const asImage = (x: Tensor): Tensor =>
  x.rank === 3 ? reshape(x, [x.shape[0], 1, ...x.shape.slice(1)]) : x;

/** `[k, in, out]` as `[1, k, in, out]`. */
const asImageKernel = (w: Tensor): Tensor => (w.rank === 3 ? reshape(w, [1, ...w.shape]) : w);

const fromImage = (y: Tensor, rank: number): Tensor =>
  rank === 1 ? reshape(y, [y.shape[0], ...y.shape.slice(2)]) : y;

/** The groups that the shapes imply, unless they were given. */
function groupsOf(where: string, channels: number, perGroup: number, given?: number): number {
  const groups = given ?? channels / perGroup;
  if (Number.isInteger(groups) && groups >= 1 && perGroup * groups === channels) return groups;
  throw new ShapeError(
    `${where}: a kernel for ${perGroup} channels ${given === undefined ? 'in each group' : `in each of ${given} groups`} does not fit an input of ${channels} channels${atPath()}.`,
  );
}

/** @internal `conv` with what the kernel does besides. */
export function fusedConv(
  where: string,
  given: TensorLike,
  weights: TensorLike,
  options: GroupedConvOptions,
  epilogue: Epilogue = {},
): Tensor {
  const first = isChannelsFirst(where, options.dataFormat);
  const { x: input, kernel, rank } = operandsOf(where, given, weights, 3);
  const x = first ? channelsToEnd(input) : input;
  const windows = windowsOf(where, kernel.shape.slice(0, -2), options);
  const padding = paddingNamed(
    where,
    options.padding ?? 'valid',
    rank === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'],
  );
  const sides = windows.map((window, i) => paddingOf(padding, x.shape[i + 1], window));
  const groups = groupsOf(where, x.shape[rank + 1], kernel.shape[rank], options.groups);
  const y = convolve(
    asImage(x),
    asImageKernel(kernel),
    geometryFor(windows, sides, groups),
    epilogue,
  );
  const out = fromImage(y, rank);
  return first ? channelsToFront(out) : out;
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

/** The size of a transposed convolution's output. */
export function transposedSize(
  length: number,
  window: AxisWindow,
  padding: Padding,
  outputPadding: number | undefined,
): number {
  const { stride } = window;
  const span = spanOf(window);
  if (padding === 'same') {
    return outputPadding === undefined
      ? length * stride
      : (length - 1) * stride + (span % 2) + outputPadding;
  }
  return (length - 1) * stride + span + (outputPadding ?? Math.max(stride - span, 0));
}

/**
 * Transposed convolution: what a convolution of the output's shape makes of it is `x`
 * `[batch, s…, channels]`; the kernel is `[k…, filters, channels]`, the result `[batch, o…, filters]`.
 *
 * @throws ShapeError if the kernel does not fit the channels.
 */
export const convTranspose = recordable(
  'convTranspose',
  (given: TensorLike, weights: TensorLike, options: ConvTransposeOptions = {}): Tensor => {
    const where = 'convTranspose';
    checkOptions(where, options, [...optionNames, 'outputPadding']);
    const first = isChannelsFirst(where, options.dataFormat);
    const { x: input, kernel, rank } = operandsOf(where, given, weights, 3);
    const x = first ? channelsToEnd(input) : input;
    groupsOf(where, x.shape[rank + 1], kernel.shape[rank + 1], 1);
    const padding = paddingNamed(where, options.padding ?? 'valid', ['valid', 'same']);
    const windows = windowsOf(where, kernel.shape.slice(0, -2), options);
    const more = options.outputPadding ?? undefined;
    const extra = more === undefined ? undefined : perAxis(where, 'outputPadding', more, rank, 0);
    const size = windows.map((w, i) => transposedSize(x.shape[i + 1], w, padding, extra?.[i]));
    const sides = windows.map((window, i) => paddingOf(padding, size[i], window));
    const y = convInputGrad(
      asImage(x),
      asImageKernel(kernel),
      rank === 1 ? [1, ...size] : size,
      geometryFor(windows, sides, 1),
    );
    const out = fromImage(y, rank);
    return first ? channelsToFront(out) : out;
  },
);

/** @internal A depthwise kernel `[k…, channels, multiplier]` as one of `conv` in groups of one channel. */
export function depthwiseKernel(kernel: Tensor): Tensor {
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
  const { kernel } = operandsOf(where, x, weights, 2);
  const groups = kernel.shape[kernel.rank - 2];
  return fusedConv(where, x, depthwiseKernel(kernel), { ...options, groups }, epilogue);
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
