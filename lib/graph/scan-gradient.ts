// The derivative of a scan: one scan in the other direction, with the carries' gradients as its carry.
// Values of the forward iterations that it reads are outputs of the forward scan, stacked.

import { callAll, scope, type VjpCall } from '../ops/define.js';
import { add } from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import { broadcastTo, reshape } from '../ops/movement.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { literal, type OpNode, Tensor } from '../tensor/tensor.js';
import { gradients } from './gradient.js';
import { type LoopBody, loopOutput } from './loop.js';
import { loop } from './scan.js';
import { nodeOf, topological } from './walk.js';

const zeros = (shape: Shape): Tensor => broadcastTo(literal(0), shape);

/** The derivative of one iteration, recorded among the body's own nodes. */
interface BodyGradient {
  /** Stands for the gradient of each output of an iteration; undefined where there is none. */
  readonly seeds: readonly (Tensor | undefined)[];
  /** The gradient of each argument. */
  readonly grads: readonly (Tensor | undefined)[];
  /** Values of the forward iteration that it reads, arguments included. */
  readonly reads: readonly Tensor[];
  /** Its own nodes, in order. */
  readonly nodes: readonly OpNode[];
}

function differentiate(
  body: LoopBody,
  hasGrad: (output: number) => boolean,
  wanted: (argument: number) => boolean,
): BodyGradient {
  const { trace, outputs } = body;
  const forward = new Set(topological(outputs.flatMap((t) => nodeOf(t) ?? [])));
  const seeds = outputs.map(({ shape, dtype }, i) =>
    dtype === 'float32' && (i < body.carries || hasGrad(i))
      ? new Tensor(shape, dtype, { kind: 'argument', slot: -1, trace })
      : undefined,
  );
  const seeded = [...outputs.keys()].filter((i) => seeds[i]);
  const at = [...trace.args.keys()].filter(
    (i) => trace.args[i].dtype === 'float32' && (i < body.carries || wanted(i)),
  );
  const before = { ...scope };
  Object.assign(scope, { trace, onPending: undefined });
  const grads = new Array<Tensor | undefined>(trace.args.length);
  try {
    const found = gradients(
      seeded.map((i) => outputs[i]),
      at.map((i) => trace.args[i]),
      seeded.map((i) => seeds[i]!),
    );
    for (const [j, i] of at.entries()) grads[i] = found[j];
  } finally {
    Object.assign(scope, before);
  }
  return { seeds, grads, ...frontier(grads, forward, new Set(seeds)) };
}

/** What the backward part of a body reads of the forward part. */
function frontier(
  grads: readonly (Tensor | undefined)[],
  forward: ReadonlySet<OpNode>,
  seeds: ReadonlySet<Tensor | undefined>,
): { reads: Tensor[]; nodes: OpNode[] } {
  const isForward = (t: Tensor): boolean => {
    const node = nodeOf(t);
    return node ? forward.has(node) : t.source.kind === 'argument' && !seeds.has(t);
  };
  const roots = grads.flatMap((g) => g ?? []);
  const nodes = topological(
    roots.flatMap((g) => (isForward(g) ? [] : (nodeOf(g) ?? []))),
    (node) => node.inputs.filter((t) => !isForward(t)),
  );
  const reads = new Set([...roots, ...nodes.flatMap(({ inputs }) => inputs)].filter(isForward));
  return { reads: [...reads], nodes };
}

/** Where the reverse iterations find what a forward iteration computed. */
interface Sources {
  /** Tensors of the body that are the same in all iterations, and what they are outside. */
  readonly constant: ReadonlyMap<Tensor, Tensor>;
  /** Tensors of the body, and all their values stacked. */
  readonly stacked: ReadonlyMap<Tensor, Tensor>;
}

function sourcesOf(node: OpNode, body: LoopBody, reads: readonly Tensor[]): Sources {
  const constant = new Map<Tensor, Tensor>();
  const stacked = new Map<Tensor, Tensor>();
  const sequencesEnd = body.carries + body.sequences;
  for (const t of reads) {
    const argument = body.trace.args.indexOf(t);
    if (argument >= sequencesEnd) constant.set(t, node.inputs[argument]);
    else if (argument >= body.carries) stacked.set(t, node.inputs[argument]);
    else {
      let at = body.outputs.indexOf(t, body.carries);
      if (at < 0) at = body.outputs.push(t) - 1;
      stacked.set(t, loopOutput(node, at));
    }
  }
  return { constant, stacked };
}

