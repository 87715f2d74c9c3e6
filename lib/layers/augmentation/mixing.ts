// Layers that mix images with others, or with nothing: MixUp, CutMix, RandomErasing.
import { asFloat, cast } from '../../ops/convert.js';
import {
  add,
  clip,
  greaterEqual,
  less,
  logicalAnd,
  multiply,
  sqrt,
  subtract,
  where,
} from '../../ops/elementwise.js';
import { gridOf } from '../../ops/image-sample.js';
import { expandDims, gather, reshape, sliceAxis } from '../../ops/movement.js';
import { normal } from '../../ops/random.js';
import { permutation, symmetricBeta } from '../../ops/random-beta.js';
import { formatShape } from '../../tensor/shape.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { ConfigError, DataError } from '../../util/errors.js';
import { optionsAfter, toNamed } from '../../util/options.js';
import { titleOf } from '../input-spec.js';
import { checkLayerOptions, layerOptionNames, layers } from '../layer.js';
import {
  type Factor,
  factorRange,
  perImage,
  RandomImageLayer,
  type RandomImageOptions,
  type Range,
  valueRangeOf,
} from './random-image.js';

/** Which images are mixed with which, and what part of the labels of the first ones stays. */
interface Mix {
  /** int32 `[batch]` */
  readonly order: Tensor;
  /** `[batch]` */
  readonly weight: Tensor;
}

/** A layer that mixes images of a batch and, alike, their labels. */
abstract class MixingLayer<Drawn extends Mix> extends RandomImageLayer<Drawn> {
  protected override transformLabels(labels: Tensor, { order, weight }: Drawn): Tensor {
    if (labels.rank < 2) {
      throw new DataError(
        `${titleOf(this)}: expected labels of one row for each image, got ${formatShape(labels.shape)}. Make numbers of classes into rows with ops.oneHot.`,
      );
    }
    const given = asFloat(labels);
    const share = reshape(weight, [weight.size, ...labels.shape.slice(1).map(() => 1)]);
    return mixed(given, gather(given, order), share);
  }
}

/** a·share + b·(1 − share) */
const mixed = (a: Tensor, b: Tensor, share: Tensor): Tensor =>
  add(multiply(share, a), multiply(subtract(1, share), b));

export interface MixUpOptions extends RandomImageOptions {
  /** Both parameters of the beta distribution of the weights, above 0. Default 0.2. */
  readonly alpha?: number;
}

/**
 * In training adds to each image another one of its batch, with weights that add up to 1, and does the
 * same to labels `[batch, classes]`. Zhang et al., https://arxiv.org/abs/1710.09412
 *
 * @example const { images, labels } = new MixUp(0.2).apply({ images, labels }, { training: true });
 */
export class MixUp extends MixingLayer<Mix> {
  readonly alpha: number;

  constructor(alpha: number | MixUpOptions = {}, rest: MixUpOptions = {}) {
    const options =
      typeof alpha === 'number' ? { ...optionsAfter(new.target.name, rest), alpha } : alpha;
    super(options);
    checkLayerOptions('MixUp', options, ['alpha', 'seed', 'dataFormat']);
    this.alpha = options.alpha ?? 0.2;
    if (!(this.alpha > 0 && Number.isFinite(this.alpha))) {
      throw new ConfigError(`MixUp: alpha must be a number above 0, got ${options.alpha}.`);
    }
  }

  protected override drawFor(images: Tensor): Mix {
    const n = images.shape[0];
    const next = () => this.nextDraw();
    return { order: permutation(n, next), weight: symmetricBeta(n, this.alpha, next) };
  }

  protected override transform(images: Tensor, { order, weight }: Mix): Tensor {
    const x = asFloat(images);
    return mixed(x, gather(x, order), perImage(weight));
  }

  protected override transformMasks(masks: Tensor, drawn: Mix): Tensor {
    return this.transform(masks, drawn);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}
layers.add('MixUp', MixUp);

/** Boxes of images: where they begin and end, `[batch]` each, in pixels. */
interface Box {
  readonly from: Tensor;
  readonly to: Tensor;
}

/** Of boxes along x and y, `[batch, rows, columns, 1]`: which pixels are inside. */
function insideOf(images: Tensor, x: Box, y: Box): Tensor {
  const [row, column] = gridOf(images.shape[1], images.shape[2]).map((t) => expandDims(t, 3));
  const between = (at: Tensor, { from, to }: Box) =>
    logicalAnd(greaterEqual(at, perImage(from)), less(at, perImage(to)));
  return logicalAnd(between(column, x), between(row, y));
}

export interface CutMixOptions extends RandomImageOptions {
  /** Parameter of the beta distribution of the boxes' areas, from 0 to 1. Default 1. */
  readonly factor?: Factor;
}

interface CutMixDrawn extends Mix {
  /** bool `[batch, rows, columns, 1]` */
  readonly inside: Tensor;
}

/**
 * In training replaces a box of each image by that of another one of its batch, and mixes labels
 * `[batch, classes]` by the areas. Yun et al., https://arxiv.org/abs/1905.04899
 */
export class CutMix extends MixingLayer<CutMixDrawn> {
  readonly factor: Range;

