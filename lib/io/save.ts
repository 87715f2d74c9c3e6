// Writes models and weights: `.keras`, `.weights.h5`, and the older `.h5`.
import { rm } from 'node:fs/promises';
import type { Model } from '../models/model.js';
import { ConfigError, StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { assetsOf } from './assets.js';
import { temporaryBeside, writeAtomically } from './atomic.js';
import { fullConfig, toText } from './config.js';
import { H5Writer } from './h5.js';
import { planLegacy } from './legacy.js';
import { entriesOf, type Planned, type Snapshot, takeSnapshot } from './snapshot.js';
import { kerasVersion, type State, stateOf, stateText } from './state.js';
import { planWeights } from './weights.js';

/** Options of `model.save`. */
export interface SaveOptions {
  /** Whether a file of that name may be replaced. Default true. */
  readonly overwrite?: boolean;
  /** Whether to save the optimizer's state, so that training can go on. Default true. */
  readonly includeOptimizer?: boolean;
}

/** Options of `model.saveWeights`. */
export type SaveWeightsOptions = Pick<SaveOptions, 'overwrite'>;

function requireBuilt(model: Model, what: string): void {
  if (model.built) return;
  throw new StateError(
    `${model.name}: ${what}() needs the weights, which do not exist before the input's shape is known. Call build([null, features]), add an Input layer, or fit first.`,
  );
}

/** `2026-01-31@12:00:00`, as Keras writes it. */
const timestamp = (): string => new Date().toISOString().slice(0, 19).replace('T', '@');

/** What a file is to hold, as the model is now. */
interface Content {
  readonly plan: readonly Planned[];
  readonly state: State;
  readonly snapshot: Snapshot;
}

/** Takes the content; what it consists of before anything else can run. */
async function contentOf(model: Model, plan: readonly Planned[]): Promise<Content> {
  const state = stateOf(model);
  const variables = plan.flatMap(({ variable }) => variable ?? []);
  const snapshot = await takeSnapshot(state.key ? [...variables, state.key] : variables);
  return { plan, state, snapshot };
}

async function writeH5(
  writer: H5Writer,
  path: string,
  { plan, snapshot }: Content,
  lasting = true,
): Promise<void> {
  await writer.create(path);
  await writer.write(entriesOf(plan, snapshot));
  await writer.close(lasting);
}

async function withWriter(path: string, use: (writer: H5Writer) => Promise<void>): Promise<void> {
  const writer = new H5Writer(path);
  try {
    await use(writer);
  } finally {
    await writer.end();
  }
}

async function saveKeras(model: Model, path: string, options: Required<SaveOptions>) {
  const plan = [...planWeights(model, options.includeOptimizer)];
  const config = toText(fullConfig(model));
  const assets = assetsOf(model);
  const content = await contentOf(model, plan);
  const state = stateText(content.state, content.snapshot);
  const metadata = `{"keras_version": "${kerasVersion}", "date_saved": "${timestamp()}", "neurone": ${state}}`;
  const weights = temporaryBeside(path);
  await writeAtomically(path, options.overwrite, (temporary) =>
    withWriter(path, async (writer) => {
      try {
        await writeH5(writer, weights, content, false);
        await writer.zip({
          path: temporary,
          texts: { 'metadata.json': metadata, 'config.json': config },
          file: { name: 'model.weights.h5', path: weights },
          assets,
        });
      } finally {
        await rm(weights, { force: true });
      }
    }),
  );
}

async function saveLegacy(model: Model, path: string, options: Required<SaveOptions>) {
  const [asset] = Object.keys(assetsOf(model));
  if (asset !== undefined) {
    throw new ConfigError(
      `${model.name}: an .h5 file cannot hold ${asset}, the vocabulary of a layer that was adapted. Save to a .keras file.`,
    );
  }
  const content = await contentOf(model, [...planLegacy(model, options.includeOptimizer)]);
  const neurone = stateText(content.state, content.snapshot);
  const plan = [...content.plan, { path: '', attributes: { neurone } }];
  await writeAtomically(path, options.overwrite, (temporary) =>
    withWriter(path, (writer) => writeH5(writer, temporary, { ...content, plan })),
  );
}

/** Saves a whole model. */
export async function saveModel(
  model: Model,
  path: string,
  options: SaveOptions = {},
): Promise<void> {
  checkOptions('save', options, ['overwrite', 'includeOptimizer']);
  const all = { overwrite: true, includeOptimizer: true, ...options };
  if (path.endsWith('.weights.h5')) return saveWeights(model, path, { overwrite: all.overwrite });
  const save = /\.(h5|hdf5)$/.test(path) ? saveLegacy : saveKeras;
  if (save === saveKeras && !path.endsWith('.keras')) {
    throw new ConfigError(
      `${model.name}: save() writes .keras files, and the older .h5; got "${path}".`,
    );
  }
  requireBuilt(model, 'save');
  await save(model, path, all);
}

/** Saves weights, and the optimizer's state, without the model. */
export async function saveWeights(
  model: Model,
  path: string,
  options: SaveWeightsOptions = {},
): Promise<void> {
  checkOptions('saveWeights', options, ['overwrite']);
  if (!path.endsWith('.weights.h5')) {
    throw new ConfigError(`${model.name}: saveWeights() writes .weights.h5 files, got "${path}".`);
  }
  requireBuilt(model, 'saveWeights');
  const content = await contentOf(model, [...planWeights(model, true)]);
  await writeAtomically(path, options.overwrite ?? true, (temporary) =>
    withWriter(path, (writer) => writeH5(writer, temporary, content)),
  );
}
