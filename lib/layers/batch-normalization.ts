// BatchNormalization: every channel brought to mean 0 and variance 1 over the batch.
import type { Variable } from '../graph/variable.js';
import {
  get as getInitializer,
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import { asFloat } from '../ops/convert.js';
import {
  add,
  cast,
  divide,
  multiply,
  relu,
  sqrt,
  square,
  subtract,
  where,
} from '../ops/elementwise.js';
import { broadcastTo, expandDims, normalizeAxis, reshape } from '../ops/movement.js';
import { batchNormalization, type NormalizedBatch, normalizeBatch } from '../ops/normalization.js';
import { sum } from '../ops/reduce.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { mainOptions } from '../util/options.js';
import { AffineLayer, type AffineOptions, affineOptionNames, sizeOfAxis } from './affine.js';
import {
  checkClipping,
  corrections,
  type RenormClipping,
  type RenormStatistics,
  stddevOf,
} from './batch-renormalization.js';
import { type CallOptions, checkLayerOptions, layers, type SymbolicShape } from './layer.js';
import { argument } from './layer-options.js';

export interface BatchNormalizationOptions extends AffineOptions {
  /** The axis of the channels. Default −1, the last. */
  readonly axis?: number;
  /** What the moving statistics keep of themselves at each step. Default 0.99. */
  readonly momentum?: number;
  /** Default: zeros. */
  readonly movingMeanInitializer?: InitializerLike;
  /** Default: ones. */
  readonly movingVarianceInitializer?: InitializerLike;
  /** Whether statistics are those of all machines. One machine trains, so that both mean the same. */
  readonly synchronized?: boolean;
  /** Batch renormalization: training normalizes nearly as inference does. Default false. */
  readonly renorm?: boolean;
  /** Limits of its corrections; none by default. */
  readonly renormClipping?: RenormClipping | null;
  /** What its statistics keep of themselves at each step. Default 0.99. */
  readonly renormMomentum?: number;
}

const ownOptionNames = [
  'axis',
  'momentum',
  'movingMeanInitializer',
  'movingVarianceInitializer',
  'synchronized',
  'renorm',
  'renormClipping',
  'renormMomentum',
] as const;

/**
 * `(x − mean) / √(variance + ε) · gamma + beta`, one of each per channel: while training those of the
 * batch, over all axes but the channels'; otherwise, and if the layer is frozen, moving averages of
 * them. Masked time steps do not count. `renorm` corrects for what a batch is off the moving averages. Ioffe and Szegedy, https://arxiv.org/abs/1502.03167
 *
 * @example new BatchNormalization({ momentum: 0.9 })
 */
export class BatchNormalization extends AffineLayer {
  readonly axis: number;
  readonly momentum: number;
  readonly movingMeanInitializer: Initializer;
  readonly movingVarianceInitializer: Initializer;
  readonly synchronized: boolean;
  readonly renorm: boolean;
  readonly renormClipping: RenormClipping | null;
  readonly renormMomentum: number;
  /** `[channels]`, not trained. */
  movingMean!: Variable;
  /** `[channels]`, not trained. */
  movingVariance!: Variable;
  /** What `renorm` keeps besides, not trained. */
  private statistics: RenormStatistics | undefined;

  /** `new BatchNormalization(-1)` or `new BatchNormalization({ axis: -1 })` */
  constructor(axis?: number | BatchNormalizationOptions, rest?: BatchNormalizationOptions) {
    const options = mainOptions<BatchNormalizationOptions>(
      'BatchNormalization',
      ['axis'],
      [axis, rest],
    );
    super(options);
    checkLayerOptions('BatchNormalization', options, [...affineOptionNames, ...ownOptionNames]);
    this.axis = options.axis ?? -1;
    if (!Number.isInteger(this.axis)) {
      throw new ConfigError(
        `BatchNormalization: axis must be one whole number, got ${options.axis}.`,
      );
    }
    this.momentum = options.momentum ?? 0.99;
    this.synchronized = options.synchronized ?? false;
    this.renorm = options.renorm ?? false;
    this.renormClipping = options.renormClipping ?? (this.renorm ? {} : null);
    if (this.renorm) checkClipping('BatchNormalization', this.renormClipping ?? {});
    this.renormMomentum = options.renormMomentum ?? 0.99;
    this.movingMeanInitializer = argument(this, 'movingMeanInitializer', () =>
      getInitializer(options.movingMeanInitializer ?? 'zeros'),
    );
    this.movingVarianceInitializer = argument(this, 'movingVarianceInitializer', () =>
      getInitializer(options.movingVarianceInitializer ?? 'ones'),
    );
  }

  override build(inputShape: SymbolicShape): void {
    const shape = [sizeOfAxis(this, inputShape, this.axis)];
    this.addAffine(shape);
    const add = (name: string, initializer: InitializerLike): Variable =>
      this.addWeight({ name, shape, initializer, trainable: false });
    this.movingMean = add('moving_mean', this.movingMeanInitializer);
    this.movingVariance = add('moving_variance', this.movingVarianceInitializer);
    if (!this.renorm) return;
    const stddev = (of: Shape): Tensor => sqrt(this.movingVarianceInitializer.call(of));
    this.statistics = {
      movingStddev: add('moving_stddev', stddev),
      renormMean: add('renorm_mean', this.movingMeanInitializer),
      renormStddev: add('renorm_stddev', stddev),
    };
  }

  override call(x: Tensor, { training, mask }: CallOptions): Tensor {
    const { movingMean, movingVariance, axis, affine } = this;
    const channels = movingMean.shape[0];
    if (x.shape.at(axis) !== channels) {
      throw new ShapeError(
        `BatchNormalization "${this.name}": expected input of ${channels} channels (axis ${axis}), got ${formatShape(x.shape)}.`,
      );
    }
    if (mask && mask.rank !== x.rank - 1) {
      throw new ShapeError(
        `BatchNormalization "${this.name}": expected a mask with one axis less than the input ${formatShape(x.shape)}, got ${formatShape(mask.shape)}.`,
      );
    }
    if (!training || !this.trainable) {
      return batchNormalization(x, movingMean.value, movingVariance.value, axis, affine);
    }
    const { statistics, epsilon } = this;
    const own = statistics ? { epsilon } : affine;
    const batch = mask ? this.normalizeMasked(asFloat(x), mask, own) : normalizeBatch(x, axis, own);
    if (statistics) return this.renormalize(batch, statistics);
    this.follow(movingMean, batch.mean);
    this.follow(movingVariance, batch.variance);
    return batch.y;
  }

  /** Brings what the batch's statistics gave to what earlier ones would give, and moves all of those. */
  private renormalize(
    { y, mean, variance }: NormalizedBatch,
    statistics: RenormStatistics,
  ): Tensor {
    const { epsilon, renormMomentum, movingMean, movingVariance, gamma, beta } = this;
    const { movingStddev, renormMean, renormStddev } = statistics;
    const stddev = stddevOf(variance, epsilon);
    const { r, d } = corrections({ mean, stddev }, statistics, this.renormClipping ?? {}, epsilon);
    const [scale, moved] = gamma ? [multiply(r, gamma.value), multiply(d, gamma.value)] : [r, d];
    const offset = beta ? add(moved, beta.value) : moved;
    this.follow(renormMean, mean, renormMomentum);
    this.follow(renormStddev, stddev, renormMomentum);
    this.follow(movingMean, mean);
    this.follow(movingStddev, stddev);
    movingVariance.assign(relu(subtract(square(movingStddev.value), epsilon)));
    const channels = y.shape.map((_, i) =>
      i === normalizeAxis(this.axis, y.rank, this.name) ? -1 : 1,
    );
    return add(multiply(y, reshape(scale, channels)), reshape(offset, channels));
  }

  /** Moves an average towards the batch's value. */
  private follow(average: Variable, value: Tensor, momentum = this.momentum): void {
    average.assign(add(multiply(average.value, momentum), multiply(value, 1 - momentum)));
  }

  private normalizeMasked(
    x: Tensor,
    mask: Tensor,
    affine: BatchNormalization['affine'],
  ): NormalizedBatch {
    const axis = normalizeAxis(this.axis, x.rank, this.name);
    const others = x.shape.flatMap((_, i) => (i === axis ? [] : [i]));
    const counts = broadcastTo(expandDims(cast(mask, 'bool'), -1), x.shape);
    const total = (t: Tensor): Tensor => sum(t, others, { keepDims: true });
    const weight = add(total(cast(counts, 'float32')), 1e-7);
    const mean = divide(total(where(counts, x, 0)), weight);
    const variance = divide(total(square(where(counts, subtract(x, mean), 0))), weight);
    const channels = [x.shape[axis]];
    return {
      y: batchNormalization(x, mean, variance, axis, affine),
      mean: reshape(mean, channels),
      variance: reshape(variance, channels),
    };
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      moving_mean_initializer: serializeInitializer(this.movingMeanInitializer),
      moving_variance_initializer: serializeInitializer(this.movingVarianceInitializer),
      synchronized: this.synchronized,
      renorm: this.renorm,
      renorm_clipping: this.renormClipping,
      renorm_momentum: this.renormMomentum,
    };
  }
}
layers.add('BatchNormalization', BatchNormalization);
