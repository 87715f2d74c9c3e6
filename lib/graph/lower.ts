// Lowers a simplified graph to instructions: which call runs when, which of them write state in the
// commit, and where outputs go. Memory is planned afterwards (plan.ts).
import { costOf } from '../ops/define.js';
import type { DType } from '../tensor/dtype.js';
import { byteSize } from '../tensor/dtype.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import { TraceError } from '../util/errors.js';
import { type FusionName, fuse } from './fuse.js';
import { loopAttrs, loopCost, lowerBody } from './lower-loop.js';
import { assignArena, type DraftValue } from './plan.js';
import type { Attrs, Instruction, Program } from './program.js';
import { type RuleName, simplify } from './simplify.js';
import type { Trace, Variable } from './variable.js';
import { nodeOf, resolve, topological } from './walk.js';

/** A traced function before lowering. */
export interface TracedGraph {
  readonly name: string;
  readonly trace: Trace;
  readonly outputs: readonly Tensor[];
  /** Whether the nodes were made outside of any trace. */
  readonly lazy?: boolean;
  /** Tensors that have input or binding slots already, in slot order after the trace's arguments. */
  readonly captured?: readonly Tensor[];
  readonly literals?: readonly Tensor[];
}

export interface Lowered {
  readonly program: Program;
  /** Shape and dtype of each output. */
  readonly outputs: readonly { readonly shape: Shape; readonly dtype: DType }[];
  /** What to bind to the input slots that follow the arguments. */
  readonly captured: readonly Tensor[];
  /** The variables of the state slots, and whether the program writes them. */
  readonly variables: readonly { readonly variable: Variable; readonly written: boolean }[];
}

interface Draft {
  readonly kernel: string;
  readonly node: OpNode | undefined;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly path: string;
  /** What a loop does in each iteration. */
  readonly body?: Program;
}

class Lowering {
  readonly values: DraftValue[] = [];
  readonly captured: Tensor[];
  readonly bindings: number[];
  private readonly ids = new Map<Tensor, number>();
  private readonly states = new Map<number, number>();

  constructor(private readonly graph: TracedGraph) {
    this.captured = [...(graph.captured ?? [])];
    const { args } = graph.trace;
    for (const [i, t] of this.captured.entries()) {
      this.ids.set(t, this.addValue(t, { kind: 'input', slot: args.length + i }));
    }
    const literals = graph.literals ?? [];
    for (const [slot, t] of literals.entries()) {
      this.ids.set(t, this.addValue(t, { kind: 'binding', slot }));
    }
    this.bindings = literals.map((t) => (t.source.kind === 'literal' ? t.source.value : 0));
  }

  addValue(
    info: { shape: Shape; dtype: DType },
    storage?: DraftValue['storage'],
    alias?: number,
  ): number {
    const bytes = sizeOf(info.shape) * byteSize(info.dtype);
    this.values.push({ shape: info.shape, dtype: info.dtype, bytes, storage, alias });
    return this.values.length - 1;
  }

  /** The value whose storage `id` shares. */
  root(id: number): number {
    let current = id;
    for (let up = this.values[current].alias; up !== undefined; up = this.values[current].alias) {
      current = up;
    }
    return current;
  }

  define(t: Tensor, id: number): void {
    this.ids.set(t, id);
  }

  idOf(t: Tensor): number {
    const known = this.ids.get(t);
    if (known !== undefined) return known;
    const id = this.addLeaf(t);
    this.ids.set(t, id);
    return id;
  }

  stateValue(slot: number): number | undefined {
    return this.states.get(slot);
  }

