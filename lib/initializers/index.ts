// Initializers: what weights are before training. Formulas and defaults are Keras's.
import { broadcastTo } from '../ops/movement.js';
import { normal, truncatedNormal, uniform } from '../ops/random.js';
import type { Shape } from '../tensor/shape.js';
import { literal, type Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { camelKeys, Registry, snakeKeys } from '../util/registry.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';

/** Makes the initial value of a weight; subclasses define `call`. */
export abstract class Initializer {
  /** The initial value for a weight of `shape`, float32. */
  abstract call(shape: Shape): Tensor;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    return {};
  }

  /** One made of Keras's config; null there means the default (`input_axes`, `output_axes`, `seed`). */
  static fromConfig(this: InitializerClass, config: Record<string, unknown>): Initializer {
    const given = Object.entries(config).filter(([, value]) => value !== null);
    return new this(camelKeys(Object.fromEntries(given)) as never);
  }
}

type InitializerClass = new (options: never) => Initializer;
type Registered = { fromConfig(config: Record<string, unknown>): Initializer };

/** All initializers by name. */
export const initializers = new Registry<Registered>('initializer');

/** What may stand for an initializer: an object, a name, a function of the shape, Keras's config. */
export type InitializerLike = Initializer | string | ((shape: Shape) => Tensor) | SerializedObject;

class FunctionInitializer extends Initializer {
  constructor(private readonly fn: (shape: Shape) => Tensor) {
    super();
  }
  override call(shape: Shape): Tensor {
    return this.fn(shape);
  }
}

/** The initializer that `given` stands for. */
export function get(given: InitializerLike): Initializer {
  if (given instanceof Initializer) return given;
  if (typeof given === 'function') return new FunctionInitializer(given);
  if (typeof given === 'string') return initializers.get(given).fromConfig({});
  if (isSerialized(given)) return initializers.get(given.class_name).fromConfig(given.config);
  throw new ConfigError(`expected an initializer or the name of one, got ${typeof given}.`);
}

/** @internal Keras's serialised form. */
export const serializeInitializer = (initializer: Initializer): SerializedObject =>
  serialize('keras.initializers', initializer);

const filled = (value: number, shape: Shape): Tensor => broadcastTo(literal(value), shape);

/** All zeros. */
export class Zeros extends Initializer {
  override call(shape: Shape): Tensor {
    return filled(0, shape);
  }
}
initializers.add('Zeros', Zeros);

/** All ones. */
export class Ones extends Initializer {
  override call(shape: Shape): Tensor {
    return filled(1, shape);
  }
}
initializers.add('Ones', Ones);

/** One value everywhere. */
export class Constant extends Initializer {
  readonly value: number;
  constructor(options: number | { value?: number } = {}) {
    super();
    this.value = typeof options === 'number' ? options : (options.value ?? 0);
  }
  override call(shape: Shape): Tensor {
    return filled(this.value, shape);
  }
  override getConfig() {
    return { value: this.value };
  }
}
initializers.add('Constant', Constant);

interface SeedOption {
  readonly seed?: number | null;
}

abstract class Seeded extends Initializer {
  readonly seed: number | undefined;
  constructor(options: SeedOption) {
    super();
    this.seed = options.seed ?? undefined;
  }
}

export interface NormalOptions extends SeedOption {
  readonly mean?: number;
  readonly stddev?: number;
}

/** Normal; mean 0 and standard deviation 0.05 by default. */
export class RandomNormal extends Seeded {
  readonly mean: number;
  readonly stddev: number;
  constructor(options: NormalOptions = {}) {
    super(options);
    checkOptions(new.target.name, options, ['mean', 'stddev', 'seed']);
    this.mean = options.mean ?? 0;
    this.stddev = options.stddev ?? 0.05;
  }
  override call(shape: Shape): Tensor {
    return normal(shape, this);
  }
  override getConfig() {
    return { mean: this.mean, stddev: this.stddev, seed: this.seed ?? null };
  }
}
initializers.add('RandomNormal', RandomNormal, ['normal']);

/** Normal, redrawn beyond two standard deviations; mean 0, stddev 0.05 by default. */
export class TruncatedNormal extends RandomNormal {
  override call(shape: Shape): Tensor {
    return truncatedNormal(shape, this);
  }
}
initializers.add('TruncatedNormal', TruncatedNormal);

/** Uniform on [minval, maxval), by default [−0.05, 0.05). */
export class RandomUniform extends Seeded {
  readonly minval: number;
  readonly maxval: number;
  constructor(options: SeedOption & { minval?: number; maxval?: number } = {}) {
    super(options);
    checkOptions('RandomUniform', options, ['minval', 'maxval', 'seed']);
    this.minval = options.minval ?? -0.05;
    this.maxval = options.maxval ?? 0.05;
  }
  override call(shape: Shape): Tensor {
    return uniform(shape, this);
  }
  override getConfig() {
    return { minval: this.minval, maxval: this.maxval, seed: this.seed ?? null };
  }
}
initializers.add('RandomUniform', RandomUniform, ['uniform']);

