// Layers that add noise of other kinds than dropout's zeros: AlphaDropout, GaussianDropout, GaussianNoise.
import { add, cast, multiply, subtract } from '../ops/elementwise.js';
import { normal } from '../ops/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { titleOf } from './input-spec.js';
import { type CallOptions, checkLayerOptions, layers, type SymbolicShape } from './layer.js';
import { fractionOf, Noise, type NoiseOptions, noiseShapeOf } from './noise.js';

/** A rate of 1 leaves nothing to scale by. */
function checkBelowOne(layer: Noise, rate: number): void {
  if (rate < 1) return;
  throw new ConfigError(`${titleOf(layer)}: rate must be below 1 to train with, got ${rate}.`);
}

export interface AlphaDropoutOptions extends NoiseOptions {
  readonly rate?: number;
  /** Shape of the mask, null where it is the input's; size 1 drops whole slices. */
  readonly noiseShape?: SymbolicShape | null;
}

/** The value that selu has at −∞. */
const saturation = -1.6732632423543772 * 1.0507009873554805;

/**
 * Dropout that keeps mean and variance of standard normal inputs, for `selu`: what is dropped takes
 * selu's lowest value. Klambauer et al. 2017.
 */
export class AlphaDropout extends Noise {
  readonly rate: number;
  readonly noiseShape: SymbolicShape | undefined;

  constructor(rate: number | AlphaDropoutOptions, rest: AlphaDropoutOptions = {}) {
    const options =
      typeof rate === 'number' ? { ...optionsAfter(new.target.name, rest), rate } : rate;
    super(options);
    checkLayerOptions('AlphaDropout', options, ['rate', 'seed', 'noiseShape']);
    this.rate = fractionOf('AlphaDropout', 'rate', options.rate);
    this.noiseShape = noiseShapeOf('AlphaDropout', options.noiseShape);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate, noiseShape } = this;
    if (!training || rate === 0) return x;
    checkBelowOne(this, rate);
    const kept = cast(this.kept(x, rate, noiseShape ?? x.shape), 'float32');
    const scale = ((1 - rate) * (1 + rate * saturation ** 2)) ** -0.5;
    const offset = -scale * saturation * rate;
    const dropped = add(multiply(x, kept), multiply(subtract(1, kept), saturation));
    return add(multiply(dropped, scale), offset);
  }

  override getConfig(): Record<string, unknown> {
    const { rate, seed = null, noiseShape = null } = this;
    return { ...super.getConfig(), rate, seed, noise_shape: noiseShape };
  }
}
layers.add('AlphaDropout', AlphaDropout);

export interface GaussianDropoutOptions extends NoiseOptions {
  /** Of the dropout whose noise has the same variance. */
  readonly rate?: number;
}

/** In training multiplies by normal noise of mean 1 and standard deviation √(rate / (1 − rate)). */
export class GaussianDropout extends Noise {
  readonly rate: number;

  constructor(rate: number | GaussianDropoutOptions, rest: GaussianDropoutOptions = {}) {
    const options =
      typeof rate === 'number' ? { ...optionsAfter(new.target.name, rest), rate } : rate;
    super(options);
    checkLayerOptions('GaussianDropout', options, ['rate', 'seed']);
    this.rate = fractionOf('GaussianDropout', 'rate', options.rate);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { rate } = this;
    if (!training || rate === 0) return x;
    checkBelowOne(this, rate);
    const stddev = Math.sqrt(rate / (1 - rate));
    return multiply(x, normal(x.shape, { ...this.nextDraw(), mean: 1, stddev }));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rate: this.rate, seed: this.seed ?? null };
  }
}
layers.add('GaussianDropout', GaussianDropout);

export interface GaussianNoiseOptions extends NoiseOptions {
  /** Standard deviation, from 0 to 1. */
  readonly stddev?: number;
}

/** In training adds normal noise of mean 0. */
export class GaussianNoise extends Noise {
  readonly stddev: number;

  constructor(stddev: number | GaussianNoiseOptions, rest: GaussianNoiseOptions = {}) {
    const options =
      typeof stddev === 'number' ? { ...optionsAfter(new.target.name, rest), stddev } : stddev;
    super(options);
    checkLayerOptions('GaussianNoise', options, ['stddev', 'seed']);
    this.stddev = fractionOf('GaussianNoise', 'stddev', options.stddev);
  }

  override call(x: Tensor, { training }: CallOptions): Tensor {
    const { stddev } = this;
    if (!training || stddev === 0) return x;
    return add(x, normal(x.shape, { ...this.nextDraw(), stddev }));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), stddev: this.stddev, seed: this.seed ?? null };
  }
}
layers.add('GaussianNoise', GaussianNoise);
