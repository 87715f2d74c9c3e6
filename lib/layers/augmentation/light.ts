// Layers that change how light images are and how much contrast they have.
import { asFloat } from '../../ops/convert.js';
import { add, clip, divide, isnan, multiply, subtract, where } from '../../ops/elementwise.js';
import { max, mean, min } from '../../ops/reduce.js';
import type { Tensor } from '../../tensor/tensor.js';
import { toNamed } from '../../util/options.js';
import { ImageLayer, type ImageLayerOptions } from '../image/image-layer.js';
import { checkLayerOptions, layerOptionNames, layers } from '../layer.js';
import {
  type Factor,
  factorRange,
  perImage,
  RandomImageLayer,
  type RandomImageOptions,
  type Range,
  rescaled,
  valueRangeOf,
} from './random-image.js';

export interface ValueRangeOptions extends RandomImageOptions {
  /** The least and the greatest value that pixels have. Default [0, 255]. */
  readonly valueRange?: Range | readonly number[];
}

export interface FactorOptions extends ValueRangeOptions {
  /** How much is changed; a list of two, or one number. */
  readonly factor?: Factor;
}

/** A layer with one factor for each image, and a range of values. */
export abstract class FactorLayer<Drawn> extends RandomImageLayer<Drawn> {
  readonly factor: Range;
  readonly valueRange: Range;

  constructor(
    args: readonly [Factor | FactorOptions, FactorOptions],
    { bounds, fallback }: { bounds: Range; fallback?: Factor },
  ) {
    const where = new.target.name;
    const options = toNamed<FactorOptions>(
      where,
      args,
      ['factor'],
      ['valueRange', 'seed', 'dataFormat', ...layerOptionNames],
    );
    super(options);
    this.factor = factorRange(where, 'factor', options.factor ?? fallback, bounds);
    this.valueRange = valueRangeOf(where, options.valueRange ?? [0, 255]);
  }

  /** `images` with no value outside of the range. */
  protected clipped(images: Tensor): Tensor {
    return clip(images, this.valueRange[0], this.valueRange[1]);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor, value_range: this.valueRange };
  }
}

/** In training multiplies the distances from each image's mean by 1 − low to 1 + high. */
export class RandomContrast extends FactorLayer<Tensor> {
  /** @param factor from 0 to 1; of one number, from 1 to 1 + factor */
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [0, 1] });
  }

  protected override drawFor(images: Tensor): Tensor {
    const [low, high] = this.factor;
    return this.uniform([images.shape[0]], [1 - low, 1 + high]);
  }

  protected override transform(images: Tensor, factor: Tensor): Tensor {
    const x = asFloat(images);
    const middle = mean(x, [1, 2], { keepDims: true });
    return this.clipped(add(multiply(subtract(x, middle), perImage(factor)), middle));
  }
}
layers.add('RandomContrast', RandomContrast);

/** In training adds to each image a part of the range of values, from −1 to 1. */
export class RandomBrightness extends FactorLayer<Tensor> {
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [-1, 1] });
  }

  protected override drawFor(images: Tensor): Tensor {
    const [low, high] = this.valueRange;
    return multiply(this.uniform([images.shape[0]], this.factor), high - low);
  }

  protected override transform(images: Tensor, delta: Tensor): Tensor {
    return this.clipped(add(asFloat(images), perImage(delta)));
  }
}
layers.add('RandomBrightness', RandomBrightness);

/** In training turns some of the images into their negatives. */
export class RandomInvert extends FactorLayer<Tensor> {
  /** @param factor the probability, from 0 to 1; of one number, drawn between 0 and it. Default 1. */
  constructor(factor: Factor | FactorOptions = {}, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [0, 1], fallback: 1 });
  }

  protected override drawFor(images: Tensor): Tensor {
    return this.chosen(images.shape[0], this.factor);
  }

  protected override transform(images: Tensor, chosen: Tensor): Tensor {
    const x = asFloat(images);
    return where(perImage(chosen), subtract(this.valueRange[1], x), x);
  }
}
layers.add('RandomInvert', RandomInvert);

export interface AutoContrastOptions extends ImageLayerOptions {
  /** The least and the greatest value that pixels have. Default [0, 255]. */
  readonly valueRange?: Range | readonly number[];
}

/** Stretches each channel of each image over the whole range of values; not in training alone. */
export class AutoContrast extends ImageLayer<true> {
  readonly valueRange: Range;

  constructor(options: AutoContrastOptions = {}) {
    super(options);
    checkLayerOptions('AutoContrast', options, ['valueRange', 'dataFormat']);
    this.valueRange = valueRangeOf('AutoContrast', options.valueRange ?? [0, 255]);
  }

  protected override draw(): true {
    return true;
  }

  protected override transform(images: Tensor): Tensor {
    const given = asFloat(images);
    const x = rescaled(given, this.valueRange, [0, 255]);
    const low = min(x, [1, 2], { keepDims: true });
    const high = max(x, [1, 2], { keepDims: true });
    const scale = divide(255, subtract(high, low));
    const stretched = clip(subtract(multiply(x, scale), multiply(low, scale)), 0, 255);
    const out = rescaled(stretched, [0, 255], this.valueRange);
    // A channel of one value has nothing to stretch.
    return where(isnan(out), given, out);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), value_range: this.valueRange };
  }
}
layers.add('AutoContrast', AutoContrast);
