// BatchNormalization: every channel brought to mean 0 and variance 1 over the batch.
import type { Variable } from '../graph/variable.js';
import {
  get as getInitializer,
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import { asFloat } from '../ops/convert.js';
import { add, cast, divide, multiply, square, subtract, where } from '../ops/elementwise.js';
import { broadcastTo, expandDims, normalizeAxis, reshape } from '../ops/movement.js';
import { batchNormalization, type NormalizedBatch, normalizeBatch } from '../ops/normalization.js';
import { sum } from '../ops/reduce.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { AffineLayer, type AffineOptions, affineOptionNames, sizeOfAxis } from './affine.js';
import { type CallOptions, checkLayerOptions, layers, type SymbolicShape } from './layer.js';

export interface BatchNormalizationOptions extends AffineOptions {
  /** The axis of the channels. Default −1, the last. */
  readonly axis?: number;
  /** What the moving statistics keep of themselves at each step. Default 0.99. */
  readonly momentum?: number;
  /** Default: zeros. */
  readonly movingMeanInitializer?: InitializerLike;
  /** Default: ones. */
  readonly movingVarianceInitializer?: InitializerLike;
  /** Statistics over several machines, which there are not: false. */
  readonly synchronized?: boolean;
  /** Batch renormalization, which is not supported: false. */
  readonly renorm?: boolean;
  /** Of batch renormalization; without effect. */
  readonly renormClipping?: null;
  /** Of batch renormalization; without effect. */
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
 * them. Masked time steps do not count. Ioffe and Szegedy, https://arxiv.org/abs/1502.03167
 *
 * @example new BatchNormalization({ momentum: 0.9 })
 */
export class BatchNormalization extends AffineLayer {
  readonly axis: number;
  readonly momentum: number;
  readonly movingMeanInitializer: Initializer;
  readonly movingVarianceInitializer: Initializer;
  private readonly renormMomentum: number;
  /** `[channels]`, not trained. */
  movingMean!: Variable;
  /** `[channels]`, not trained. */
  movingVariance!: Variable;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options);
    checkLayerOptions('BatchNormalization', options, [...affineOptionNames, ...ownOptionNames]);
    for (const key of ['synchronized', 'renorm', 'renormClipping'] as const) {
      if (!options[key]) continue;
      throw new ConfigError(
        `BatchNormalization: ${key} is not supported, so it must be false. Leave it out.`,
      );
    }
    this.axis = options.axis ?? -1;
    if (!Number.isInteger(this.axis)) {
      throw new ConfigError(
        `BatchNormalization: axis must be one whole number, got ${options.axis}.`,
      );
    }
    this.momentum = options.momentum ?? 0.99;
    this.renormMomentum = options.renormMomentum ?? 0.99;
    this.movingMeanInitializer = getInitializer(options.movingMeanInitializer ?? 'zeros');
    this.movingVarianceInitializer = getInitializer(options.movingVarianceInitializer ?? 'ones');
  }

  override build(inputShape: SymbolicShape): void {
    const shape = [sizeOfAxis(this, inputShape, this.axis)];
    this.addAffine(shape);
    this.movingMean = this.addWeight({
      name: 'moving_mean',
      shape,
      initializer: this.movingMeanInitializer,
      trainable: false,
    });
    this.movingVariance = this.addWeight({
      name: 'moving_variance',
      shape,
      initializer: this.movingVarianceInitializer,
      trainable: false,
    });
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
    const { y, mean, variance } = mask
      ? this.normalizeMasked(asFloat(x), mask)
      : normalizeBatch(x, axis, affine);
    this.follow(movingMean, mean);
    this.follow(movingVariance, variance);
    return y;
  }

  /** Moves an average towards the batch's value. */
  private follow(average: Variable, value: Tensor): void {
    const { momentum } = this;
    average.assign(add(multiply(average.value, momentum), multiply(value, 1 - momentum)));
  }

  private normalizeMasked(x: Tensor, mask: Tensor): NormalizedBatch {
    const axis = normalizeAxis(this.axis, x.rank, this.name);
    const others = x.shape.flatMap((_, i) => (i === axis ? [] : [i]));
    const counts = broadcastTo(expandDims(cast(mask, 'bool'), -1), x.shape);
    const total = (t: Tensor): Tensor => sum(t, others, { keepDims: true });
    const weight = add(total(cast(counts, 'float32')), 1e-7);
    const mean = divide(total(where(counts, x, 0)), weight);
    const variance = divide(total(square(where(counts, subtract(x, mean), 0))), weight);
    const channels = [x.shape[axis]];
    return {
      y: batchNormalization(x, mean, variance, axis, this.affine),
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
      synchronized: false,
      renorm: false,
      renorm_clipping: null,
      renorm_momentum: this.renormMomentum,
    };
  }
}
layers.add('BatchNormalization', BatchNormalization);
