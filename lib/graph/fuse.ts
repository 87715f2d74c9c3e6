// Lets products do what follows them: normalization with given statistics becomes the scale and bias of a
// convolution, and an activation that of a convolution or dense product. Exact in real arithmetic; only
// where nothing else reads what lies between.
import { callAll, scope } from '../ops/define.js';
import { multiply, subtract } from '../ops/elementwise.js';
import { fusedByConv } from '../ops/fused-activation.js';
import { fusedActivations } from '../ops/gemm.js';
import { reshape } from '../ops/movement.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import { rebuild } from './simplify.js';
import { resolve, topological } from './walk.js';

/** Names of the rules. */
export type FusionName = 'fuseScale' | 'fuseActivation';

/** A product, and what follows it alone. */
interface Chain {
  readonly head: OpNode;
  readonly shift: OpNode | undefined;
  readonly activation: string;
  /** The last call of the chain. */
  readonly end: OpNode;
}

/** Activations that each product can apply itself. */
const fusible: Readonly<Record<string, readonly string[]>> = {
  conv: fusedByConv,
  dense: fusedActivations,
};

const isSix = (t: Tensor): boolean => t.source.kind === 'literal' && t.source.value === 6;

/** Finds what follows products in a graph. */
class Chains {
  private readonly readers = new Map<Tensor, OpNode[]>();

  constructor(
    order: readonly OpNode[],
    /** What is read from outside of the graph. */
    private readonly outside: ReadonlySet<Tensor>,
    private readonly without: readonly string[],
  ) {
    for (const node of order) {
      for (const t of node.inputs.map(resolve)) {
        const known = this.readers.get(t);
        if (known) known.push(node);
        else this.readers.set(t, [node]);
      }
    }
  }

  /** The only call that reads `t`, or a view of it; and what it reads. */
  private next(t: Tensor): { node: OpNode; read: Tensor } | undefined {
    let read = t;
    for (;;) {
      const readers = this.readers.get(read) ?? [];
      if (readers.length !== 1 || this.outside.has(read)) return undefined;
      const [node] = readers;
      if (node.op.kind !== 'view') return { node, read };
      [read] = node.outputs;
    }
  }

  /** A normalization of the channels of a convolution. */
  private shiftAfter(head: OpNode): OpNode | undefined {
    if (head.op.name !== 'conv' || head.attrs.scaled || this.without.includes('fuseScale')) {
      return undefined;
    }
    const [y] = head.outputs;
    const after = this.next(y);
    if (after?.node.op.name !== 'scaleShift') return undefined;
    const { node, read } = after;
    const isChannels = read.shape[1] === y.shape[y.rank - 1];
    return isChannels && resolve(node.inputs[0]) === read ? node : undefined;
  }

  /** An activation that the kernel of `head` knows, after `t`. */
  private activationAfter(head: OpNode, t: Tensor): { name: string; end: OpNode } | undefined {
    const after = this.without.includes('fuseActivation') ? undefined : this.next(t);
    if (after?.node.op.kind !== 'unary') return undefined;
    const { name } = after.node.op;
    const known = fusible[head.op.name];
    if (!known.includes(name)) return undefined;
    if (name === 'relu' && known.includes('relu6') && !this.without.includes('foldLiterals')) {
      const cut = this.next(after.node.outputs[0])?.node;
      if (cut?.op.name === 'minimum' && cut.inputs.some(isSix)) return { name: 'relu6', end: cut };
    }
    return { name, end: after.node };
  }

  /** What follows `head`, if it is a product without an activation and anything does. */
  from(head: OpNode): Chain | undefined {
    if (!fusible[head.op.name] || head.attrs.activation !== 0) return undefined;
    const shift = this.shiftAfter(head);
    const before = shift ?? head;
    const activation = this.activationAfter(head, before.outputs[0]);
    const end = activation?.end ?? before;
    return end === head
      ? undefined
      : { head, shift, activation: activation?.name ?? 'linear', end };
  }
}

/** Makes calls where `node` was made. */
function inPlaceOf<T>(node: OpNode, fn: () => T): T {
  const before = { ...scope };
  const { trace, path } = node;
  Object.assign(scope, { trace, path, onPending: undefined, onForeign: undefined });
  try {
    return fn();
  } finally {
    Object.assign(scope, before);
  }
}

/** The inputs of a convolution after which x becomes (x − mean)·scale + offset. */
function scaledInputs(head: OpNode, shift: OpNode, mapped: (t: Tensor) => Tensor): Tensor[] {
  const [x, w, bias] = head.inputs.map(mapped);
  const [mean, scale, offset] = shift.inputs.slice(1).map(mapped);
  if (!bias) return [x, w, scale, subtract(offset, multiply(mean, scale))];
  const row = reshape(bias, [1, bias.size]);
  const [shifted] = callAll(shift.op, [row, mean, scale, offset]);
  return [x, w, scale, reshape(shifted, [bias.size])];
}

/** The chain as one call. */
function fusedCall({ head, shift, activation, end }: Chain, mapped: (t: Tensor) => Tensor): Tensor {
  const code = { activation: fusedByConv.indexOf(activation) };
  return inPlaceOf(head, () => {
    const inputs = shift ? scaledInputs(head, shift, mapped) : head.inputs.map(mapped);
    const attrs = { ...head.attrs, ...code, ...(shift && { scaled: 1 }) };
    return reshape(callAll(head.op, inputs, attrs)[0], end.outputs[0].shape);
  });
}

/**
 * Fuses in the graph above `roots`.
 *
 * @param isOwn whether a tensor belongs to the graph
 * @param outside tensors that are read from outside of the graph
 * @param without rules to leave out, as in `simplify`
 * @returns what now stands for a tensor or a node
 */
export function fuse(
  roots: readonly OpNode[],
  isOwn: (t: Tensor) => boolean,
  outside: ReadonlySet<Tensor>,
  without: readonly string[],
): { tensor: (t: Tensor) => Tensor; node: (n: OpNode) => OpNode } {
  const order = topological(roots, (n) => n.inputs.map(resolve).filter(isOwn));
  const chains = new Chains(order, outside, without);
  const byEnd = new Map<OpNode, Chain>();
  for (const node of order) {
    const chain = chains.from(node);
    if (chain) byEnd.set(chain.end, chain);
  }
  const tensors = new Map<Tensor, Tensor>();
  const nodes = new Map<OpNode, OpNode>();
  const mapped = (t: Tensor): Tensor => {
    const r = resolve(t);
    return tensors.get(r) ?? r;
  };
  for (const node of byEnd.size > 0 ? order : []) {
    const chain = byEnd.get(node);
    if (chain) {
      tensors.set(node.outputs[0], fusedCall(chain, mapped));
      continue;
    }
    const inputs = node.inputs.map(mapped);
    if (inputs.every((t, i) => t === node.inputs[i])) continue;
    const current = rebuild(node, inputs);
    nodes.set(node, current);
    for (const [i, output] of node.outputs.entries()) tensors.set(output, current.outputs[i]);
  }
  return { tensor: mapped, node: (n) => nodes.get(n) ?? n };
}
