// The layout of the older whole-model `.h5` file: configs in attributes, weights by the names of layers, the
// trained ones first (keras/src/legacy/saving/legacy_h5_format.py).
import type { Variable } from '../graph/variable.js';
import type { AnyLayer } from '../layers/layer.js';
import type { Model } from '../models/model.js';
import { FormatError } from '../util/errors.js';
import { compileConfig, modelConfig, toText } from './config.js';
import { matchShares, type Pair, type Problem, type Share } from './match.js';
import type { Attributes, Found, FoundData } from './protocol.js';
import type { Planned } from './snapshot.js';
import { kerasVersion } from './state.js';

/** The order of Keras 2, which these files keep. */
export const legacyWeights = (layer: AnyLayer): readonly Variable[] => [
  ...layer.trainableVariables,
  ...layer.nonTrainableVariables,
];

/** A list in an attribute may not exceed 64 kB; each entry takes 16 bytes. */
const namesPerAttribute = 2000;

function listAttribute(name: string, list: readonly string[]): Attributes {
  if (list.length <= namesPerAttribute) return { [name]: list };
  const chunks = Math.ceil(list.length / namesPerAttribute);
  return Object.fromEntries(
    Array.from({ length: chunks }, (_, i) => [
      `${name}${i}`,
      list.slice(i * namesPerAttribute, (i + 1) * namesPerAttribute),
    ]),
  );
}

/** A group that lists variables, and their data sets in groups of their paths. */
function* listed(group: string, variables: readonly Variable[]): Generator<Planned> {
  const names = unique(variables.map(({ path }) => path));
  yield { path: group, attributes: listAttribute('weight_names', names) };
  const made = new Set<string>();
  for (const [i, variable] of variables.entries()) {
    const parts = names[i].split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join('/');
      if (!made.has(above)) yield { path: `${group}/${above}` };
      made.add(above);
    }
    yield { path: `${group}/${names[i]}`, variable };
  }
}

/** Paths that occur once, and are not the beginning of another one. */
function unique(paths: readonly string[]): string[] {
  const uses = new Map<string, number>();
  return paths.map((path) => {
    const n = uses.get(path) ?? 0;
    uses.set(path, n + 1);
    return n === 0 ? path : `${path}_${n}`;
  });
}

function trainingConfig(model: Model): string | undefined {
  const compiled = compileConfig(model);
  if (!compiled) return undefined;
  const { class_name, config } = compiled.optimizer as { class_name: string; config: unknown };
  return toText({ ...compiled.rest, optimizer_config: { class_name, config } });
}

/** Everything to be written. */
export function* planLegacy(model: Model, includeOptimizer: boolean): Generator<Planned> {
  const { class_name, config } = modelConfig(model);
  const training = includeOptimizer ? trainingConfig(model) : undefined;
  yield {
    path: '',
    attributes: {
      backend: 'tensorflow',
      keras_version: kerasVersion,
      model_config: toText({ class_name, config }),
      ...(training !== undefined && { training_config: training }),
    },
  };
  const names = model.layers.map(({ name }) => name);
  yield {
    path: 'model_weights',
    attributes: {
      ...listAttribute('layer_names', names),
      backend: 'tensorflow',
      keras_version: kerasVersion,
    },
  };
  for (const layer of model.layers)
    yield* listed(`model_weights/${layer.name}`, legacyWeights(layer));
  yield* listed('model_weights/top_level_model_weights', model.ownWeights);
  if (training !== undefined) yield* listed('optimizer_weights', model.optimizer.variables);
}

/** A legacy file as it was found. */
export class LegacyFile {
  private readonly attributes: ReadonlyMap<string, Attributes>;
  private readonly data: ReadonlyMap<string, FoundData>;

  constructor(
    found: Found,
    private readonly where: string,
  ) {
    this.attributes = new Map(found.groups.map(({ path, attributes }) => [path, attributes]));
    this.data = new Map(found.data.map((data) => [data.path, data]));
  }

  /** A config at the root; undefined if there is none. */
  config(name: string): string | undefined {
    const text = this.attributes.get('')?.[name];
    return typeof text === 'string' ? text : undefined;
  }

  private list(group: string, name: string): readonly string[] {
    const attributes = this.attributes.get(group) ?? {};
    if (attributes[name] !== undefined) return [attributes[name]].flat();
    const all: string[] = [];
    for (let i = 0; attributes[`${name}${i}`] !== undefined; i++)
      all.push(...[attributes[`${name}${i}`]].flat());
    return all;
  }

  /** The data sets that a group lists. */
  private listedData(group: string): FoundData[] {
    return this.list(group, 'weight_names').map((name) => {
      const data = this.data.get(`${group}/${name}`);
      if (data) return data;
      throw new FormatError(`${this.where}: "${group}" lists "${name}", which is not there.`);
    });
  }

  /** Which data set goes into which variable: by the names of layers, or by their order if those differ. */
  matchWeights(model: Model): { pairs: Pair[]; problems: Problem[] } {
    const root = this.attributes.has('model_weights') ? 'model_weights/' : '';
    const layers = model.layers.filter((layer) => layer.weights.length > 0);
    const groups = this.list(root.slice(0, -1), 'layer_names')
      .map((name) => ({ name, data: this.listedData(`${root}${name}`) }))
      .filter(({ data }) => data.length > 0);
    const byName = new Map(groups.map((group) => [group.name, group]));
    const named = layers.every(({ name }) => byName.has(name));
    const of = (layer: AnyLayer, i: number) => (named ? byName.get(layer.name) : groups[i]);
    const taken = new Set<unknown>();
    const shares = layers.map((layer, i): Share => {
      const group = of(layer, i);
      taken.add(group);
      return { name: layer.name, variables: legacyWeights(layer), data: group?.data ?? [] };
    });
    for (const group of groups)
      if (!taken.has(group)) shares.push({ name: group.name, variables: [], data: group.data });
    const own = { name: model.name, variables: model.ownWeights };
    shares.push({ ...own, data: this.listedData(`${root}top_level_model_weights`) });
    return matchShares(shares);
  }

  /** The optimizer's data sets, variable by variable. */
  optimizerData(): readonly FoundData[] {
    const data = this.listedData('optimizer_weights');
    if (!data.some(({ path }) => oldSlot.test(path))) return data;
    // The optimizers of old Keras 2 had one slot of all variables after the other.
    const byVariable = new Map<string, FoundData[]>();
    for (const found of data) {
      const variable = found.path.replace(oldSlot, '');
      byVariable.set(variable, [...(byVariable.get(variable) ?? []), found]);
    }
    return [...byVariable.values()].flat();
  }
}

/** `Adam/dense/kernel/m:0`: the slot at the end. */
const oldSlot = /\/(m|v|vhat|momentum|rms|mg|accumulator|accum_grad|accum_var|linear)(_\d+)?:0$/;
