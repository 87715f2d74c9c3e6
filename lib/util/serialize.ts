// Keras's serialised form of objects: `{ module, class_name, config, registered_name }`.
import { ConfigError } from './errors.js';
import type { Registry } from './registry.js';

export interface SerializedObject {
  readonly module: string;
  readonly class_name: string;
  readonly config: Record<string, unknown>;
  readonly registered_name: string | null;
  /** How a layer was built. */
  readonly build_config?: unknown;
}

interface Configurable {
  /** Keras's name of its class, where that is not the name of the class. */
  readonly className?: string;
  getConfig(): Record<string, unknown>;
}

interface ConfigurableClass<T> {
  fromConfig(config: Record<string, unknown>): T;
}

/** An object as Keras writes it into files. */
export const serialize = (module: string, object: Configurable): SerializedObject => ({
  module,
  class_name: object.className ?? object.constructor.name.replace(/^_+/, ''),
  config: object.getConfig(),
  registered_name: null,
});

export const isSerialized = (value: unknown): value is SerializedObject =>
  typeof value === 'object' && value !== null && 'class_name' in value;

/** A function as Keras writes it into files: by its name. */
export interface FunctionName {
  readonly module: string;
  readonly class_name: 'function';
  readonly config: string;
  readonly registered_name: string | null;
}

export const isFunctionName = (value: unknown): value is FunctionName =>
  typeof value === 'object' &&
  value !== null &&
  'class_name' in value &&
  value.class_name === 'function' &&
  'config' in value &&
  typeof value.config === 'string';

/** The object that a name, a serialised form or an instance stands for. */
export function resolveObject<T extends object>(
  given: string | SerializedObject | T,
  registry: Registry<ConfigurableClass<T>>,
): T {
  if (typeof given === 'string') return registry.get(given).fromConfig({});
  if (isSerialized(given)) return registry.get(given.class_name).fromConfig(given.config);
  if (typeof given === 'object' && given !== null) return given;
  throw new ConfigError(`expected a ${registry.kind} or the name of one, got ${typeof given}.`);
}
