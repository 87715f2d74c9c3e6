// The layout of `.weights.h5`, and of `model.weights.h5` in a `.keras` file.
import type { Variable } from '../graph/variable.js';
import { type ArrayKeeper, keepsArrays } from '../layers/assets.js';
import type { Model } from '../models/model.js';
import { matchShares, type Pair, type Problem, type Share } from './match.js';
import type { Found, FoundData } from './protocol.js';
import type { Planned } from './snapshot.js';
import { type Saveable, walk } from './walk.js';

const varsOf = (path: string): string => (path === '' ? 'vars' : `${path}/vars`);

/** Everything to be written: a group for each object, and in it a data set for each variable. */
export function* planWeights(model: Model, includeOptimizer: boolean): Generator<Planned> {
  const written = new Set<string>();
  const objects: Saveable[] = [...walk(model)];
  if (includeOptimizer && model.compileOptions) {
    const { name, variables } = model.optimizer;
    objects.push({ path: 'optimizer', name, variables });
  }
  for (const { path, name, variables, layer } of objects) {
    const parts = varsOf(path).split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join('/');
      if (!written.has(above)) yield { path: above };
      written.add(above);
    }
    const group = parts.join('/');
    written.add(group);
    yield { path: group, attributes: { name } };
    for (const [i, variable] of variables.entries()) yield { path: `${group}/${i}`, variable };
    const arrays = layer && keepsArrays(layer) ? layer.ownArrays : {};
    for (const [key, values] of Object.entries(arrays)) yield { path: `${group}/${key}`, values };
  }
}

/** What Keras keeps beside weights and nobody here reads: seeds, and the state of metrics. */
const ignored =
  /(^|\/)(seed_generator|_?metrics|_?compile_metrics|compiled_metrics|_?loss_tracker)\//;

/** What the older of Keras's versions called a model's list of layers. */
const olderName = (path: string): string =>
  path.replace(/(^|\/)layers\//g, '$1_layer_checkpoint_dependencies/');

/** A data set that a layer has under a name of its own. */
export interface OwnArray {
  readonly layer: ArrayKeeper;
  readonly found: FoundData;
}

const isNumbered = (path: string): boolean => /\/\d+$/.test(path);

const numberOf = (path: string): number => Number(path.slice(path.lastIndexOf('/') + 1));

/** Data sets by the group that they are in, in the order of their numbers. */
function byGroup({ data }: Found): Map<string, FoundData[]> {
  const groups = new Map<string, FoundData[]>();
  for (const found of data) {
    const group = found.path.slice(0, found.path.lastIndexOf('/'));
    groups.set(group, [...(groups.get(group) ?? []), found]);
  }
  for (const list of groups.values()) list.sort((a, b) => numberOf(a.path) - numberOf(b.path));
  return groups;
}

/** Which data set goes into which variable, and what does not fit. */
export function matchWeights(
  model: Model,
  found: Found,
): {
  pairs: Pair[];
  problems: Problem[];
  optimizer: readonly FoundData[];
  arrays: readonly OwnArray[];
} {
  const groups = byGroup(found);
  const take = (path: string): FoundData[] => {
    const data = groups.get(path) ?? [];
    groups.delete(path);
    return data;
  };
  const optimizer = take('optimizer/vars');
  const arrays: OwnArray[] = [];
  const shares = walk(model).map(({ path, name, variables, layer }): Share => {
    const group = varsOf(path);
    const present = groups.has(group) ? group : varsOf(olderName(path));
    const data = take(present);
    if (!layer || !keepsArrays(layer)) return { name, variables, data };
    for (const found of data) if (!isNumbered(found.path)) arrays.push({ layer, found });
    return { name, variables, data: data.filter((found) => isNumbered(found.path)) };
  });
  for (const [group, data] of groups) {
    if (!ignored.test(`${group}/`) && !group.startsWith('optimizer/'))
      shares.push({ name: group, variables: [], data });
  }
  return { ...matchShares(shares), optimizer, arrays };
}

/** Which of an optimizer's variables a file has; undefined if it is another optimizer's. */
function savedOf(
  variables: readonly Variable[],
  data: readonly FoundData[],
): readonly Variable[] | undefined {
  if (data.length === variables.length) return variables;
  // Saved before its first step: it had no slots yet.
  const fresh = data.every(({ shape }) => shape.length === 0);
  if (data.length <= 2 && fresh) return variables.slice(0, data.length);
  // Keras 2 kept the learning rate in the config alone.
  const without = variables.filter(({ name }) => name !== 'learning_rate');
  return data.length === without.length ? without : undefined;
}

/** The pairs of an optimizer; undefined if the file has another one's. */
export function matchOptimizer(
  variables: readonly Variable[],
  data: readonly FoundData[],
): Pair[] | undefined {
  const saved = savedOf(variables, data);
  if (!saved) return undefined;
  const { pairs, problems } = matchShares([{ name: 'optimizer', variables: saved, data }]);
  return problems.length === 0 ? pairs : undefined;
}
