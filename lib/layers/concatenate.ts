// Concatenate: several tensors joined along an axis.
import { cast } from '../ops/elementwise.js';
import { broadcastTo, expandDims, concatenate as join } from '../ops/movement.js';
import { any } from '../ops/reduce.js';
import { promote } from '../tensor/dtype.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { titleOf } from './input-spec.js';
import { checkLayerOptions, type LayerOptions, layers, type SymbolicShape } from './layer.js';
import { Merge } from './merge.js';

export interface ConcatenateOptions extends LayerOptions {
  /** Default: the last. */
  readonly axis?: number;
}

/** `x`'s mask with its number of axes; all true if it has none. */
function wholeMask(mask: Tensor | undefined, x: Tensor): Tensor {
  if (!mask) return broadcastTo(tensor(true), x.shape);
  return mask.rank < x.rank ? broadcastTo(expandDims(mask, -1), x.shape) : mask;
}

/** Joins tensors along an axis: `new Concatenate().apply([a, b])`, `new Concatenate(1)`. */
export class Concatenate extends Merge {
  readonly axis: number;

  constructor(axis: number | ConcatenateOptions = {}, rest: ConcatenateOptions = {}) {
    const options =
      typeof axis === 'number' ? { ...optionsAfter(new.target.name, rest), axis } : axis;
    super(options);
    checkLayerOptions('Concatenate', options, ['axis']);
    this.axis = options.axis ?? -1;
    if (!Number.isInteger(this.axis)) {
      throw new ConfigError(`Concatenate: axis must be a whole number, got ${this.axis}.`);
    }
  }

  override build(inputShapes: readonly SymbolicShape[]): void {
    this.checkList(inputShapes);
    const [first] = inputShapes;
    const rank = first.length;
    const axis = this.axis < 0 ? this.axis + rank : this.axis;
    const fit = (shape: SymbolicShape): boolean =>
      shape.length === rank &&
      shape.every((d, i) => i === axis || d === null || first[i] === null || d === first[i]);
    if (axis >= 0 && axis < rank && inputShapes.every(fit)) return;
    throw new ShapeError(
      `${titleOf(this)}: expected inputs that agree in all axes but axis ${this.axis}, got ${inputShapes.map(formatShape).join(' and ')}.`,
    );
  }

  override call(xs: readonly Tensor[]): Tensor {
    this.build(xs.map((x) => x.shape));
    return this.merge(xs);
  }

  protected override merge(xs: readonly Tensor[]): Tensor {
    const dtype = xs.map((x) => x.dtype).reduce(promote);
    return join(
      xs.map((x) => cast(x, dtype)),
      this.axis,
    );
  }

  override computeMask(
    xs: readonly Tensor[],
    masks: readonly (Tensor | undefined)[],
  ): Tensor | undefined {
    if (masks.every((mask) => mask === undefined)) return undefined;
    const whole = xs.map((x, i) => wholeMask(masks[i], x));
    return any(join(whole, this.axis), -1);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}
layers.add('Concatenate', Concatenate);

/** `new Concatenate(axis, options).apply(xs)` */
export const concatenate = (
  xs: readonly Tensor[],
  axis: number | ConcatenateOptions = {},
  options?: ConcatenateOptions,
): Tensor => new Concatenate(axis, options).apply(xs);