/** A gradient aᵀ·g that is summed over all iterations: one product of all a and g after the loop. */
const productOf = (g: Tensor): readonly [Tensor, Tensor] | undefined => {
  const node = nodeOf(g);
  const { transposeA, transposeB } = node?.attrs ?? {};
  if (node?.op.name !== 'matmul' || transposeA !== 1 || transposeB !== 0) return undefined;
  const [a, b] = node.inputs;
  return a.rank === 2 && b.rank === 2 ? [a, b] : undefined;
};

/** All iterations' rows as rows of one matrix. */
const asRows = (t: Tensor): Tensor => {
  const columns = t.shape[2];
  return reshape(t, [sizeOf(t.shape.slice(0, 2)), columns]);
};

/** @internal */
export function scanVjp({ outputs, grads: given, attrs, needs }: VjpCall): (Tensor | undefined)[] {
  const node = nodeOf(outputs[0]);
  const body = node?.op.body;
  if (!node || !body) return [];
  const { args } = body.trace;
  const isFloat = (i: number): boolean => args[i].dtype === 'float32';
  const isWanted = (i: number): boolean => isFloat(i) && needs(i);
  const derivative = differentiate(body, (i) => given[i] !== undefined, isWanted);
  const { constant, stacked } = sourcesOf(node, body, derivative.reads);
  const { grads, seeds } = derivative;

  const sequencesEnd = body.carries + body.sequences;
  const indices = [...args.keys()];
  const carried = indices.filter((i) => i < body.carries && isFloat(i));
  const sliced = indices.filter((i) => i >= body.carries && i < sequencesEnd && grads[i]);
  const captures = indices.filter((i) => i >= sequencesEnd && grads[i]);
  const products = captures.filter((i) => productOf(grads[i]!));
  const summed = captures.filter((i) => !products.includes(i));
  const factors = [...new Set(products.flatMap((i) => productOf(grads[i]!)!))].filter(
    (t) => !stacked.has(t),
  );
  const fromOutside = [...seeds.keys()].filter((i) => i >= body.carries && seeds[i]);

  const results = loop(
    (carries, slices) => {
      const known = new Map<Tensor, Tensor>(constant);
      for (const [j, i] of carried.entries()) known.set(seeds[i]!, carries[j]);
      for (const [j, i] of fromOutside.entries()) known.set(seeds[i]!, slices[j]);
      for (const [j, t] of [...stacked.keys()].entries())
        known.set(t, slices[fromOutside.length + j]);
      const of = (t: Tensor): Tensor => known.get(t) ?? t;
      for (const { op, inputs, attrs: own, outputs: outs, path } of derivative.nodes) {
        scope.path = path;
        const results = callAll(op, inputs.map(of), own);
        for (const [i, t] of outs.entries()) known.set(t, results[i]);
      }
      const gradOf = (i: number): Tensor => (grads[i] ? of(grads[i]) : zeros(args[i].shape));
      const sums = summed.map((i, j) => add(carries[carried.length + j], gradOf(i)));
      return {
        carries: [...carried.map(gradOf), ...sums],
        ys: [...sliced.map(gradOf), ...factors.map(of)],
      };
    },
    [
      ...carried.map((i) => given[i] ?? zeros(args[i].shape)),
      ...summed.map((i) => zeros(args[i].shape)),
    ],
    [...fromOutside.map((i) => given[i]!), ...stacked.values()],
    { length: attrs.length as number, reverse: attrs.reverse !== 1 },
  );

  const out = new Array<Tensor | undefined>(args.length);
  for (const [j, i] of [...carried, ...summed].entries()) out[i] = results.carries[j];
  for (const [j, i] of sliced.entries()) out[i] = results.ys[j];
  const all = new Map(stacked);
  for (const [j, t] of factors.entries()) all.set(t, results.ys[sliced.length + j]);
  const rows = (t: Tensor): Tensor => {
    const values = all.get(t);
    return asRows(values!);
  };
  for (const i of products) {
    const [a, b] = productOf(grads[i]!)!;
    out[i] = matmul(rows(a), rows(b), { transposeA: true });
  }
  return out;
}
