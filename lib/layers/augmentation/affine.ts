// Layers that turn, shift, enlarge and shear images.
import { asFloat } from '../../ops/convert.js';
import {
  add,
  cos,
  greater,
  multiply,
  negative,
  sin,
  subtract,
  where,
} from '../../ops/elementwise.js';
import {
  type FillMode,
  fillModeOf,
  gridOf,
  sampleImages,
  sampling,
} from '../../ops/image-sample.js';
import { concatenate, reshape, sliceAxis } from '../../ops/movement.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { toNamed } from '../../util/options.js';
import { layerOptionNames, layers } from '../layer.js';
import {
  type Factor,
  factorRange,
  RandomImageLayer,
  type RandomImageOptions,
  type Range,
} from './random-image.js';

export interface AffineLayerOptions extends RandomImageOptions {
  /** What lies outside of an image: `reflect` (default), `wrap`, `constant` or `nearest`. */
  readonly fillMode?: FillMode | (string & {});
  /** `bilinear` (default) or `nearest`. */
  readonly interpolation?: 'bilinear' | 'nearest' | (string & {});
  /** Of fillMode `constant`. Default 0. */
  readonly fillValue?: number;
}

const affineNames = ['fillMode', 'interpolation', 'fillValue', 'seed', 'dataFormat'] as const;

/** Places of the input, rows and columns, that broadcast to `[batch, rows, columns]`. */
interface Places {
  readonly y: Tensor;
  readonly x: Tensor;
}

/** A layer that reads images at other places. */
abstract class AffineLayer extends RandomImageLayer<Places> {
  readonly fillMode: FillMode;
  readonly interpolation: 'bilinear' | 'nearest';
  readonly fillValue: number;

  constructor(options: AffineLayerOptions) {
    super(options);
    const where = new.target.name;
    this.fillMode = fillModeOf(where, options.fillMode ?? 'reflect');
    this.interpolation = sampling(where, options.interpolation ?? 'bilinear');
    this.fillValue = options.fillValue ?? 0;
  }

  protected override transform(images: Tensor, places: Places): Tensor {
    return this.read(asFloat(images), places, this.interpolation);
  }

  protected override transformMasks(masks: Tensor, places: Places): Tensor {
    return this.read(masks, places, 'nearest');
  }

  private read(images: Tensor, { y, x }: Places, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { fillMode, fillValue } = this;
    return sampleImages(images, y, x, { interpolation, fillMode, fillValue });
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      fill_mode: this.fillMode,
      interpolation: this.interpolation,
      fill_value: this.fillValue,
    };
  }
}

/** One value for each image, beside its rows and columns. */
const perPlane = (values: Tensor): Tensor => reshape(values, [values.size, 1, 1]);

export interface RandomRotationOptions extends AffineLayerOptions {
  /** In turns, from −1 to 1. */
  readonly factor?: Factor;
}

/**
 * In training turns each image around its middle, by a random part of a turn.
 *
 * @example new RandomRotation(0.1) // up to 36° in both directions
 */
export class RandomRotation extends AffineLayer {
  readonly factor: Range;

  constructor(factor: Factor | RandomRotationOptions, rest: RandomRotationOptions = {}) {
    const options = toNamed<RandomRotationOptions>(
      'RandomRotation',
      [factor, rest],
      ['factor'],
      [...affineNames, ...layerOptionNames],
    );
    super(options);
    this.factor = factorRange('RandomRotation', 'factor', options.factor, [-1, 1]);
  }

  protected override drawFor(images: Tensor): Places {
    const [n, rows, columns] = images.shape;
    const [low, high] = this.factor;
    const angle = multiply(this.uniform([n], [low * 360, high * 360]), Math.PI / 180);
    const [c, s] = [perPlane(cos(angle)), perPlane(sin(angle))];
    const [cx, cy] = [0.5 * (columns - 1), 0.5 * (rows - 1)];
    const [row, column] = gridOf(rows, columns);
    const offsetX = add(subtract(cx, multiply(c, cx)), multiply(s, cy));
    const offsetY = subtract(subtract(cy, multiply(s, cx)), multiply(c, cy));
    return {
      x: add(subtract(multiply(c, column), multiply(s, row)), offsetX),
      y: add(add(multiply(s, column), multiply(c, row)), offsetY),
    };
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), factor: this.factor };
  }
}
layers.add('RandomRotation', RandomRotation);

/** A factor of both directions, checked and kept as it was given. */
function factorOf(where: string, name: string, given: unknown, above = false): Range {
  const range = factorRange(where, name, given, [-1, 1]);
  const inside = Array.isArray(given) ? range.every((f) => Math.abs(f) <= 1) : true;
  if (inside && !(above && [given].flat().includes(-1))) return range;
  throw new ConfigError(
    `${where}: ${name} must be ${above ? 'above' : 'from'} -1 ${above ? 'and at most' : 'to'} 1, or a list of two such numbers, got ${JSON.stringify(given)}.`,
  );
}

export interface RandomTranslationOptions extends AffineLayerOptions {
  /** Shift down, as a part of the height, from −1 to 1. */
  readonly heightFactor?: Factor;
  /** Shift to the right, as a part of the width, from −1 to 1. */
  readonly widthFactor?: Factor;
}

/** In training shifts each image by random parts of its height and its width. */
export class RandomTranslation extends AffineLayer {
  readonly heightFactor: Factor;
  readonly widthFactor: Factor;
  private readonly ranges: readonly [Range, Range];

