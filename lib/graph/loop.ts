// Bodies of loops: a traced function made into a graph over its own arguments alone. What it takes
// from outside becomes an argument, and what is the same in every iteration is computed outside.
import { callAll } from '../ops/define.js';
import { formatShape } from '../tensor/shape.js';
import { type OpNode, Tensor } from '../tensor/tensor.js';
import type { Trace } from './variable.js';
import { nodeOf, resolve, topological } from './walk.js';

/** One iteration of a loop. */
export interface LoopBody {
  /** Bodies are equal only to themselves: `outputs` may have grown since two were equal. */
  readonly id: number;
  /** Its arguments: carries, then one slice of each sequence, then captures. */
  readonly trace: Trace;
  readonly carries: number;
  readonly sequences: number;
  /** The next carries, then what is stacked; a derivative adds what it will read to the end. */
  readonly outputs: Tensor[];
  /** Structure: bodies with one key compute the same. */
  readonly key: string;
  readonly canFail: boolean;
}

let nextId = 0;

/** What `closeBody` makes of a trace. */
export interface ClosedBody {
  readonly body: LoopBody;
  /** The tensors that the arguments after the trace's own stand for. */
  readonly captured: readonly Tensor[];
}

/**
 * Makes the graph between a trace's arguments and `outputs` independent of everything else.
 *
 * @param outside runs a function where the loop itself is called
 */
export function closeBody(
  trace: Trace,
  counts: { readonly carries: number; readonly sequences: number },
  outputs: readonly Tensor[],
  outside: <T>(fn: () => T, path: string) => T,
): ClosedBody {
  const closing = new Closing(trace, outside);
  const roots = outputs.map((t) => closing.resolved(t));
  const nodes = [...trace.effects, ...roots.flatMap((t) => (closing.isOwn(t) ? nodeOf(t)! : []))];
  const inputsOf = (node: OpNode): Tensor[] =>
    node.inputs.map((t) => closing.resolved(t)).filter((t) => closing.isOwn(t));
  const effects = new Set(trace.effects);
  for (const node of topological(nodes, inputsOf)) {
    const copy = closing.add(node, effects.has(node));
    if (copy && effects.has(node)) trace.effects[trace.effects.indexOf(node)] = copy;
  }
  const inner = roots.map((t) => closing.inner(t));
  const body: LoopBody = {
    id: nextId++,
    trace,
    ...counts,
    outputs: inner,
    key: `{${closing.describe(inner)}}`,
    canFail: closing.copies.some(({ op }) => op.canFail),
  };
  return { body, captured: closing.captured };
}

class Closing {
  readonly captured: Tensor[] = [];
  readonly copies: OpNode[] = [];
  private readonly copyOf = new Map<Tensor, Tensor>();
  private readonly outer = new Map<Tensor, Tensor>();
  private readonly argumentOf = new Map<Tensor | number, Tensor>();

  constructor(
    private readonly trace: Trace,
    private readonly outside: <T>(fn: () => T, path: string) => T,
  ) {}

  isOwn(t: Tensor): boolean {
    return t.source.kind === 'op' && t.source.node.trace === this.trace;
  }

  resolved(t: Tensor): Tensor {
    return this.isOwn(t) ? resolve(t) : t;
  }

  private isArgument(t: Tensor): boolean {
    return t.source.kind === 'argument' && t.source.trace === this.trace;
  }

  /** The tensor outside that is `t` in every iteration, if there is one. */
  private constant(t: Tensor): Tensor | undefined {
    return this.isOwn(t) ? this.outer.get(t) : this.isArgument(t) ? undefined : t;
  }

  /** Copies a node into the body, or calls it outside once. */
  add(node: OpNode, isEffect: boolean): OpNode | undefined {
    const inputs = node.inputs.map((t) => this.resolved(t));
    const constants = inputs.flatMap((t) => this.constant(t) ?? []);
    if (constants.length === inputs.length && !node.op.canFail && !isEffect) {
      const outputs = this.outside(() => callAll(node.op, constants, node.attrs), node.path);
      for (const [i, t] of node.outputs.entries()) this.outer.set(t, outputs[i]);
      return undefined;
    }
    const outputs: Tensor[] = [];
    const copy: OpNode = {
      ...node,
      inputs: inputs.map((t) => this.inner(t)),
      outputs,
      expansion: undefined,
    };
    for (const [index, t] of node.outputs.entries()) {
      outputs.push(new Tensor(t.shape, t.dtype, { kind: 'op', node: copy, index }));
      this.copyOf.set(t, outputs[index]);
    }
    this.copies.push(copy);
    return copy;
  }

  /** The tensor that stands for `t` in the body. */
  inner(t: Tensor): Tensor {
    const constant = this.constant(t);
    if (constant) return this.capture(constant);
    return this.copyOf.get(t) ?? t;
  }

  private capture(t: Tensor): Tensor {
    const key = t.source.kind === 'literal' ? t.source.value : t;
    const known = this.argumentOf.get(key);
    if (known) return known;
    this.captured.push(t);
    const argument = this.trace.addArgument(t.shape, t.dtype);
    this.argumentOf.set(key, argument);
    return argument;
  }

  /** The structure of the body as text. */
  describe(outputs: readonly Tensor[]): string {
    const names = new Map<Tensor, string>();
    const lines = this.trace.args.map((t, i) => {
      names.set(t, `a${i}`);
      return `a${i}:${t.dtype}${formatShape(t.shape)}`;
    });
    for (const [i, { op, attrs, inputs, outputs: outs }] of this.copies.entries()) {
      for (const [j, t] of outs.entries()) names.set(t, `${i}.${j}`);
      const operands = inputs.map((t) => names.get(t)).join();
      lines.push(`${op.name}${op.body?.key ?? ''}${JSON.stringify(attrs)}(${operands})`);
    }
    return [...lines, outputs.map((t) => names.get(t)).join()].join('\n');
  }
}

/** Output `index` of a loop, which is there from the moment someone asks for it. */
export function loopOutput(node: OpNode, index: number): Tensor {
  const { body } = node.op;
  if (!body) throw new Error(`${node.op.name} has no body.`);
  const infos = node.op.infer([], node.attrs);
  for (let i = node.outputs.length; i <= index; i++) {
    const { shape, dtype } = infos[i];
    node.outputs.push(new Tensor(shape, dtype, { kind: 'op', node, index: i }));
  }
  return node.outputs[index];
}
