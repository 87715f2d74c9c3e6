// Who reads what in a graph.
import type { OpNode, Tensor } from '../tensor/tensor.js';
import { nodeOf, resolve } from './walk.js';

/** The readers of tensors. */
export class Readers {
  private readonly byTensor = new Map<Tensor, OpNode[]>();

  constructor(
    order: readonly OpNode[],
    /** What is read from outside of the graph. */
    private readonly outside: ReadonlySet<Tensor>,
  ) {
    for (const node of order) {
      for (const t of node.inputs.map(resolve)) {
        const known = this.byTensor.get(t);
        if (known) known.push(node);
        else this.byTensor.set(t, [node]);
      }
    }
  }

  /** The calls that read `t` itself. */
  of(t: Tensor): readonly OpNode[] {
    return this.byTensor.get(t) ?? [];
  }

  /** The only call that reads `t`, or a view of it; and what it reads. */
  only(t: Tensor): { node: OpNode; read: Tensor } | undefined {
    let read = t;
    for (;;) {
      const readers = this.of(read);
      if (readers.length !== 1 || this.outside.has(read)) return undefined;
      const [node] = readers;
      if (node.op.kind !== 'view') return { node, read };
      [read] = node.outputs;
    }
  }

  /** The call that made `t`, or what `t` is a view of, if `reader` alone reads it. */
  producerFor(reader: OpNode, t: Tensor): OpNode | undefined {
    let node = nodeOf(resolve(t));
    while (node?.op.kind === 'view') node = nodeOf(resolve(node.inputs[0]));
    return node && this.only(node.outputs[0])?.node === reader ? node : undefined;
  }
}
