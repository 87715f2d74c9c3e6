// Activation and Rescaling.
import * as activations from '../activations/index.js';
import { add, cast, multiply } from '../ops/elementwise.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { checkLayerOptions, Layer, type LayerOptions, layers } from './layer.js';
import { argument } from './layer-options.js';

/** Applies an activation: `new Activation('relu')`. */
export class Activation extends Layer {
  readonly activation: activations.Activation;
  constructor(
    activation: string | activations.Activation | (LayerOptions & { activation: string }),
    rest: LayerOptions = {},
  ) {
    const options =
      typeof activation === 'object'
        ? activation
        : { ...optionsAfter(new.target.name, rest), activation };
    super(options);
    checkLayerOptions('Activation', options, ['activation']);
    this.activation = argument(this, 'activation', () => activations.get(options.activation));
    this.supportsMasking = true;
  }
  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), activation: activations.nameOf(this.activation) };
  }
}
layers.add('Activation', Activation);

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
    this.supportsMasking = true;
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
