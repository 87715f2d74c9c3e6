// Normalization of each sample by itself: LayerNormalization, RMSNormalization, UnitNormalization.
import type { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import { add, minimum, multiply, rsqrt, square, subtract } from '../ops/elementwise.js';
import { normalizeAxis, reshape } from '../ops/movement.js';
import { alongAxes, layerNormalization, rmsNormalization } from '../ops/normalization.js';
import { mean, sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { mainOptions } from '../util/options.js';
import { AffineLayer, type AffineOptions, affineOptionNames, sizeOfAxis } from './affine.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';

type Axis = number | readonly number[];

function checkAxis(where: string, axis: Axis): Axis {
  if ([axis].flat().every(Number.isInteger)) return Array.isArray(axis) ? [...axis] : axis;
  throw new ConfigError(`${where}: axis must be a whole number or a list of them, got ${axis}.`);
}

/** Keras's order of several axes: by their numbers as they were given. */
const sorted = (axis: Axis): readonly number[] => [axis].flat().sort((a, b) => a - b);

export interface LayerNormalizationOptions extends AffineOptions {
  /** The axes that are normalized together. Default −1, the last. */
  readonly axis?: Axis;
  /** Keras's deprecated `x / √(variance + ε) · gamma`. Default false. */
  readonly rmsScaling?: boolean;
}

/**
 * `(x − mean) / √(variance + ε) · gamma + beta`, with the mean and variance of each sample over
 * `axis`. Ba et al., https://arxiv.org/abs/1607.06450
 */
export class LayerNormalization extends AffineLayer {
  /** A list once the layer is built. */
  axis: Axis;
  readonly rmsScaling: boolean;

  /** `new LayerNormalization(-1)` or `new LayerNormalization({ axis: -1 })` */
  constructor(axis?: Axis | LayerNormalizationOptions, rest?: LayerNormalizationOptions) {
    const options = mainOptions<LayerNormalizationOptions>(
      'LayerNormalization',
      ['axis'],
      [axis, rest],
    );
    super(options);
    checkLayerOptions('LayerNormalization', options, [...affineOptionNames, 'axis', 'rmsScaling']);
    this.axis = checkAxis('LayerNormalization', options.axis ?? -1);
    this.rmsScaling = options.rmsScaling ?? false;
  }

  override build(inputShape: SymbolicShape): void {
    this.axis = sorted(this.axis);
    const shape = this.axis.map((axis) => sizeOfAxis(this, inputShape, axis));
    const { rmsScaling } = this;
    this.addAffine(shape, {
      scale: this.scale || rmsScaling,
      center: this.center && !rmsScaling,
    });
  }

  override call(x: Tensor): Tensor {
    return this.rmsScaling
      ? this.scaled(asFloat(x))
      : layerNormalization(x, this.axis, this.affine);
  }

  private scaled(x: Tensor): Tensor {
    const axes = [this.axis].flat().map((axis) => normalizeAxis(axis, x.rank, this.name));
    const d = subtract(x, mean(x, axes, { keepDims: true }));
    const v = mean(square(d), axes, { keepDims: true });
    const out = multiply(x, rsqrt(add(v, this.epsilon)));
    return this.gamma ? multiply(out, reshape(this.gamma.value, alongAxes(x.shape, axes))) : out;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis, rms_scaling: this.rmsScaling };
  }
}
layers.add('LayerNormalization', LayerNormalization);

export interface RMSNormalizationOptions extends LayerOptions {
  /** The axes that are normalized together. Default −1, the last. */
  readonly axis?: Axis;
  /** Added to the mean square. Default 1e-6. */
  readonly epsilon?: number;
}

/**
 * `x / √(mean(x²) + ε) · scale`, with the mean of each sample over `axis`. As in Keras, `scale`
 * broadcasts from the last axis on. Zhang and Sennrich, https://arxiv.org/abs/1910.07467
 */
export class RMSNormalization extends Layer {
  /** A list once the layer is built. */
  axis: Axis;
  readonly epsilon: number;
  /** One value per feature of the normalized axes. */
  scale!: Variable;

  /** `new RMSNormalization(-1)` or `new RMSNormalization({ axis: -1 })` */
  constructor(axis?: Axis | RMSNormalizationOptions, rest?: RMSNormalizationOptions) {
    const options = mainOptions<RMSNormalizationOptions>(
      'RMSNormalization',
      ['axis'],
      [axis, rest],
    );
    super(options);
    checkLayerOptions('RMSNormalization', options, ['axis', 'epsilon']);
    this.axis = checkAxis('RMSNormalization', options.axis ?? -1);
    this.epsilon = options.epsilon ?? 1e-6;
  }

  override build(inputShape: SymbolicShape): void {
    this.axis = sorted(this.axis);
    const shape = this.axis.map((axis) => sizeOfAxis(this, inputShape, axis));
    this.scale = this.addWeight({ name: 'scale', shape, initializer: 'ones' });
  }

  override call(x: Tensor): Tensor {
    const axes = [this.axis].flat();
    const { epsilon } = this;
    const scale = this.scale.value;
    const trailing = axes.every(
      (axis, i) => normalizeAxis(axis, x.rank, this.name) === x.rank - axes.length + i,
    );
    if (trailing) return rmsNormalization(x, axes, { epsilon, scale });
    return multiply(rmsNormalization(x, axes, { epsilon }), scale);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis, epsilon: this.epsilon };
  }
}
layers.add('RMSNormalization', RMSNormalization);

/** Each sample scaled to a Euclidean length of 1 over `axis` (default: the last). */
export class UnitNormalization extends Layer {
  readonly axis: Axis;

  /** `new UnitNormalization(-1)` or `new UnitNormalization({ axis: -1 })` */
  constructor(
    axis?: Axis | (LayerOptions & { axis?: Axis }),
    rest?: LayerOptions & { axis?: Axis },
  ) {
    const options = mainOptions<LayerOptions & { axis?: Axis }>(
      'UnitNormalization',
      ['axis'],
      [axis, rest],
    );
    super(options);
    checkLayerOptions('UnitNormalization', options, ['axis']);
    this.axis = checkAxis('UnitNormalization', options.axis ?? -1);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    const t = asFloat(x);
    const squares = sum(square(t), this.axis, { keepDims: true });
    return multiply(t, minimum(rsqrt(squares), 1e12));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}
layers.add('UnitNormalization', UnitNormalization);
