// Convolution over 2 or 3 spatial axes, channels last, with explicit padding, and its two gradients: the
// three are each other's derivatives. What users call is in convolve.ts.
import type { Attrs } from '../graph/program.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { atPath, call, defineOp, type Op, type ValueInfo } from './define.js';
import { add, multiply } from './elementwise.js';
import { type ConvActivation, fused, fusedByConv } from './fused-activation.js';
import { sumAxes } from './movement.js';
import { spatialOf, windowsAlong } from './windows.js';

/** Where a kernel meets its input; one entry per spatial axis. */
export interface Geometry {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly groups: number;
}

const list = (attrs: Attrs, name: string): readonly number[] => attrs[name] as readonly number[];

/** The attributes of a geometry in the order in which kernels read them. */
const geometryAttrs = (from: Attrs | Geometry) => {
  const { strides, dilations, before, after, groups } = from as Geometry;
  return { strides, dilations, before, after, groups };
};

const channels = (shape: Shape): number => shape[shape.length - 1];

/** What a kernel of `size` elements spans, with the gaps that dilation makes. */
export const spanOf = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/** The sizes of the output along the spatial axes of `sizes`. */
const placesAlong = (sizes: Shape, kernel: Shape, attrs: Attrs): number[] =>
  sizes.map((size, i) => {
    const span = spanOf(kernel[i], list(attrs, 'dilations')[i]);
    const padding = { before: list(attrs, 'before')[i], after: list(attrs, 'after')[i] };
    return windowsAlong(size, span, list(attrs, 'strides')[i], padding);
  });

/** Multiplications and additions of all kernel elements in all places. */
const convFlops = (y: Shape, w: Shape): number =>
  2 * sizeOf(y) * (sizeOf(w) / Math.max(channels(w), 1));

function checkOperands(x: Shape, w: Shape, groups: number): void {
  const [perGroup, filters] = w.slice(-2);
  if (x.length !== w.length || x.length < 4 || x.length > 5) {
    throw new ShapeError(
      `conv: input ${formatShape(x)} and kernel ${formatShape(w)} must have the same number of axes${atPath()}.`,
    );
  }
  if (channels(x) !== perGroup * groups) {
    throw new ShapeError(
      `conv: kernel ${formatShape(w)} in ${groups === 1 ? 'one group' : `${groups} groups`} takes ${perGroup * groups} channels, got input ${formatShape(x)}${atPath()}.`,
    );
  }
  if (filters % groups !== 0) {
    throw new ShapeError(
      `conv: ${groups} groups do not divide the ${filters} filters of kernel ${formatShape(w)}${atPath()}.`,
    );
  }
}

function checkPlaces(x: Shape, w: Shape, places: Shape, attrs: Attrs): void {
  const at = places.findIndex((n, i) => n < 1 && (n < 0 || x[i + 1] > 0));
  if (at < 0) return;
  const span = spanOf(w[at], list(attrs, 'dilations')[at]);
  const padded = x[at + 1] + list(attrs, 'before')[at] + list(attrs, 'after')[at];
  throw new ShapeError(
    `conv: kernel ${formatShape(w)} spans ${span} along spatial axis ${at}, but input ${formatShape(x)} has ${padded} there, padding included${atPath()}. Give it a larger input, a smaller kernel, or padding 'same'.`,
  );
}

/** What follows x and w. */
function operandsOf(inputs: readonly Tensor[], { scaled, residual }: Attrs): Epilogue {
  const rest = inputs.slice(2);
  return {
    residual: residual ? rest.pop() : undefined,
    scale: scaled ? rest.shift() : undefined,
    bias: rest[0],
  };
}

const rowAxes = (y: Tensor): number[] => y.shape.slice(0, -1).map((_, i) => i);

/** @internal y = activation(conv(x, w)·scale + bias + residual). */
export const convOp: Op = defineOp({
  name: 'conv',
  kind: 'gemm',
  rows: 'independent',
  infer: ([x, w], attrs): ValueInfo[] => {
    checkOperands(x.shape, w.shape, attrs.groups as number);
    const places = placesAlong(spatialOf(x.shape), w.shape, attrs);
    checkPlaces(x.shape, w.shape, places, attrs);
    return [{ shape: [x.shape[0], ...places, channels(w.shape)], dtype: 'float32' }];
  },
  vjp: ({ inputs, outputs: [y], grads: [dy], attrs, needs }) => {
    if (!dy) return [];
    const [x, w] = inputs;
    const { scale, bias, residual } = operandsOf(inputs, attrs);
    const dz = fused[attrs.activation as number].grad(dy, y);
    const dconv = scale ? multiply(dz, scale) : dz;
    const gradients = [
      () => convInputGrad(dconv, w, spatialOf(x.shape), geometryAttrs(attrs)),
      () => convKernelGrad(x, dconv, w.shape.slice(0, -2), geometryAttrs(attrs)),
    ];
    const plain = () => convolve(x, w, geometryAttrs(attrs));
    if (scale) gradients.push(() => sumAxes(multiply(dz, plain()), rowAxes(y)));
    if (bias) gradients.push(() => sumAxes(dz, rowAxes(y)));
    if (residual) gradients.push(() => dz);
    return gradients.map((g, i) => (needs(i) ? g() : undefined));
  },
  flops: ([, w], [y]) => convFlops(y.shape, w.shape),
  decompose: (inputs, attrs) => {
    const [x, w] = inputs;
    const { scale, bias, residual } = operandsOf(inputs, attrs);
    let z = convolve(x, w, geometryAttrs(attrs));
    if (scale) z = multiply(z, scale);
    if (bias) z = add(z, bias);
    if (residual) z = add(z, residual);
    return [fused[attrs.activation as number].apply(z)];
  },
});

