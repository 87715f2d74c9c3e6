// Lets products do what follows them: normalization with given statistics becomes the scale and bias of a
// convolution, what is added to its output and a pooling are done by the convolution as well, and an
// activation becomes that of a convolution or dense product. Exact in real arithmetic; only where nothing
// else reads what lies between.
import { convPool, poolsInConv } from '../ops/convolution-pool.js';
import { callAll, scope } from '../ops/define.js';
import { multiply, subtract } from '../ops/elementwise.js';
import { fusedByConv } from '../ops/fused-activation.js';
import { fusedActivations } from '../ops/gemm.js';
import { reshape } from '../ops/movement.js';
import { sameShape } from '../tensor/shape.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import {
  NormalizedRectifiers,
  type Replacement,
  rectifyBeforePooling,
} from './fuse-normalization.js';
import { Readers } from './readers.js';
import { rebuild } from './simplify.js';
import { resolve, topological } from './walk.js';

/** Names of the rules. */
export type FusionName =
  | 'fuseScale'
  | 'fuseResidual'
  | 'fuseActivation'
  | 'fusePool'
  | 'fuseRectifier'
  | 'rectifyBeforePooling';

interface Residual {
  readonly node: OpNode;
  readonly added: Tensor;
}

/** A product, and what follows it alone. */
interface Chain {
  readonly head: OpNode;
  readonly shift: OpNode | undefined;
  /** What is added, and by which call. */
  readonly residual: Residual | undefined;
  /** Its code in kernels. */
  readonly activation: number;
  readonly pool: OpNode | undefined;
  /** The last call of the chain. */
  readonly end: OpNode;
}

/** Activations that each product can apply itself. */
const fusible: Readonly<Record<string, readonly string[]>> = {
  conv: fusedByConv,
  dense: fusedActivations,
};

/** Finds what follows products in a graph. */
class Chains {
  /** Additions that a chain has: of two convolutions one adds the other. */
  private readonly additions = new Set<OpNode>();

  constructor(
    private readonly readers: Readers,
    private readonly without: readonly string[],
  ) {}

  /** A normalization of the channels of a convolution. */
  private shiftAfter(head: OpNode): OpNode | undefined {
    if (head.op.name !== 'conv' || head.attrs.scaled || this.without.includes('fuseScale')) {
      return undefined;
    }
    const [y] = head.outputs;
    const after = this.readers.only(y);
    if (after?.node.op.name !== 'scaleShift') return undefined;
    const { node, read } = after;
    const isChannels = read.shape[1] === y.shape[y.rank - 1];
    return isChannels && resolve(node.inputs[0]) === read ? node : undefined;
  }

  /** An addition to `t`, element by element, which is what `head` makes. */
  private residualAfter(head: OpNode, t: Tensor): Residual | undefined {
    if (head.op.name !== 'conv' || this.without.includes('fuseResidual')) return undefined;
    const after = this.readers.only(t);
    if (after?.node.op.name !== 'add' || this.additions.has(after.node)) return undefined;
    const { node, read } = after;
    const [a, b] = node.inputs.map(resolve);
    const added = a === read ? b : a;
    if (added.dtype !== 'float32' || !sameShape(added.shape, read.shape)) return undefined;
    this.additions.add(node);
    return { node, added };
  }

  /** An activation that the kernel of `head` knows, after `t`. */
  private activationAfter(head: OpNode, t: Tensor): { name: string; end: OpNode } | undefined {
    const after = this.without.includes('fuseActivation') ? undefined : this.readers.only(t);
    if (after?.node.op.kind !== 'unary') return undefined;
    const { name } = after.node.op;
    const known = fusible[head.op.name];
    if (!known.includes(name)) return undefined;
    return { name, end: after.node };
  }

