// What layers with random numbers have in common: a seed, a rate, the shape of a mask.
import { greaterEqual } from '../ops/elementwise.js';
import { type DrawOptions, uniform } from '../ops/random.js';
import { broadcastShapes, formatShape, type Shape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { titleOf } from './input-spec.js';
import { Layer, type LayerOptions, type SymbolicShape } from './layer.js';

export interface NoiseOptions extends LayerOptions {
  /** Makes the draws repeatable; every call takes the next of them. */
  readonly seed?: number | null;
}

/** A layer that adds noise in training, and does nothing else. */
export abstract class Noise extends Layer {
  readonly seed: number | undefined;
  private draws = 0;

  constructor(options: NoiseOptions) {
    super(options);
    this.seed = options.seed ?? undefined;
    this.supportsMasking = true;
  }

  /** Options of the next draw. */
  protected nextDraw(): DrawOptions {
    return { seed: this.seed, step: this.draws++ };
  }

  /** Which elements of `shape` (null: the input's size) stay, as bool: each with probability 1 − rate. */
  protected kept(x: Tensor, rate: number, shape: SymbolicShape): Tensor {
    const sizes: Shape = shape.map((d, i) => d ?? x.shape[i]);
    const fits = broadcastShapes(sizes, x.shape);
    if (!fits || !sameShape(fits, x.shape)) {
      throw new ShapeError(
        `${titleOf(this)}: noiseShape ${formatShape(shape)} does not broadcast to the input ${formatShape(x.shape)}.`,
      );
    }
    return greaterEqual(uniform(sizes, this.nextDraw()), rate);
  }
}

/** A fraction, checked. */
export function fractionOf(where: string, option: string, value: number | undefined): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new ConfigError(`${where}: ${option} must be between 0 and 1, got ${value}.`);
}

/** A noise shape, checked; undefined for the input's. */
export function noiseShapeOf(
  where: string,
  shape: SymbolicShape | null | undefined,
): SymbolicShape | undefined {
  if (shape === null || shape === undefined) return undefined;
  const sizes = Array.isArray(shape) ? shape : undefined;
  if (sizes?.every((d) => d === null || (Number.isInteger(d) && d > 0))) return shape;
  throw new ConfigError(
    `${where}: noiseShape must be a list of whole numbers above 0, or null for the input's size, got ${JSON.stringify(shape)}.`,
  );
}
