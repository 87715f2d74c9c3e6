// Calls of operations as they are read from Keras's configs.
import type { DType } from '../../tensor/dtype.js';
import { type NestedNumbers, type Tensor, tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { isSerialized } from '../../util/serialize.js';
import { suggestion } from '../../util/suggest.js';
import { type KerasOperation, operationNamed, operationNames, type Parameter } from './registry.js';
import './table.js';
import type { KerasCall } from './write.js';

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** What stands for a tensor that is not there yet. */
export const missing = Symbol('missing');

const wide: Readonly<Record<string, DType>> = {
  float16: 'float32',
  bfloat16: 'float32',
  float32: 'float32',
  float64: 'float32',
  int8: 'int32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int32',
  uint8: 'uint8',
  bool: 'bool',
};

/** JSON has no NaN: it comes as null. */
const withNaN = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withNaN);
  return value ?? Number.NaN;
};

function readArray({ value, dtype }: Json): Tensor {
  const known = Object.hasOwn(wide, String(dtype)) ? wide[String(dtype)] : undefined;
  if (known !== undefined) return tensor(withNaN(value) as NestedNumbers, { dtype: known });
  throw new ConfigError(
    `an operation's constant has dtype ${JSON.stringify(dtype)}, unknown here.`,
  );
}

/** One argument of a call: `symbol` gives the tensor that a reference means. */
export function readArgument(arg: unknown, symbol: (reference: Json) => unknown): unknown {
  if (Array.isArray(arg)) {
    const parts = arg.map((one) => readArgument(one, symbol));
    return parts.includes(missing) ? missing : parts;
  }
  if (!isSerialized(arg)) return arg;
  const config: Json = isRecord(arg.config) ? arg.config : {};
  switch (arg.class_name) {
    case '__keras_tensor__':
      return symbol(config);
    case '__numpy__':
    case '__tensor__':
      return readArray(config);
    case '__slice__':
      return { start: config.start ?? null, stop: config.stop ?? null, step: config.step ?? null };
    case '__ellipsis__':
      return '...';
    default:
      throw new ConfigError(
        `an operation is called on ${JSON.stringify(arg.class_name)}, unknown here.`,
      );
  }
}

/** The class of a config. @throws ConfigError if there is nothing like it here */
export function readOperation(className: string): KerasOperation {
  const operation = operationNamed(className);
  if (operation) return operation;
  throw new ConfigError(
    `unknown operation "${className}" of Keras.${suggestion(className, operationNames())}`,
  );
}

/** A call that a config describes, its arguments read. @throws ConfigError for what our function does not do */
export function readCall(
  operation: KerasOperation,
  config: Json,
  args: readonly unknown[],
  kwargs: Json,
): KerasCall {
  const { className, parameters, fixed, keywords, operands } = operation;
  const wrong = (what: string): never => {
    throw new ConfigError(`operation ${className} of Keras: ${what}.`);
  };
  for (const [key, value] of Object.entries(fixed)) {
    const given = config[key] ?? value;
    if (given !== value) wrong(`${key} ${JSON.stringify(given)} is not supported`);
  }
  const unknown = Object.keys(kwargs).find((name) => !keywords.includes(name));
  if (unknown !== undefined) wrong(`the argument "${unknown}" is not supported`);
  if (Number.isFinite(operands) && args.length !== operands) {
    wrong(`expected ${operands} arguments, got ${args.length}`);
  }
  const read = (one: Parameter): unknown => {
    const value = config[one.key] ?? one.fallback;
    if (value === undefined || (config[one.key] === null && one.fallback !== null)) {
      wrong(
        `"${one.key}" is ${config[one.key] === null ? 'null, which is not supported' : 'missing'}`,
      );
    }
    return value === null ? undefined : one.read(value);
  };
  const positional = parameters.filter(({ inOptions }) => !inOptions).map(read);
  const named = parameters.filter(({ inOptions }) => inOptions);
  const options = Object.fromEntries(named.map((one) => [one.option, read(one)]));
  const more = keywords.map((name) => kwargs[name] ?? undefined);
  const all = [...args, ...positional, ...(named.length > 0 ? [options] : []), ...more];
  return { operation, args: all };
}
