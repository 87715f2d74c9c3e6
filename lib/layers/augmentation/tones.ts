// Layers that change how tones are spread: fewer of them, reversed, evenly, sharper or softer.
import { asFloat, cast } from '../../ops/convert.js';
import { cumsum } from '../../ops/cumulative.js';
import {
  add,
  clip,
  divide,
  equal,
  floor,
  greater,
  less,
  lessEqual,
  multiply,
  round,
  subtract,
  where,
} from '../../ops/elementwise.js';
import { gaussianBlur, smoothAxis } from '../../ops/image-blur.js';
import { broadcastTo, concatenate, gather, reshape, sliceAxis } from '../../ops/movement.js';
import { randint } from '../../ops/random.js';
import { max, min, sum } from '../../ops/reduce.js';
import { segmentSum } from '../../ops/segment.js';
import { type PerAxis, perAxis } from '../../ops/windows.js';
import { literal, type Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { toNamed } from '../../util/options.js';
import { ImageLayer } from '../image/image-layer.js';
import { checkLayerOptions, layerOptionNames, layers } from '../layer.js';
import {
  type AutoContrastOptions,
  FactorLayer,
  type FactorOptions,
  type ValueRangeOptions,
} from './light.js';
import {
  type Factor,
  factorRange,
  perImage,
  RandomImageLayer,
  type Range,
  rescaled,
  valueRangeOf,
} from './random-image.js';

const bytes: Range = [0, 255];

/** In training leaves each image a few bits of its values. */
export class RandomPosterization extends FactorLayer<Tensor> {
  /** @param factor bits that stay, from 1 to 8; of a range, the greatest is not drawn */
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [1, 8] });
  }

  protected override drawFor(images: Tensor): Tensor {
    const [low, high] = this.factor;
    const n = images.shape[0];
    if (low === high) return broadcastTo(literal(2 ** (8 - low)), [n]);
    const bits = cast(randint([n], low, high, this.nextDraw()), 'int32');
    // Powers of two by comparison: they are exact.
    return [...Array(8).keys()].reduce<Tensor>(
      (step, lost) => where(equal(bits, 8 - lost), 2 ** lost, step),
      broadcastTo(literal(1), [n]),
    );
  }

  protected override transform(images: Tensor, steps: Tensor): Tensor {
    const whole = floor(rescaled(asFloat(images), this.valueRange, bytes));
    const step = perImage(steps);
    const fewer = multiply(floor(divide(whole, step)), step);
    return rescaled(fewer, bytes, this.valueRange);
  }
}
layers.add('RandomPosterization', RandomPosterization);

export interface SolarizationOptions extends ValueRangeOptions {
  /** What is added first, as a part of 255; from 0 to 1. Default 0. */
  readonly additionFactor?: Factor;
  /** Values from here on are reversed, as a part of 255; from 0 to 1. Default 0: all are. */
  readonly thresholdFactor?: Factor;
}

interface Solar {
  readonly additions: Tensor;
  readonly thresholds: Tensor;
}

/** In training turns the light parts of images into their negatives. */
export class Solarization extends RandomImageLayer<Solar> {
  readonly additionFactor: Range;
  readonly thresholdFactor: Range;
  readonly valueRange: Range;

  constructor(
    additionFactor: Factor | SolarizationOptions = {},
    thresholdFactor?: Factor | SolarizationOptions,
    rest: SolarizationOptions = {},
  ) {
    const where = 'Solarization';
    const options = toNamed<SolarizationOptions>(
      where,
      [additionFactor, thresholdFactor, rest],
      ['additionFactor', 'thresholdFactor'],
      ['valueRange', 'seed', 'dataFormat', ...layerOptionNames],
    );
    super(options);
    const range = (name: string, given: Factor = 0) => factorRange(where, name, given, [0, 1]);
    this.additionFactor = range('additionFactor', options.additionFactor);
    this.thresholdFactor = range('thresholdFactor', options.thresholdFactor);
    this.valueRange = valueRangeOf(where, options.valueRange ?? bytes);
  }

  protected override drawFor(images: Tensor): Solar {
    // The lower bound is not multiplied by 255 in Keras either.
    const draw = ([low, high]: Range) => this.uniform([images.shape[0]], [low, high * 255]);
    return { additions: draw(this.additionFactor), thresholds: draw(this.thresholdFactor) };
  }

  protected override transform(images: Tensor, { additions, thresholds }: Solar): Tensor {
    const x = rescaled(asFloat(images), this.valueRange, bytes);
    const lighter = clip(add(x, perImage(additions)), 0, 255);
    const out = where(less(lighter, perImage(thresholds)), lighter, subtract(255, lighter));
    return rescaled(out, bytes, this.valueRange);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      value_range: this.valueRange,
      addition_factor: this.additionFactor,
      threshold_factor: this.thresholdFactor,
    };
  }
}
layers.add('Solarization', Solarization);

export interface EqualizationOptions extends AutoContrastOptions {
  /** Into how many values histograms are cut. Default 256. */
  readonly bins?: number;
}

/** In training spreads the values of each channel, of all images of a batch together, evenly. */
export class Equalization extends ImageLayer<true> {
  readonly valueRange: Range;
  readonly bins: number;

