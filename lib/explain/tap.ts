// Watching layers while a model is called: what they put out, and what a score would gain if they put
// out something else.
import type { AnyLayer } from '../layers/layer.js';
import type { Structure } from '../layers/structure.js';
import type { AnyModel } from '../models/model.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError, StateError } from '../util/errors.js';

/** The layer with a name or index, or the one given, which must belong to the model. */
export function layerOf(where: string, model: AnyModel, which: string | number | AnyLayer) {
  if (typeof which === 'string' || typeof which === 'number') return model.getLayer(which);
  if (model.layers.includes(which)) return which;
  throw new ConfigError(`${where}: the layer "${which.name}" is not one of ${model.name}'s.`);
}

/** Calls `fn` while `change` sees every output of `layer` that is one tensor, and may replace it. */
export function whileTapped<T>(
  layer: AnyLayer,
  change: (output: Tensor) => Tensor,
  fn: () => T,
): T {
  const call = layer.call;
  layer.call = (x: Structure, options) => {
    const output = call.call(layer, x, options);
    return output instanceof Tensor ? change(output) : output;
  };
  try {
    return fn();
  } finally {
    Reflect.deleteProperty(layer, 'call');
  }
}

/** What `layer` puts out, in its last call, when the model is called with `x`. */
export function featuresOf(where: string, model: AnyModel, layer: AnyLayer, x: Tensor): Tensor {
  let features: Tensor | undefined;
  const keep = (output: Tensor) => {
    features = output;
    return output;
  };
  whileTapped(layer, keep, () => model.apply(x, { training: false }));
  if (features) return features;
  throw new ConfigError(
    `${where}: layer "${layer.name}" of "${model.name}" does not put out one tensor when the model is called.`,
  );
}

/** What the model makes of `x`, which must be one tensor, without training. */
export function applied(where: string, model: AnyModel, x: Tensor): Tensor {
  const output = model.apply(x, { training: false });
  if (output instanceof Tensor) return output;
  throw new ConfigError(`${where}: expected a model with one output; "${model.name}" has several.`);
}

/** Throws unless the model is built and `x` has a batch axis. */
export function checkCall(where: string, model: AnyModel, x: Tensor): void {
  if (!model.built) {
    throw new StateError(`${where}: "${model.name}" is not built yet. Fit it or build it first.`);
  }
  if (x.rank < 2) {
    throw new ShapeError(
      `${where}: expected samples with a batch axis, got shape ${formatShape(x.shape)}.`,
    );
  }
}
