// Variables: named buffers that programs read and write, and the traces that record such programs.

import type { BoundState } from '../backend/backend.js';
import { asTensor, cast } from '../ops/convert.js';
import { scope } from '../ops/define.js';
import { add, subtract } from '../ops/elementwise.js';
import { viewOf } from '../ops/movement.js';
import type { DataArray, DType } from '../tensor/dtype.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import {
  allocateData,
  type OpNode,
  type PendingRun,
  Tensor,
  type TensorLike,
} from '../tensor/tensor.js';
import { ShapeError, TraceError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';

/** The state of a variable in a trace: its value at the start, and its value so far. */
interface TracedState {
  readonly initial: Tensor;
  current: Tensor;
}

/** The recording of one traced function. */
export class Trace {
  readonly args: Tensor[] = [];
  readonly feeds: Tensor[] = [];
  readonly states = new Map<Variable, TracedState>();
  /** Calls that have no output but must run: checks. */
  readonly effects: OpNode[] = [];
  /** Variables read in a loop that no trace is around. */
  readonly reads = new Map<Variable, Tensor>();

  /** @param loop for the body of a loop: the trace that it is in, if it is in one */
  constructor(readonly loop?: { readonly outer: Trace | undefined }) {}

  /** The trace around all loops: the one that has states. */
  get outermost(): Trace | undefined {
    return this.loop ? this.loop.outer?.outermost : this;
  }

  addArgument(shape: Shape, dtype: DType): Tensor {
    const t = new Tensor(shape, dtype, { kind: 'argument', slot: this.args.length, trace: this });
    this.args.push(t);
    return t;
  }

  /** An argument of which each step takes its own batch. */
  addFeed(shape: Shape, dtype: DType): Tensor {
    const t = new Tensor(shape, dtype, { kind: 'feed', slot: this.feeds.length, trace: this });
    this.feeds.push(t);
    return t;
  }

  /** Records calls of `fn` that must run although nothing uses an output of theirs. */
  addEffect(fn: () => readonly Tensor[]): void {
    const { onEffect } = scope;
    scope.onEffect = (node) => this.effects.push(node);
    try {
      fn();
    } finally {
      scope.onEffect = onEffect;
    }
  }

  stateOf(variable: Variable): TracedState {
    const known = this.states.get(variable);
    if (known) return known;
    const slot = this.states.size;
    const initial = new Tensor(variable.shape, variable.dtype, {
      kind: 'state',
      slot,
      trace: this,
    });
    const state = { initial, current: initial };
    this.states.set(variable, state);
    return state;
  }
}

/** The trace being recorded, if any. */
export const currentTrace = (): Trace | undefined =>
  scope.trace instanceof Trace ? scope.trace : undefined;

/** How assignments outside of traces compute their value; set by evaluate.ts. */
let materialize: (t: Tensor) => { data: DataArray; run: PendingRun | undefined };

/** @internal */
export function setMaterialize(fn: typeof materialize): void {
  materialize = fn;
}

/** Options of a variable. */
export interface VariableOptions {
  readonly name?: string;
  /** Whether optimizers update it. Default true. */
  readonly trainable?: boolean;
}

let counter = 0;
let versions = 0;

/** A value that changes: weights, optimizer slots, metric totals. Made by `variable(...)`. */
export class Variable {
  readonly shape: Shape;
  readonly dtype: DType;
  name: string;
  /** Layer path and name, as in Keras: `sequential/dense/kernel`. */
  path: string;
  trainable: boolean;
  /** What it is brought back to after each update by an optimizer. */
  constraint: { call(w: Tensor): Tensor } | undefined;
  /** @internal */
  data: DataArray;
  /** @internal A number of its own for each content: what the engine makes of weights is kept by it. */
  version = ++versions;
  /** @internal The last run that writes `data`. */
  run: PendingRun | undefined;
  /** @internal The run that first fills `data`; from then on it always holds some whole step. */
  filledBy: PendingRun | undefined;
  /** @internal Whether a tensor outside of programs sees `data`, which so must not change. */
  shared = false;
  private pinned: Tensor | undefined;

  /** @internal Use `variable(...)`. */
  constructor(initial: TensorLike, options: VariableOptions = {}) {
    const t = asTensor(initial);
    this.shape = t.shape;
    this.dtype = t.dtype;
    this.name = options.name ?? `variable_${counter++}`;
    this.path = this.name;
    this.trainable = options.trainable ?? true;
    const { data, run } = materialize(t);
    this.data = data;
    this.run = run;
    this.filledBy = run;
    this.shared = true;
  }

  /** The present value: in a trace what the trace has made of it, outside a version of its own. */
  get value(): Tensor {
    const trace = currentTrace();
    const states = trace?.outermost;
    if (states) return states.stateOf(this).current;
    if (this.pinned) return this.pinned;
    const version = trace?.reads.get(this) ?? this.read();
    trace?.reads.set(this, version);
    return version;
  }

  private read(): Tensor {
    this.shared = true;
    return new Tensor(this.shape, this.dtype, { kind: 'value', data: this.data, run: this.run });
  }

  /** @internal Makes all readings one tensor until `assign` or `unpin`, so that a derivative can name it. */
  pin(): Tensor {
    this.pinned ??= this.value;
    return this.pinned;
  }

  /** @internal */
  unpin(): void {
    this.pinned = undefined;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((n, d) => n * d, 1);
  }

  /** Sets the value; shape and dtype stay. */
  assign(value: TensorLike): void {
    const given = asTensor(value);
    const t = cast(given, this.dtype);
    if (!sameShape(t.shape, this.shape)) {
      throw new ShapeError(
        `assign: variable "${this.path}" has shape ${formatShape(this.shape)}, got ${formatShape(t.shape)}.`,
      );
    }
    const trace = currentTrace();
    if (trace?.loop) {
      throw new TraceError(
        `assign: variable "${this.path}" cannot change in the body of a scan. Carry its value, and assign what the scan returns.`,
      );
    }
    if (trace) {
      trace.stateOf(this).current = t;
      return;
    }
    // A derivative may lead through what is assigned while it is being made: that must stay pending.
    const { data, run } = materialize(this.pinned ? viewOf(t) : t);
    if (this.pinned) this.pinned = t;
    this.data = data;
    this.version = ++versions;
    this.run = run;
    this.filledBy = run;
    this.shared = true;
  }

  /** Adds `value` to it. */
  assignAdd(value: TensorLike): void {
    this.assign(add(this.value, value));
  }

  /** Subtracts `value` from it. */
  assignSub(value: TensorLike): void {
    this.assign(subtract(this.value, value));
  }

  /**
   * @internal The buffers that a program reads and writes it in. They differ when a tensor outside
   * sees the present one: then the engine copies first, and the tensor keeps its version.
   */
  bind(written: boolean): BoundState {
    const read = this.data;
    if (written) this.version = ++versions;
    const { version } = this;
    if (!written || !this.shared) return { read, write: read, version };
    const write = allocateData(this.dtype, read.length);
    this.data = write;
    this.shared = false;
    return { read, write, version };
  }

  toString(): string {
    return `Variable(${this.path}: ${this.dtype} ${formatShape(this.shape)})`;
  }
}

/** Makes a variable that starts as `initial`. */
export function variable(initial: TensorLike, options?: VariableOptions | null): Variable {
  checkOptions('variable', options, ['name', 'trainable']);
  return new Variable(initial, options ?? {});
}
