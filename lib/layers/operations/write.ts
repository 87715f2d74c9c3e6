// Calls of operations as Keras writes them: what the class keeps in its config, and what stands in the call.
import { isTypedArray, type NestedNumbers, Tensor, tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import type { Index } from './get-item.js';
import { type KerasOperation, type Parameter, recordedAs } from './registry.js';
import './table.js';

type Json = Record<string, unknown>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A call of one of our functions as one of a class of Keras's. */
export interface KerasCall {
  readonly operation: KerasOperation;
  readonly args: readonly unknown[];
}

/** The class that a call is written as; undefined if Keras has none. */
export function kerasCall(name: string, args: readonly unknown[]): KerasCall | undefined {
  // With its parameters it is another class.
  const known = recordedAs(name === 'relu' && args.length > 1 ? 'ReLU' : name);
  return known && { operation: known.operation, args: known.arrange(args) };
}

const refuse = ({ operation }: KerasCall, what: string): never => {
  throw new ConfigError(
    `ops: ${operation.className} of Keras ${what}, so the model cannot be saved. Do the same in a layer of your own.`,
  );
};

/** The arguments behind the operands: by position, and in an options object. */
function rest({ operation, args }: KerasCall): { given: readonly unknown[]; options: Json } {
  const { operands, parameters } = operation;
  const first = Number.isFinite(operands) ? operands : args.length - parameters.length;
  const more = args.slice(first);
  const options = more.find(isRecord) ?? {};
  return { given: more.filter((arg) => arg !== options), options };
}

const isJson = (value: unknown): boolean =>
  value === null ||
  ['number', 'boolean', 'string'].includes(typeof value) ||
  (Array.isArray(value) && value.every(isJson));

/** What the config keeps of a call. */
export function writeConfig(call: KerasCall): Json {
  const { parameters, fixed, keywords } = call.operation;
  const { given, options } = rest(call);
  const known = new Set(parameters.map(({ option }) => option));
  const unknown = Object.entries(options).find(([name, value]) => !known.has(name) && value);
  if (unknown) refuse(call, `has no "${unknown[0]}"`);
  const positional = parameters.filter(({ inOptions }) => !inOptions);
  if (given.slice(positional.length + keywords.length).some((arg) => arg !== undefined)) {
    refuse(call, `has only ${parameters.map(({ key }) => key).join(', ') || 'its operands'}`);
  }
  const parameterValue = (one: Parameter): unknown => {
    const value = options[one.option] ?? given[positional.indexOf(one)] ?? one.fallback;
    if (value === undefined || value === null) return value;
    return one.write(value) ?? refuse(call, `has no ${one.key} ${JSON.stringify(value)}`);
  };
  const entries = parameters.map((one) => [one.key, parameterValue(one)] as const);
  const wrong = entries.find(([, value]) => !isJson(value));
  if (wrong) refuse(call, `keeps ${wrong[0]} in its config, which holds no tensors`);
  return { ...Object.fromEntries(entries), ...fixed };
}

/** A constant operand. */
function writeConstant(call: KerasCall, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { lists: dtype } = call.operation;
    if (dtype === undefined && isJson(value)) return value;
    const array = tensor(value as NestedNumbers);
    return arrayOf('__numpy__', array.dtype === 'bool' ? array : array.cast(dtype ?? 'int32'));
  }
  if (value === undefined || isJson(value)) return value ?? null;
  if (isTypedArray(value)) return arrayOf('__numpy__', tensor(value));
  if (!(value instanceof Tensor)) {
    return refuse(call, 'is called on a variable, but only constants can stand in a call');
  }
  if (value.source.kind !== 'value' && value.source.kind !== 'op') {
    return refuse(call, `is called on ${value}, which is no constant`);
  }
  return arrayOf('__tensor__', value);
}

/** An array as Keras writes it: nested, with its dtype. */
function arrayOf(className: '__numpy__' | '__tensor__', t: Tensor): Json {
  const values = [...t.dataSync()].map((v) => (t.dtype === 'bool' ? v !== 0 : v));
  let value: unknown[] = values;
  for (const size of [...t.shape].reverse().slice(0, -1)) {
    const rows = value;
    value = Array.from({ length: rows.length / size }, (_, i) =>
      rows.slice(i * size, (i + 1) * size),
    );
  }
  const config = { value: t.rank === 0 ? values[0] : value, dtype: t.dtype };
  return { class_name: className, config };
}

const isIndex = (value: unknown): value is readonly Index[] => Array.isArray(value);

const writeIndex = (index: readonly Index[]): unknown[] =>
  index.map((one) => {
    if (one === '...') return { class_name: '__ellipsis__', config: {} };
    return isRecord(one) ? { class_name: '__slice__', config: one } : one;
  });

/** Stands among arguments for a symbolic tensor, and says what is to be written for it. */
export class Reference {
  constructor(readonly written: unknown) {}
}

/** What stands in the call. */
export function writeArguments(call: KerasCall): { args: readonly unknown[]; kwargs: Json } {
  const { operands, keywords, parameters, className } = call.operation;
  const operand = (arg: unknown): unknown => {
    if (arg instanceof Reference) return arg.written;
    const holds = Array.isArray(arg) && arg.some((one) => one instanceof Reference);
    return holds ? arg.map(operand) : writeConstant(call, arg);
  };
  const { given } = rest(call);
  const first = Number.isFinite(operands) ? operands : call.args.length - parameters.length;
  const args = call.args.slice(0, first);
  const kwargs = keywords.map((name, i) => [name, given[parameters.length + i] ?? null] as const);
  if (kwargs.some(([, value]) => !isJson(value))) refuse(call, `takes numbers for ${keywords}`);
  const index = className === 'GetItem' && isIndex(args[1]) ? [writeIndex(args[1])] : undefined;
  return {
    args: index ? [operand(args[0]), ...index] : args.map(operand),
    kwargs: Object.fromEntries(kwargs),
  };
}
