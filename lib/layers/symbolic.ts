// Symbolic tensors: what layers are called with to make functional models. A call becomes a node of its
// layer; the shapes of its outputs come from tracing the layer with stand-ins for the unknown sizes.
import { record, untraced } from '../graph/compile.js';
import { Trace, Variable } from '../graph/variable.js';
import { isSymbolic, scope } from '../ops/define.js';
import { keyOf } from '../ops/random.js';
import type { DType } from '../tensor/dtype.js';
import { formatShape, type Shape, writeAsUnknown } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { AnyLayer, CallOptions } from './layer.js';
import { type Structure, type SymbolicShape, tensorsOf, withTensors } from './structure.js';

/** One call of a layer in a functional model. */
export interface LayerNode {
  readonly layer: AnyLayer;
  /** What it was called with; undefined for the node of an Input. */
  readonly input: Structure | undefined;
  /** Options that the call was given, which a call of the model does not change. */
  readonly options: CallOptions;
  /** The structure of what it returned. */
  output: Structure;
}

/** A tensor of a functional model: `input([784])`, or what a layer gives for one. Unknown sizes are null. */
export class SymbolicTensor extends Tensor {
  /** @internal Use `input(...)`, or call a layer on a symbolic tensor. */
  constructor(
    shape: SymbolicShape,
    dtype: DType,
    /** The call that it comes from. */
    readonly node: LayerNode,
    /** Which of the call's outputs it is. */
    readonly index: number,
  ) {
    super(shape as Shape, dtype, { kind: 'symbolic' });
  }

  /** The name of the layer that it comes from. */
  get name(): string {
    return this.node.layer.name;
  }

  override toString(): string {
    return `SymbolicTensor(${this.dtype} ${formatShape(this.shape)}, from ${this.name})`;
  }
}

/** The symbolic tensors of a structure, in order. */
export const symbolsOf = (structure: Structure): readonly SymbolicTensor[] =>
  tensorsOf(structure).filter((t) => t instanceof SymbolicTensor);

/**
 * Two sizes for every unknown one: what differs between two traces is unknown in the output too. Large, so that
 * messages can tell them from others; many sizes divide those of `other`.
 */
const standIns = [
  { batch: 999_983, other: 67_200 },
  { batch: 1_000_003, other: 100_800 },
] as const;
for (const { batch, other } of standIns) writeAsUnknown(batch, other);

const sized = (shape: SymbolicShape, { batch, other }: (typeof standIns)[number]): number[] =>
  shape.map((d, axis) => d ?? (axis === 0 ? batch : other));

const noKey = (): Variable => untraced(() => new Variable(keyOf(0, 0), { trainable: false }));

interface Traced {
  readonly structure: Structure;
  readonly tensors: readonly Tensor[];
}

/** Traces `call` on stand-ins for the symbolic tensors of `input`; nothing is ever run. */
function traceOn(
  input: Structure,
  sizes: (typeof standIns)[number],
  call: (x: Structure) => Structure,
): Traced {
  const trace = new Trace();
  const { path } = scope;
  return record(trace, { randomKey: noKey }, () => {
    scope.path = path; // errors name the model that is being made
    const tensors = tensorsOf(input).map((t) =>
      isSymbolic(t) ? trace.addFeed(sized(t.shape, sizes), t.dtype) : t,
    );
    const structure = call(withTensors(input, tensors));
    return { structure, tensors: tensorsOf(structure) };
  });
}

/** The shapes and dtypes that `call` gives for symbolic tensors, and their structure. */
export function inferSymbolic(
  input: Structure,
  call: (x: Structure) => Structure,
): { structure: Structure; infos: readonly { shape: SymbolicShape; dtype: DType }[] } {
  const before = scope.infersShapes;
  scope.infersShapes = true;
  try {
    return compared(standIns.map((sizes) => traceOn(input, sizes, call)));
  } finally {
    scope.infersShapes = before;
  }
}

/** What two traces have in common. */
function compared([a, b]: readonly Traced[]): ReturnType<typeof inferSymbolic> {
  const infos = a.tensors.map(({ shape, dtype }, i) => ({
    dtype,
    shape: shape.map((d, axis) => (d === b.tensors[i].shape[axis] ? d : null)),
  }));
  return { structure: a.structure, infos };
}

// Not a property of the layer: the layers of a model are found in its properties.
const nodes = new WeakMap<AnyLayer, LayerNode[]>();

/** The calls of a layer on symbolic tensors, in order. */
export const nodesOf = (layer: AnyLayer): readonly LayerNode[] => nodes.get(layer) ?? [];

/** Adds a call to a layer. */
export function addNode(node: LayerNode): void {
  const known = nodes.get(node.layer);
  if (known) known.push(node);
  else nodes.set(node.layer, [node]);
}

/** Calls a layer on symbolic tensors: adds a node to it, and gives the node's outputs. */
export function applySymbolic(layer: AnyLayer, input: Structure, options: CallOptions): Structure {
  const { structure, infos } = inferSymbolic(input, (x) => layer.apply(x, options));
  const node: LayerNode = { layer, input, options, output: [] };
  const symbols = infos.map(({ shape, dtype }, i) => new SymbolicTensor(shape, dtype, node, i));
  node.output = withTensors(structure, symbols);
  addNode(node);
  return node.output;
}

/** Installs what happens when a function of ops is given symbolic tensors. */
export function onSymbolicOperation(record: NonNullable<typeof scope.onSymbolic>): void {
  scope.onSymbolic = record;
}
