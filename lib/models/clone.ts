// `cloneModel`: the same layers again, with weights of their own.
import { Input } from '../layers/input.js';
import { type AnyLayer, layers as layerRegistry } from '../layers/layer.js';
import { Operation } from '../layers/operation.js';
import { tensorsOf, withTensors } from '../layers/structure.js';
import type { Tensor } from '../tensor/tensor.js';
import { StateError } from '../util/errors.js';
import { type AnyModel, Model } from './model.js';
import { Sequential } from './sequential.js';

export interface CloneOptions {
  /** What stands for each layer in the copy. Default: one made of the layer's config. */
  readonly cloneFunction?: (layer: AnyLayer) => AnyLayer;
}

function copyOf(layer: AnyLayer): AnyLayer {
  if (layer instanceof Operation) return layer; // has no weights
  if (layer instanceof Model && layer.graph) return cloneModel(layer);
  return layerRegistry.get(layer.className).fromConfig(layer.getConfig());
}

/**
 * A model of the same layers with freshly initialised weights. The copy is not compiled.
 *
 * @throws StateError for a subclassed model, or one that is not built.
 * @example const copy = cloneModel(model); copy.setWeights(await model.getWeights());
 */
export function cloneModel<M extends AnyModel>(model: M, options?: CloneOptions): M;
export function cloneModel(model: AnyModel, options: CloneOptions = {}): AnyModel {
  const { graph } = model;
  if (!graph) {
    throw new StateError(
      `${model.name}: cloneModel copies the layers of functional and Sequential models that are built. Make another object of the class instead.`,
    );
  }
  const clones = new Map<AnyLayer, AnyLayer>();
  const clone = (layer: AnyLayer): AnyLayer => {
    const known = clones.get(layer) ?? (options.cloneFunction ?? copyOf)(layer);
    clones.set(layer, known);
    return known;
  };
  if (model instanceof Sequential) {
    const { shape } = graph.inputs[0];
    const { name } = graph.inputs[0];
    const input = new Input({ batchShape: shape, dtype: graph.inputs[0].dtype, name });
    return new Sequential([input, ...model.layers.map(clone)], { name: model.name });
  }
  const values = new Map<Tensor, Tensor>();
  for (const symbol of graph.inputs) {
    const { shape, dtype, name } = symbol;
    values.set(symbol, new Input({ batchShape: shape, dtype, name }).output);
  }
  for (const { layer, input, options: given, output } of graph.nodes) {
    if (!input) continue;
    const tensors = tensorsOf(input).map((t) => values.get(t) ?? t);
    const made = tensorsOf(clone(layer).apply(withTensors(input, tensors), given));
    for (const [i, t] of tensorsOf(output).entries()) values.set(t, made[i]);
  }
  const copies = (tensors: readonly Tensor[]) => tensors.map((t) => values.get(t) ?? t);
  return new Model({
    inputs: withTensors(graph.inputStructure, copies(graph.inputs)),
    outputs: withTensors(graph.outputStructure, copies(graph.outputs)),
    name: model.name,
    trainable: model.trainable,
  });
}