/** Numbers of inputs and outputs of one unit of a weight: the last two axes, times the rest. */
export function computeFans(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 };
  if (shape.length === 1) return { fanIn: shape[0], fanOut: shape[0] };
  const field = shape.slice(0, -2).reduce((n, d) => n * d, 1);
  return { fanIn: shape[shape.length - 2] * field, fanOut: shape[shape.length - 1] * field };
}

export interface VarianceScalingOptions extends SeedOption {
  readonly scale?: number;
  readonly mode?: 'fan_in' | 'fan_out' | 'fan_avg' | 'fanIn' | 'fanOut' | 'fanAvg';
  readonly distribution?: 'truncated_normal' | 'untruncated_normal' | 'uniform' | string;
}

/** Standard deviation of a normal that is cut off at two of its standard deviations. */
const truncatedStddev = 0.87962566103423978;

/** Variance `scale / fan`, so that signals keep their size from layer to layer. */
export class VarianceScaling extends Seeded {
  readonly scale: number;
  readonly mode: string;
  readonly distribution: string;
  constructor(options: VarianceScalingOptions = {}) {
    super(options);
    checkOptions(new.target.name, options, ['scale', 'mode', 'distribution', 'seed']);
    this.scale = options.scale ?? 1;
    this.mode = (options.mode ?? 'fan_in').replace(/[A-Z]/, (c) => `_${c.toLowerCase()}`);
    this.distribution = (options.distribution ?? 'truncated_normal').toLowerCase();
    if (!(this.scale > 0))
      throw new ConfigError(`VarianceScaling: scale must be above 0, got ${this.scale}.`);
  }

  override call(shape: Shape): Tensor {
    const { fanIn, fanOut } = computeFans(shape);
    const fans: Record<string, number> = {
      fan_in: fanIn,
      fan_out: fanOut,
      fan_avg: (fanIn + fanOut) / 2,
    };
    const variance = this.scale / Math.max(1, fans[this.mode]);
    const { seed } = this;
    if (this.distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return uniform(shape, { minval: -limit, maxval: limit, seed });
    }
    if (this.distribution === 'untruncated_normal') {
      return normal(shape, { stddev: Math.sqrt(variance), seed });
    }
    return truncatedNormal(shape, { stddev: Math.sqrt(variance) / truncatedStddev, seed });
  }

  override getConfig(): Record<string, unknown> {
    const { scale, mode, distribution } = this;
    return snakeKeys({ scale, mode, distribution, seed: this.seed ?? null });
  }
}
initializers.add('VarianceScaling', VarianceScaling);

/** A VarianceScaling with everything but its seed fixed. */
abstract class FixedScaling extends VarianceScaling {
  override getConfig(): Record<string, unknown> {
    return { seed: this.seed ?? null };
  }
}

/** Truncated normal of variance 2 / (fanIn + fanOut). Glorot & Bengio 2010. */
export class GlorotNormal extends FixedScaling {
  constructor(options: SeedOption = {}) {
    checkOptions('GlorotNormal', options, ['seed']);
    super({ ...options, mode: 'fan_avg' });
  }
}
/** Uniform of variance 2 / (fanIn + fanOut): the default of dense kernels. */
export class GlorotUniform extends FixedScaling {
  constructor(options: SeedOption = {}) {
    checkOptions('GlorotUniform', options, ['seed']);
    super({ ...options, mode: 'fan_avg', distribution: 'uniform' });
  }
}
/** Truncated normal of variance 2 / fanIn, for relu. He et al. 2015. */
export class HeNormal extends FixedScaling {
  constructor(options: SeedOption = {}) {
    checkOptions('HeNormal', options, ['seed']);
    super({ ...options, scale: 2 });
  }
}
/** Uniform of variance 2 / fanIn. He et al. 2015. */
export class HeUniform extends FixedScaling {
  constructor(options: SeedOption = {}) {
    checkOptions('HeUniform', options, ['seed']);
    super({ ...options, scale: 2, distribution: 'uniform' });
  }
}
/** Truncated normal of variance 1 / fanIn. LeCun et al. 1998. */
export class LecunNormal extends FixedScaling {
  constructor(options: SeedOption = {}) {
    checkOptions('LecunNormal', options, ['seed']);
    super(options);
  }
}
/** Uniform of variance 1 / fanIn. LeCun et al. 1998. */
export class LecunUniform extends FixedScaling {
  constructor(options: SeedOption = {}) {
    checkOptions('LecunUniform', options, ['seed']);
    super({ ...options, distribution: 'uniform' });
  }
}
initializers.add('GlorotNormal', GlorotNormal, ['xavierNormal']);
initializers.add('GlorotUniform', GlorotUniform, ['xavierUniform']);
initializers.add('HeNormal', HeNormal);
initializers.add('HeUniform', HeUniform);
initializers.add('LecunNormal', LecunNormal);
initializers.add('LecunUniform', LecunUniform);
