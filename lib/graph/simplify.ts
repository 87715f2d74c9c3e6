// Rewrites a graph into an equal one with less work. Every rule is exact in real arithmetic.

import { broadcastShapes, sameShape } from '../tensor/shape.js';
import { literal, type OpNode, Tensor } from '../tensor/tensor.js';
import { loopOutput } from './loop.js';
import type { Attrs } from './program.js';
import { nodeOf, resolve, topological } from './walk.js';

/** Names of the rules, in the order in which they are tried. */
export type RuleName = 'foldTranspose' | 'foldLiterals' | 'foldBroadcast' | 'foldViews';

type Rule = (node: OpNode) => OpNode | Tensor | undefined;

/** The same call with other inputs or attributes, and outputs of its own. */
export function rebuild(
  node: OpNode,
  inputs: readonly Tensor[],
  attrs: Attrs = node.attrs,
): OpNode {
  const outputs: Tensor[] = [];
  const copy: OpNode = { ...node, inputs, attrs, outputs };
  for (const [index, output] of node.outputs.entries()) {
    outputs.push(new Tensor(output.shape, output.dtype, { kind: 'op', node: copy, index }));
  }
  return copy;
}

const swapsLastTwo = (permutation: readonly number[]): boolean => {
  const n = permutation.length;
  return permutation.every((p, i) => p === (i < n - 2 ? i : i === n - 2 ? n - 1 : n - 2));
};

/** matmul(xᵀ, y) reads x itself. */
const foldTranspose: Rule = (node) => {
  if (node.op.name !== 'matmul') return undefined;
  const attrs: Record<string, number | readonly number[]> = { ...node.attrs };
  const inputs = node.inputs.map((input, i) => {
    const producer = nodeOf(input);
    if (producer?.op.name !== 'transpose') return input;
    if (!swapsLastTwo(producer.attrs.permutation as readonly number[])) return input;
    const flag = i === 0 ? 'transposeA' : 'transposeB';
    attrs[flag] = 1 - (attrs[flag] as number);
    return producer.inputs[0];
  });
  return inputs.every((input, i) => input === node.inputs[i])
    ? undefined
    : rebuild(node, inputs, attrs);
};

/** Elementwise ops broadcast by themselves: x + broadcastTo(y) is x + y. */
const foldBroadcast: Rule = (node) => {
  if (node.op.kind !== 'binary' && node.op.kind !== 'select') return undefined;
  if (node.op.decompose) return undefined;
  const inputs = [...node.inputs];
  let changed = false;
  for (const [i, input] of inputs.entries()) {
    const producer = nodeOf(input);
    if (producer?.op.name !== 'broadcastTo') continue;
    const candidate = inputs.map((t, j) => (i === j ? producer.inputs[0] : t));
    const shape = candidate.map((t) => t.shape).reduce((a, b) => broadcastShapes(a, b) ?? []);
    if (!sameShape(shape, node.outputs[0].shape)) continue;
    inputs[i] = producer.inputs[0];
    changed = true;
  }
  return changed ? rebuild(node, inputs) : undefined;
};

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

const literalOf = (t: Tensor): number | undefined =>
  t.source.kind === 'literal' ? t.source.value : undefined;

/**
 * Arithmetic of literals is done once, and (x·c)·d is x·(c·d). Not in lazy programs, which run again
 * with other literals.
 */
const foldLiterals: Rule = (node) => {
  const compute = arithmetic[node.op.name];
  if (!compute) return undefined;
  const values = node.inputs.map(literalOf);
  const [a, b] = values;
  if (a !== undefined && b !== undefined) return literal(Math.fround(compute(a, b)));
  if (node.op.name !== 'multiply') return undefined;
  const at = values.findIndex((value) => value !== undefined);
  const inner = at < 0 ? undefined : nodeOf(node.inputs[1 - at]);
  if (inner?.op !== node.op) return undefined;
  const innerAt = inner.inputs.findIndex((t) => literalOf(t) !== undefined);
  if (innerAt < 0) return undefined;
  const factor = Math.fround((values[at] ?? 1) * (literalOf(inner.inputs[innerAt]) ?? 1));
  return rebuild(node, [inner.inputs[1 - innerAt], literal(factor)]);
};

/**
 * A view of a view is a view of the first; one that changes nothing is nothing; one of a repeated
 * scalar is the scalar repeated.
 */
const foldViews: Rule = (node) => {
  if (node.op.kind !== 'view' && node.op.name !== 'broadcastTo') return undefined;
  const [output] = node.outputs;
  const producer = nodeOf(node.inputs[0]);
  if (node.op.name === 'broadcastTo') {
    const scalar = producer?.op.kind === 'view' ? producer.inputs[0] : undefined;
    return scalar?.rank === 0 ? rebuild(node, [scalar]) : undefined;
  }
  if (producer?.op.name === 'broadcastTo' && producer.inputs[0].rank === 0) {
    return rebuild({ ...producer, outputs: [output] }, producer.inputs, { shape: output.shape });
  }
  let [input] = node.inputs;
  for (let p = nodeOf(input); p?.op.kind === 'view'; p = nodeOf(input)) [input] = p.inputs;
  if (sameShape(input.shape, output.shape)) return input;
  return input === node.inputs[0] ? undefined : rebuild(node, [input]);
};

const rules = { foldTranspose, foldViews, foldBroadcast, foldLiterals };

/** The structure of a call: equal keys compute equal values. */
const keyOf = (node: OpNode): string =>
  `${node.op.name}${node.op.body?.id ?? ''}|${JSON.stringify(node.attrs)}|${node.inputs.map((t) => t.id).join(',')}`;

/**
 * Simplifies the graph above `roots`.
 *
 * @param isOwn whether a tensor belongs to the graph; others are left as they are
 * @param without rules to leave out, to find out which one breaks something
 * @returns the tensor that now stands for a root or a node's output
 */
export function simplify(
  roots: readonly OpNode[],
  isOwn: (t: Tensor) => boolean,
  without: readonly string[] = [],
): { tensor: (t: Tensor) => Tensor; node: (n: OpNode) => OpNode } {
  const active = Object.entries(rules).filter(([name]) => !without.includes(name));
  const tensors = new Map<Tensor, Tensor>();
  const nodes = new Map<OpNode, OpNode>();
  const known = new Map<string, OpNode>();
  const mapped = (t: Tensor): Tensor => {
    const r = resolve(t);
    return tensors.get(r) ?? r;
  };

  for (const node of topological(roots, (n) => n.inputs.map(resolve).filter(isOwn))) {
    const inputs = node.inputs.map(mapped);
    let current = inputs.every((t, i) => t === node.inputs[i]) ? node : rebuild(node, inputs);
    let replacement: Tensor | undefined;
    for (const [, rule] of active) {
      const result = rule(current);
      if (result instanceof Tensor) {
        replacement = result;
        break;
      }
      if (result) current = result;
    }
    if (replacement) {
      tensors.set(node.outputs[0], replacement);
      continue;
    }
    if (!without.includes('merge')) {
      const key = keyOf(current);
      const same = known.get(key);
      if (same) {
        for (const i of current.outputs.keys()) if (same.op.body) loopOutput(same, i);
        current = same;
      } else known.set(key, current);
    }
    nodes.set(node, current);
    for (const [i, output] of node.outputs.entries()) tensors.set(output, current.outputs[i]);
  }
  return { tensor: mapped, node: (n) => nodes.get(n) ?? n };
}
