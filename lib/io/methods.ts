// `model.save(…)` and its kin. What they need is loaded when they are called: importing the package costs nothing.
import { fileURLToPath } from 'node:url';
import { Model } from '../models/model.js';
import { ConfigError } from '../util/errors.js';
import { fullConfig, toText } from './config.js';
import type { LoadOptions, LoadWeightsOptions } from './load.js';
import { parseJson } from './parse.js';
import { type RestoreOptions, restore } from './restore.js';
import type { SaveOptions, SaveWeightsOptions } from './save.js';

declare module '../models/model.js' {
  interface Model {
    /**
     * Saves the model: config, weights, optimizer state, and how it was compiled.
     *
     * @param path `.keras`, or the older `.h5`; Keras for Python opens both
     * @throws ConfigError for another ending, StateError if the model is not built. After a failure an older
     *   file of that name is as it was.
     */
    save(path: string | URL, options?: SaveOptions): Promise<void>;
    /** Saves the weights, and the state of the optimizer: a `.weights.h5` file. */
    saveWeights(path: string | URL, options?: SaveWeightsOptions): Promise<void>;
    /**
     * Loads weights of a `.weights.h5`, `.keras` or older `.h5` file.
     *
     * @throws FormatError that lists all that is missing, unexpected or of another shape; then nothing has changed
     */
    loadWeights(path: string | URL, options?: LoadWeightsOptions): Promise<void>;
    /** The model's config as JSON, without its weights; `modelFromJSON` reads it. */
    toJSON(): string;
  }
}

/** The path of a file, which may be a file: URL. */
function pathOf(where: string, path: string | URL): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path === 'string' && path !== '') return path;
  throw new ConfigError(`${where}: expected the path of a file, got ${JSON.stringify(path)}.`);
}

Object.assign(Model.prototype, {
  async save(this: Model, path: string | URL, options?: SaveOptions) {
    const { saveModel } = await import('./save.js');
    return saveModel(this, pathOf('save', path), options);
  },
  async saveWeights(this: Model, path: string | URL, options?: SaveWeightsOptions) {
    const { saveWeights } = await import('./save.js');
    return saveWeights(this, pathOf('saveWeights', path), options);
  },
  async loadWeights(this: Model, path: string | URL, options?: LoadWeightsOptions) {
    const { loadWeights } = await import('./load.js');
    return loadWeights(this, pathOf('loadWeights', path), options);
  },
  toJSON(this: Model) {
    return toText(fullConfig(this));
  },
});

/**
 * Loads a model that `model.save` wrote, here or in Python: `.keras`, or the older `.h5`.
 *
 * The weights, the optimizer's state and how the model was compiled come with it, so that training goes on
 * where it was. Code in the file is never run.
 *
 * @throws FormatError for a damaged file, or weights that do not fit (all of them in one message);
 *   ConfigError for classes that are not known: give your own as `customObjects`
 */
export async function loadModel(path: string | URL, options?: LoadOptions): Promise<Model> {
  const load = await import('./load.js');
  return load.loadModel(pathOf('loadModel', path), options);
}

/** A model of the config that `toJSON` gave, here or in Python: with new weights. */
export function modelFromJSON(text: string, options: RestoreOptions = {}): Model {
  if (typeof text !== 'string') {
    throw new ConfigError(
      `modelFromJSON: expected the text that toJSON() gives, got ${typeof text}. Of a config there is Sequential.fromConfig and Model.fromConfig.`,
    );
  }
  return restore(parseJson(text, 'modelFromJSON'), 'modelFromJSON', options);
}
