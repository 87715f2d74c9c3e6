// GroupNormalization: the channels of each sample normalized in groups.
import { asFloat } from '../ops/convert.js';
import { add, multiply } from '../ops/elementwise.js';
import { normalizeAxis, reshape } from '../ops/movement.js';
import { alongAxes, layerNormalization } from '../ops/normalization.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { AffineLayer, type AffineOptions, affineOptionNames, sizeOfAxis } from './affine.js';
import { checkLayerOptions, layers, type SymbolicShape } from './layer.js';

export interface GroupNormalizationOptions extends AffineOptions {
  /** How many groups the channels fall into; −1: one channel each. Default 32. */
  readonly groups?: number;
  /** The axis of the channels. Default −1, the last. */
  readonly axis?: number;
}

/**
 * `(x − mean) / √(variance + ε) · gamma + beta`, with the mean and variance of each sample over a
 * group of channels and all axes but batch and channels; gamma and beta have one value per channel.
 * Wu and He, https://arxiv.org/abs/1803.08494
 */
export class GroupNormalization extends AffineLayer {
  /** The number of channels, once the layer is built, where −1 was given. */
  groups: number;
  readonly axis: number;

  /** `new GroupNormalization(8)` */
  constructor(
    groups: number | GroupNormalizationOptions = {},
    rest: GroupNormalizationOptions = {},
  ) {
    const options =
      typeof groups === 'number' ? { ...optionsAfter(new.target.name, rest), groups } : groups;
    super(options);
    checkLayerOptions('GroupNormalization', options, [...affineOptionNames, 'groups', 'axis']);
    this.groups = options.groups ?? 32;
    this.axis = options.axis ?? -1;
    if (!Number.isInteger(this.groups) || (this.groups < 1 && this.groups !== -1)) {
      throw new ConfigError(
        `GroupNormalization: groups must be a whole number above 0, or -1, got ${this.groups}.`,
      );
    }
  }

  override build(inputShape: SymbolicShape): void {
    const channels = sizeOfAxis(this, inputShape, this.axis);
    if (this.groups === -1) this.groups = channels;
    if (channels % this.groups !== 0) {
      throw new ShapeError(
        `GroupNormalization "${this.name}": ${channels} channels (axis ${this.axis}) do not fall into ${this.groups} equal groups.`,
      );
    }
    this.addAffine([channels]);
  }

  override call(x: Tensor): Tensor {
    const t = asFloat(x);
    const { groups, gamma, beta, epsilon } = this;
    const axis = normalizeAxis(this.axis, t.rank, this.name);
    const { shape } = t;
    const grouped = [
      ...shape.slice(0, axis),
      groups,
      shape[axis] / groups,
      ...shape.slice(axis + 1),
    ];
    const normalized = grouped.flatMap((_, i) => (i === 0 || i === axis ? [] : [i]));
    const out = reshape(layerNormalization(reshape(t, grouped), normalized, { epsilon }), shape);
    const along = alongAxes(shape, [axis]);
    const scaled = gamma ? multiply(out, reshape(gamma.value, along)) : out;
    return beta ? add(scaled, reshape(beta.value, along)) : scaled;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), groups: this.groups, axis: this.axis };
  }
}
layers.add('GroupNormalization', GroupNormalization);
