// The base of layers that hold another layer.
import { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { isSerialized, resolveObject, type SerializedObject } from '../util/serialize.js';
import { titleOf } from './input-spec.js';
import {
  type AnyLayer,
  type CallOptions,
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type Structure,
  type SymbolicShape,
} from './layer.js';
import { deserializeLayer, serializeLayer } from './serialize.js';

export interface WrapperOptions extends LayerOptions {
  /** The layer that is wrapped, or Keras's config of it. */
  readonly layer?: AnyLayer | SerializedObject;
}

/** @internal The options that a wrapper's arguments `(layer, options)` or `(options)` stand for. */
export const wrapperOptions = <O extends WrapperOptions>(layer: AnyLayer | O, rest: O): O =>
  layer instanceof Layer ? { ...optionsAfter('a wrapper', rest), layer } : layer;

/** A layer around another one, which it calls: the base of `TimeDistributed` and the like. */
export class Wrapper extends Layer {
  /** The layer that is wrapped. */
  readonly layer: AnyLayer;

  /** @param own names of the options that a subclass adds */
  constructor(
    layer: AnyLayer | WrapperOptions,
    rest: WrapperOptions = {},
    own: readonly string[] = [],
  ) {
    const options = wrapperOptions(layer, rest);
    super(options);
    const { name } = new.target;
    checkLayerOptions(name, options, ['layer', ...own]);
    if (!options.layer) throw new ConfigError(`${name}: expected a layer to wrap, got none.`);
    const inner = isSerialized(options.layer)
      ? deserializeLayer(options.layer)
      : resolveObject<AnyLayer>(options.layer, layers);
    if (!(inner instanceof Layer)) {
      throw new ConfigError(`${name}: expected a layer to wrap, got ${typeof inner}.`);
    }
    this.layer = inner;
  }

  override build(inputShape: SymbolicShape): void {
    this.layer.ensureBuilt(inputShape);
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    return this.single(this.layer.apply(x, options));
  }

  /** @throws ShapeError if the wrapped layer gave more than one tensor. */
  protected single(out: Structure): Tensor {
    if (out instanceof Tensor) return out;
    throw new ShapeError(
      `${titleOf(this)}: expected one tensor from ${titleOf(this.layer)}, got several.`,
    );
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), layer: serializeLayer(this.layer) };
  }
}
layers.add('Wrapper', Wrapper);