  private addLeaf(t: Tensor): number {
    const { source } = t;
    const own = 'trace' in source && source.trace === this.graph.trace;
    if (source.kind === 'literal') {
      this.bindings.push(source.value);
      return this.addValue(t, { kind: 'binding', slot: this.bindings.length - 1 });
    }
    if (own && source.kind === 'argument')
      return this.addValue(t, { kind: 'input', slot: source.slot });
    if (own && source.kind === 'feed') return this.addValue(t, { kind: 'feed', slot: source.slot });
    if (own && source.kind === 'state') {
      const id = this.addValue(t, { kind: 'state', slot: source.slot });
      this.states.set(source.slot, id);
      return id;
    }
    if (source.kind !== 'value') {
      throw new TraceError(
        `${this.graph.name}: ${t} belongs to another traced function, which has ended. Return it from there and pass it as an argument.`,
      );
    }
    this.captured.push(t);
    const slot = this.graph.trace.args.length + this.captured.length - 1;
    return this.addValue(t, { kind: 'input', slot });
  }
}

/** A state that the graph changes. */
interface Write {
  readonly slot: number;
  readonly final: Tensor;
  readonly id: number;
}

/** The calls that may write a state directly, in the commit, and those that must follow them. */
function planCommit(
  drafts: readonly Draft[],
  writes: readonly Write[],
  low: Lowering,
): { direct: Map<number, Write>; late: Set<Draft> } {
  const producers = new Map<number, Draft>();
  for (const draft of drafts) for (const id of draft.outputs) producers.set(id, draft);
  const direct = new Map<number, Write>();
  for (const write of writes) {
    const producer = producers.get(write.id);
    if (!producer?.node || producer.node.op.canFail || direct.has(write.id)) continue;
    if (low.values[write.id].storage || low.values[write.id].alias !== undefined) continue;
    if (mayWriteOver(producer, write, low)) direct.set(write.id, write);
  }
  for (const id of needsOldState(writes, direct, low)) direct.delete(id);
  for (;;) {
    const late = dependents(drafts, direct, low);
    const conflicts = conflictsOf(late, direct, low);
    if (conflicts.length === 0) return { direct, late };
    for (const id of conflicts) direct.delete(id);
  }
}

/** The direct writes to states whose old value another state becomes: that copy comes last. */
function needsOldState(
  writes: readonly Write[],
  direct: ReadonlyMap<number, Write>,
  low: Lowering,
): number[] {
  const copied = new Set(writes.map(({ id }) => low.root(id)));
  return [...direct].flatMap(([id, { slot }]) => {
    const old = low.stateValue(slot);
    return old !== undefined && copied.has(old) ? [id] : [];
  });
}

/** Whether the call can put its output where it reads the old state from. */
function mayWriteOver(draft: Draft, write: Write, low: Lowering): boolean {
  const old = low.stateValue(write.slot);
  if (old === undefined) return true;
  const { op, attrs } = draft.node!;
  const allowed = op.inPlace?.(draft.outputs.indexOf(write.id), draft.inputs.length, attrs);
  const places = allowed === undefined ? [] : [allowed].flat();
  return draft.inputs.every((id, i) => {
    if (low.root(id) !== old) return true;
    return places.includes(i) && low.values[id].bytes === low.values[write.id].bytes;
  });
}

/** Calls that write state directly, and all that depend on them. */
function dependents(
  drafts: readonly Draft[],
  direct: ReadonlyMap<number, Write>,
  low: Lowering,
): Set<Draft> {
  const late = new Set<Draft>();
  const lateValues = new Set<number>();
  for (const draft of drafts) {
    const follows = draft.inputs.some((id) => lateValues.has(low.root(id)));
    if (!follows && !draft.outputs.some((id) => direct.has(id))) continue;
    late.add(draft);
    for (const id of draft.outputs) lateValues.add(id);
  }
  return late;
}

/** Direct writes that a call of the commit would come too late for, or must not depend on. */
function conflictsOf(late: ReadonlySet<Draft>, direct: ReadonlyMap<number, Write>, low: Lowering) {
  const byOld = new Map<number, number>();
  for (const [id, write] of direct) {
    const old = low.stateValue(write.slot);
    if (old !== undefined) byOld.set(old, id);
  }
  const conflicts: number[] = [];
  for (const draft of late) {
    if (draft.node?.op.canFail) return [...direct.keys()];
    for (const input of draft.inputs) {
      const written = byOld.get(low.root(input));
      if (written !== undefined && !draft.outputs.includes(written)) conflicts.push(written);
    }
  }
  return conflicts;
}

