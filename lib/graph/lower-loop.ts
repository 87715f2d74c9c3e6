// Lowers the body of a loop: a program of its own, which the loop's instruction holds.
import { byteSize } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import { lower } from './lower.js';
import { type Attrs, align, type Program } from './program.js';

/** The body of a loop as a program, without the stacked results that nobody uses. */
export function lowerBody(
  node: OpNode,
  isUsed: (t: Tensor) => boolean,
): { program: Program; outputs: readonly Tensor[]; scratchBytes: number } | undefined {
  const { body } = node.op;
  if (!body) return undefined;
  const outputs = node.outputs.filter((t, i) => i < body.carries || isUsed(t));
  const results = outputs.map((t) => body.outputs[node.outputs.indexOf(t)]);
  const { program } = lower({ name: 'scan', trace: body.trace, outputs: results });
  const carryBytes = body.outputs
    .slice(0, body.carries)
    .reduce((n, t) => n + align(sizeOf(t.shape) * byteSize(t.dtype)), 0);
  return { program, outputs, scratchBytes: align(program.arenaBytes) + carryBytes };
}

/** The attributes of a scan's instruction. */
export const loopAttrs = (node: OpNode | undefined): Attrs => ({
  ...node?.attrs,
  carries: node?.op.body?.carries ?? 0,
  sequences: node?.op.body?.sequences ?? 0,
});

/** All iterations' FLOPs and bytes. */
export const loopCost = ({ instructions }: Program, length: number) => ({
  flops: length * instructions.reduce((n, { flops }) => n + flops, 0),
  bytes: length * instructions.reduce((n, { bytes }) => n + bytes, 0),
});
