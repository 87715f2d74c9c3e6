// `scan`: a loop as one op. Its body is a graph of its own, which executors run once per iteration;
// its derivative is a scan in the other direction over the values that the body's derivative reads.

import { atPath, callAll, defineOp, type Op, scope } from '../ops/define.js';
import { add, multiply } from '../ops/elementwise.js';
import { arange, pad, reshape } from '../ops/movement.js';
import { currentSeed, keyOf, nextDraw } from '../ops/random.js';
import { sameShape } from '../tensor/shape.js';
import { fromData, type Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { type Builder, flatten, outlineOf, streamOf, type Tree } from './compile.js';
import { closeBody, type LoopBody } from './loop.js';
import { scanVjp } from './scan-gradient.js';
import { currentTrace, Trace } from './variable.js';

const scanOp = defineOp({
  name: 'scan',
  kind: 'loop',
  rows: 'mixes',
  infer: () => [],
  vjp: scanVjp,
});

/** The op of one loop: `scan` with its body. */
const loopOp = (body: LoopBody): Op => ({
  ...scanOp,
  body,
  canFail: body.canFail,
  infer: (_, attrs) =>
    body.outputs.map(({ shape, dtype }, i) => ({
      dtype,
      shape: i < body.carries ? shape : [attrs.length as number, ...shape],
    })),
});

/** One iteration, given the carries and the slices of the sequences. */
type Iteration = (
  carries: readonly Tensor[],
  slices: readonly Tensor[],
) => { readonly carries: readonly Tensor[]; readonly ys: readonly Tensor[] };

export interface LoopOptions {
  readonly length: number;
  readonly reverse: boolean;
}

/** An odd number that mixes the iterations of nested loops: 2³² / φ. */
const mixer = 0x9e3779b1 | 0;

/** Draws in a loop: the iteration's number goes into the second word of the key. */
function randomIn(trace: Trace, outside: <T>(fn: () => T) => T) {
  const outer = scope.random;
  const ordinals = new Map<string, number>();
  const keys = new Map<number | undefined, Tensor>();
  let shift: Tensor | undefined;
  /** The key of the trace around; in none, one of the draw's seed or the next of the global one. */
  const base = (seed: number | undefined): Tensor => {
    if (outer) return outer.key(seed);
    return seed === undefined ? keyOf(currentSeed(), nextDraw()) : keyOf(seed, 0);
  };
  const make = (seed: number | undefined): Tensor => {
    const mixed = outside(() =>
      multiply(base(seed), fromData(Int32Array.of(1, mixer, 1, 1), [4], 'int32')),
    );
    shift ??= pad(reshape(trace.addArgument([], 'int32'), [1]), [[1, 2]]);
    return add(mixed, shift);
  };
  return {
    isUsed: () => shift !== undefined,
    key: (seed?: number) => {
      const key = keys.get(seed) ?? make(seed);
      keys.set(seed, key);
      return key;
    },
    stream: (path: string) => {
      if (outer) return outer.stream(path);
      const ordinal = ordinals.get(path) ?? 0;
      ordinals.set(path, ordinal + 1);
      return streamOf(path, ordinal);
    },
  };
}

/** @internal A loop over flat lists: final carries, and the ys stacked along a new leading axis. */
export function loop(
  iteration: Iteration,
  init: readonly Tensor[],
  sequences: readonly Tensor[],
  { length, reverse }: LoopOptions,
): { readonly carries: readonly Tensor[]; readonly ys: readonly Tensor[] } {
  const before = { ...scope };
  const outside = <T>(fn: () => T, path = before.path): T => {
    const inside = { ...scope };
    Object.assign(scope, { ...before, path, onPending: undefined });
    try {
      return fn();
    } finally {
      Object.assign(scope, inside);
    }
  };
  const trace = new Trace({ outer: currentTrace() });
  const carries = init.map(({ shape, dtype }) => trace.addArgument(shape, dtype));
  const slices = sequences.map(({ shape, dtype }) => trace.addArgument(shape.slice(1), dtype));
  const random = randomIn(trace, outside);
  Object.assign(scope, {
    trace,
    random,
    onPending: undefined,
    // Outside of traces what the body reads stays pending: it is an operand like any other.
    onForeign: trace.outermost && before.onForeign,
    onEffect: before.onEffect && ((node) => trace.effects.push(node)),
  } satisfies Partial<typeof scope>);
  try {
    const result = iteration(carries, slices);
    const all = random.isUsed()
      ? [...sequences, outside(() => arange(1, length + 1))]
      : [...sequences];
    const counts = { carries: init.length, sequences: all.length };
    const closed = closeBody(trace, counts, [...result.carries, ...result.ys], outside);
    const attrs = { length, reverse: reverse ? 1 : 0 };
    const op = loopOp(closed.body);
    const outputs = outside(() => callAll(op, [...init, ...all, ...closed.captured], attrs));
    const { source } = outputs[0];
    if (trace.effects.length > 0 && source.kind === 'op') before.onEffect?.(source.node);
    return { carries: outputs.slice(0, init.length), ys: outputs.slice(init.length) };
  } finally {
    Object.assign(scope, before);
  }
}

export interface ScanOptions {
  /** Number of iterations; default: the size of the leading axis of `xs`. */
  readonly length?: number;
  /** Go through `xs` from its end; the ys keep the places of their xs. Default false. */
  readonly reverse?: boolean;
}

function lengthOf(sequences: readonly Tensor[], length: number | undefined): number {
  const where = `scan${atPath()}`;
  const scalar = sequences.findIndex((t) => t.rank === 0);
  if (scalar >= 0)
    throw new ShapeError(`${where}: xs ${scalar} is a scalar and has no axis to go along.`);
  const lengths = sequences.map(({ shape }) => shape[0]);
  const n = length ?? lengths[0];
  if (n === undefined) {
    throw new ShapeError(`${where}: expected xs, or a length.`);
  }
  if (!Number.isInteger(n) || n < 0) {
    throw new ShapeError(`${where}: expected a length that is a whole number ≥ 0, got ${n}.`);
  }
  const wrong = lengths.findIndex((other) => other !== n);
  if (wrong >= 0) {
    const from = length === undefined ? 'the first of xs' : 'length';
    throw new ShapeError(
      `${where}: xs ${wrong} has ${lengths[wrong]} elements along its leading axis, but ${from} says ${n}.`,
    );
  }
  return n;
}

function checkCarry(
  before: readonly Tensor[],
  after: readonly Tensor[],
  outlines: [string, string],
): void {
  const where = `scan${atPath()}`;
  if (outlines[0] !== outlines[1]) {
    throw new ShapeError(
      `${where}: fn must return [carry, y] with a carry built like init (${before.length} tensors), got one of ${after.length}.`,
    );
  }
  for (const [i, { shape, dtype }] of before.entries()) {
    if (sameShape(shape, after[i].shape) && dtype === after[i].dtype) continue;
    throw new ShapeError(
      `${where}: carry ${i} began as ${dtype} [${shape.join(', ')}], but fn returned ${after[i].dtype} [${after[i].shape.join(', ')}].`,
    );
  }
}

/**
 * A loop with a carry, as in Keras's `ops.scan`: for each `x` along the leading axis of `xs`,
 * `[carry, y] = fn(carry, x)`. `fn` is JavaScript that runs once, to record its ops.
 *
 * @param init first carry: a tensor, or tensors in arrays and records
 * @param xs `[length, ...]`, one or several as for `init`; null for none, with `length`
 * @returns the last carry, and all ys stacked: `[length, ...]`
 * @throws ShapeError if the carry changes its shape or dtype, or xs have different lengths
 * @example const [total, sums] = scan((sum, x) => [sum.add(x), sum.add(x)], tensor(0), xs)
 */
export function scan<Carry extends Tree, X extends Tree, Y extends Tree>(
  fn: (carry: Carry, x: X) => readonly [Carry, Y],
  init: Carry,
  xs: X,
  options: ScanOptions = {},
): [Carry, Y] {
  const first: Tensor[] = [];
  const sequences: Tensor[] = [];
  const buildCarry = flatten(init, first);
  const buildX = flatten(xs, sequences);
  const length = lengthOf(sequences, options.length);
  let buildY: Builder = () => undefined;
  const { carries, ys } = loop(
    (before, slices) => {
      const result = fn(buildCarry(before) as Carry, buildX(slices) as X);
      if (!Array.isArray(result) || result.length !== 2) {
        throw new ShapeError(`scan${atPath()}: expected fn to return [carry, y].`);
      }
      const [after, ys]: [Tensor[], Tensor[]] = [[], []];
      flatten(result[0], after);
      checkCarry(before, after, [outlineOf(init), outlineOf(result[0])]);
      buildY = flatten(result[1], ys);
      return { carries: after, ys };
    },
    first,
    sequences,
    { length, reverse: options.reverse ?? false },
  );
  return [buildCarry(carries) as Carry, buildY(ys) as Y];
}
