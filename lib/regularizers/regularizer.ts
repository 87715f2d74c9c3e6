// The base of regularizers, all of them by name, and what may stand for one.
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { numberOption } from '../util/options.js';
import { camelKeys, Registry } from '../util/registry.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';

/** A penalty; subclasses define `call`. */
export abstract class Regularizer {
  /** The penalty for a weight, a scalar. */
  abstract call(x: Tensor): Tensor;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    return {};
  }

  /** One made of Keras's config. */
  static fromConfig(
    this: new (
      options: never,
    ) => Regularizer,
    config: Record<string, unknown>,
  ): Regularizer {
    return new this(camelKeys(config) as never);
  }
}

/** All regularizers by name. */
export const regularizers = new Registry<{
  fromConfig(config: Record<string, unknown>): Regularizer;
}>('regularizer');

/** What may stand for a regularizer: an object, a name, a function of the weight, Keras's config. */
export type RegularizerLike =
  | Regularizer
  | string
  | ((x: Tensor) => Tensor)
  | SerializedObject
  | null
  | undefined;

class FunctionRegularizer extends Regularizer {
  constructor(private readonly fn: (x: Tensor) => Tensor) {
    super();
  }
  override call(x: Tensor): Tensor {
    return this.fn(x);
  }
}

/** The regularizer that `given` stands for; undefined for none. */
export function get(given: RegularizerLike): Regularizer | undefined {
  if (given === null || given === undefined) return undefined;
  if (given instanceof Regularizer) return given;
  if (typeof given === 'function') return new FunctionRegularizer(given);
  if (typeof given === 'string') return regularizers.get(given).fromConfig({});
  if (isSerialized(given)) return regularizers.get(given.class_name).fromConfig(given.config);
  throw new ConfigError(`expected a regularizer or the name of one, got ${typeof given}.`);
}

/** @internal Keras's serialised form. */
export const serializeRegularizer = (
  regularizer: Regularizer | undefined,
): SerializedObject | null => (regularizer ? serialize('keras.regularizers', regularizer) : null);

/** @internal A factor of a penalty: 0 or more. */
export function factorOption(
  where: string,
  name: string,
  given: number | null | undefined,
  fallback: number,
): number {
  const factor = numberOption(where, name, given, fallback);
  if (factor >= 0) return factor;
  throw new ConfigError(`${where}: ${name} must be 0 or more, got ${factor}.`);
}
