// What layers keep in files beside their weights. A layer that has these methods is asked for it.
import type { AnyLayer } from './layer.js';

/** A layer with texts in `.keras` files, by names like `vocabulary.txt`: Keras's `save_assets` and `load_assets`. */
export interface AssetKeeper {
  saveAssets(): Readonly<Record<string, string>>;
  /** Takes on what `saveAssets` gave, after the weights were loaded. */
  loadAssets(assets: Readonly<Record<string, string>>): void;
}

/** A layer with arrays among its weights that are no variables, under names of their own. */
export interface ArrayKeeper {
  readonly ownArrays: Readonly<Record<string, Float32Array>>;
  /** Takes on an array; throws if it has none of that name. */
  loadOwnArray(name: string, values: Float32Array): void;
}

export const keepsAssets = (layer: AnyLayer): layer is AnyLayer & AssetKeeper =>
  'saveAssets' in layer && 'loadAssets' in layer;

export const keepsArrays = (layer: AnyLayer): layer is AnyLayer & ArrayKeeper =>
  'ownArrays' in layer && 'loadOwnArray' in layer;
