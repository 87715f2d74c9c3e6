// `register(Class)`: makes classes of the user's own known by name, to configs and files.
import { Constraint, constraints } from '../constraints/index.js';
import { Initializer, initializers } from '../initializers/index.js';
import { functions, type RegisteredFunction } from '../layers/lambda.js';
import { Layer, layers } from '../layers/layer.js';
import { Loss, losses } from '../losses/loss.js';
import { Metric, metrics } from '../metrics/metric.js';
import { Optimizer, optimizers } from '../optimizers/optimizer.js';
import { Regularizer, regularizers } from '../regularizers/index.js';
import { LearningRateSchedule, schedules } from '../schedules/index.js';
import { ConfigError } from '../util/errors.js';

/** A class that configs can be made of. */
export interface Registrable {
  readonly name: string;
  readonly prototype: object;
  fromConfig(config: Record<string, unknown>): object;
}

const kinds: readonly {
  readonly Base: { readonly prototype: object };
  readonly add: (name: string, Class: Registrable) => void;
}[] = [
  {
    Base: Layer,
    add: (name, Class) =>
      layers.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), Layer) }),
  },
  {
    Base: Initializer,
    add: (name, Class) =>
      initializers.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), Initializer) }),
  },
  {
    Base: Metric,
    add: (name, Class) =>
      metrics.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), Metric) }),
  },
  {
    Base: Optimizer,
    add: (name, Class) =>
      optimizers.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), Optimizer) }),
  },
  {
    Base: LearningRateSchedule,
    add: (name, Class) =>
      schedules.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), LearningRateSchedule) }),
  },
  {
    Base: Regularizer,
    add: (name, Class) =>
      regularizers.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), Regularizer) }),
  },
  {
    Base: Constraint,
    add: (name, Class) =>
      constraints.add(name, { fromConfig: (c) => expect(Class.fromConfig(c), Constraint) }),
  },
  {
    Base: Loss,
    add: (name, Class) => {
      const make = (c: Record<string, unknown>) => expect(Class.fromConfig(c), Loss);
      losses.add(name, { Class: { fromConfig: make }, fn: (t, p) => make({}).call(t, p) });
    },
  },
];

function expect<T extends object>(made: object, Base: abstract new (...args: never[]) => T): T {
  if (made instanceof Base) return made;
  throw new ConfigError(
    `fromConfig of a registered class made a ${made.constructor.name}, expected a ${Base.name}.`,
  );
}

/** Whether it is a plain function: the prototype of a class cannot be replaced. */
const isFunction = (given: Registrable | RegisteredFunction): given is RegisteredFunction =>
  Object.getOwnPropertyDescriptor(given, 'prototype')?.writable !== false;

/** Under what names the user's classes were registered. */
const registered = new Map<string, string>();

/** @internal The name that a class of the user's was registered under. */
export const registeredName = (className: string): string | undefined => registered.get(className);

/**
 * Makes a layer, loss, metric, optimizer, schedule or initializer of your own known by its class's
 * name, so that names, configs and files can mean it; or the function of a `Lambda` layer.
 *
 * @throws ConfigError for a class that extends none of those.
 */
export function register<C extends Registrable | RegisteredFunction>(
  Class: C,
  name: string = Class.name,
): C {
  const given: Registrable | RegisteredFunction = Class;
  if (isFunction(given)) functions.add(name, given);
  else addClass(given, name);
  registered.set(Class.name, name);
  return Class;
}

/** @internal Puts a class into the registry of its kind. */
export function addClass(Class: Registrable, name: string): void {
  const kind = kinds.find(({ Base }) =>
    Object.prototype.isPrototypeOf.call(Base.prototype, Class.prototype),
  );
  if (!kind) {
    throw new ConfigError(
      `register: ${name} extends none of Layer, Loss, Metric, Optimizer, Initializer, Regularizer, Constraint, LearningRateSchedule.`,
    );
  }
  kind.add(name, Class);
}
