// The base of initializers, all of them by name, and what may stand for one.
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { camelKeys, Registry } from '../util/registry.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';

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

/**
 * What may stand for an initializer: an object, a name, a function of the shape, the values themselves,
 * Keras's config.
 */
export type InitializerLike =
  | Initializer
  | string
  | ((shape: Shape) => Tensor)
  | Tensor
  | SerializedObject;

class FunctionInitializer extends Initializer {
  constructor(private readonly fn: (shape: Shape) => Tensor) {
    super();
  }
  override call(shape: Shape): Tensor {
    return this.fn(shape);
  }
}

/** The values of a tensor, for a weight of its shape. */
class TensorInitializer extends Initializer {
  constructor(private readonly values: Tensor) {
    super();
  }
  override call(shape: Shape): Tensor {
    if (sameShape(shape, this.values.shape)) return this.values;
    throw new ShapeError(
      `initializer: a tensor ${formatShape(this.values.shape)} cannot initialise a weight ${formatShape(shape)}.`,
    );
  }
}

/** The initializer that `given` stands for. */
export function get(given: InitializerLike): Initializer {
  if (given instanceof Initializer) return given;
  if (given instanceof Tensor) return new TensorInitializer(given);
  if (typeof given === 'function') return new FunctionInitializer(given);
  if (typeof given === 'string') return initializers.get(given).fromConfig({});
  if (isSerialized(given)) return initializers.get(given.class_name).fromConfig(given.config);
  throw new ConfigError(`expected an initializer or the name of one, got ${typeof given}.`);
}

/** @internal Keras's serialised form. */
export const serializeInitializer = (initializer: Initializer): SerializedObject =>
  serialize('keras.initializers', initializer);
