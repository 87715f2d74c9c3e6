// Layers without weights: activation, flatten, rescaling, dropout.
import * as activations from '../activations/index.js';
import { add, cast, divide, greaterEqual, multiply, where } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import { dropout, uniform } from '../ops/random.js';
import { sizeOf } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import {
  type CallOptions,
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';

/** Applies an activation: `new Activation('relu')`. */
export class Activation extends Layer {
  readonly activation: activations.Activation;
  constructor(
    activation: string | activations.Activation | (LayerOptions & { activation: string }),
    rest: LayerOptions = {},
  ) {
    const options = typeof activation === 'object' ? activation : { ...rest, activation };
    super(options);
    checkLayerOptions('Activation', options, ['activation']);
    this.activation = activations.get(options.activation);
  }
  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), activation: activations.nameOf(this.activation) };
  }
}
layers.add('Activation', Activation);

/** All axes but the batch in one: `[batch, 28, 28] → [batch, 784]`. */
export class Flatten extends Layer {
  constructor(options: LayerOptions & { dataFormat?: string | null } = {}) {
    super(options);
    checkLayerOptions('Flatten', options, ['dataFormat']);
    const { dataFormat } = options;
    if (dataFormat && !['channels_last', 'channelsLast'].includes(dataFormat)) {
      throw new ConfigError(`Flatten: dataFormat must be channelsLast, got "${dataFormat}".`);
    }
  }
  override call(x: Tensor): Tensor {
    return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), data_format: 'channels_last' };
  }
}
layers.add('Flatten', Flatten);

export interface RescalingOptions extends LayerOptions {
  /** One for all, or one per feature of the last axis. */
  readonly scale?: number | readonly number[];
  /** Default 0. */
  readonly offset?: number | readonly number[];
}

const isScale = (value: unknown): value is number | readonly number[] =>
  typeof value === 'number' || Array.isArray(value);

/** `x · scale + offset`, in float32: `new Rescaling(1 / 255)` for bytes. */
export class Rescaling extends Layer {
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
  constructor(
    scale: number | readonly number[] | RescalingOptions,
    rest: RescalingOptions | number = {},
  ) {
    const more = typeof rest === 'number' ? { offset: rest } : rest;
    const options = isScale(scale) ? { ...more, scale } : scale;
    super(options);
    checkLayerOptions('Rescaling', options, ['scale', 'offset']);
    if (!isScale(options.scale)) {
      throw new ConfigError('Rescaling: expected a number, or one per feature, as scale.');
    }
    this.scale = options.scale;
    this.offset = options.offset ?? 0;
  }
  override call(x: Tensor): Tensor {
    const { scale, offset } = this;
    const scaled = multiply(cast(x, 'float32'), typeof scale === 'number' ? scale : tensor(scale));
    if (offset === 0) return scaled;
    return add(scaled, typeof offset === 'number' ? offset : tensor(offset));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}
layers.add('Rescaling', Rescaling);

export interface DropoutOptions extends LayerOptions {
  readonly rate?: number;
  readonly seed?: number | null;
  /** Shape of the mask, null where it is the input's; size 1 drops whole slices. */
  readonly noiseShape?: SymbolicShape | null;
}

/** In training zeroes a fraction `rate` of its input and scales the rest by 1 / (1 − rate). */
export class Dropout extends Layer {
  readonly rate: number;
  readonly seed: number | undefined;
  readonly noiseShape: SymbolicShape | undefined;
  constructor(rate: number | DropoutOptions, rest: DropoutOptions = {}) {
    const options = typeof rate === 'number' ? { ...rest, rate } : rate;
    super(options);
    checkLayerOptions('Dropout', options, ['rate', 'seed', 'noiseShape']);
    if (options.rate === undefined || !(options.rate >= 0 && options.rate <= 1)) {
      throw new ConfigError(`Dropout: rate must be between 0 and 1, got ${options.rate}.`);
    }
    this.rate = options.rate;
    this.seed = options.seed ?? undefined;
    this.noiseShape = options.noiseShape ?? undefined;
  }
  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate, seed, noiseShape } = this;
    if (!training || rate === 0) return x;
    if (!noiseShape) return dropout(x, rate, { seed });
    const noise = uniform(
      noiseShape.map((d, i) => d ?? x.shape[i]),
      { seed },
    );
    return where(greaterEqual(noise, rate), divide(x, 1 - rate), 0);
  }
  override getConfig(): Record<string, unknown> {
    const { rate, seed = null, noiseShape = null } = this;
    return { ...super.getConfig(), rate, seed, noise_shape: noiseShape };
  }
}
layers.add('Dropout', Dropout);
