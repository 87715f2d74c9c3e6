// Walks over graphs. All of them are iterative: a pending graph can be thousands of nodes deep.
import type { OpNode, Tensor } from '../tensor/tensor.js';

/** The tensor that stands in the compiled graph for `t`: outputs of expandable ops are expanded. */
export function resolve(t: Tensor): Tensor {
  let current = t;
  while (current.source.kind === 'op') {
    const { node, index } = current.source;
    if (!node.op.expand) return current;
    node.expansion ??= node.op.expand(node);
    current = node.expansion[index];
  }
  return current;
}

/** The node behind a tensor, if an op made it. */
export const nodeOf = (t: Tensor): OpNode | undefined =>
  t.source.kind === 'op' ? t.source.node : undefined;

/**
 * The nodes that `roots` depend on, each after its inputs.
 *
 * @param inputsOf which tensors to follow from a node; default: its resolved inputs
 */
export function topological(
  roots: Iterable<OpNode>,
  inputsOf: (node: OpNode) => readonly Tensor[] = (node) => node.inputs.map(resolve),
): OpNode[] {
  const order: OpNode[] = [];
  const seen = new Set<OpNode>();
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    const stack = [{ node: root, inputs: inputsOf(root), next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next === top.inputs.length) {
        order.push(top.node);
        stack.pop();
        continue;
      }
      const node = nodeOf(top.inputs[top.next++]);
      if (!node || seen.has(node)) continue;
      seen.add(node);
      stack.push({ node, inputs: inputsOf(node), next: 0 });
    }
  }
  return order;
}
