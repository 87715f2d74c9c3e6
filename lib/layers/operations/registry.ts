// Classes of operations of Keras: which of our functions each is, and what of a call its config keeps.
import type { Recordable } from '../../ops/define.js';

/** An argument that a class keeps in its config. */
export interface Parameter {
  /** `keepdims` */
  readonly key: string;
  /** What our function calls it, where it takes an options object. */
  readonly option: string;
  /** Whether our function takes it in an options object alone. */
  readonly inOptions: boolean;
  /** What it is if it was not given; null is what Keras writes for that. */
  readonly fallback: unknown;
  /** What Keras's value is here. */
  readonly read: (value: unknown) => unknown;
  /** What our value is in Keras; undefined if Keras has nothing like it. */
  readonly write: (value: unknown) => unknown;
}

/** A class of operations of Keras. */
export interface KerasOperation {
  /** `keras.src.ops.numpy` */
  readonly module: string;
  readonly className: string;
  /** Ours: of operands, parameters, those in options, keywords. */
  readonly fn: Recordable;
  /** How many arguments stand in each call; the others are in the config. */
  readonly operands: number;
  readonly parameters: readonly Parameter[];
  /** The dtype of lists of numbers among the operands; undefined if they stay lists. Default float32. */
  readonly lists: 'float32' | 'int32' | undefined;
  /** What stands in each call by name. */
  readonly keywords: readonly string[];
  /** What the config must say besides, because our function does nothing else. */
  readonly fixed: Readonly<Record<string, unknown>>;
}

/** How a function that was recorded is a class. */
interface Recorded {
  readonly operation: KerasOperation;
  /** The arguments in the order of `fn`. */
  readonly arrange: (args: readonly unknown[]) => readonly unknown[];
}

const byFunction = new Map<string, Recorded>();
const byClass = new Map<string, KerasOperation>();

/** Whether a module of Keras's is one of operations; a class of those is known by its name alone. */
export const isOperationModule = (module: unknown): boolean =>
  typeof module === 'string' && /^keras\.src\.(ops\.|activations\.)/.test(module);

/** A class by its name in a file. */
export const operationNamed = (className: string): KerasOperation | undefined =>
  byClass.get(className);

/** The names of all classes. */
export const operationNames = (): readonly string[] => [...byClass.keys()];

/** How a function is written, by the name that it is recorded under; undefined if Keras has nothing like it. */
export const recordedAs = (name: string): Recorded | undefined => byFunction.get(name);

/** A parameter; without a fallback it must be given. */
export const parameter = (
  key: string,
  fallback?: unknown,
  more: Partial<Parameter> = {},
): Parameter => ({
  key,
  option: key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  inOptions: false,
  fallback,
  read: (value) => value,
  write: (value) => value,
  ...more,
});

type Details = Partial<
  Pick<KerasOperation, 'operands' | 'parameters' | 'lists' | 'keywords' | 'fixed'>
>;

/** Adds a class of a module below `keras.src`. */
export function define(
  module: string,
  className: string,
  fn: Recordable,
  more: Details = {},
): void {
  const operation = {
    module: `keras.src.${module}`,
    className,
    fn,
    operands: more.operands ?? 1,
    parameters: more.parameters ?? [],
    lists: 'lists' in more ? more.lists : 'float32',
    keywords: more.keywords ?? [],
    fixed: more.fixed ?? {},
  };
  byClass.set(className, operation);
  record(className, className);
}

/** Says that what is recorded under `name` is written as a class. */
export function record(
  name: string,
  className: string,
  arrange: Recorded['arrange'] = (args) => args,
): void {
  const operation = byClass.get(className);
  if (operation) byFunction.set(name, { operation, arrange });
}
