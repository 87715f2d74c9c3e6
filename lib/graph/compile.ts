// `compile(fn)`: traces once per signature, then one engine call per run; and derivatives of
// functions, inside of traces and outside.

import { asTensor } from '../ops/convert.js';
import { scope } from '../ops/define.js';
import { advanceKey, currentSeed, keyOf, nextDraw } from '../ops/random.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError, TraceError } from '../util/errors.js';
import { realize } from './evaluate.js';
import { distinct, lazyGradient } from './gradient.js';
import { lower, type TracedGraph } from './lower.js';
import { CompiledGraph } from './run.js';
import { currentTrace, Trace, Variable } from './variable.js';

/** Tensors in arrays and records, to any depth. */
export type Tree =
  | TensorLike
  | undefined
  | null
  | { readonly [key: string]: Tree }
  | readonly Tree[];

const isLeaf = (tree: Tree): tree is TensorLike =>
  tree instanceof Tensor ||
  tree instanceof Variable ||
  typeof tree === 'number' ||
  typeof tree === 'boolean' ||
  ArrayBuffer.isView(tree);

/** Builds a tree of other tensors. */
export type Builder = (from: readonly Tensor[]) => Tree;

/** @throws TraceError for a promise; ConfigError for what holds no tensors. */
function refuseLeaf(tree: unknown): void {
  if (tree instanceof Promise) {
    tree.catch(() => {}); // the error is the one below
    throw new TraceError(
      'a traced function must not be async: it runs once, to record it, and its tensors have no values to wait for. Return tensors, and await their data() outside.',
    );
  }
  if (typeof tree === 'object') return;
  throw new ConfigError(
    `a traced function takes and returns tensors, in arrays or records, got ${typeof tree === 'function' ? 'a function' : `a ${typeof tree}`}. Other values can be captured: each trace sees what they are then.`,
  );
}

/** @internal The tensors of a tree, in order, and how to build one like it of others. */
export function flatten(tree: Tree, leaves: Tensor[]): Builder {
  if (tree === undefined || tree === null) return () => tree;
  if (isLeaf(tree)) {
    const i = leaves.push(asTensor(tree)) - 1;
    return (from) => from[i];
  }
  if (Array.isArray(tree)) {
    const parts = tree.map((inner: Tree) => flatten(inner, leaves));
    return (from) => parts.map((part) => part(from));
  }
  refuseLeaf(tree);
  const parts = Object.entries(tree as { [key: string]: Tree }).map(
    ([key, inner]) => [key, flatten(inner, leaves)] as const,
  );
  return (from) => Object.fromEntries(parts.map(([key, part]) => [key, part(from)]));
}

