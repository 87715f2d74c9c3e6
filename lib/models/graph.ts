// The graph of a functional model: its layers in Keras's order, how its calls are run, and its config.
import { Input } from '../layers/input.js';
import type { AnyLayer, CallOptions } from '../layers/layer.js';
import {
  isList,
  maskOf,
  namesIn,
  type Structure,
  setMask,
  tensorsOf,
  withTensors,
} from '../layers/structure.js';
import { type LayerNode, SymbolicTensor, symbolsOf } from '../layers/symbolic.js';
import { viewOf } from '../layers/view.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { suggestion } from '../util/suggest.js';
import { fitted, inputFault } from './input-fault.js';

/** `t` with the mask that a model was called with. */
function withMask(t: Tensor, mask: Tensor | undefined): Tensor {
  if (mask === undefined || maskOf(t) === mask) return t;
  const masked = viewOf(t);
  setMask(masked, mask);
  return masked;
}

/** The nodes between inputs and outputs, inputs first, and the layers in the order in which they are met. */
interface Walk {
  readonly nodes: readonly LayerNode[];
  readonly met: ReadonlyMap<AnyLayer, number>;
}

/** Depth first from the outputs; a node comes after all that it reads. */
function walk(outputs: readonly SymbolicTensor[], inputs: ReadonlySet<Tensor>): Walk {
  const nodes: LayerNode[] = [];
  const done = new Set<LayerNode>();
  const met = new Map<AnyLayer, number>();
  for (const output of outputs) {
    const stack = [{ tensor: output, left: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { node } = top.tensor;
      if (top.left) {
        if (!done.has(node)) nodes.push(node);
        done.add(node);
        continue;
      }
      if (done.has(node)) continue;
      if (node.input && inputs.has(top.tensor)) continue;
      if (!met.has(node.layer)) met.set(node.layer, met.size);
      stack.push({ tensor: top.tensor, left: true });
      const parents = node.input ? symbolsOf(node.input) : [];
      for (const tensor of [...parents].reverse()) stack.push({ tensor, left: false });
    }
  }
  return { nodes, met };
}

/** How far nodes and layers are from the outputs: the longest way counts. */
function depths(nodes: readonly LayerNode[]): Map<AnyLayer, number> {
  const ofNode = new Map<LayerNode, number>();
  const ofLayer = new Map<AnyLayer, number>();
  const known = new Set(nodes);
  for (const node of [...nodes].reverse()) {
    const depth = Math.max(ofNode.get(node) ?? 0, ofLayer.get(node.layer) ?? 0);
    ofLayer.set(node.layer, depth);
    ofNode.set(node, depth);
    for (const parent of node.input ? symbolsOf(node.input) : []) {
      if (!known.has(parent.node)) continue;
      ofNode.set(parent.node, Math.max(depth + 1, ofNode.get(parent.node) ?? 0));
    }
  }
  return ofLayer;
}

function checkSymbols(what: string, structure: Structure): void {
  const tensors = typeof structure === 'object' ? tensorsOf(structure) : [structure];
  for (const t of tensors) {
    if (t instanceof SymbolicTensor) continue;
    throw new ConfigError(
      `Model: ${what}: expected tensors that come from input(...) and layers, got ${t instanceof Tensor ? t : typeof t}.`,
    );
  }
  if (tensors.length === 0) throw new ConfigError(`Model: ${what}: expected at least one tensor.`);
}

/** Layers between inputs and outputs. */
export class ModelGraph {
  /** In Keras's order: by distance from the outputs, then as met from there. Inputs are among them. */
  readonly layers: readonly AnyLayer[];
  readonly nodes: readonly LayerNode[];
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];

  /**
   * @throws ConfigError if an output does not follow from the inputs, or two layers have one name.
   */
  constructor(
    readonly inputStructure: Structure,
    readonly outputStructure: Structure,
  ) {
    checkSymbols('inputs', inputStructure);
    checkSymbols('outputs', outputStructure);
    this.inputs = symbolsOf(inputStructure);
    this.outputs = symbolsOf(outputStructure);
    const given = new Set<Tensor>(this.inputs);
    if (given.size < this.inputs.length) {
      throw new ConfigError('Model: inputs: a tensor is listed twice.');
    }
    const { nodes, met } = walk(this.outputs, given);
    this.nodes = nodes;
    this.checkConnected();
    const depth = depths(nodes);
    const unused = this.inputs.filter(({ node }) => !node.input && !depth.has(node.layer));
    const order = (layer: AnyLayer): number => met.get(layer) ?? -1;
    this.layers = [...new Set([...unused.map(({ node }) => node.layer), ...met.keys()])].sort(
      (a, b) => (depth.get(b) ?? 0) - (depth.get(a) ?? 0) || order(a) - order(b),
    );
    this.checkNames();
  }

  private checkConnected(): void {
    const reached = new Set<Tensor>(this.inputs);
    for (const node of this.nodes) {
      const missing = node.input
        ? tensorsOf(node.input).find((t) => t instanceof SymbolicTensor && !reached.has(t))
        : tensorsOf(node.output).find((t) => !reached.has(t));
      if (missing) {
        throw new ConfigError(
          `Model: the graph is disconnected: ${missing} is needed${node.input ? ` by "${node.layer.name}"` : ''}, but does not follow from the inputs. Add its input to \`inputs\`.`,
        );
      }
      for (const t of tensorsOf(node.output)) reached.add(t);
    }
  }

  private checkNames(): void {
    const names = new Set<string>();
    for (const { name } of this.layers) {
      if (names.has(name)) {
        throw new ConfigError(
          `Model: two layers are called "${name}"; names must be unique within a model.`,
        );
      }
      names.add(name);
    }
  }

  /** What targets and losses of an output are called by. */
  get outputNames(): readonly string[] {
    const { outputStructure } = this;
    const named = !(outputStructure instanceof Tensor) && !isList(outputStructure);
    return named ? namesIn(outputStructure) : this.outputs.map(({ name }) => name);
  }

  /** What data of an input is called by. */
  get inputNames(): readonly string[] {
    const { inputStructure } = this;
    const named = !(inputStructure instanceof Tensor) && !isList(inputStructure);
    return named ? namesIn(inputStructure) : this.inputs.map(({ name }) => name);
  }

  /** The tensors of `x` in the order of the inputs. */
  arrange(x: Structure, model: string): readonly Tensor[] {
    const tensors = this.pick(x, model);
    if (tensors.length !== this.inputs.length) {
      throw new ShapeError(
        `${model}: expected ${this.inputs.length} input${this.inputs.length === 1 ? '' : 's'} (${this.inputNames.join(', ')}), got ${tensors.length}.`,
      );
    }
    const names = this.inputs.map(({ name }) => (tensors.length > 1 ? ` "${name}"` : ''));
    return tensors.map((t, i) => {
      const symbol = this.inputs[i];
      const fits = fitted(t, symbol);
      if (fits) return fits;
      const fault = inputFault(this.nodes, symbol, [null, ...t.shape.slice(1)]);
      throw new ShapeError(`${model}: expected input${names[i]} ${fault}`);
    });
  }

  private pick(x: Structure, model: string): readonly Tensor[] {
    if (x instanceof Tensor || isList(x)) return tensorsOf(x);
    const names = this.inputNames;
    const byName = new Map(Object.entries(x));
    const unknown = [...byName.keys()].find((name) => !names.includes(name));
    const missing = names.find((name) => !byName.has(name));
    if (unknown !== undefined || missing !== undefined) {
      throw new ShapeError(
        missing === undefined
          ? `${model}: no input is called "${unknown}".${suggestion(unknown ?? '', names)} Inputs: ${names.join(', ')}.`
          : `${model}: input "${missing}" is missing. Inputs: ${names.join(', ')}.`,
      );
    }
    return names.flatMap((name) => byName.get(name) ?? []);
  }

  /**
   * The outputs for given inputs. Masks go in with the inputs, and on from layer to layer. As in Keras, `training`
   * is the same for all layers; what one was called with when the model was made counts where it is not given.
   */
  run(inputs: readonly Tensor[], { training, masks = [] }: CallOptions): Structure {
    const given = inputs.map((t, i) => withMask(t, masks[i]));
    const values = new Map<Tensor, Tensor>(this.inputs.map((symbol, i) => [symbol, given[i]]));
    for (const node of this.nodes) {
      if (!node.input) continue;
      const given = tensorsOf(node.input).map((t) => values.get(t) ?? t);
      const options = training === undefined ? node.options : { ...node.options, training };
      const out = node.layer.apply(withTensors(node.input, given), options);
      const symbols = tensorsOf(node.output);
      for (const [i, t] of tensorsOf(out).entries()) values.set(symbols[i], t);
    }
    const outputs = this.outputs.flatMap((symbol) => values.get(symbol) ?? []);
    const single = Array.isArray(this.outputStructure) && outputs.length === 1;
    return single ? outputs[0] : withTensors(this.outputStructure, outputs);
  }

  /** The graph with an Input of its own for every input that a layer makes. */
  static of(inputs: Structure, outputs: Structure): ModelGraph {
    checkSymbols('inputs', inputs);
    const symbols = symbolsOf(inputs);
    if (symbols.every(({ node }) => !node.input)) return new ModelGraph(inputs, outputs);
    const inner = new ModelGraph(inputs, outputs);
    const fresh = symbols.map(({ shape, dtype, node, name }) =>
      node.input ? new Input({ batchShape: shape, dtype, name: `${name}_input` }).output : node,
    );
    const own = fresh.map((t, i) => (t instanceof SymbolicTensor ? t : symbols[i]));
    const made = inner.run(own, {});
    return new ModelGraph(withTensors(inputs, own), made);
  }
}
