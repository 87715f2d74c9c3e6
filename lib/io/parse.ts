// Configs from files: read, checked, and brought from the forms of older versions of Keras to that of Keras 3.

import { layers } from '../layers/layer.js';
import {
  isOperationModule,
  operationNamed,
  operationNames,
} from '../layers/operations/registry.js';
import { ConfigError, FormatError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import { suggestion } from '../util/suggest.js';
import { known, registryOf } from './registries.js';

type Json = Record<string, unknown>;

const maxDepth = 200;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws if anything is nested so deeply that walking over it would overflow the stack. */
function checkDepth(text: string, where: string): void {
  let depth = 0;
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|[[\]{}]/g) ?? []) {
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    if (depth > maxDepth) {
      throw new FormatError(`${where}: the config is nested deeper than ${maxDepth}.`);
    }
  }
}

/**
 * JSON as Python writes it: with `NaN` and `Infinity`.
 *
 * @param where what it is, for messages
 * @throws FormatError if it is not JSON, not an object, or nested too deeply
 */
export function parseJson(text: string, where: string): Json {
  checkDepth(text, where);
  const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => {
    if (token.startsWith('"')) return token;
    return token === 'NaN' ? 'null' : token.replace('Infinity', '1e999');
  });
  let value: unknown;
  try {
    value = JSON.parse(strict);
  } catch (error) {
    throw new FormatError(`${where}: the config is not JSON.`, { cause: error });
  }
  if (isRecord(value)) return value;
  throw new FormatError(`${where}: expected a config, an object with a class_name.`);
}

/** What Keras 2 wrote otherwise, in the config of one object. */
function modernized(className: string, config: Json): Json {
  const { batch_input_shape, axis, ...rest } = config;
  const shape = rest.batch_shape ?? batch_input_shape;
  if (className === 'InputLayer') return { ...rest, batch_shape: shape };
  if (className === 'Sequential') return withBuildShape(rest);
  if (axis === undefined) return rest;
  return { ...rest, axis: Array.isArray(axis) && axis.length === 1 ? axis[0] : axis };
}

/** Before Keras 2.3 the first layer of a stack, not an InputLayer, had the shape. */
function withBuildShape(config: Json): Json {
  const [first] = Array.isArray(config.layers) ? config.layers : [];
  const inner = isRecord(first) && isRecord(first.config) ? first.config : {};
  return {
    ...config,
    build_input_shape: config.build_input_shape ?? inner.batch_input_shape ?? null,
  };
}

const renamed: Readonly<Record<string, string>> = { Model: 'Functional' };

/** The user's registered name if it is known, else the class's. */
function classNameOf(entry: SerializedObject): string {
  const { registered_name, module, class_name } = entry;
  if (isOperationModule(module)) return class_name;
  if (registered_name && known(registered_name)) return registered_name;
  const plain = entry.class_name.slice(entry.class_name.lastIndexOf('>') + 1);
  return known(entry.class_name) ? entry.class_name : (renamed[plain] ?? plain);
}

/** Keras's forms of functions. */
const notClasses = new Set(['function', 'MeanMetricWrapper']);

interface Unknown {
  readonly className: string;
  readonly name: string | undefined;
  readonly hint: string;
}

/** Python that was compiled and stored; it is never run. */
const isMarshalled = (value: Json): boolean =>
  value.class_name === '__lambda__' ||
  (value.class_name === 'Lambda' && isRecord(value.config) && Array.isArray(value.config.function));

class Check {
  readonly unknown: Unknown[] = [];

  constructor(private readonly where: string) {}

  /** The same in Keras 3's form; takes note of classes that nobody knows. */
  visit(value: unknown, inLayers: boolean, owner?: string): unknown {
    if (Array.isArray(value)) return value.map((inner) => this.visit(inner, inLayers, owner));
    if (!isRecord(value)) return value;
    const own = isRecord(value.config) ? value.config.name : undefined;
    const name = typeof own === 'string' ? own : owner;
    if (isMarshalled(value)) {
      throw new ConfigError(
        `${this.where}: layer "${name}" holds Python code (a lambda), which cannot run here. Write it as a layer and give it as customObjects, or save the model without it.`,
      );
    }
    if (!isSerialized(value) || typeof value.class_name !== 'string' || !isRecord(value.config)) {
      return this.record(value, name);
    }
    if (value.class_name.startsWith('__')) return value;
    const className = classNameOf(value);
    this.look(className, value, inLayers, name);
    const config = this.record(modernized(className, value.config), name);
    return { ...this.record({ ...value, config: null }, name), class_name: className, config };
  }

  private record(value: Json, owner: string | undefined): Json {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        this.visit(inner, key === 'layers' || key === 'layer', owner),
      ]),
    );
  }

  private look(
    className: string,
    { module, registered_name }: SerializedObject,
    inLayers: boolean,
    name: string | undefined,
  ): void {
    if (isOperationModule(module)) {
      if (operationNamed(className)) return;
      throw new ConfigError(
        `${this.where}: "${name}" is the operation ${className} of Keras, and there is nothing like it here.${suggestion(className, operationNames())}`,
      );
    }
    const registry = inLayers ? layers : registryOf(module ?? '');
    const policy = className.endsWith('DTypePolicy') || notClasses.has(className);
    const isKnown = registry ? registry.has(className) : known(className) || policy;
    // Policies and whatever else Keras puts beside layers is left to who reads it.
    if (isKnown || policy || (module === 'keras' && !inLayers)) return;
    this.unknown.push({
      className: registered_name && registered_name !== className ? registered_name : className,
      name,
      hint: registry ? suggestion(className, registry.names) : '',
    });
  }
}

/**
 * A config in the form of Keras 3 whose classes are all known.
 *
 * @throws ConfigError that names all unknown classes and where they stand
 */
export function checkConfig(config: Json, where: string): SerializedObject & Json {
  const flat = Array.isArray(config.config)
    ? { ...config, config: { name: 'sequential', layers: config.config } }
    : config;
  const check = new Check(where);
  const checked = check.visit(flat, true);
  if (check.unknown.length > 0) {
    const list = check.unknown.map(
      ({ className, name, hint }) => `${className} (in "${name ?? '?'}")${hint}`,
    );
    throw new ConfigError(
      `${where}: unknown classes: ${list.join('; ')}. If they are yours, give them as customObjects: { ${check.unknown[0].className.replace(/.*>/, '')} }, or register() them.`,
    );
  }
  if (isRecord(checked) && isSerialized(checked)) return checked;
  throw new FormatError(
    `${where}: expected the config of a model, with a class_name and a config.`,
  );
}