/** dx of conv from dy and w; the forward pass of a transposed convolution too. */
const convInputGradOp: Op = defineOp({
  name: 'convInputGrad',
  kind: 'gemm',
  rows: 'independent',
  infer: ([dy, w], attrs): ValueInfo[] => {
    const groups = attrs.groups as number;
    const shape = [dy.shape[0], ...list(attrs, 'size'), w.shape[w.shape.length - 2] * groups];
    checkOperands(shape, w.shape, groups);
    const places = placesAlong(list(attrs, 'size'), w.shape, attrs);
    const expected = [dy.shape[0], ...places, channels(w.shape)];
    if (sameShape(dy.shape, expected)) return [{ shape, dtype: 'float32' }];
    throw new ShapeError(
      `convInputGrad: kernel ${formatShape(w.shape)} makes ${formatShape(expected)} of ${formatShape(shape)}, got ${formatShape(dy.shape)}${atPath()}.`,
    );
  },
  vjp: ({ inputs: [dy, w], grads: [g], attrs, needs }) => {
    if (!g) return [];
    const geometry = geometryAttrs(attrs);
    return [
      needs(0) ? convolve(g, w, geometry) : undefined,
      needs(1) ? convKernelGrad(g, dy, w.shape.slice(0, -2), geometry) : undefined,
    ];
  },
  flops: ([dy, w]) => convFlops(dy.shape, w.shape),
});

/** dw of conv from x and dy. */
const convKernelGradOp: Op = defineOp({
  name: 'convKernelGrad',
  kind: 'gemm',
  rows: 'reduces',
  infer: ([x, dy], attrs): ValueInfo[] => {
    const groups = attrs.groups as number;
    const shape = [...list(attrs, 'size'), channels(x.shape) / groups, channels(dy.shape)];
    checkOperands(x.shape, shape, groups);
    const places = placesAlong(spatialOf(x.shape), list(attrs, 'size'), attrs);
    if (sameShape(spatialOf(dy.shape), places)) return [{ shape, dtype: 'float32' }];
    throw new ShapeError(
      `convKernelGrad: a kernel ${formatShape(shape)} has places [${places}] on ${formatShape(x.shape)}, got ${formatShape(dy.shape)}${atPath()}.`,
    );
  },
  vjp: ({ inputs: [x, dy], grads: [g], attrs, needs }) => {
    if (!g) return [];
    const geometry = geometryAttrs(attrs);
    return [
      needs(0) ? convInputGrad(dy, g, spatialOf(x.shape), geometry) : undefined,
      needs(1) ? convolve(x, g, geometry) : undefined,
    ];
  },
  flops: ([, dy], [w]) => convFlops(dy.shape, w.shape),
});

/** What `conv` does besides convolving. */
export interface Epilogue {
  /** `[filters]` */
  readonly scale?: Tensor | undefined;
  /** `[filters]` */
  readonly bias?: Tensor | undefined;
  /** Of the output's shape; added before the activation. */
  readonly residual?: Tensor | undefined;
  /** Default: linear. */
  readonly activation?: ConvActivation;
}

/** @internal `activation(conv(x, w)·scale + bias + residual)`. */
export const convolve = (
  x: Tensor,
  w: Tensor,
  geometry: Geometry,
  { scale, bias, residual, activation = 'linear' }: Epilogue = {},
): Tensor =>
  call(
    convOp,
    [x, w, scale, bias, residual].filter((t) => t !== undefined),
    {
      ...geometryAttrs(geometry),
      activation: fusedByConv.indexOf(activation),
      scaled: scale ? 1 : 0,
      residual: residual ? 1 : 0,
    },
  );

/** @internal dx of spatial sizes `size`. */
export const convInputGrad = (dy: Tensor, w: Tensor, size: Shape, geometry: Geometry): Tensor =>
  call(convInputGradOp, [dy, w], { size, ...geometryAttrs(geometry) });

/** @internal dw of kernel sizes `size`. */
export const convKernelGrad = (x: Tensor, dy: Tensor, size: Shape, geometry: Geometry): Tensor =>
  call(convKernelGradOp, [x, dy], { size, ...geometryAttrs(geometry) });
