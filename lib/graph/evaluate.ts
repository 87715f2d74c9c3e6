// Laziness: a tensor that nobody compiled is computed when its data is asked for. The graph that it
// needs is looked up by its structure as the user wrote it, so a loop compiles once.

import { backendGeneration } from '../backend/select.js';
import { isSymbolic, scope } from '../ops/define.js';
import type { DataArray } from '../tensor/dtype.js';
import { type OpNode, type PendingRun, Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, TraceError } from '../util/errors.js';
import { lower } from './lower.js';
import { CompiledGraph, realized } from './run.js';
import { setMaterialize, Trace } from './variable.js';
import { nodeOf, topological } from './walk.js';

/** The structure of a pending graph: equal keys run the same program on other leaves. */
interface Structure {
  readonly key: string;
  readonly values: Tensor[];
  readonly literals: Tensor[];
}

function structureOf(roots: readonly Tensor[]): Structure {
  const values: Tensor[] = [];
  const literals: Tensor[] = [];
  const names = new Map<Tensor, string>();
  const nodeIds = new Map<OpNode, number>();
  const nameOf = (t: Tensor): string => {
    if (t.source.kind === 'op') return `${nodeIds.get(t.source.node)}.${t.source.index}`;
    const known = names.get(t);
    if (known !== undefined) return known;
    const group = t.source.kind === 'literal' ? literals : values;
    group.push(t);
    const info = t.source.kind === 'literal' ? 'l' : `${t.dtype}${t.shape.join('x')}`;
    const name = `${group === literals ? 'L' : 'V'}${group.length - 1}:${info}`;
    names.set(t, name);
    return name;
  };
  const nodes = topological(
    roots.flatMap((t) => nodeOf(t) ?? []),
    (node) => node.inputs,
  );
  const parts = [`${backendGeneration()}`];
  for (const [i, node] of nodes.entries()) {
    nodeIds.set(node, i);
    parts.push(
      `${node.op.name}${node.op.body?.key ?? ''}${JSON.stringify(node.attrs)}(${node.inputs.map(nameOf).join()})`,
    );
  }
  parts.push(roots.map(nameOf).join());
  return { key: parts.join('\n'), values, literals };
}

const cacheLimit = 256;
const cache = new Map<string, CompiledGraph>();

/** The cached program, most recently used last. */
function cached(key: string, make: () => CompiledGraph): CompiledGraph {
  const known = cache.get(key);
  if (known) cache.delete(key);
  const graph = known ?? make();
  cache.set(key, graph);
  if (cache.size > cacheLimit) {
    const [oldest] = cache.keys();
    cache.get(oldest)?.unload();
    cache.delete(oldest);
  }
  return graph;
}

function refuseInTrace(roots: readonly Tensor[]): void {
  const symbolic = roots.find(isSymbolic);
  if (symbolic) {
    throw new TraceError(
      `data(): ${symbolic} is symbolic: it stands for tensors that a model will be called on, and has no values.`,
    );
  }
  const traced = roots.some(
    (t) => (t.source.kind === 'op' && t.source.node.trace !== undefined) || 'trace' in t.source,
  );
  if (!traced) return;
  throw new TraceError(
    'data(): a traced function runs once, to record it; its tensors have no values. Use ops.where for a choice and ops.scan for a loop, or return the tensor and read it outside.',
  );
}

/** Queues the computation of all roots in one program, and gives them their (pending) values. */
export function realize(roots: readonly Tensor[]): void {
  refuseInTrace(roots);
  const open = roots.filter((t) => t.source.kind !== 'value');
  if (open.length === 0) return;
  const { key, values, literals } = structureOf(open);
  const graph = cached(key, () => {
    const before = { ...scope };
    Object.assign(scope, { path: '', trace: undefined, onPending: undefined });
    try {
      const traced = { name: 'lazy', trace: new Trace(), outputs: open, lazy: true };
      return new CompiledGraph(lower({ ...traced, captured: values, literals }));
    } finally {
      Object.assign(scope, before);
    }
  });
  const bindings = literals.map((t) => (t.source.kind === 'literal' ? t.source.value : 0));
  const captured = [...values, ...graph.lowered.captured.slice(values.length)];
  const { outputs } = graph.run({ captured, bindings });
  for (const [i, t] of open.entries()) t.source = outputs[i].source;
}

/** A value of `t`: queued if it was not there. */
const materialize = (t: Tensor): { data: DataArray; run: PendingRun | undefined } => {
  if (t.source.kind !== 'value') {
    const before = scope.trace;
    scope.trace = undefined;
    try {
      realize([t]);
    } finally {
      scope.trace = before;
    }
  }
  return realized(t);
};
setMaterialize(materialize);

const maxPendingNodes = 1000;
scope.onPending = (t) => {
  if (t.source.kind === 'op' && t.source.node.pending >= maxPendingNodes) realize([t]);
};
scope.onForeign = (t) => {
  if (t.source.kind === 'op' && t.source.node.trace === undefined) materialize(t);
};

/**
 * Computes several tensors together, sharing what they have in common.
 *
 * @returns the same tensors, computed
 * @throws ConfigError for anything but tensors.
 */
export async function evaluate<const Ts extends readonly Tensor[]>(...tensors: Ts): Promise<Ts> {
  const wrong = tensors.findIndex((t) => !(t instanceof Tensor));
  if (wrong >= 0) {
    const got = Array.isArray(tensors[wrong]) ? 'an array; spread it' : typeof tensors[wrong];
    throw new ConfigError(`evaluate: expected tensors, got ${got} as argument ${wrong + 1}.`);
  }
  realize(tensors);
  for (const t of tensors) await realized(t).run?.done();
  return tensors;
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The elements, row-major, as a copy. */
    data(): Promise<DataArray>;
    /** The same, blocking until they are computed. */
    dataSync(): DataArray;
    /** The elements nested as the shape says; a number for a scalar. */
    toArray(): Promise<NestedNumbers>;
    toArraySync(): NestedNumbers;
    /** The value of a tensor with one element; ShapeError for others. */
    item(): Promise<number>;
  }
}

type NestedNumbers = number | boolean | readonly NestedNumbers[];

function nest(data: DataArray, shape: readonly number[], dtype: string): NestedNumbers {
  let next = 0;
  const build = (axis: number): NestedNumbers => {
    if (axis === shape.length) {
      const value = data[next++];
      return dtype === 'bool' ? value !== 0 : value;
    }
    return Array.from({ length: shape[axis] }, () => build(axis + 1));
  };
  return build(0);
}

async function copyOf(t: Tensor): Promise<DataArray> {
  realize([t]);
  const { data, run } = realized(t);
  await run?.done();
  return data.slice();
}

Object.assign(Tensor.prototype, {
  // Not async: in a trace it throws at once, also where nobody awaits it.
  data(this: Tensor) {
    refuseInTrace([this]);
    return copyOf(this);
  },
  dataSync(this: Tensor) {
    realize([this]);
    const { data, run } = realized(this);
    run?.wait();
    return data.slice();
  },
  toArray(this: Tensor) {
    refuseInTrace([this]);
    return copyOf(this).then((data) => nest(data, this.shape, this.dtype));
  },
  toArraySync(this: Tensor) {
    return nest(this.dataSync(), this.shape, this.dtype);
  },
  item(this: Tensor) {
    refuseInTrace([this]);
    if (this.size !== 1) {
      throw new ShapeError(
        `item: expected a tensor of one element, got ${this}. Reduce it, or read it with data().`,
      );
    }
    return copyOf(this).then(([value]) => value);
  },
});
