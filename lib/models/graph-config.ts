// A functional model's config in Keras's form: every layer with its calls, each naming the calls that it
// reads as [layer, call, output]; and the graph that such a config describes.
import type { AnyLayer } from '../layers/layer.js';
import { Operation } from '../layers/operation.js';
import { missing, readArgument, readCall, readOperation } from '../layers/operations/read.js';
import { isOperationModule } from '../layers/operations/registry.js';
import { deserializeLayer, serializeLayer } from '../layers/serialize.js';
import { type Structure, tensorsOf } from '../layers/structure.js';
import { type LayerNode, SymbolicTensor, symbolsOf } from '../layers/symbolic.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, FormatError } from '../util/errors.js';
import { isSerialized, type SerializedObject } from '../util/serialize.js';
import type { ModelGraph } from './graph.js';

/** `[layer, call, output]` */
type History = readonly [string, number, number];

const isFunctional = (layer: AnyLayer): boolean => layer.className === 'Functional';

/** Applies `f` to the symbolic tensors of a structure. */
function mapStructure(structure: Structure, f: (t: SymbolicTensor) => unknown): unknown {
  if (structure instanceof SymbolicTensor) return f(structure);
  if (structure instanceof Tensor) {
    throw new ConfigError(
      `a functional model calls a layer on ${structure}, a value: it cannot be saved. Make it an input or a weight.`,
    );
  }
  if (Array.isArray(structure)) return structure.map((t: Tensor) => mapStructure(t, f));
  return Object.fromEntries(Object.entries(structure).map(([k, t]) => [k, mapStructure(t, f)]));
}

/** The config of a functional model. */
export function functionalConfig(
  name: string,
  trainable: boolean,
  graph: ModelGraph,
): Record<string, unknown> {
  const own = new Set<LayerNode>(graph.nodes);
  for (const { node } of graph.inputs) own.add(node);
  const callsOf = (layer: AnyLayer): LayerNode[] => layer.nodes.filter((node) => own.has(node));
  const history = ({ node, index }: SymbolicTensor): History => [
    node.layer.name,
    callsOf(node.layer).indexOf(node),
    index,
  ];
  const reference = (t: SymbolicTensor) => ({
    class_name: '__keras_tensor__',
    config: { shape: t.shape, dtype: t.dtype, keras_history: history(t) },
  });
  // Keras counts the calls of a nested model from 1 here, and only here.
  const outside = (t: SymbolicTensor): History => {
    const [layer, call, output] = history(t);
    return [layer, isFunctional(t.node.layer) ? call + 1 : call, output];
  };
  const layers = graph.layers.map((layer) => ({
    ...serializeLayer(layer),
    name: layer.name,
    inbound_nodes: callsOf(layer).flatMap(({ input, options }) => {
      if (!input) return [];
      if (layer instanceof Operation) return [layer.callConfig(symbolsOf(input).map(reference))];
      const kwargs = options.training === undefined ? {} : { training: options.training };
      return [{ args: [mapStructure(input, reference)], kwargs }];
    }),
  }));
  return {
    name,
    trainable,
    layers,
    input_layers: mapStructure(graph.inputStructure, outside),
    output_layers: mapStructure(graph.outputStructure, outside),
  };
}

interface LayerConfig extends SerializedObject {
  readonly name: string;
  readonly inbound_nodes: readonly unknown[];
}

/** What a functional config says, made into layers and their calls. */
interface Restored {
  readonly inputs: Structure;
  readonly outputs: Structure;
  readonly name: string;
  readonly trainable: boolean;
}

const wrong = (model: string, what: string): FormatError =>
  new FormatError(`${model}: the model's config is wrong: ${what}.`);

/** The layers of a config being made, and the calls that wait for others. */
class Restoring {
  private readonly layers = new Map<string, AnyLayer>();
  /** Operations, which are made when they are called. */
  private readonly operations = new Map<string, LayerConfig>();

  constructor(
    private readonly model: string,
    configs: readonly LayerConfig[],
  ) {
    for (const config of configs) {
      const { class_name, name } = config;
      if (typeof class_name !== 'string' || typeof name !== 'string') {
        throw wrong(model, 'a layer without class or name');
      }
      if (isOperationModule(config.module)) {
        this.operations.set(name, config);
        continue;
      }
      this.layers.set(name, deserializeLayer({ ...config, config: { ...config.config, name } }));
    }
  }

  layer(name: string): AnyLayer {
    const layer = this.layers.get(name);
    if (layer) return layer;
    throw wrong(this.model, `there is no layer "${name}"`);
  }

  /** The output of a call, if that has been made. */
  at(history: unknown, nested: 0 | 1): SymbolicTensor | undefined {
    if (!isHistory(history))
      throw wrong(this.model, `expected [layer, call, output], got ${typeof history}`);
    const [name, call, output] = history;
    if (this.operations.has(name) && !this.layers.has(name)) return undefined;
    const layer = this.layer(name);
    const node = layer.nodes[isFunctional(layer) ? call - nested : call];
    const t = node && tensorsOf(node.output)[output];
    return t instanceof SymbolicTensor ? t : undefined;
  }

  /** The tensors that a config's references stand for; undefined if one is not there yet. */
  resolve(value: unknown): Structure | undefined {
    if (isSerialized(value) && value.class_name === '__keras_tensor__') {
      return this.at(value.config.keras_history, 0);
    }
    if (isHistoryWithOptions(value)) return this.at(value.slice(0, 3), 0);
    if (typeof value !== 'object' || value === null) {
      throw wrong(this.model, `a layer is called on ${String(value)}, which is no tensor`);
    }
    const parts = Object.entries(value).map(([key, inner]) => [key, this.resolve(inner)] as const);
    const tensors = parts.flatMap(([key, t]) => (t instanceof Tensor ? [[key, t] as const] : []));
    if (tensors.length < parts.length) return undefined;
    return Array.isArray(value) ? tensors.map(([, t]) => t) : Object.fromEntries(tensors);
  }

