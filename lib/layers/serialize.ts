// Layers as Keras writes them into files.
import { type SerializedObject, serialize } from '../util/serialize.js';
import type { AnyLayer } from './layer.js';

/** A layer, or a model that is one, with the module that Keras has it in. */
export function serializeLayer(layer: AnyLayer): SerializedObject {
  if (layer.className === 'Functional') {
    return { ...serialize('keras.src.models.functional', layer), registered_name: 'Functional' };
  }
  return serialize(layer.className === 'Sequential' ? 'keras' : layer.kerasModule, layer);
}
