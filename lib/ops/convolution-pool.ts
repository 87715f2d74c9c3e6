// A convolution and the pooling of what it makes as one call, which fusing makes of two: what lies between
// is not written to memory.
import type { Attrs } from '../graph/program.js';
import { sizeOf } from '../tensor/shape.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import { convOp } from './convolution.js';
import { call, callAll, defineOp, type Op, type ValueInfo } from './define.js';
import { averagePoolOp, maxPoolOp } from './pooling.js';

/** The attributes of both calls, and the op of the second. */
const parts = (attrs: Attrs): { conv: Attrs; pool: Attrs; pooling: Op } => {
  const { averages, window, poolStrides, poolBefore, poolAfter, ...conv } = attrs;
  const pool = { window, strides: poolStrides, before: poolBefore, after: poolAfter };
  return { conv, pool, pooling: averages ? averagePoolOp : maxPoolOp };
};

const convolved = (inputs: readonly ValueInfo[], attrs: Attrs): readonly ValueInfo[] =>
  convOp.infer(inputs, parts(attrs).conv);

/** y = pool(activation(conv(x, w)·scale + bias)) over two spatial axes. */
const convPoolOp = defineOp({
  name: 'convPool',
  kind: 'gemm',
  rows: 'independent',
  infer: (inputs, attrs) => {
    const { pool, pooling } = parts(attrs);
    return pooling.infer(convolved(inputs, attrs), pool);
  },
  flops: (inputs, [y], attrs) => {
    const flops = convOp.flops?.(inputs, convolved(inputs, attrs), attrs) ?? 0;
    return flops + sizeOf(y.shape) * sizeOf(attrs.window as number[]);
  },
  decompose: (inputs, attrs) => {
    const { conv, pool, pooling } = parts(attrs);
    return callAll(pooling, callAll(convOp, inputs, conv), pool);
  },
});

/** Floats of a convolution's output that the kernel keeps in the cache. */
const kept = 64 << 10;
/** From so many images on the kernel gives threads whole ones. */
const manyImages = 16;

/**
 * Whether it pays that the kernel of the convolution `conv` does the pooling `pool` of its output as
 * well. On one thread it took 0 to 6 % less time over 18 shapes; and half as long where windows leave out a
 * row and a column of 11×11 (32 to 64 channels, 256 images, two threads). It has to fit in the cache: the
 * rows of a window, or the image where windows overlap. Cutting an image there cost 7 % in the first layer
 * of ResNet50 for one image, and gave 3 % for eight.
 */
export function poolsInConv(conv: OpNode, pool: OpNode): boolean {
  if (pool.op !== maxPoolOp && pool.op !== averagePoolOp) return false;
  if (conv.outputs[0].rank !== 4) return false;
  const [images, height, width, filters] = conv.outputs[0].shape;
  const [rows] = pool.attrs.window as readonly number[];
  const [stride] = pool.attrs.strides as readonly number[];
  if (rows <= stride) return rows * width * filters <= kept;
  return images >= manyImages && height * width * filters <= kept;
}

/** The call that does what `pool` does with the output of a convolution of `inputs`. */
export function convPool(inputs: readonly Tensor[], conv: Attrs, pool: OpNode): Tensor {
  const { window, strides, before, after } = pool.attrs;
  return call(convPoolOp, inputs, {
    ...conv,
    averages: pool.op === averagePoolOp ? 1 : 0,
    window,
    poolStrides: strides,
    poolBefore: before,
    poolAfter: after,
  });
}
