// What augmentation layers have in common: a seed, draws for each image, ranges of factors and of values.
import { add, divide, less, multiply, subtract } from '../../ops/elementwise.js';
import { expandDims } from '../../ops/movement.js';
import { type DrawOptions, uniform } from '../../ops/random.js';
import type { Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { ImageLayer, type ImageLayerOptions } from '../image/image-layer.js';

/** The least and the greatest factor, or one number: as far as it in both directions. */
export type Factor = number | readonly [number, number] | readonly number[];

/** The least and the greatest value. */
export type Range = readonly [number, number];

export interface RandomImageOptions extends ImageLayerOptions {
  /** Makes the draws repeatable; every call takes the next of them. */
  readonly seed?: number | null;
}

const rangeText = ([low, high]: Range): string => `from ${low} to ${high}`;

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

const pairOf = (given: unknown): Range | undefined =>
  Array.isArray(given) && given.length === 2 && given.every(isNumber)
    ? [Math.min(...given), Math.max(...given)]
    : undefined;

/**
 * The range that a factor means: of one number, from its negative, or from the lower bound if that is
 * higher, to it.
 */
export function factorRange(where: string, name: string, given: unknown, bounds: Range): Range {
  const [low, high] = bounds;
  const pair = pairOf(given);
  if (pair && pair[0] <= high && pair[1] >= low) return pair;
  if (isNumber(given) && given >= low && given <= high) {
    const size = Math.abs(given);
    return [Math.max(-size, low), size];
  }
  throw new ConfigError(
    `${where}: ${name} must be a number ${rangeText(bounds)}, or a list of two, got ${JSON.stringify(given)}.`,
  );
}

/** The range of the values of images, checked. */
export function valueRangeOf(where: string, given: unknown): Range {
  const pair = pairOf(given);
  if (pair) return pair;
  throw new ConfigError(
    `${where}: valueRange must be a list of two numbers, got ${JSON.stringify(given)}.`,
  );
}

/** Values of one range brought to another. */
export function rescaled(images: Tensor, from: Range, to: Range): Tensor {
  if (from[0] === to[0] && from[1] === to[1]) return images;
  const share = divide(subtract(images, from[0]), from[1] - from[0]);
  return add(multiply(share, to[1] - to[0]), to[0]);
}

/** One value for each image, beside which its pixels broadcast. */
export const perImage = (values: Tensor): Tensor =>
  expandDims(expandDims(expandDims(values, 1), 1), 1);

/** A layer that changes images at random while it trains, and does nothing else. */
export abstract class RandomImageLayer<Drawn> extends ImageLayer<Drawn> {
  readonly seed: number | undefined;
  private draws = 0;

  constructor(options: RandomImageOptions) {
    super(options);
    this.seed = options.seed ?? undefined;
  }

  /** What is done to these images, `[batch, rows, columns, channels]`, in training. */
  protected abstract drawFor(images: Tensor): Drawn;

  protected override draw(images: Tensor, training: boolean): Drawn | undefined {
    return training ? this.drawFor(images) : undefined;
  }

  /** Options of the next draw. */
  protected nextDraw(): DrawOptions {
    return { seed: this.seed, step: this.draws++ };
  }

  /** Numbers in a range. */
  protected uniform(shape: Shape, [minval, maxval]: Range): Tensor {
    return uniform(shape, { ...this.nextDraw(), minval, maxval });
  }

  /** For each of `count` images, whether it is chosen, with a probability of the range `factor`; bool. */
  protected chosen(count: number, factor: Range): Tensor {
    const probability = this.uniform([count], factor);
    return less(this.uniform([count], [0, 1]), probability);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), seed: this.seed ?? null };
  }
}