  constructor(factor: Factor | CutMixOptions = {}, rest: CutMixOptions = {}) {
    const options = toNamed<CutMixOptions>(
      'CutMix',
      [factor, rest],
      ['factor'],
      ['seed', 'dataFormat', ...layerOptionNames],
    );
    super(options);
    this.factor = factorRange('CutMix', 'factor', options.factor ?? 1, [0, 1]);
  }

  protected override drawFor(images: Tensor): CutMixDrawn {
    const [n, rows, columns] = images.shape;
    const next = () => this.nextDraw();
    const alpha = add(this.uniform([], this.factor), 1e-6);
    const ratio = sqrt(subtract(1, symmetricBeta(n, alpha, next)));
    const [x, y] = [columns, rows].map((size) => this.box(n, size, ratio));
    const area = multiply(subtract(x.to, x.from), subtract(y.to, y.from));
    return {
      order: permutation(n, next),
      inside: insideOf(images, x, y),
      weight: subtract(1, multiply(area, 1 / (rows * columns))),
    };
  }

  private box(n: number, size: number, ratio: Tensor): Box {
    return boxOf(size, ratio, this.uniform([n], [0, 1]));
  }

  protected override transform(images: Tensor, { order, inside }: CutMixDrawn): Tensor {
    const x = asFloat(images);
    return where(inside, gather(x, order), x);
  }

  protected override transformMasks(masks: Tensor, { order, inside }: CutMixDrawn): Tensor {
    return cast(where(inside, gather(masks, order), masks), masks.dtype);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}
layers.add('CutMix', CutMix);

/** A box of `ratio` of an axis of `size` pixels, at `place` between its ends. */
function boxOf(size: number, ratio: Tensor, place: Tensor): Box {
  const length = multiply(ratio, size);
  const from = multiply(place, subtract(size, length));
  return { from, to: add(from, length) };
}

export interface RandomErasingOptions extends RandomImageOptions {
  /** Probability that an image loses a box, from 0 to 1. Default 1, which means between 0 and 1. */
  readonly factor?: Factor;
  /** Part of the image that is lost, from 0 to 1. Default [0.02, 0.33]. */
  readonly scale?: Factor;
  /** What takes its place: a number, or one for each of three channels. Default: noise. */
  readonly fillValue?: number | readonly number[] | null;
  /** Default [0, 255]. */
  readonly valueRange?: Range | readonly number[];
}

interface Erasure {
  readonly chosen: Tensor;
  readonly inside: Tensor;
  readonly fill: Tensor;
}

/** In training erases a box of some of the images. Zhong et al., https://arxiv.org/abs/1708.04896 */
export class RandomErasing extends RandomImageLayer<Erasure> {
  readonly factor: Range;
  readonly scale: Range;
  readonly fillValue: number | readonly number[] | null;
  readonly valueRange: Range;

  constructor(factor: Factor | RandomErasingOptions = {}, rest: RandomErasingOptions = {}) {
    const where = 'RandomErasing';
    const options = toNamed<RandomErasingOptions>(
      where,
      [factor, rest],
      ['factor'],
      ['scale', 'fillValue', 'valueRange', 'seed', 'dataFormat', ...layerOptionNames],
    );
    super(options);
    this.factor = factorRange(where, 'factor', options.factor ?? 1, [0, 1]);
    this.scale = factorRange(where, 'scale', options.scale ?? [0.02, 0.33], [0, 1]);
    this.valueRange = valueRangeOf(where, options.valueRange ?? [0, 255]);
    this.fillValue = options.fillValue ?? null;
    if (Array.isArray(this.fillValue) && this.fillValue.length !== 3) {
      throw new ConfigError(
        `${where}: fillValue must be a number, or one for each of three channels, got ${JSON.stringify(this.fillValue)}.`,
      );
    }
  }

  protected override drawFor(images: Tensor): Erasure {
    const [n, rows, columns] = images.shape;
    const ratio = sqrt(this.uniform([n, 2], this.scale));
    const along = (i: number) => reshape(sliceAxis(ratio, 1, i, i + 1), [n]);
    const x = boxOf(columns, along(0), this.uniform([n], [0, 1]));
    const y = boxOf(rows, along(1), this.uniform([n], [0, 1]));
    return {
      inside: insideOf(images, x, y),
      chosen: this.chosen(n, this.factor),
      fill: this.fill(images),
    };
  }

  private fill(images: Tensor): Tensor {
    const { fillValue, valueRange } = this;
    const noise = () => multiply(normal(images.shape, this.nextDraw()), valueRange[1]);
    const fill = fillValue === null ? noise() : tensor(fillValue);
    return clip(cast(fill, 'float32'), valueRange[0], valueRange[1]);
  }

  protected override transform(images: Tensor, { chosen, inside, fill }: Erasure): Tensor {
    return where(logicalAnd(inside, perImage(chosen)), fill, asFloat(images));
  }

  override getConfig(): Record<string, unknown> {
    const { factor, scale, fillValue, valueRange } = this;
    return {
      ...super.getConfig(),
      factor,
      scale,
      fill_value: fillValue,
      value_range: valueRange,
    };
  }
}
layers.add('RandomErasing', RandomErasing);
