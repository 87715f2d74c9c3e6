// Normalization: features shifted and scaled by statistics of the data, which adapt() takes.
import type { Variable } from '../../graph/variable.js';
import { asFloat } from '../../ops/convert.js';
import { add, divide, maximum, multiply, sqrt, subtract } from '../../ops/elementwise.js';
import { broadcastTo, reshape } from '../../ops/movement.js';
import { mean, variance } from '../../ops/reduce.js';
import { formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.js';
import { type NestedNumbers, type Tensor, tensor } from '../../tensor/tensor.js';
import { ConfigError, DataError, ShapeError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { checkLayerOptions, type LayerOptions, layers, type SymbolicShape } from '../layer.js';
import { adaptTo, type Batches, type NumericData, NumericLayer, numericBatch } from './data.js';

export interface NormalizationOptions extends LayerOptions {
  /** Axes whose indices have a mean and a variance of their own; null: one for all. Default −1. */
  readonly axis?: number | readonly number[] | null;
  /** Known means, in place of `adapt`: one number, or one per index of the axes. */
  readonly mean?: NestedNumbers | null;
  /** Known variances, of the shape of `mean`. */
  readonly variance?: NestedNumbers | null;
  /** Whether to go back from normalized values. Default false. */
  readonly invert?: boolean;
}

/** Mean and variance of what was seen so far, and of how many elements each. */
interface Seen {
  count: number;
  mean: Float64Array;
  variance: Float64Array;
}

/** The seen and a batch together. */
function merge(
  seen: Seen,
  batchMean: ArrayLike<number>,
  batchVariance: ArrayLike<number>,
  n: number,
) {
  seen.count += n;
  const share = n / seen.count;
  for (let i = 0; i < seen.mean.length; i++) {
    const before = seen.mean[i];
    const now = before * (1 - share) + batchMean[i] * share;
    seen.variance[i] =
      (seen.variance[i] + (before - now) ** 2) * (1 - share) +
      (batchVariance[i] + (batchMean[i] - now) ** 2) * share;
    seen.mean[i] = now;
  }
}

/**
 * `(x − mean) / √variance`, with statistics that are given or that `adapt` takes from data.
 *
 * @example const layer = new Normalization(); layer.adapt(train.x);
 */
export class Normalization extends NumericLayer {
  readonly axis: readonly number[];
  readonly invert: boolean;
  private readonly given: { readonly mean: Tensor; readonly variance: Tensor } | undefined;
  private readonly inputMean: NestedNumbers | null;
  private readonly inputVariance: NestedNumbers | null;
  private keep: readonly number[] = [];
  /** The shape of an input of one row, 1 along the axes that share statistics. */
  private along: Shape = [];
  /** What `adapt` found, one number per index of the axes, unless it was given. */
  mean: Variable | undefined;
  /** As `mean`. */
  variance: Variable | undefined;

  constructor(
    axis: number | readonly number[] | null | NormalizationOptions = {},
    rest: NormalizationOptions = {},
  ) {
    const isAxis = axis === null || typeof axis === 'number' || Array.isArray(axis);
    const options: NormalizationOptions = isAxis
      ? { ...optionsAfter(new.target.name, rest), axis }
      : (axis as NormalizationOptions);
    super(options);
    checkLayerOptions('Normalization', options, ['axis', 'mean', 'variance', 'invert']);
    const { mean: m = null, variance: v = null } = options;
    this.axis = options.axis === null ? [] : [options.axis ?? -1].flat();
    this.invert = options.invert ?? false;
    this.inputMean = m;
    this.inputVariance = v;
    this.supportsMasking = true;
    if ((m === null) !== (v === null)) {
      throw new ConfigError('Normalization: mean and variance must be given together.');
    }
    if (m === null || v === null) return;
    this.given = { mean: tensor(m), variance: tensor(v) };
    const [a, b] = [this.given.mean.shape, this.given.variance.shape];
    if (!sameShape(a, b) || a.length > this.axis.length) {
      throw new ConfigError(
        `Normalization: mean and variance must have one shape of at most ${this.axis.length} axes, got ${formatShape(a)} and ${formatShape(b)}.`,
      );
    }
  }

  override build(inputShape: SymbolicShape): void {
    const rank = inputShape.length;
    const keep = this.axis.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
    const shape = keep.map((axis) => {
      const size = inputShape[axis];
      if (typeof size === 'number') return size;
      throw new ShapeError(
        `Normalization "${this.name}": expected input with axes ${formatShape(this.axis)} of known sizes, got ${formatShape(inputShape)}.`,
      );
    });
    this.keep = keep;
    this.along = inputShape.map((size, i) => (keep.includes(i) ? Number(size) : 1));
    if (this.given) return;
    this.mean = this.addWeight({ name: 'mean', shape, initializer: 'zeros', trainable: false });
    this.variance = this.addWeight({
      name: 'variance',
      shape,
      initializer: 'ones',
      trainable: false,
    });
    this.addWeight({
      name: 'count',
      shape: [],
      dtype: 'int32',
      initializer: 'zeros',
      trainable: false,
    });
  }

  /** Takes mean and variance from data, or batches of it; what was taken before is forgotten. */
  adapt(data: NumericData | Iterable<unknown>): void;
  adapt(data: NumericData | Batches): void | Promise<void>;
  adapt(data: NumericData | Batches): void | Promise<void> {
    let seen: Seen | undefined;
    return adaptTo(`Normalization "${this.name}"`, data, {
      see: (batch) => {
        const t = asFloat(numericBatch('Normalization', batch));
        this.ensureBuilt(t.shape);
        this.checkBatch(t);
        const others = t.shape.flatMap((_, i) => (this.keep.includes(i) ? [] : [i]));
        const n = sizeOf(others.map((i) => t.shape[i]));
        const size = t.size / n;
        seen ??= { count: 0, mean: new Float64Array(size), variance: new Float64Array(size) };
        const [m, v] = [mean(t, others), others.length ? variance(t, others) : multiply(t, 0)];
        merge(seen, m.dataSync(), v.dataSync(), n);
      },
      done: () => this.keepSeen(seen),
    });
  }

  private keepSeen(seen: Seen | undefined): void {
    if (!seen) {
      throw new DataError(`Normalization "${this.name}".adapt: expected data, got no batches.`);
    }
    this.mean?.assign(tensor(seen.mean, { shape: this.mean.shape }));
    this.variance?.assign(tensor(seen.variance, { shape: this.variance.shape }));
  }

  private checkBatch(t: Tensor): void {
    if (this.given) {
      throw new ConfigError(
        `Normalization "${this.name}".adapt: mean and variance were given, so there is nothing to take from data.`,
      );
    }
    if (t.rank === this.along.length && this.keep.every((a) => t.shape[a] === this.along[a]))
      return;
    throw new ShapeError(
      `Normalization "${this.name}".adapt: the layer was built for data like ${formatShape(this.along)}, got ${formatShape(t.shape)}.`,
    );
  }

  /** Given statistics, aligned with the kept axes from the last one on. */
  private spread(t: Tensor): Tensor {
    const shape: number[] = this.along.map(() => 1);
    for (let i = 1; i <= t.rank; i++) shape[this.keep[this.keep.length - i]] = t.shape[t.rank - i];
    return broadcastTo(reshape(t, shape), this.along);
  }

  override call(x: Tensor): Tensor {
    const { given, along } = this;
    const m = given ? this.spread(given.mean) : reshape(this.mean!.value, along);
    const v = given ? this.spread(given.variance) : reshape(this.variance!.value, along);
    const deviation = maximum(sqrt(v), 1e-7);
    const t = asFloat(x);
    return this.invert ? add(m, multiply(t, deviation)) : divide(subtract(t, m), deviation);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      axis: this.axis,
      invert: this.invert,
      mean: this.inputMean,
      variance: this.inputVariance,
    };
  }
}
layers.add('Normalization', Normalization);
