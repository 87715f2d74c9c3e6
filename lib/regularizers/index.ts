// Regularizers: penalties on weights and outputs that are added to the loss.
import { absolute, add, multiply, square } from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { camelKeys, Registry } from '../util/registry.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';

/** A penalty; subclasses define `call`. */
export abstract class Regularizer {
  /** The penalty for a weight, a scalar. */
  abstract call(x: Tensor): Tensor;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    return {};
  }

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

/** `l1·Σ|w| + l2·Σw²`. */
export class L1L2 extends Regularizer {
  readonly l1: number;
  readonly l2: number;
  constructor(options: { readonly l1?: number; readonly l2?: number } = {}) {
    super();
    checkOptions('L1L2', options, ['l1', 'l2']);
    this.l1 = options.l1 ?? 0;
    this.l2 = options.l2 ?? 0;
  }
  override call(x: Tensor): Tensor {
    const first = multiply(sum(absolute(x)), this.l1);
    return add(first, multiply(sum(square(x)), this.l2));
  }
  override getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}
regularizers.add('L1L2', L1L2);

/** `l2·Σw²`, 0.01 by default: weight decay as a penalty. */
export class L2 extends Regularizer {
  readonly l2: number;
  constructor(options: number | { readonly l2?: number } = {}) {
    super();
    this.l2 = typeof options === 'number' ? options : (options.l2 ?? 0.01);
  }
  override call(x: Tensor): Tensor {
    return multiply(sum(square(x)), this.l2);
  }
  override getConfig(): Record<string, unknown> {
    return { l2: this.l2 };
  }
}
regularizers.add('L2', L2);
