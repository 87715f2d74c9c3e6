// Operations: calls of `ops.*` on symbolic tensors, as layers of functional models.
import { isSymbolic, type Recordable } from '../ops/define.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { Layer } from './layer.js';
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

/** A function of ops and the arguments that it was called with. */
export class Operation extends Layer<Structure, Structure> {
  constructor(
    /** The name of the function: `add`, `reshape`. */
    readonly operation: string,
    private readonly fn: Recordable,
    private readonly args: readonly unknown[],
  ) {
    super({}, capitalized(operation));
  }

  override call(x: Structure): Tensor {
    const tensors = tensorsOf(x);
    let next = 0;
    const given = mapSymbols(this.args, () => tensors[next++]);
    const out: unknown = Reflect.apply(this.fn, undefined, given);
    if (out instanceof Tensor) return out;
    throw new ConfigError(
      `ops.${this.operation}: only operations with one tensor as result can be part of a functional model.`,
    );
  }

  override getConfig(): Record<string, unknown> {
    throw new ConfigError(
      `ops.${this.operation} ("${this.name}") is a call, not a layer, and has no config. To save the model, do the same in a layer: Add, Concatenate, Reshape, …, or one of your own.`,
    );
  }
}

onSymbolicOperation((name, fn, args) => {
  const inputs: Tensor[] = [];
  mapSymbols(args, (t) => inputs.push(t));
  return new Operation(name, fn, args).apply(inputs);
});
