// Where Keras keeps the variables of each object in `.weights.h5`: its walk over layers in lists and
// attributes (keras/src/saving/saving_lib.py), by the names of classes and attributes, not of layers.
import type { Variable } from '../graph/variable.js';
import { Input } from '../layers/input.js';
import { type AnyLayer, Layer } from '../layers/layer.js';
import { Model } from '../models/model.js';
import { Sequential } from '../models/sequential.js';
import { toSnakeCase } from '../util/registry.js';

/** An object that has variables of its own. */
export interface Saveable {
  /** `layers/dense`; `` for the model. */
  readonly path: string;
  readonly name: string;
  readonly variables: readonly Variable[];
  /** Undefined for an optimizer. */
  readonly layer?: AnyLayer;
}

/** What every layer and model has: none of it holds layers that are not found otherwise. */
const ofEveryModel = new Set(Object.keys(new Model({ name: 'model' })));

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/** Private attributes come last. */
const sortKey = (name: string): string => (name.startsWith('_') ? `~${name}` : name);

function contentOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Layer) return undefined;
  if (Array.isArray(value)) return value;
  if (value instanceof Set || value instanceof Map) return [...value.values()];
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : undefined;
}

/** Whether Keras keeps its layers in a list: Sequential and functional models. */
const listsLayers = (layer: AnyLayer): layer is Model =>
  layer instanceof Sequential || (layer instanceof Model && layer.graph !== undefined);

class Walk {
  readonly found: Saveable[] = [];
  private readonly seen = new Set<unknown>();

  layer(layer: AnyLayer, path: string): void {
    // An input has no variables, and is not among the layers of every model.
    if (this.seen.has(layer) || layer instanceof Input) return;
    this.seen.add(layer);
    this.found.push({ path, name: layer.name, variables: layer.ownWeights, layer });
    if (listsLayers(layer)) this.container(layer.layers, join(path, 'layers'));
    const attributes = Object.entries(layer)
      .filter(([name]) => !ofEveryModel.has(name))
      .map(([name, value]) => ({ name: snake(name), value }))
      .sort((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1));
    for (const { name, value } of attributes) {
      if (value instanceof Layer) this.layer(value, join(path, name));
      else this.container(contentOf(value), join(path, name));
    }
  }

  private container(content: readonly unknown[] | undefined, path: string): void {
    if (!content || this.seen.has(content)) return;
    this.seen.add(content);
    const uses = new Map<string, number>();
    const unique = (name: string): string => {
      const n = uses.get(name);
      uses.set(name, (n ?? -1) + 1);
      return n === undefined ? name : `${name}_${n + 1}`;
    };
    for (const value of content) {
      if (value instanceof Layer) {
        this.layer(value, join(path, unique(toSnakeCase(value.className))));
      } else {
        const inner = contentOf(value);
        if (inner) this.container(inner, join(path, unique('container')));
      }
    }
  }
}

/** `forwardLayer` → `forward_layer`; what begins with an underscore keeps it. */
const snake = (name: string): string => (name.startsWith('_') ? '_' : '') + toSnakeCase(name);

/** All objects of a model that may have variables, in Keras's order. */
export function walk(model: Model): readonly Saveable[] {
  const walk = new Walk();
  walk.layer(model, '');
  return walk.found;
}