  constructor(
    heightFactor: Factor | RandomTranslationOptions,
    widthFactor?: Factor | RandomTranslationOptions,
    rest: RandomTranslationOptions = {},
  ) {
    const where = 'RandomTranslation';
    const options = toNamed<RandomTranslationOptions>(
      where,
      [heightFactor, widthFactor, rest],
      ['heightFactor', 'widthFactor'],
      [...affineNames, ...layerOptionNames],
    );
    super(options);
    this.ranges = [
      factorOf(where, 'heightFactor', options.heightFactor),
      factorOf(where, 'widthFactor', options.widthFactor),
    ];
    this.heightFactor = options.heightFactor ?? 0;
    this.widthFactor = options.widthFactor ?? 0;
  }

  protected override drawFor(images: Tensor): Places {
    const [n, rows, columns] = images.shape;
    const [row, column] = gridOf(rows, columns);
    const [down, right] = this.ranges.map((range) => this.uniform([n, 1, 1], range));
    return {
      y: add(row, negative(multiply(down, rows))),
      x: add(column, negative(multiply(right, columns))),
    };
  }

  override getConfig(): Record<string, unknown> {
    const { heightFactor, widthFactor } = this;
    return { ...super.getConfig(), height_factor: heightFactor, width_factor: widthFactor };
  }
}
layers.add('RandomTranslation', RandomTranslation);

export interface RandomZoomOptions extends AffineLayerOptions {
  /** Above −1, at most 1: 0.2 shows a fifth more rows, −0.2 a fifth less. */
  readonly heightFactor?: Factor;
  /** The same for columns. Default: drawn together with the rows, so that proportions stay. */
  readonly widthFactor?: Factor | null;
}

/** In training brings each image nearer, or takes it farther away. */
export class RandomZoom extends AffineLayer {
  readonly heightFactor: Factor;
  readonly widthFactor: Factor | null;
  private readonly height: Range;
  private readonly width: Range | undefined;

  constructor(
    heightFactor: Factor | RandomZoomOptions,
    widthFactor?: Factor | null | RandomZoomOptions,
    rest: RandomZoomOptions = {},
  ) {
    const where = 'RandomZoom';
    const options = toNamed<RandomZoomOptions>(
      where,
      [heightFactor, widthFactor, rest],
      ['heightFactor', 'widthFactor'],
      [...affineNames, ...layerOptionNames],
    );
    super(options);
    this.height = factorOf(where, 'heightFactor', options.heightFactor, true);
    this.heightFactor = options.heightFactor ?? 0;
    this.widthFactor = options.widthFactor ?? null;
    if (this.widthFactor !== null) {
      this.width = factorOf(where, 'widthFactor', this.widthFactor, true);
    }
  }

  protected override drawFor(images: Tensor): Places {
    const [n, rows, columns] = images.shape;
    const [row, column] = gridOf(rows, columns);
    const draw = ([low, high]: Range) => this.uniform([n, 1, 1], [1 + low, 1 + high]);
    const tall = draw(this.height);
    const wide = this.width ? draw(this.width) : tall;
    const zoomed = (at: Tensor, zoom: Tensor, size: number) =>
      add(multiply(zoom, at), multiply(subtract(1, zoom), (size - 1) / 2));
    return { y: zoomed(row, tall, rows), x: zoomed(column, wide, columns) };
  }

  override getConfig(): Record<string, unknown> {
    const { heightFactor, widthFactor } = this;
    return { ...super.getConfig(), height_factor: heightFactor, width_factor: widthFactor };
  }
}
layers.add('RandomZoom', RandomZoom);

export interface RandomShearOptions extends AffineLayerOptions {
  /** Columns per row, from 0 to 1. Default 0. */
  readonly xFactor?: Factor;
  /** Rows per column, from 0 to 1. Default 0. */
  readonly yFactor?: Factor;
}

/** In training shears each image, in one of both directions. */
export class RandomShear extends AffineLayer {
  readonly xFactor: Range;
  readonly yFactor: Range;

  constructor(
    xFactor: Factor | RandomShearOptions = {},
    yFactor?: Factor | RandomShearOptions,
    rest: RandomShearOptions = {},
  ) {
    const where = 'RandomShear';
    const options = toNamed<RandomShearOptions>(
      where,
      [xFactor, yFactor, rest],
      ['xFactor', 'yFactor'],
      [...affineNames, ...layerOptionNames],
    );
    super(options);
    this.xFactor = shearRange('xFactor', options.xFactor ?? 0);
    this.yFactor = shearRange('yFactor', options.yFactor ?? 0);
  }

  protected override drawFor(images: Tensor): Places {
    const n = images.shape[0];
    const direction = where(greater(this.uniform([n, 1], [0, 1]), 0.5), -1, 1);
    const y = this.uniform([n, 1], this.yFactor);
    const x = this.uniform([n, 1], this.xFactor);
    return shearedPlaces(images, multiply(concatenate([x, y], 1), direction));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), x_factor: this.xFactor, y_factor: this.yFactor };
  }
}
layers.add('RandomShear', RandomShear);

/** A number from 0 to 1 means both directions, as a list has it in configs. */
function shearRange(name: string, given: Factor): Range {
  if (typeof given !== 'number') return factorRange('RandomShear', name, given, [-1, 1]);
  const [, high] = factorRange('RandomShear', name, given, [0, 1]);
  return [-high, high];
}

/** Where pixels of sheared images come from, by factors `[batch, 2]` of x and y. */
function shearedPlaces(images: Tensor, factors: Tensor): Places {
  const [row, column] = gridOf(images.shape[1], images.shape[2]);
  const [alongX, alongY] = [0, 1].map((i) => perPlane(sliceAxis(factors, 1, i, i + 1)));
  return {
    x: add(column, multiply(alongX, row)),
    y: add(multiply(alongY, column), row),
  };
}
