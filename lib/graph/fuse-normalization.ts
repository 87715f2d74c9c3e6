// Lets the normalization of a batch apply the rectifier that follows it, forwards and backwards: what
// lies between is neither written nor read. And gradients pass a rectifier after a pooling, where they
// are fewer.
import { callAll } from '../ops/define.js';
import { fusedByConv } from '../ops/fused-activation.js';
import { reshape } from '../ops/movement.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import type { Readers } from './readers.js';
import { resolve } from './walk.js';

/** What stands for tensors from where a call stands on. */
export type Replacement = (mapped: (t: Tensor) => Tensor) => readonly (readonly [Tensor, Tensor])[];

const rectifiers: readonly string[] = ['relu', 'relu6'];

/** Whether it is the gradient of a rectifier. */
const isRectifierGrad = ({ op }: OpNode): boolean => rectifiers.some((r) => op.name === `${r}Grad`);

/** Normalizations of a batch that a rectifier follows alone. */
export class NormalizedRectifiers {
  /** The rectifier's output, by the normalization. */
  private readonly ends = new Map<OpNode, OpNode>();

  constructor(
    order: readonly OpNode[],
    private readonly readers: Readers,
  ) {
    for (const node of order) {
      if (node.op.name !== 'batchNorm' || node.attrs.activation !== 0) continue;
      const end = readers.only(node.outputs[0])?.node;
      if (end && rectifiers.includes(end.op.name)) this.ends.set(node, end);
    }
  }

  /** What replaces `node`, if it is such a normalization or the gradient of one. */
  replacementOf(node: OpNode): Replacement | undefined {
    const end = this.ends.get(node);
    if (end) return (mapped) => this.forward(node, end, mapped);
    return node.op.name === 'batchNormGrad' ? this.backward(node) : undefined;
  }

  private forward(head: OpNode, end: OpNode, mapped: (t: Tensor) => Tensor) {
    const attrs = { activation: fusedByConv.indexOf(end.op.name) };
    const [y, ...rest] = callAll(head.op, head.inputs.map(mapped), attrs);
    const [before] = end.outputs;
    return [
      [before, reshape(y, before.shape)],
      ...rest.map((t, i) => [head.outputs[i + 1], t] as const),
    ] as const;
  }

  private backward(node: OpNode): Replacement | undefined {
    const [dy, x, mean] = node.inputs.map(resolve);
    const rectified = this.readers.producerFor(node, dy);
    if (!rectified || !isRectifierGrad(rectified)) return undefined;
    const [dz, y] = rectified.inputs.map(resolve);
    for (const [head, end] of this.ends) {
      const isIts = head.outputs[1] === mean && resolve(head.inputs[0]) === x;
      if (!isIts || end.outputs[0] !== y || rectified.op.name !== `${end.op.name}Grad`) continue;
      const attrs = { activation: fusedByConv.indexOf(end.op.name) };
      return (mapped) => {
        const inputs = [reshape(mapped(dz), dy.shape), ...node.inputs.slice(1).map(mapped)];
        return callAll(node.op, inputs, attrs).map((t, i) => [node.outputs[i], t] as const);
      };
    }
    return undefined;
  }
}

/**
 * reluGrad(maxPoolGrad(dy, y), y) is maxPoolGrad(reluGrad(dy, maxPool(y)), y): what the largest of a
 * window is decides for both.
 */
export function rectifyBeforePooling(node: OpNode, readers: Readers): Replacement | undefined {
  if (!isRectifierGrad(node)) return undefined;
  const y = resolve(node.inputs[1]);
  const spread = readers.producerFor(node, node.inputs[0]);
  if (spread?.op.name !== 'maxPoolGrad' || resolve(spread.inputs[1]) !== y) return undefined;
  const attrs = JSON.stringify(spread.attrs);
  const pool = readers
    .of(y)
    .find(({ op, attrs: own }) => op.name === 'maxPool' && JSON.stringify(own) === attrs);
  if (!pool) return undefined;
  return (mapped) => {
    const [dy] = callAll(node.op, [mapped(spread.inputs[0]), mapped(pool.outputs[0])], node.attrs);
    const [dx] = callAll(spread.op, [dy, mapped(y)], spread.attrs);
    return [[node.outputs[0], dx]];
  };
}
