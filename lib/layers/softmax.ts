// Softmax as a layer, which can leave masked positions out.
import { cast, exp, greater, subtract, where } from '../ops/elementwise.js';
import { logSumExp } from '../ops/reduce.js';
import { softmax } from '../ops/softmax.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { titleOf } from './input-spec.js';
import { type CallOptions, checkLayerOptions, Layer, type LayerOptions, layers } from './layer.js';

export interface SoftmaxOptions extends LayerOptions {
  /** The axis, or axes, along which probabilities add up to 1. Default −1. */
  readonly axis?: number | readonly number[];
}

/** What Keras writes over masked logits. */
const masked = -1e9;

/**
 * eˣ / Σ eˣ along `axis`. A mask that broadcasts to the input gives probability 0 where it is false.
 *
 * @example new Softmax(); new Softmax([1, 2]); new Softmax().apply(logits, { mask })
 */
export class Softmax extends Layer {
  readonly axis: number | readonly number[];

  constructor(axis: number | readonly number[] | SoftmaxOptions = {}, rest: SoftmaxOptions = {}) {
    const options = isAxis(axis) ? { ...optionsAfter(new.target.name, rest), axis } : axis;
    super(options);
    checkLayerOptions('Softmax', options, ['axis']);
    this.axis = options.axis ?? -1;
    this.supportsMasking = true;
  }

  override call(x: Tensor, { mask }: CallOptions): Tensor {
    if (!mask) return this.normalized(x);
    const fits = broadcastShapes(mask.shape, x.shape);
    if (mask.rank > x.rank || !fits || !sameShape(fits, x.shape)) {
      throw new ShapeError(
        `${titleOf(this)}: expected a mask that broadcasts to the input ${formatShape(x.shape)}, got ${formatShape(mask.shape)}.`,
      );
    }
    const keep = mask.dtype === 'bool' ? mask : greater(cast(mask, 'float32'), 0.5);
    return where(keep, this.normalized(where(keep, x, masked)), 0);
  }

  private normalized(x: Tensor): Tensor {
    const [first, ...more] = [this.axis].flat();
    if (more.length === 0) return softmax(x, first);
    return exp(subtract(x, logSumExp(x, [first, ...more], { keepDims: true })));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}
layers.add('Softmax', Softmax);

const isAxis = (
  axis: number | readonly number[] | SoftmaxOptions,
): axis is number | readonly number[] => typeof axis === 'number' || Array.isArray(axis);