  /** The pooling of `t`, which is what `head` makes in the end. */
  private poolAfter(head: OpNode, t: Tensor): OpNode | undefined {
    if (head.op.name !== 'conv' || this.without.includes('fusePool')) return undefined;
    const after = this.readers.only(t);
    if (!after || !sameShape(after.read.shape, head.outputs[0].shape)) return undefined;
    return poolsInConv(head, after.node) ? after.node : undefined;
  }

  /** What follows `head`, if it is a product and anything does that it can do itself. */
  from(head: OpNode): Chain | undefined {
    if (!fusible[head.op.name] || head.attrs.residual) return undefined;
    const isLinear = head.attrs.activation === 0;
    const shift = isLinear ? this.shiftAfter(head) : undefined;
    const shifted = shift ?? head;
    const residual = isLinear ? this.residualAfter(head, shifted.outputs[0]) : undefined;
    const before = residual?.node ?? shifted;
    const after = isLinear ? this.activationAfter(head, before.outputs[0]) : undefined;
    const activated = after?.end ?? before;
    const pool = residual ? undefined : this.poolAfter(head, activated.outputs[0]);
    const end = pool ?? activated;
    if (end === head) return undefined;
    const activation = after ? fusedByConv.indexOf(after.name) : (head.attrs.activation as number);
    return { head, shift, residual, activation, pool, end };
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
function fusedCall(
  { head, shift, residual, activation, pool, end }: Chain,
  mapped: (t: Tensor) => Tensor,
): Tensor {
  const inputs = shift ? scaledInputs(head, shift, mapped) : head.inputs.map(mapped);
  const attrs = {
    ...head.attrs,
    activation,
    ...(shift && { scaled: 1 }),
    ...(residual && { residual: 1 }),
  };
  if (residual) inputs.push(reshape(mapped(residual.added), head.outputs[0].shape));
  if (pool) return convPool(inputs, attrs, pool);
  return reshape(callAll(head.op, inputs, attrs)[0], end.outputs[0].shape);
}

/** What is replaced, by the call where it is. */
function findReplacements(
  order: readonly OpNode[],
  readers: Readers,
  without: readonly string[],
): ReadonlyMap<OpNode, Replacement> {
  const chains = new Chains(readers, without);
  const fuses = !without.includes('fuseRectifier');
  const rectifiers = fuses ? new NormalizedRectifiers(order, readers) : undefined;
  const swaps = !without.includes('rectifyBeforePooling');
  const found = new Map<OpNode, Replacement>();
  for (const node of order) {
    const chain = chains.from(node);
    if (chain) {
      const call = (mapped: (t: Tensor) => Tensor) =>
        inPlaceOf(chain.head, () => fusedCall(chain, mapped));
      found.set(chain.end, (mapped) => [[chain.end.outputs[0], call(mapped)]]);
    }
    const other =
      rectifiers?.replacementOf(node) ?? (swaps ? rectifyBeforePooling(node, readers) : undefined);
    if (other) found.set(node, other);
  }
  return found;
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
  const replacements = findReplacements(order, new Readers(order, outside), without);
  const tensors = new Map<Tensor, Tensor>();
  const nodes = new Map<OpNode, OpNode>();
  const mapped = (t: Tensor): Tensor => {
    const r = resolve(t);
    return tensors.get(r) ?? r;
  };
  for (const node of replacements.size > 0 ? order : []) {
    const replacement = replacements.get(node);
    if (replacement) {
      for (const [t, by] of inPlaceOf(node, () => replacement(mapped))) tensors.set(t, by);
      continue;
    }
    const inputs = node.inputs.map(mapped);
    const isReplaced = node.outputs.some((t) => tensors.has(t));
    if (isReplaced || inputs.every((t, i) => t === node.inputs[i])) continue;
    const current = rebuild(node, inputs);
    nodes.set(node, current);
    for (const [i, output] of node.outputs.entries()) tensors.set(output, current.outputs[i]);
  }
  return { tensor: mapped, node: (n) => nodes.get(n) ?? n };
}