/** 32-bit FNV-1a: the stream of the nth draw at a layer path. */
export function streamOf(path: string, ordinal: number): number {
  let hash = 0x811c9dc5;
  for (const char of `${path}#${ordinal}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/** Options of `record`. */
export interface RecordOptions {
  /** The variable that holds the random key; it advances by one step per run. */
  readonly randomKey: () => Variable;
}

/** Runs `fn` once with ops recorded in `trace`. */
export function record<T>(trace: Trace, options: RecordOptions, fn: () => T): T {
  const before = { ...scope };
  const ordinals = new Map<string, number>();
  let key: Variable | undefined;
  const random = {
    key: () => {
      key ??= options.randomKey();
      return trace.stateOf(key).initial;
    },
    stream: (path: string) => {
      // Without the numbers of automatic names: a model made again draws the same again.
      const place = path.replace(/_\d+(?=\/|$)/g, '');
      const ordinal = ordinals.get(place) ?? 0;
      ordinals.set(place, ordinal + 1);
      return streamOf(place, ordinal);
    },
  };
  Object.assign(scope, { path: '', trace, random, onPending: undefined });
  try {
    const result = fn();
    if (key) key.assign(advanceKey(trace.stateOf(key).initial));
    return result;
  } finally {
    Object.assign(scope, before);
  }
}

/** Lowers inside the trace's scope, where expansions of derivatives belong. */
export function lowerTraced(graph: TracedGraph): CompiledGraph {
  const before = { ...scope };
  Object.assign(scope, { path: '', trace: graph.trace, onPending: undefined });
  try {
    return new CompiledGraph(lower(graph));
  } finally {
    Object.assign(scope, before);
  }
}

const signatureOf = (leaves: readonly Tensor[], shape: string): string =>
  `${shape}|${leaves.map((t) => `${t.dtype}${formatShape(t.shape)}`).join()}`;

/** @internal The outline of a tree: its keys and lengths, without the tensors. */
export const outlineOf = (tree: Tree): string => {
  if (tree === undefined || tree === null) return 'n';
  if (isLeaf(tree)) return 't';
  if (Array.isArray(tree)) return `[${tree.map(outlineOf).join()}]`;
  const entries = Object.entries(tree as { [key: string]: Tree });
  return `{${entries.map(([key, inner]) => `${key}:${outlineOf(inner)}`).join()}}`;
};

/**
 * Makes a function of tensors into a program: the JavaScript inside runs once per signature of the
 * arguments (shapes and dtypes), and each call after that is one run on the engine. Variables that it
 * assigns change when the run ends; what else must change between calls is an argument.
 *
 * @example const step = compile((x, y) => { …; return loss; }); await step(x, y).data()
 * @throws TraceError if the function asks for data while it is traced.
 */
export function compile<Args extends readonly Tree[], Result extends Tree>(
  fn: (...args: Args) => Result,
): (...args: Args) => Result;
export function compile<Args extends readonly Tree[]>(
  fn: (...args: Args) => void,
): (...args: Args) => void;
export function compile(fn: (...args: Tensor[]) => unknown): (...args: Tensor[]) => unknown {
  checkFunction('compile', fn);
  const programs = new Map<string, TracedFunction>();
  let key: Variable | undefined;
  const randomKey = (): Variable => {
    key ??= new Variable(keyOf(currentSeed(), nextDraw() * 2 ** 20), { trainable: false });
    return key;
  };
  return (...args) => {
    if (currentTrace()) return fn(...args);
    const leaves: Tensor[] = [];
    const rebuild = flatten(args, leaves);
    const signature = signatureOf(leaves, outlineOf(args));
    let traced = programs.get(signature);
    if (!traced) {
      traced = traceFunction(fn, leaves, rebuild, randomKey);
      programs.set(signature, traced);
    }
    realize(leaves);
    return traced.build(traced.graph.run({ args: leaves }).outputs);
  };
}

/** A function for one signature: its program, and how to build its result of the outputs. */
interface TracedFunction {
  readonly graph: CompiledGraph;
  readonly build: Builder;
}

function traceFunction(
  fn: (...args: Tensor[]) => unknown,
  leaves: readonly Tensor[],
  rebuild: Builder,
  randomKey: () => Variable,
): TracedFunction {
  const trace = new Trace();
  const symbols = leaves.map((t) => trace.addArgument(t.shape, t.dtype));
  const outputs: Tensor[] = [];
  const build = record(trace, { randomKey }, () =>
    flatten(fn(...(rebuild(symbols) as Tensor[])) as Tree, outputs),
  );
  return { graph: lowerTraced({ name: fn.name || 'compiled', trace, outputs }), build };
}

/** Runs `fn` outside of whatever is being traced: for making variables on first use. */
export function untraced<T>(fn: () => T): T {
  const before = { ...scope };
  Object.assign(scope, { path: '', trace: undefined, random: undefined });
  try {
    return fn();
  } finally {
    Object.assign(scope, before);
  }
}

const noFlush = <T>(fn: () => T): T => {
  const { onPending } = scope;
  scope.onPending = undefined;
  try {
    return fn();
  } finally {
    scope.onPending = onPending;
  }
};

type Scalar = Tensor;

function checkFunction(where: string, fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new ConfigError(`${where}: expected a function of tensors, got ${typeof fn}.`);
}

function checkScalar(where: string, y: unknown): void {
  if (y instanceof Tensor) return;
  if (y instanceof Promise) refuseLeaf(y);
  throw new ConfigError(
    `${where}: expected a function that returns a scalar tensor, got ${typeof y}. Return what ops give.`,
  );
}

/** The derivative of a scalar function with respect to its arguments: `grad(f)(x)`. */
export function grad(fn: (x: Tensor) => Scalar): (x: TensorLike) => Tensor;
export function grad(fn: (...xs: Tensor[]) => Scalar): (...xs: TensorLike[]) => Tensor[];
export function grad(fn: (...xs: Tensor[]) => Scalar) {
  checkFunction('grad', fn);
  return (...args: TensorLike[]): Tensor | Tensor[] => {
    const xs = distinct(args.map(asTensor));
    const grads = noFlush(() => {
      const y = fn(...xs);
      checkScalar('grad', y);
      return lazyGradient(y, xs);
    });
    return xs.length === 1 ? grads[0] : [...grads];
  };
}

const targets = new WeakMap<Tensor, Variable>();

/** @internal The variable that `valueAndGrad` took the gradient of. */
export const gradientTarget = (g: Tensor): Variable | undefined => targets.get(g);

/**
 * A scalar and its gradients with respect to variables, in their order.
 *
 * @example const { value, grads } = valueAndGrad(() => lossFn(y, net.apply(x)), net.trainableVariables)
 */
export function valueAndGrad(
  fn: () => Scalar,
  variables: readonly Variable[],
): { value: Tensor; grads: Tensor[] } {
  checkFunction('valueAndGrad', fn);
  if (!Array.isArray(variables) || !variables.every((v) => v instanceof Variable)) {
    throw new ConfigError(
      'valueAndGrad: expected a list of variables after the function, e.g. model.trainableVariables. For derivatives of arguments use grad(fn)(x).',
    );
  }
  return noFlush(() => {
    const outside = currentTrace() === undefined;
    // Outside of a trace each reading of a variable is a tensor of its own: pin one for the duration.
    const leaves = variables.map((v) => (outside ? v.pin() : v.value));
    try {
      const value = fn();
      checkScalar('valueAndGrad', value);
      const grads = [...lazyGradient(value, leaves)];
      for (const [i, g] of grads.entries()) targets.set(g, variables[i]);
      return { value, grads };
    } finally {
      if (outside) for (const v of variables) v.unpin();
    }
  });
}
