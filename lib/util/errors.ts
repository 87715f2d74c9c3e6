// One error class per kind of mistake. A message says where, what was expected, what came and what
// to do; it never dumps values.

/** The base of every error that neurone throws on purpose. */
export class NeuroneError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** @internal Runs `fn`; a ConfigError of it says first where it was. */
export function namingPlace<T>(where: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${where}: ${error.message}`, { cause: error });
  }
}

/** Shapes that do not fit together. */
export class ShapeError extends NeuroneError {}
/** An element type that an operation does not take. */
export class DTypeError extends NeuroneError {}
/** A wrong option, name or configuration. */
export class ConfigError extends NeuroneError {}
/** Data that cannot be trained on: empty, unequal lengths, labels out of range, NaN. */
export class DataError extends NeuroneError {}
/** A file that is not what its name says. */
export class FormatError extends NeuroneError {}
/** Something that a traced function cannot do. */
export class TraceError extends NeuroneError {}
/** A call at the wrong time: a model that is not built, is fitting, or is not compiled. */
export class StateError extends NeuroneError {}
/** The native backend refused a call or is not there. */
export class NativeError extends NeuroneError {}
