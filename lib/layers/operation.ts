// Operations: calls of `ops.*` on symbolic tensors, as layers of functional models. Keras has them too, each as an
// object of a class of its own.
import { isSymbolic, type Recordable } from '../ops/define.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { Layer } from './layer.js';
import {
  type KerasCall,
  kerasCall,
  Reference,
  writeArguments,
  writeConfig,
} from './operations/write.js';
import { type Structure, tensorsOf } from './structure.js';
import { onSymbolicOperation } from './symbolic.js';

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** The arguments with `replace` applied to each symbolic tensor in them. */
function mapSymbols(args: readonly unknown[], replace: (t: Tensor) => unknown): unknown[] {
  return args.map((arg) => {
    if (isSymbolic(arg)) return replace(arg);
    return Array.isArray(arg) ? mapSymbols(arg, replace) : arg;
  });
}

interface OperationOptions {
  readonly name?: string;
  /** What it is in Keras's files; undefined if nothing. */
  readonly kerasCall: KerasCall | undefined;
}

/** A function of ops and the arguments that it was called with. */
export class Operation extends Layer<Structure, Structure> {
  private readonly written: KerasCall | undefined;

  constructor(
    /** The name of the function: `add`, `reshape`. */
    readonly operation: string,
    private readonly fn: Recordable,
    private readonly args: readonly unknown[],
    { name, kerasCall: written }: OperationOptions,
  ) {
    super(
      name === undefined ? {} : { name },
      written?.operation.className ?? capitalized(operation),
    );
    this.written = written;
  }

  /** @internal The operation of a call in a file. */
  static of(call: KerasCall, name: string): Operation {
    const { className, fn } = call.operation;
    return new Operation(className, fn, call.args, { name, kerasCall: call });
  }

  /** @internal The symbolic tensors that are among its arguments. */
  get inputs(): readonly Tensor[] {
    const inputs: Tensor[] = [];
    mapSymbols(this.args, (t) => inputs.push(t));
    return inputs;
  }

  override call(x: Structure): Structure {
    const tensors = tensorsOf(x);
    let next = 0;
    const given = mapSymbols(this.args, () => tensors[next++]);
    const out: unknown = Reflect.apply(this.fn, undefined, given);
    if (out instanceof Tensor) return out;
    if (Array.isArray(out) && out.every((t) => t instanceof Tensor)) return out;
    throw new ConfigError(
      `ops.${this.operation}: only operations that give tensors can be part of a functional model.`,
    );
  }

  private get kerasCall(): KerasCall {
    if (this.written) return this.written;
    throw new ConfigError(
      `ops.${this.operation} ("${this.name}"): Keras has no operation like it, so the model cannot be saved. Do the same in a layer: Dense, Lambda, …, or one of your own.`,
    );
  }

  override get kerasModule(): string {
    return this.kerasCall.operation.module;
  }

  override getConfig(): Record<string, unknown> {
    return { name: this.name, ...writeConfig(this.kerasCall) };
  }

  /** @internal A call in Keras's form; `references` stand for the symbolic tensors among its arguments. */
  callConfig(references: readonly unknown[]): {
    readonly args: readonly unknown[];
    readonly kwargs: Record<string, unknown>;
  } {
    let next = 0;
    const { operation, args } = this.kerasCall;
    const given = mapSymbols(args, () => new Reference(references[next++]));
    return writeArguments({ operation, args: given });
  }
}

onSymbolicOperation((name, fn, args) => {
  const operation = new Operation(name, fn, args, { kerasCall: kerasCall(name, args) });
  return operation.apply(operation.inputs);
});
