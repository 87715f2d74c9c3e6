// Which registry a class in a config belongs to, and the user's objects that count while a file is loaded.
import { activations } from '../activations/index.js';
import { constraints } from '../constraints/index.js';
import { initializers } from '../initializers/index.js';
import { functions } from '../layers/lambda.js';
import { layers } from '../layers/layer.js';
import { FunctionLoss, losses } from '../losses/loss.js';
import { metrics } from '../metrics/metric.js';
import { MeanMetricWrapper, metricFunctions } from '../metrics/reduction.js';
import { optimizers } from '../optimizers/optimizer.js';
import { regularizers } from '../regularizers/index.js';
import { schedules } from '../schedules/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { addClass, type Registrable } from './register.js';

/** A function of the user's: a loss, a metric, or an activation. */
export type CustomFunction = (...tensors: Tensor[]) => Tensor;

/** What `customObjects` may hold: classes, and functions, by the names that the file calls them. */
export type CustomObjects = Readonly<Record<string, Registrable | CustomFunction>>;

/** By the last part of Keras's module, most special first. */
const byModule = [
  ['schedules', schedules],
  ['optimizers', optimizers],
  ['initializers', initializers],
  ['regularizers', regularizers],
  ['constraints', constraints],
  ['losses', losses],
  ['metrics', metrics],
  ['layers', layers],
  ['models', layers],
] as const;

const all = [
  ...new Set([
    activations,
    functions,
    metricFunctions,
    ...byModule.map(([, registry]) => registry),
  ]),
];

type AnyRegistry = (typeof byModule)[number][1];

/** The registry of a module of Keras's; undefined for other modules. */
export function registryOf(module: string): AnyRegistry | undefined {
  const parts = module.split('.');
  if (parts[0] !== 'keras' && parts[0] !== 'tf_keras') return undefined;
  return byModule.find(([part]) => parts.includes(part))?.[1];
}

/** Whether any registry has the name. */
export const known = (name: string): boolean => all.some((registry) => registry.has(name));

const isClass = (given: Registrable | CustomFunction): given is Registrable =>
  'fromConfig' in given && typeof given.fromConfig === 'function';

function addFunction(name: string, fn: CustomFunction): void {
  activations.add(name, fn);
  functions.add(name, fn);
  losses.add(name, { Class: { fromConfig: () => new FunctionLoss(fn) }, fn });
  metrics.add(name, { fromConfig: () => new MeanMetricWrapper(fn, { name }) });
}

/** Runs `fn` with the user's objects in the registries, and takes them out again. */
export function withCustomObjects<T>(objects: CustomObjects, fn: () => T): T {
  const forget = all.map((registry) => registry.remember());
  try {
    for (const [name, object] of Object.entries(objects)) {
      if (typeof object !== 'function') {
        throw new ConfigError(
          `customObjects: "${name}" must be a class or a function, got ${typeof object}.`,
        );
      }
      // Keras calls what is registered `package>Name`.
      for (const alias of new Set([name, name.slice(name.lastIndexOf('>') + 1)])) {
        if (isClass(object)) addClass(object, alias);
        else addFunction(alias, object);
      }
    }
    return fn();
  } finally {
    for (const undo of forget) undo();
  }
}
