// Layers as Keras writes them into files: with the shapes that they were built for, for which they are built again.
import { ConfigError } from '../util/errors.js';
import { type SerializedObject, serialize } from '../util/serialize.js';
import { type AnyLayer, layers, type SymbolicShape } from './layer.js';
import { isOperationModule } from './operations/registry.js';

type Shapes = SymbolicShape | readonly SymbolicShape[];

/** Layers that Keras has built as soon as they are made: they have no weights, and their configs no shapes. */
const builtAtOnce = new RegExp(
  `^(${[
    'Activation|ActivityRegularization|ELU|Identity|InputLayer|LeakyReLU|Masking|ReLU|Reshape|Softmax',
    '(Alpha|Gaussian|Spatial)?Dropout([123]D)?|GaussianNoise|UnitNormalization',
    '(Global|Adaptive)?(Average|Avg|Max)Pool(ing)?[123]D|Input',
  ].join('|')})$`,
);

/** Models know the shapes of their inputs, one or several. */
const isModel = (
  layer: AnyLayer,
): layer is AnyLayer & { readonly builtShapes: readonly SymbolicShape[] | undefined } =>
  'builtShapes' in layer;

/** What Keras writes about how a layer was built; undefined for nothing. */
function buildConfigOf(layer: AnyLayer): Record<string, unknown> | undefined {
  if (layer.className === 'Functional') return { input_shape: null };
  if (/^(Integer|String)Lookup$/.test(layer.className)) return {};
  if (!layer.built || builtAtOnce.test(layer.className)) return undefined;
  if (!isModel(layer)) return layer.builtFor && { input_shape: layer.builtFor };
  const { builtShapes } = layer;
  return builtShapes && { input_shape: builtShapes.length === 1 ? builtShapes[0] : builtShapes };
}

/** A layer, or a model that is one, with the module that Keras has it in. */
export function serializeLayer(layer: AnyLayer): SerializedObject {
  const module = layer.className === 'Sequential' ? 'keras' : layer.kerasModule;
  const own =
    layer.className === 'Functional'
      ? { ...serialize('keras.src.models.functional', layer), registered_name: 'Functional' }
      : serialize(module, layer);
  const build_config = isOperationModule(module) ? undefined : buildConfigOf(layer);
  return build_config ? { ...own, build_config } : own;
}

const isShape = (value: unknown): value is SymbolicShape =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((d) => d === null || (Number.isSafeInteger(d) && d >= 0));

/** Any number of samples. */
const anyBatch = ([, ...rest]: SymbolicShape): SymbolicShape => [null, ...rest];

/**
 * Builds a layer for the shapes in its `build_config`, if it has one and the layer is not built.
 *
 * @throws ConfigError for shapes that are none
 */
export function buildFrom(layer: AnyLayer, config: unknown): void {
  if (layer.built || typeof config !== 'object' || config === null) return;
  const { input_shape: given } = config as { input_shape?: unknown };
  // Layers of several named inputs have a `shapes_dict`: their first call builds them.
  if (given === undefined || given === null) return;
  const isList = Array.isArray(given) && given.length > 0 && given.every(isShape);
  if (!isList && !isShape(given)) {
    throw new ConfigError(
      `"${layer.name}": the input_shape of its build_config is ${JSON.stringify(given)?.slice(0, 80)}, expected a shape like [null, 784].`,
    );
  }
  const shapes: Shapes = isList ? given.map(anyBatch) : anyBatch(given as SymbolicShape);
  if (isModel(layer)) layer.build(shapes as readonly SymbolicShape[]);
  else layer.ensureBuilt(shapes);
}

/** A layer of what `serializeLayer`, or Keras, wrote, built as it was. */
export function deserializeLayer({ class_name, config, build_config }: SerializedObject): AnyLayer {
  const layer = layers.get(class_name).fromConfig(config);
  buildFrom(layer, build_config);
  return layer;
}
