// Layers that change the colours of images of three channels.
import { asFloat } from '../../ops/convert.js';
import {
  add,
  clip,
  divide,
  greater,
  less,
  multiply,
  subtract,
  where,
} from '../../ops/elementwise.js';
import { hsvToRgb, rgbToGrayscale, rgbToHsv } from '../../ops/image-color.js';
import { concatenate, sliceAxis } from '../../ops/movement.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { optionsAfter } from '../../util/options.js';
import { checkLayerOptions, layers } from '../layer.js';
import {
  FactorLayer,
  type FactorOptions,
  RandomBrightness,
  RandomContrast,
  type ValueRangeOptions,
} from './light.js';
import {
  type Factor,
  perImage,
  RandomImageLayer,
  type RandomImageOptions,
  type Range,
  rescaled,
  valueRangeOf,
} from './random-image.js';

/** Hue, saturation and value, one channel each. */
const split = (hsv: Tensor): readonly [Tensor, Tensor, Tensor] => [
  sliceAxis(hsv, 3, 0, 1),
  sliceAxis(hsv, 3, 1, 2),
  sliceAxis(hsv, 3, 2, 3),
];

/** In training turns the hues of each image, by up to half a circle. */
export class RandomHue extends FactorLayer<Tensor> {
  /** @param factor from 0 to 1, half of a circle, in one of both directions */
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [0, 1] });
  }

  protected override drawFor(images: Tensor): Tensor {
    const n = images.shape[0];
    const direction = where(greater(this.uniform([n], [0, 1]), 0.5), -1, 1);
    return multiply(multiply(direction, this.uniform([n], this.factor)), 0.5);
  }

  protected override transform(images: Tensor, turn: Tensor): Tensor {
    const unit: Range = [0, 1];
    const hsv = rgbToHsv(rescaled(asFloat(images), this.valueRange, unit));
    const [hue, saturation, value] = split(hsv);
    const turned = add(hue, perImage(turn));
    const below = where(greater(turned, 1), subtract(turned, 1), turned);
    const inCircle = where(less(below, 0), add(below, 1), below);
    const rgb = hsvToRgb(concatenate([inCircle, saturation, value], 3));
    return rescaled(clip(rgb, 0, 1), unit, this.valueRange);
  }
}
layers.add('RandomHue', RandomHue);

/** Keras's epsilon. */
const epsilon = 1e-7;

/** In training makes the colours of each image paler or stronger. */
export class RandomSaturation extends FactorLayer<Tensor> {
  /** @param factor 0 for grey, ½ for no change, 1 for the strongest colours */
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [-1, 1] });
  }

  protected override drawFor(images: Tensor): Tensor {
    const factor = this.uniform([images.shape[0]], this.factor);
    return divide(factor, add(subtract(1, factor), epsilon));
  }

  protected override transform(images: Tensor, factor: Tensor): Tensor {
    const [hue, saturation, value] = split(rgbToHsv(images));
    const changed = this.clipped(multiply(saturation, perImage(factor)));
    return hsvToRgb(concatenate([hue, changed, value], 3));
  }
}
layers.add('RandomSaturation', RandomSaturation);

/** In training mixes each image with its own grey. */
export class RandomColorDegeneration extends FactorLayer<Tensor> {
  /** @param factor the part of the grey, from 0 to 1 */
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [-1, 1] });
  }

  protected override drawFor(images: Tensor): Tensor {
    return this.uniform([images.shape[0]], this.factor);
  }

  protected override transform(images: Tensor, factor: Tensor): Tensor {
    const x = asFloat(images);
    const grey = rgbToGrayscale(x);
    return this.clipped(add(x, multiply(perImage(factor), subtract(grey, x))));
  }
}
layers.add('RandomColorDegeneration', RandomColorDegeneration);

export interface RandomGrayscaleOptions extends RandomImageOptions {
  /** Probability, from 0 to 1. Default 0.5. */
  readonly factor?: number;
}

/** In training makes some of the images grey; they keep three channels. */
export class RandomGrayscale extends RandomImageLayer<Tensor> {
  readonly factor: number;

  constructor(factor: number | RandomGrayscaleOptions = {}, rest: RandomGrayscaleOptions = {}) {
    const options =
      typeof factor === 'number' ? { ...optionsAfter(new.target.name, rest), factor } : factor;
    super(options);
    checkLayerOptions('RandomGrayscale', options, ['factor', 'seed', 'dataFormat']);
    this.factor = options.factor ?? 0.5;
    if (!(this.factor >= 0 && this.factor <= 1)) {
      throw new ConfigError(
        `RandomGrayscale: factor must be between 0 and 1, got ${options.factor}.`,
      );
    }
  }

  protected override drawFor(images: Tensor): Tensor {
    return less(this.uniform([images.shape[0]], [0, 1]), this.factor);
  }

  protected override transform(images: Tensor, chosen: Tensor): Tensor {
    const x = asFloat(images);
    return where(perImage(chosen), rgbToGrayscale(x), x);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}
layers.add('RandomGrayscale', RandomGrayscale);

export interface RandomColorJitterOptions extends ValueRangeOptions {
  /** As of RandomBrightness. Default: left alone. */
  readonly brightnessFactor?: Factor | null;
  /** As of RandomContrast. Default: left alone. */
  readonly contrastFactor?: Factor | null;
  /** As of RandomSaturation. Default: left alone. */
  readonly saturationFactor?: Factor | null;
  /** As of RandomHue. Default: left alone. */
  readonly hueFactor?: Factor | null;
}

/** In training changes brightness, contrast, saturation and hue of each image, in this order. */
export class RandomColorJitter extends RandomImageLayer<true> {
  readonly valueRange: Range;
  private readonly factors: Readonly<Record<string, Factor | null>>;
  private readonly steps: readonly FactorLayer<Tensor>[];

  constructor(options: RandomColorJitterOptions = {}) {
    super(options);
    checkLayerOptions('RandomColorJitter', options, [
      'valueRange',
      'brightnessFactor',
      'contrastFactor',
      'saturationFactor',
      'hueFactor',
      'seed',
      'dataFormat',
    ]);
    const valueRange = valueRangeOf('RandomColorJitter', options.valueRange ?? [0, 255]);
    this.valueRange = valueRange;
    this.factors = {
      brightness_factor: options.brightnessFactor ?? null,
      contrast_factor: options.contrastFactor ?? null,
      saturation_factor: options.saturationFactor ?? null,
      hue_factor: options.hueFactor ?? null,
    };
    const rest = { valueRange, seed: options.seed ?? null };
    const kinds = [RandomBrightness, RandomContrast, RandomSaturation, RandomHue];
    this.steps = Object.values(this.factors).flatMap((factor, i) =>
      factor === null ? [] : [new kinds[i](factor, rest)],
    );
  }

  protected override drawFor(): true {
    return true;
  }

  protected override transform(images: Tensor): Tensor {
    return this.steps.reduce((x, step) => step.apply(x, { training: true }), asFloat(images));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), value_range: this.valueRange, ...this.factors };
  }
}
layers.add('RandomColorJitter', RandomColorJitter);
