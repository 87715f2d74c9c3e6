// Sums, differences, products, means and extremes of several tensors, as layers.
import * as elementwise from '../ops/elementwise.js';
import { broadcastTo, expandDims } from '../ops/movement.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkLayerOptions, type LayerOptions, layers, type SymbolicShape } from './layer.js';
import { Merge } from './merge.js';

type Masks = readonly (Tensor | undefined)[];
type Binary = (a: Tensor, b: Tensor) => Tensor;

/** The mask of `x` for each of its elements. */
const wholeMask = (mask: Tensor | undefined, x: Tensor): Tensor | undefined =>
  mask && broadcastTo(expandDims(mask, -1), x.shape);

/** a + b + …; shapes broadcast. */
export class Add extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Add', options);
  }
  protected override merge(xs: readonly Tensor[]): Tensor {
    return xs.reduce((a, b) => elementwise.add(a, b));
  }
}
layers.add('Add', Add);

/** a − b, of exactly two. */
export class Subtract extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Subtract', options);
  }
  override build(inputShapes: readonly SymbolicShape[]): void {
    this.checkList(inputShapes, 2);
    super.build(inputShapes);
  }
  protected override merge(xs: readonly Tensor[]): Tensor {
    this.checkList(xs, 2);
    return elementwise.subtract(xs[0], xs[1]);
  }
}
layers.add('Subtract', Subtract);

/** a · b · …, element by element. What is masked counts as 1; where all are masked, it is 0. */
export class Multiply extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Multiply', options);
  }
  protected override merge(xs: readonly Tensor[], masks: Masks): Tensor {
    const whole = xs.map((x, i) => wholeMask(masks[i], x));
    const factors = xs.map((x, i) => {
      const mask = whole[i];
      return mask ? elementwise.where(mask, x, 1) : x;
    });
    const product = factors.reduce((a, b) => elementwise.multiply(a, b));
    const counts = whole.reduce((a, b) => a && b && elementwise.logicalOr(a, b));
    return counts ? elementwise.where(counts, product, 0) : product;
  }
}
layers.add('Multiply', Multiply);

/** (a + b + …) / n */
export class Average extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Average', options);
  }
  protected override merge(xs: readonly Tensor[]): Tensor {
    const total = xs.reduce((a, b) => elementwise.add(a, b));
    return elementwise.divide(total, xs.length);
  }
}
layers.add('Average', Average);

/** The extreme of all; what is masked in one of two is taken from the other. */
function extreme(op: Binary, xs: readonly Tensor[], masks: Masks): Tensor {
  let out = xs[0];
  let outMask = wholeMask(masks[0], out);
  for (const [i, x] of xs.entries()) {
    if (i === 0) continue;
    const mask = wholeMask(masks[i], x);
    const next = mask ? elementwise.where(mask, x, out) : x;
    if (outMask) out = elementwise.where(outMask, out, next);
    outMask = mask && outMask ? elementwise.logicalOr(outMask, mask) : undefined;
    out = op(out, next);
  }
  return out;
}

/** The largest of each element. */
export class Maximum extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Maximum', options);
  }
  protected override merge(xs: readonly Tensor[], masks: Masks): Tensor {
    return extreme(elementwise.maximum, xs, masks);
  }
}
layers.add('Maximum', Maximum);

/** The smallest of each element. */
export class Minimum extends Merge {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Minimum', options);
  }
  protected override merge(xs: readonly Tensor[], masks: Masks): Tensor {
    return extreme(elementwise.minimum, xs, masks);
  }
}
layers.add('Minimum', Minimum);

type Several = readonly Tensor[];

/** `new Add(options).apply(xs)` */
export const add = (xs: Several, options?: LayerOptions): Tensor => new Add(options).apply(xs);
/** `new Subtract(options).apply(xs)` */
export const subtract = (xs: Several, options?: LayerOptions): Tensor =>
  new Subtract(options).apply(xs);
/** `new Multiply(options).apply(xs)` */
export const multiply = (xs: Several, options?: LayerOptions): Tensor =>
  new Multiply(options).apply(xs);
/** `new Average(options).apply(xs)` */
export const average = (xs: Several, options?: LayerOptions): Tensor =>
  new Average(options).apply(xs);
/** `new Maximum(options).apply(xs)` */
export const maximum = (xs: Several, options?: LayerOptions): Tensor =>
  new Maximum(options).apply(xs);
/** `new Minimum(options).apply(xs)` */
export const minimum = (xs: Several, options?: LayerOptions): Tensor =>
  new Minimum(options).apply(xs);
