// Dropout of single elements, and of whole feature maps.
import { divide, where } from '../ops/elementwise.js';
import { broadcastTo } from '../ops/movement.js';
import { dropout } from '../ops/random.js';
import { literal, type Tensor } from '../tensor/tensor.js';
import { optionsAfter } from '../util/options.js';
import { type DataFormat, dataFormatOf } from './data-format.js';
import { type CallOptions, checkLayerOptions, layers, type SymbolicShape } from './layer.js';
import { fractionOf, Noise, type NoiseOptions, noiseShapeOf } from './noise.js';
import { checkAxes } from './spatial-input.js';

export interface DropoutOptions extends NoiseOptions {
  /** Fraction of the elements that become 0. */
  readonly rate?: number;
  /** Shape of the mask, null where it is the input's; size 1 drops whole slices. */
  readonly noiseShape?: SymbolicShape | null;
}

/** In training zeroes a fraction `rate` of its input and scales the rest by 1 / (1 − rate). */
export class Dropout extends Noise {
  readonly rate: number;
  readonly noiseShape: SymbolicShape | undefined;

  constructor(rate: number | DropoutOptions, rest: DropoutOptions = {}) {
    const options =
      typeof rate === 'number' ? { ...optionsAfter(new.target.name, rest), rate } : rate;
    super(options);
    checkLayerOptions('Dropout', options, ['rate', 'seed', 'noiseShape']);
    this.rate = fractionOf('Dropout', 'rate', options.rate);
    this.noiseShape = noiseShapeOf('Dropout', options.noiseShape);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate, noiseShape } = this;
    if (!training || rate === 0) return x;
    // A gradient through 0 / 0 would be NaN.
    if (rate === 1) return broadcastTo(literal(0), x.shape);
    if (!noiseShape) return dropout(x, rate, this.nextDraw());
    return where(this.kept(x, rate, noiseShape), divide(x, 1 - rate), 0);
  }

  override getConfig(): Record<string, unknown> {
    const { rate, seed = null, noiseShape = null } = this;
    return { ...super.getConfig(), rate, seed, noise_shape: noiseShape };
  }
}
layers.add('Dropout', Dropout);

export interface SpatialDropoutOptions extends NoiseOptions {
  readonly rate?: number;
}

export interface SpatialDropoutImageOptions extends SpatialDropoutOptions {
  /** Where the channels are. Default: `channelsLast`. */
  readonly dataFormat?: string | null;
}

/** In training zeroes whole feature maps. Tompson et al. 2015. */
abstract class SpatialDropout extends Noise {
  readonly rate: number;

  /** @param spatial number of axes that are dropped together */
  constructor(
    options: SpatialDropoutImageOptions,
    private readonly spatial: number,
    readonly dataFormat: DataFormat,
  ) {
    super(options);
    this.rate = fractionOf(new.target.name, 'rate', options.rate);
  }

  override build(inputShape: SymbolicShape): void {
    checkAxes(this, this.spatial, inputShape);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    checkAxes(this, this.spatial, x.shape);
    const { rate, spatial, dataFormat } = this;
    if (!training || rate === 0) return x;
    if (rate === 1) return broadcastTo(literal(0), x.shape);
    const together = Array.from({ length: spatial }, () => 1);
    const first = dataFormat === 'channels_first';
    const shape = first ? [null, null, ...together] : [null, ...together, null];
    return where(this.kept(x, rate, shape), divide(x, 1 - rate), 0);
  }

  /** Keras writes no more than this. */
  override getConfig(): Record<string, unknown> {
    const { name, rate, seed = null } = this;
    return { rate, seed, name, dtype: 'float32' };
  }
}

/** Drops whole features of `[batch, time, features]`: each for all time steps at once. */
export class SpatialDropout1D extends SpatialDropout {
  constructor(rate: number | SpatialDropoutOptions, rest: SpatialDropoutOptions = {}) {
    const options =
      typeof rate === 'number' ? { ...optionsAfter(new.target.name, rest), rate } : rate;
    checkLayerOptions('SpatialDropout1D', options, ['rate', 'seed']);
    super(options, 1, 'channels_last');
  }
}
layers.add('SpatialDropout1D', SpatialDropout1D);

abstract class SpatialDropoutImage extends SpatialDropout {
  constructor(options: SpatialDropoutImageOptions, spatial: number, where: string) {
    checkLayerOptions(where, options, ['rate', 'seed', 'dataFormat']);
    super(options, spatial, dataFormatOf(where, options.dataFormat));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), data_format: this.dataFormat };
  }
}

/** Drops whole channels of images `[batch, rows, columns, channels]`. */
export class SpatialDropout2D extends SpatialDropoutImage {
  constructor(rate: number | SpatialDropoutImageOptions, rest: SpatialDropoutImageOptions = {}) {
    super(
      typeof rate === 'number' ? { ...optionsAfter(new.target.name, rest), rate } : rate,
      2,
      'SpatialDropout2D',
    );
  }
}
layers.add('SpatialDropout2D', SpatialDropout2D);

/** Drops whole channels of volumes `[batch, depth, rows, columns, channels]`. */
export class SpatialDropout3D extends SpatialDropoutImage {
  constructor(rate: number | SpatialDropoutImageOptions, rest: SpatialDropoutImageOptions = {}) {
    super(
      typeof rate === 'number' ? { ...optionsAfter(new.target.name, rest), rate } : rate,
      3,
      'SpatialDropout3D',
    );
  }
}
layers.add('SpatialDropout3D', SpatialDropout3D);