  /** Makes calls until none is left. */
  call(configs: readonly LayerConfig[]): void {
    let waiting = configs.flatMap(({ name, inbound_nodes = [] }) =>
      inbound_nodes.length > 0 ? [{ name, calls: [...inbound_nodes] }] : [],
    );
    while (waiting.length > 0) {
      let made = 0;
      for (const { name, calls } of waiting) {
        while (calls.length > 0 && this.callOne(name, calls[0])) {
          calls.shift();
          made++;
        }
      }
      waiting = waiting.filter(({ calls }) => calls.length > 0);
      if (made > 0) continue;
      const names = waiting.map(({ name }) => `"${name}"`).join(', ');
      throw wrong(this.model, `its graph has a cycle or loose ends: ${names} cannot be called`);
    }
  }

  private callOne(name: string, call: unknown): boolean {
    const operation = this.operations.get(name);
    return operation ? this.callOperation(operation, call) : this.callLayer(name, call);
  }

  private callOperation({ name, class_name, config }: LayerConfig, call: unknown): boolean {
    const { args, kwargs } = callOf(call);
    const given = readArgument(args, ({ keras_history }) => this.at(keras_history, 0) ?? missing);
    if (!Array.isArray(given)) return false;
    if (this.layers.has(name)) throw wrong(this.model, `the operation "${name}" is called twice`);
    const read = readCall(readOperation(class_name), config, given, kwargs);
    const made = Operation.of(read, name);
    if (made.inputs.length === 0) throw wrong(this.model, `"${name}" is called on no tensor`);
    this.layers.set(name, made);
    made.apply(made.inputs);
    return true;
  }

  private callLayer(name: string, call: unknown): boolean {
    const { args, kwargs } = callOf(call);
    const training = typeof kwargs.training === 'boolean' ? kwargs.training : undefined;
    const [first, ...more] = args;
    if (more.length > 0)
      throw wrong(this.model, `"${name}" is called with ${args.length} arguments`);
    const input = this.resolve(first);
    if (!input) return false;
    const layer = this.layer(name);
    const single = Array.isArray(input) && input.length === 1 && !Array.isArray(first);
    layer.apply(single ? input[0] : input, training === undefined ? {} : { training });
    return true;
  }
}

const isHistory = (x: unknown): x is History =>
  Array.isArray(x) &&
  x.length === 3 &&
  typeof x[0] === 'string' &&
  Number.isInteger(x[1]) &&
  Number.isInteger(x[2]);

/** Keras 2's form of a reference, with the call's options behind it. */
const isHistoryWithOptions = (x: unknown): x is readonly unknown[] =>
  Array.isArray(x) && (x.length === 3 || x.length === 4) && isHistory(x.slice(0, 3));

/** The arguments of a call: Keras 3's record, or Keras 2's list of references. */
function callOf(call: unknown): { args: readonly unknown[]; kwargs: Record<string, unknown> } {
  if (Array.isArray(call)) return { args: [call.length === 1 ? call[0] : call], kwargs: {} };
  const { args, kwargs } = call as { args?: unknown; kwargs?: Record<string, unknown> };
  return { args: Array.isArray(args) ? args : [], kwargs: kwargs ?? {} };
}

/**
 * The symbolic inputs and outputs that a functional config describes, with all layers made anew.
 *
 * @throws FormatError for a graph with cycles or loose ends; ConfigError for an unknown class.
 */
export function functionalFromConfig(config: Record<string, unknown>): Restored {
  const name = String(config.name ?? 'functional');
  if (!Array.isArray(config.layers)) throw wrong(name, 'it has no list of layers');
  const configs = config.layers as readonly LayerConfig[];
  const restoring = new Restoring(name, configs);
  restoring.call(configs);
  const structure = (value: unknown, what: string): Structure => {
    const resolved = resolveEnds(restoring, value);
    if (resolved) return resolved;
    throw wrong(name, `its ${what} do not exist`);
  };
  return {
    inputs: structure(config.input_layers, 'inputs'),
    outputs: structure(config.output_layers, 'outputs'),
    name,
    trainable: config.trainable !== false,
  };
}

function resolveEnds(restoring: Restoring, value: unknown): Structure | undefined {
  if (isHistory(value)) return restoring.at(value, 1);
  if (typeof value !== 'object' || value === null) return undefined;
  const parts = Object.entries(value).map(([k, inner]) => [k, restoring.at(inner, 1)] as const);
  const tensors = parts.flatMap(([k, t]) => (t ? [[k, t] as const] : []));
  if (tensors.length < parts.length) return undefined;
  return Array.isArray(value) ? tensors.map(([, t]) => t) : Object.fromEntries(tensors);
}

/** The symbolic tensors that a graph's calls read, with their names in a summary: `dense[0][0]`. */
export function connectionsOf(layer: AnyLayer, graph: ModelGraph): readonly string[] {
  const own = new Set<LayerNode>(graph.nodes);
  return layer.nodes
    .filter((node) => own.has(node))
    .flatMap(({ input }) => (input ? symbolsOf(input) : []))
    .map(({ node, index }) => `${node.layer.name}[${node.layer.nodes.indexOf(node)}][${index}]`);
}