function toInstruction(draft: Draft, values: readonly DraftValue[]): Instruction {
  const inputs = draft.inputs.map((id) => values[id]);
  const outputs = draft.outputs.map((id) => values[id]);
  const { node } = draft;
  const attrs: Record<string, number | readonly number[]> = {};
  if (node) {
    const names = node.op.kernelAttrs ?? Object.keys(node.attrs);
    for (const name of names) attrs[name] = node.attrs[name];
  }
  const cost = draft.body
    ? loopCost(draft.body, attrs.length as number)
    : node
      ? costOf(node.op, inputs, outputs, node.attrs)
      : { flops: 0, bytes: 2 * outputs[0].bytes };
  return {
    kernel: draft.kernel,
    inputs: draft.inputs,
    outputs: draft.outputs,
    attrs: attrs as Attrs,
    path: draft.path,
    ...cost,
    ...(draft.body && { attrs: loopAttrs(node), body: draft.body }),
  };
}

/** What can be left out of simplifying and fusing, to find out which part breaks something. */
export type PassName = RuleName | FusionName | 'merge';

/** Compiles a traced graph to a Program. */
export function lower(graph: TracedGraph, without: readonly PassName[] = []): Lowered {
  const { trace } = graph;
  const outputs = graph.outputs.map(resolve);
  const states = [...trace.states].map(([variable, state], slot) => {
    return { variable, slot, initial: state.initial, final: resolve(state.current) };
  });
  const changed = states.filter(({ initial, final }) => initial !== final);
  // Nodes of another trace are captured as inputs.
  const own = graph.lazy ? undefined : trace;
  const isOwn = (t: Tensor): boolean => t.source.kind === 'op' && t.source.node.trace === own;
  const inTrace = (t: Tensor): OpNode[] => (isOwn(t) ? [nodeOf(t)!] : []);
  const roots = [
    ...trace.effects,
    ...outputs.flatMap(inTrace),
    ...changed.flatMap(({ final }) => inTrace(final)),
  ];
  const skipped = graph.lazy ? [...without, 'foldLiterals' as const] : without;
  const simple = simplify(roots, isOwn, skipped);
  const read = [...outputs, ...changed.map(({ final }) => final)].map(simple.tensor);
  const left = [...trace.effects.map(simple.node), ...read.flatMap(inTrace)];
  const fused = fuse(left, isOwn, new Set(read), skipped);
  const finalOutputs = outputs.map((t) => fused.tensor(simple.tensor(t)));
  const finals = changed.map((c) => ({ ...c, final: fused.tensor(simple.tensor(c.final)) }));
  const order = topological(
    [
      ...trace.effects.map((n) => fused.node(simple.node(n))),
      ...finalOutputs.flatMap(inTrace),
      ...finals.flatMap(({ final }) => inTrace(final)),
    ],
    (node) => node.inputs.filter(isOwn),
  );

  const used = new Set([...order.flatMap(({ inputs }) => inputs), ...finalOutputs]);
  for (const { final } of finals) used.add(final);
  const low = new Lowering(graph);
  const drafts: Draft[] = [];
  const views = new Map<number, number>();
  for (const node of order) {
    if (node.op.kind === 'view') {
      const alias = low.idOf(node.inputs[0]);
      const view = low.addValue(node.outputs[0], undefined, alias);
      views.set(view, alias);
      low.define(node.outputs[0], view);
      continue;
    }
    const inputs = node.inputs.map((t) => low.idOf(t));
    const body = lowerBody(node, (t) => used.has(t));
    const ids = (body?.outputs ?? node.outputs).map((t) => {
      const id = low.addValue(t);
      low.define(t, id);
      return id;
    });
    if (body) ids.push(low.addValue({ shape: [body.scratchBytes], dtype: 'uint8' }));
    const draft = { kernel: node.op.name, node, inputs, outputs: ids, path: node.path };
    drafts.push({ ...draft, ...(body && { body: body.program }) });
  }

  const writes = finals.map(({ slot, final }) => ({ slot, final, id: low.idOf(final) }));
  const { direct, late } = planCommit(drafts, writes, low);
  for (const [id, write] of direct) {
    low.values[id].storage = { kind: 'state', slot: write.slot };
  }
  const copies: Draft[] = [];
  const copyTo = (id: number, storage: DraftValue['storage']): void => {
    const out = low.addValue(low.values[id], storage);
    copies.push({ kernel: 'copy', node: undefined, inputs: [id], outputs: [out], path: '' });
  };
  placeOutputs(finalOutputs, low, copyTo);
  const outputCopies = copies.length;
  for (const write of writes) {
    if (direct.get(write.id) === write) continue;
    copyTo(write.id, { kind: 'state', slot: write.slot });
  }

  const stateCopies = orderCopies(copies.splice(outputCopies), low);
  // Outputs are copied before the commit overwrites what they show, unless it makes it.
  const lateValues = new Set([...late].flatMap(({ outputs: ids }) => ids));
  const isLate = ({ inputs: [id] }: Draft): boolean => lateValues.has(low.root(id));
  const compute = [...drafts.filter((d) => !late.has(d)), ...copies.filter((c) => !isLate(c))];
  const commit = [...drafts.filter((d) => late.has(d)), ...copies.filter(isLate), ...stateCopies];
  const ordered = [...compute, ...commit];
  const arenaBytes = assignArena(
    low.values,
    ordered.map(({ inputs, outputs: outs, node }) => ({
      inputs: inputs.map((id) => low.root(id)),
      outputs: outs,
      inPlace: (output: number) => node?.op.inPlace?.(output, inputs.length, node.attrs),
    })),
  );
  const values = low.values.map((value, id) => {
    const root = low.values[low.root(id)];
    const viewOf = views.get(id);
    const { dtype, shape } = value;
    return { dtype, shape, storage: root.storage!, ...(viewOf !== undefined && { viewOf }) };
  });
  const program: Program = {
    name: graph.name,
    values,
    instructions: ordered.map((draft) => toInstruction(draft, low.values)),
    commit: compute.length,
    arenaBytes,
    slots: {
      inputs: trace.args.length + low.captured.length,
      feeds: trace.feeds.length,
      states: states.length,
      outputs: outputs.length,
    },
    bindings: low.bindings,
  };
  const written = new Set(changed.map(({ slot }) => slot));
  return {
    program,
    outputs: outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    captured: low.captured,
    variables: states.map(({ variable, slot }) => ({ variable, written: written.has(slot) })),
  };
}

