// Reverse-mode differentiation of graphs. A derivative is first one lazy node, so that a lazy
// program is looked up before anything is differentiated; it is expanded when one is compiled.
import { callAll, defineOp, scope } from '../ops/define.js';
import { add, cast } from '../ops/elementwise.js';
import { broadcastTo, viewOf } from '../ops/movement.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { literal, type OpNode, Tensor } from '../tensor/tensor.js';
import { DTypeError, ShapeError, TraceError } from '../util/errors.js';
import { nodeOf, resolve, topological } from './walk.js';

const zerosLike = (x: Tensor): Tensor => broadcastTo(literal(0), x.shape);

const gradientOp = defineOp({
  name: 'gradient',
  kind: 'gradient',
  rows: 'mixes',
  infer: ([, ...xs]) => xs,
  expand: (node) => {
    const [y, ...xs] = node.inputs.map(resolve);
    const before = { ...scope };
    Object.assign(scope, { trace: node.trace, onPending: undefined });
    try {
      return gradients([y], xs, [literal(1)]).map((g, i) => resolve(g ?? zerosLike(xs[i])));
    } finally {
      Object.assign(scope, before);
    }
  },
});

/** The gradients of the scalar `y` with respect to `xs`; zeros where it does not depend on one. */
export function lazyGradient(y: Tensor, xs: readonly Tensor[]): readonly Tensor[] {
  if (y.size !== 1) {
    throw new ShapeError(
      `grad: expected a function that returns a scalar, got shape ${formatShape(y.shape)}. Take its mean or sum.`,
    );
  }
  const wrong = [y, ...xs].find((t) => t.dtype !== 'float32');
  if (wrong) throw new DTypeError(`grad: expected float32 tensors, got ${wrong}. Cast it first.`);
  if (xs.length === 0) return [];
  return callAll(gradientOp, scope.trace ? [y, ...xs] : copyPending([y, ...xs]));
}

/**
 * A copy of the pending graph: a tensor that is evaluated drops its inputs, and with them what there
 * would be to differentiate. Equal calls are merged again when both are compiled together.
 */
function copyPending(roots: readonly Tensor[]): Tensor[] {
  const copies = new Map<Tensor, Tensor>();
  const copyOf = (t: Tensor): Tensor => copies.get(t) ?? t;
  const nodes = topological(
    roots.flatMap((t) => nodeOf(t) ?? []),
    (node) => node.inputs,
  );
  for (const node of nodes) {
    const outputs: Tensor[] = [];
    const inputs = node.inputs.map(copyOf);
    const copy: OpNode = { ...node, inputs, outputs, expansion: undefined };
    for (const [index, t] of node.outputs.entries()) {
      outputs.push(new Tensor(t.shape, t.dtype, { kind: 'op', node: copy, index }));
      copies.set(t, outputs[index]);
    }
  }
  return roots.map(copyOf);
}

/** The nodes between `xs` and `ys`, in topological order. */
function pathBetween(ys: readonly Tensor[], xs: ReadonlySet<Tensor>): OpNode[] {
  const roots = ys.flatMap((y) => nodeOf(y) ?? []);
  const order = topological(roots, (node) => node.inputs.map(resolve).filter((t) => !xs.has(t)));
  const reaches = new Set<Tensor>(xs);
  return order.filter((node) => {
    if (!node.inputs.some((input) => reaches.has(resolve(input)))) return false;
    for (const output of node.outputs) reaches.add(output);
    return true;
  });
}

function checkGradient(node: OpNode, i: number, g: Tensor): void {
  const x = node.inputs[i];
  if (sameShape(g.shape, x.shape) && g.dtype === 'float32') return;
  throw new TraceError(
    `gradient of ${node.op.name}: input ${i} is ${x}, but its gradient came out as ${g}.`,
  );
}

/** The tensors, those that stand in several places told apart: each place has a gradient of its own. */
export const distinct = (ts: readonly Tensor[]): Tensor[] =>
  ts.map((t, i) => (ts.indexOf(t) < i ? viewOf(t) : t));

/** Gradients of a node's inputs: by its vjp, or through its decomposition. */
function backward(
  node: OpNode,
  grads: readonly (Tensor | undefined)[],
  needs: (i: number) => boolean,
): readonly (Tensor | undefined)[] {
  const { op, attrs, outputs } = node;
  const inputs = node.inputs.map(resolve);
  if (op.vjp) return op.vjp({ inputs, outputs, attrs, grads, needs });
  if (!op.decompose) return [];
  const own = distinct(inputs);
  const simple = op.decompose(own, attrs).map(resolve);
  const known = simple.flatMap((y, i) => (grads[i] ? [{ y, g: grads[i] }] : []));
  return gradients(
    known.map(({ y }) => y),
    own,
    known.map(({ g }) => g),
  );
}

/**
 * Gradients of Σ ys·dys with respect to `xs`, as ops; undefined where there is no dependence.
 * Everything is resolved; works on any part of a graph.
 */
export function gradients(
  ys: readonly Tensor[],
  xs: readonly Tensor[],
  dys: readonly Tensor[],
): (Tensor | undefined)[] {
  const targets = new Set(xs);
  const order = pathBetween(ys, targets);
  const wanted = new Set<Tensor>(targets);
  for (const node of order) for (const output of node.outputs) wanted.add(output);
  const grads = new Map<Tensor, Tensor>();
  const accumulate = (t: Tensor, g: Tensor): void => {
    const before = grads.get(t);
    grads.set(t, before ? add(before, g) : g);
  };
  for (const [i, y] of ys.entries()) accumulate(y, broadcastTo(cast(dys[i], 'float32'), y.shape));
  for (const node of order.reverse()) {
    const outer = node.outputs.map((output) => grads.get(output));
    if (outer.every((g) => g === undefined)) continue;
    const inputs = node.inputs.map(resolve);
    scope.path = node.path;
    const inner = backward(
      node,
      outer,
      (i) => wanted.has(inputs[i]) && inputs[i].dtype === 'float32',
    );
    for (const [i, g] of inner.entries()) {
      if (!g || !wanted.has(inputs[i]) || inputs[i].dtype !== 'float32') continue;
      checkGradient(node, i, g);
      accumulate(inputs[i], g);
    }
  }
  return xs.map((x) => grads.get(x));
}
