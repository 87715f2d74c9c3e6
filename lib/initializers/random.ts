// Initializers that draw every weight from one distribution.
import { normal, truncatedNormal, uniform } from '../ops/random.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { numberOption, toNamed } from '../util/options.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import { Initializer, initializers } from './initializer.js';

/** What every random initializer takes. */
export interface SeedOption {
  /** Makes each call draw the same; default: the next draw of the global seed. */
  readonly seed?: number | SerializedObject | null;
}

/** The seed that was given, also as the config of a SeedGenerator of Keras's. */
function seedOf(where: string, seed: SeedOption['seed']): number | undefined {
  if (isSerialized(seed)) return seedOf(where, seed.config.seed as number | null);
  if (seed === null || seed === undefined) return undefined;
  if (Number.isInteger(seed)) return seed;
  throw new ConfigError(`${where}: expected a whole number as seed, got ${typeof seed}.`);
}

/** @internal An initializer with a seed. */
export abstract class Seeded extends Initializer {
  readonly seed: number | undefined;
  constructor(options: SeedOption) {
    super();
    this.seed = seedOf(new.target.name, options.seed);
  }
  override getConfig(): Record<string, unknown> {
    return { seed: this.seed ?? null };
  }
}

/** Options of `RandomNormal` and `TruncatedNormal`. */
export interface NormalOptions extends SeedOption {
  /** Default 0. */
  readonly mean?: number;
  /** Default 0.05. */
  readonly stddev?: number;
}

abstract class NormalInitializer extends Seeded {
  readonly mean: number;
  readonly stddev: number;
  /** Mean and standard deviation by position, or all in one object. */
  constructor(mean?: number | NormalOptions, stddev?: number | NormalOptions, rest?: SeedOption) {
    const { name } = new.target;
    const args = [mean, stddev, rest];
    const given = toNamed<NormalOptions>(name, args, ['mean', 'stddev'], ['seed']);
    super(given);
    this.mean = numberOption(name, 'mean', given.mean, 0);
    this.stddev = numberOption(name, 'stddev', given.stddev, 0.05);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mean: this.mean, stddev: this.stddev };
  }
}

/** Normal; mean 0 and standard deviation 0.05 by default. */
export class RandomNormal extends NormalInitializer {
  override call(shape: Shape): Tensor {
    return normal(shape, this);
  }
}
initializers.add('RandomNormal', RandomNormal, ['normal']);

/** Normal, redrawn beyond two standard deviations; mean 0, stddev 0.05 by default. */
export class TruncatedNormal extends NormalInitializer {
  override call(shape: Shape): Tensor {
    return truncatedNormal(shape, this);
  }
}
initializers.add('TruncatedNormal', TruncatedNormal);

/** Options of `RandomUniform`. */
export interface UniformOptions extends SeedOption {
  /** Default −0.05. */
  readonly minval?: number;
  /** Default 0.05. */
  readonly maxval?: number;
}

/** Uniform on [minval, maxval), by default [−0.05, 0.05). */
export class RandomUniform extends Seeded {
  readonly minval: number;
  readonly maxval: number;
  /** `new RandomUniform(-1, 1, { seed: 1 })` or all in one object. */
  constructor(
    minval?: number | UniformOptions,
    maxval?: number | UniformOptions,
    rest?: SeedOption,
  ) {
    const name = 'RandomUniform';
    const args = [minval, maxval, rest];
    const given = toNamed<UniformOptions>(name, args, ['minval', 'maxval'], ['seed']);
    super(given);
    this.minval = numberOption(name, 'minval', given.minval, -0.05);
    this.maxval = numberOption(name, 'maxval', given.maxval, 0.05);
    if (this.minval > this.maxval) {
      throw new ConfigError(
        `${name}: minval must not be above maxval, got ${this.minval} and ${this.maxval}.`,
      );
    }
  }
  override call(shape: Shape): Tensor {
    return uniform(shape, this);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), minval: this.minval, maxval: this.maxval };
  }
}
initializers.add('RandomUniform', RandomUniform, ['uniform']);