  constructor(options: EqualizationOptions = {}) {
    super(options);
    checkLayerOptions('Equalization', options, ['valueRange', 'bins', 'dataFormat']);
    this.valueRange = valueRangeOf('Equalization', options.valueRange ?? bytes);
    [this.bins] = perAxis('Equalization', 'bins', options.bins ?? 256, 1, 2);
  }

  protected override draw(_images: Tensor, training: boolean): true | undefined {
    return training ? true : undefined;
  }

  protected override transform(images: Tensor): Tensor {
    const x = rescaled(asFloat(images), this.valueRange, bytes);
    const channels = Array.from({ length: x.shape[3] }, (_, c) =>
      this.equalized(sliceAxis(x, 3, c, c + 1)),
    );
    return rescaled(concatenate(channels, 3), bytes, this.valueRange);
  }

  private equalized(channel: Tensor): Tensor {
    const last = this.bins - 1;
    const binned = (x: Tensor) => clip(cast(x, 'int32'), 0, last);
    const counted = reshape(binned(divide(multiply(channel, last), 255)), [channel.size]);
    const counts = segmentSum(broadcastTo(literal(1), counted.shape), counted, this.bins);
    const below = cumsum(counts);
    const first = min(where(greater(below, 0), below, channel.size));
    const rest = subtract(max(below), first);
    const table = divide(multiply(subtract(below, first), 255), where(equal(rest, 0), 1, rest));
    const values = clip(round(table), 0, 255);
    const out = gather(values, binned(multiply(divide(channel, 255), last)));
    const used = sum(cast(greater(counts, 0), 'int32'));
    return where(lessEqual(used, 1), channel, out);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), value_range: this.valueRange, bins: this.bins };
  }
}
layers.add('Equalization', Equalization);

/** In training makes each image sharper, or smoother. */
export class RandomSharpness extends FactorLayer<Tensor> {
  /** @param factor 0 for a smooth image, ½ for no change, 1 for a sharp one */
  constructor(factor: Factor | FactorOptions, rest: FactorOptions = {}) {
    super([factor, rest], { bounds: [0, 1] });
  }

  protected override drawFor(images: Tensor): Tensor {
    return this.uniform([images.shape[0]], this.factor);
  }

  protected override transform(images: Tensor, factor: Tensor): Tensor {
    const x = asFloat(images);
    const around = smoothAxis(smoothAxis(x, 1, [1, 1, 1]), 2, [1, 1, 1]);
    const smooth = add(multiply(around, 1 / 13), multiply(x, 4 / 13));
    const share = perImage(subtract(1, multiply(factor, 2)));
    return this.clipped(add(x, multiply(share, subtract(smooth, x))));
  }
}
layers.add('RandomSharpness', RandomSharpness);

export interface RandomGaussianBlurOptions extends FactorOptions {
  /** Rows and columns of the window, odd numbers. Default 3. */
  readonly kernelSize?: PerAxis;
  /** Standard deviation in pixels, from 0 to 1. Default 1, which means between 0 and 1. */
  readonly sigma?: Factor;
}

interface Blur {
  readonly chosen: Tensor;
  readonly sigma: Tensor;
}

/** In training blurs some of the images, all of a batch alike. */
export class RandomGaussianBlur extends RandomImageLayer<Blur> {
  readonly factor: Range;
  readonly kernelSize: readonly number[];
  readonly sigma: Range;
  readonly valueRange: Range;

  constructor(
    factor: Factor | RandomGaussianBlurOptions = {},
    rest: RandomGaussianBlurOptions = {},
  ) {
    const where = 'RandomGaussianBlur';
    const options = toNamed<RandomGaussianBlurOptions>(
      where,
      [factor, rest],
      ['factor'],
      ['kernelSize', 'sigma', 'valueRange', 'seed', 'dataFormat', ...layerOptionNames],
    );
    super(options);
    this.factor = factorRange(where, 'factor', options.factor ?? 1, [0, 1]);
    this.sigma = factorRange(where, 'sigma', options.sigma ?? 1, [0, 1]);
    this.kernelSize = perAxis(where, 'kernelSize', options.kernelSize ?? 3, 2);
    if (this.kernelSize.some((size) => size % 2 === 0)) {
      throw new ConfigError(
        `${where}: kernelSize must be odd, got ${JSON.stringify(options.kernelSize)}.`,
      );
    }
    this.valueRange = valueRangeOf(where, options.valueRange ?? bytes);
  }

  protected override drawFor(images: Tensor): Blur {
    return {
      chosen: this.chosen(images.shape[0], this.factor),
      sigma: add(this.uniform([2], this.sigma), 1e-6),
    };
  }

  protected override transform(images: Tensor, { chosen, sigma }: Blur): Tensor {
    const x = asFloat(images);
    const blurred = gaussianBlur(x, { kernelSize: this.kernelSize, sigma });
    const [low, high] = this.valueRange;
    return clip(where(perImage(chosen), blurred, x), low, high);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      factor: this.factor,
      kernel_size: this.kernelSize,
      sigma: this.sigma,
      value_range: this.valueRange,
    };
  }
}
layers.add('RandomGaussianBlur', RandomGaussianBlur);
