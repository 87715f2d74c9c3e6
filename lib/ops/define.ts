// What an op is, and what calling one does: infer shape and dtype at the user's own line, and add a
// node to the graph. Passes read `kind`, `rows` and `inPlace`; nothing keeps lists of op names.
import type { LoopBody } from '../graph/loop.js';
import type { Attrs } from '../graph/program.js';
import type { DType } from '../tensor/dtype.js';
import { byteSize } from '../tensor/dtype.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { type OpNode, Tensor } from '../tensor/tensor.js';
import { TraceError } from '../util/errors.js';

export interface ValueInfo {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type OpKind =
  | 'unary'
  | 'binary'
  | 'select'
  | 'reduce'
  | 'gemm'
  | 'movement'
  | 'view'
  | 'random'
  | 'loss'
  | 'update'
  | 'check'
  | 'loop'
  | 'gradient';

/** A call of an op, as its vjp sees it. */
export interface VjpCall {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attrs: Attrs;
  /** Gradient of each output; undefined where nothing depends on it. */
  readonly grads: readonly (Tensor | undefined)[];
  /** Whether the gradient of input `i` is wanted. */
  readonly needs: (i: number) => boolean;
}

export interface Op {
  readonly name: string;
  readonly kind: OpKind;
  /** How rows (the leading axis) relate: each output row from its input row alone, or not. */
  readonly rows: 'independent' | 'reduces' | 'mixes';
  infer(inputs: readonly ValueInfo[], attrs: Attrs): readonly ValueInfo[];
  /** Gradients of the inputs, in ops; undefined for an input without one. Absent: no gradient. */
  vjp?(call: VjpCall): readonly (Tensor | undefined)[];
  /** FLOPs of one call; default: one per output element. */
  flops?(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[], attrs: Attrs): number;
  /** The same in simpler ops: the reference that the kernel is tested against. */
  decompose?(inputs: readonly Tensor[], attrs: Attrs): readonly Tensor[];
  /** What the node stands for; expanded before anything is compiled. Such an op has no kernel. */
  expand?(node: OpNode): readonly Tensor[];
  /** The input whose buffer output `output` may take over, or undefined. */
  inPlace?(
    output: number,
    inputCount: number,
    attrs: Attrs,
  ): number | readonly number[] | undefined;
  /** The attributes that reach the kernel; default: all. The others only shape the output. */
  readonly kernelAttrs?: readonly string[];
  /** What a loop does in each iteration. Such an op has no kernel. */
  readonly body?: LoopBody;
  /** Whether a kernel can refuse its data: such calls come before the commit. */
  readonly canFail?: boolean;
}

const registry = new Map<string, Op>();

/** Registers an op under its name, which is its kernel's name too. */
export function defineOp<T extends Op>(op: T): T {
  registry.set(op.name, op);
  return op;
}

/** All ops, by name. */
export const ops: ReadonlyMap<string, Op> = registry;

/** Where calls are made: the layer path and the trace that is being recorded. */
interface Scope {
  path: string;
  trace: object | undefined;
  /** Whether calls are made for the shapes of what they give alone: nothing of them is ever run. */
  infersShapes: boolean;
  /** Where the random ops of the trace take their key and streams from. */
  random:
    | { readonly key: (seed?: number) => Tensor; readonly stream: (path: string) => number }
    | undefined;
  /** Called for an operand that another trace, or none, has yet to compute. */
  onForeign: ((tensor: Tensor) => void) | undefined;
  /** Called for each new node without outputs. */
  onEffect: ((node: OpNode) => void) | undefined;
  /** Called for each new node outside a trace. */
  onPending: ((tensor: Tensor) => void) | undefined;
  /** Called instead of a function of ops that is given symbolic tensors. */
  onSymbolic: ((name: string, fn: Recordable, args: readonly unknown[]) => unknown) | undefined;
}

/** A function of tensors and options. */
export type Recordable = (...args: never[]) => unknown;

/** @internal */
export const scope: Scope = {
  path: '',
  trace: undefined,
  infersShapes: false,
  random: undefined,
  onForeign: undefined,
  onEffect: undefined,
  onPending: undefined,
  onSymbolic: undefined,
};

/** Whether `x` is a symbolic tensor, which stands for one in a functional model. */
export const isSymbolic = (x: unknown): x is Tensor =>
  x instanceof Tensor && x.source.kind === 'symbolic';

const holdsSymbolic = (x: unknown): boolean =>
  isSymbolic(x) || (Array.isArray(x) && x.some(holdsSymbolic));

const recorded = new Set<string>();

/** @internal The names of all functions that can be recorded. */
export const recordedNames = (): readonly string[] => [...recorded];

/** Makes `fn` an operation of functional models: called with symbolic tensors, it is recorded. */
export function recordable<F extends Recordable>(name: string, fn: F): F {
  recorded.add(name);
  return new Proxy(fn, {
    apply(target, self, args) {
      if (!scope.onSymbolic || !args.some(holdsSymbolic)) return Reflect.apply(target, self, args);
      return scope.onSymbolic(name, target, args);
    },
  });
}

/** Runs `fn` with `name` added to the layer path. */
export function withPath<T>(name: string, fn: () => T): T {
  const before = scope.path;
  scope.path = before ? `${before}/${name}` : name;
  try {
    return fn();
  } finally {
    scope.path = before;
  }
}

/** ` (in sequential/dense_1)`, or nothing outside of layers. */
export const atPath = (): string => (scope.path ? ` (in ${scope.path})` : '');

const pendingOf = (t: Tensor): number => (t.source.kind === 'op' ? t.source.node.pending : 0);

/** Calls an op: infers, records, returns its outputs. */
export function callAll(op: Op, inputs: readonly Tensor[], attrs: Attrs = {}): readonly Tensor[] {
  if (inputs.some(isSymbolic)) {
    throw new TraceError(
      `${op.name}: a symbolic tensor has no values. Call ops.* on it, or a layer; or make a Model and call that on data.`,
    );
  }
  const infos = op.infer(inputs, attrs);
  const outputs: Tensor[] = [];
  let pending = 1;
  for (const input of inputs) {
    if (input.source.kind === 'op' && input.source.node.trace !== scope.trace)
      scope.onForeign?.(input);
    pending = Math.max(pending, pendingOf(input) + 1);
  }
  const node: OpNode = {
    op,
    inputs,
    attrs,
    path: scope.path,
    trace: scope.trace,
    outputs,
    pending,
  };
  for (const [index, info] of infos.entries()) {
    outputs.push(new Tensor(info.shape, info.dtype, { kind: 'op', node, index }));
  }
  if (outputs.length === 0) scope.onEffect?.(node);
  if (!scope.trace && outputs.length > 0) scope.onPending?.(outputs[0]);
  return outputs;
}

/** Calls an op that has one output. */
export const call = (op: Op, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor =>
  callAll(op, inputs, attrs)[0];

/** FLOPs and bytes moved by one call. */
export function costOf(
  op: Op,
  inputs: readonly ValueInfo[],
  outputs: readonly ValueInfo[],
  attrs: Attrs,
): { flops: number; bytes: number } {
  const bytes = (infos: readonly ValueInfo[]) =>
    infos.reduce((sum, info) => sum + sizeOf(info.shape) * byteSize(info.dtype), 0);
  const elements = outputs.reduce((sum, info) => sum + sizeOf(info.shape), 0);
  return {
    flops: op.flops ? op.flops(inputs, outputs, attrs) : elements,
    bytes: bytes(inputs) + bytes(outputs),
  };
}
