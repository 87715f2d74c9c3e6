// The graph of a model as a picture needs it: a box per layer and the boxes that it reads.
import type { AnyLayer } from '../layers/layer.js';
import { tensorsOf } from '../layers/structure.js';
import { type LayerNode, symbolsOf } from '../layers/symbolic.js';
import type { AnyModel } from '../models/model.js';
import { formatShape } from '../tensor/shape.js';
import { StateError } from '../util/errors.js';

/** A layer in a picture. */
export interface PictureNode {
  readonly name: string;
  /** Keras's name of the class. */
  readonly type: string;
  /** Shapes of the outputs of its calls: `[null, 10]`. */
  readonly shape: string;
  readonly params: number;
  /** Indices of the nodes that it reads, each before it in the list. */
  readonly parents: readonly number[];
}

const shapeOf = (nodes: readonly LayerNode[]): string => {
  const shapes = nodes.flatMap(({ output }) => tensorsOf(output).map((t) => formatShape(t.shape)));
  return [...new Set(shapes)].join(', ');
};

/**
 * The layers of a model that has a graph, in the order of their calls.
 *
 * @throws StateError for a model without one: subclassed, or not built yet.
 */
export function pictureNodes(model: AnyModel): readonly PictureNode[] {
  const { graph } = model;
  if (!graph) {
    throw new StateError(
      `${model.name}: there is no graph to draw. ${model.built ? 'Only functional and Sequential models have one.' : 'Build the model first: build([null, features]).'}`,
    );
  }
  const own = new Set<LayerNode>(graph.nodes);
  for (const { node } of graph.inputs) own.add(node);
  const layers = [...new Set([...own].map(({ layer }) => layer))];
  // A shared layer that reads what follows from itself is drawn where it is called first.
  const index = new Map<AnyLayer, number>(layers.map((layer, i) => [layer, i]));
  return layers.map((layer, i) => {
    const calls = layer.nodes.filter((node) => own.has(node));
    const read = calls.flatMap(({ input }) => (input ? symbolsOf(input) : []));
    const parents = [...new Set(read.map(({ node }) => index.get(node.layer) ?? i))];
    return {
      name: layer.name,
      type: layer.className,
      shape: shapeOf(calls),
      params: layer.countParams(),
      parents: parents.filter((parent) => parent < i),
    };
  });
}
