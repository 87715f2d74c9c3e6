// Dot: products of two tensors, summed over one axis of each, sample by sample.
import { einsum } from '../ops/einsum.js';
import { minimum, multiply, rsqrt, square } from '../ops/elementwise.js';
import { expandDims } from '../ops/movement.js';
import { sum } from '../ops/reduce.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { titleOf } from './input-spec.js';
import { checkLayerOptions, type LayerOptions, layers, type SymbolicShape } from './layer.js';
import { Merge } from './merge.js';

export interface DotOptions extends LayerOptions {
  /** The axis of both that is summed over, or one of each; not the batch's. */
  readonly axes?: number | readonly [number, number];
  /** Whether to scale to length 1 along the axes first, for cosines. Default false. */
  readonly normalize?: boolean;
}

type Axes = number | readonly [number, number];

const isList = (axes: Axes | DotOptions): axes is readonly [number, number] => Array.isArray(axes);

const isAxes = (axes: unknown): axes is Axes =>
  Number.isInteger(axes) ||
  (Array.isArray(axes) && axes.length === 2 && axes.every((axis) => Number.isInteger(axis)));

/** x / |x| along an axis; |x| is taken as 1e-7 at least. */
const normalized = (x: Tensor, axis: number): Tensor =>
  multiply(x, minimum(rsqrt(sum(square(x), axis, { keepDims: true })), 1e7));

const letters = 'bcdefghijklmnopqrstuvwxyz';

/**
 * The product of two tensors, summed over an axis of each: `[batch, …]` without it, then the
 * second's axes. `[2, 3, 5]` and `[2, 10, 3]` with axes `[1, 2]` give `[2, 5, 10]`.
 *
 * @example new Dot(1, { normalize: true }).apply([a, b]) // cosines, [batch, 1]
 */
export class Dot extends Merge {
  readonly axes: Axes;
  readonly normalize: boolean;

  constructor(axes: Axes | DotOptions, rest: DotOptions = {}) {
    const positional = typeof axes === 'number' || isList(axes);
    const options = positional ? { ...optionsAfter(new.target.name, rest), axes } : axes;
    super(options);
    checkLayerOptions('Dot', options, ['axes', 'normalize']);
    if (!isAxes(options.axes)) {
      throw new ConfigError(
        `Dot: axes must be a whole number or two, got ${JSON.stringify(options.axes)}.`,
      );
    }
    this.axes = options.axes;
    this.normalize = options.normalize ?? false;
  }

  /** The two axes, counted from the front. */
  private axesOf(shapes: readonly SymbolicShape[]): readonly [number, number] {
    const given = typeof this.axes === 'number' ? [this.axes, this.axes] : this.axes;
    const [a, b] = given.map((axis, i) => (axis < 0 ? axis + shapes[i].length : axis));
    const fit = a >= 1 && b >= 1 && a < shapes[0].length && b < shapes[1].length;
    const [x, y] = [shapes[0][a], shapes[1][b]];
    if (fit && (x === null || y === null || x === y)) return [a, b];
    throw new ShapeError(
      `${titleOf(this)}: expected two inputs of the same size along axes ${JSON.stringify(this.axes)}, which leave out the batch's, got ${shapes.map(formatShape).join(' and ')}.`,
    );
  }

  override build(inputShapes: readonly SymbolicShape[]): void {
    this.checkList(inputShapes, 2);
    this.axesOf(inputShapes);
  }

  override call(xs: readonly Tensor[]): Tensor {
    this.checkList(xs, 2);
    return this.merge(xs);
  }

  protected override merge(xs: readonly Tensor[]): Tensor {
    const axes = this.axesOf(xs.map((x) => x.shape));
    const [x, y] = this.normalize ? xs.map((t, i) => normalized(t, axes[i])) : xs;
    const left = ['a', ...letters.slice(0, x.rank - 1)];
    const right = ['a', ...letters.slice(x.rank - 1, x.rank + y.rank - 2)];
    right[axes[1]] = left[axes[0]];
    const rest = (labels: readonly string[], axis: number) => labels.filter((_, i) => i !== axis);
    const result = [...rest(left, axes[0]), ...rest(right, axes[1]).slice(1)];
    const out = einsum(`${left.join('')},${right.join('')}->${result.join('')}`, x, y);
    return out.rank === 1 ? expandDims(out, 1) : out;
  }

  /** None: its axes are others. */
  override computeMask(): undefined {
    return undefined;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axes: this.axes, normalize: this.normalize };
  }
}
layers.add('Dot', Dot);

/** `new Dot(axes, options).apply(xs)`; the last axes by default. */
export const dot = (
  xs: readonly Tensor[],
  axes: Axes | DotOptions = -1,
  options: DotOptions = {},
): Tensor => (isAxes(axes) ? new Dot(axes, options) : new Dot({ axes: -1, ...axes })).apply(xs);
