// The base of constraints, all of them by name, and what may stand for one.
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { camelKeys, Registry } from '../util/registry.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';

/** A constraint; subclasses define `call`. */
export abstract class Constraint {
  /** The weight nearest to `w` that is allowed. */
  abstract call(w: Tensor): Tensor;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    return {};
  }

  /** One made of Keras's config. */
  static fromConfig(
    this: new (
      options: never,
    ) => Constraint,
    config: Record<string, unknown>,
  ): Constraint {
    return new this(camelKeys(config) as never);
  }
}

/** All constraints by name. */
export const constraints = new Registry<{
  fromConfig(config: Record<string, unknown>): Constraint;
}>('constraint');

/** What may stand for a constraint: an object, a name, a function of the weight, Keras's config. */
export type ConstraintLike =
  | Constraint
  | string
  | ((w: Tensor) => Tensor)
  | SerializedObject
  | null
  | undefined;

class FunctionConstraint extends Constraint {
  constructor(private readonly fn: (w: Tensor) => Tensor) {
    super();
  }
  override call(w: Tensor): Tensor {
    return this.fn(w);
  }
}

/** The constraint that `given` stands for; undefined for none. */
export function get(given: ConstraintLike): Constraint | undefined {
  if (given === null || given === undefined) return undefined;
  if (given instanceof Constraint) return given;
  if (typeof given === 'function') return new FunctionConstraint(given);
  if (typeof given === 'string') return constraints.get(given).fromConfig({});
  if (isSerialized(given)) return constraints.get(given.class_name).fromConfig(given.config);
  throw new ConfigError(`expected a constraint or the name of one, got ${typeof given}.`);
}

/** @internal Keras's serialised form. */
export const serializeConstraint = (constraint: Constraint | undefined): SerializedObject | null =>
  constraint ? serialize('keras.constraints', constraint) : null;