/** Lets each output be written where the caller wants it; copies what lives elsewhere. */
function placeOutputs(
  outputs: readonly Tensor[],
  low: Lowering,
  copyTo: (id: number, storage: DraftValue['storage']) => void,
): void {
  for (const [slot, t] of outputs.entries()) {
    const id = low.idOf(t);
    const root = low.values[low.root(id)];
    if (root.storage) copyTo(id, { kind: 'output', slot });
    else root.storage = { kind: 'output', slot };
  }
}

/**
 * State copies whose source is another state's old value are read before that state is overwritten:
 * a swap goes through scratch.
 */
function orderCopies(copies: readonly Draft[], low: Lowering): Draft[] {
  const targets = new Set(copies.map((c) => slotOf(c.outputs[0], low)));
  const first: Draft[] = [];
  const second: Draft[] = [];
  for (const copy of copies) {
    const from = slotOf(copy.inputs[0], low);
    if (from === undefined || !targets.has(from)) {
      second.push(copy);
      continue;
    }
    const scratch = low.addValue(low.values[copy.inputs[0]]);
    first.push({ ...copy, outputs: [scratch] });
    second.push({ ...copy, inputs: [scratch] });
  }
  return [...first, ...second];
}

function slotOf(id: number, low: Lowering): number | undefined {
  const { storage } = low.values[low.root(id)];
  return storage?.kind === 'state' ? storage.slot : undefined;
}
