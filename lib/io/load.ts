// Reads models and weights: `.keras`, `.weights.h5`, and the older `.h5`, whatever the file is called.
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withAllowance } from '../layers/layer.js';
import type { Model } from '../models/model.js';
import { FormatError, NeuroneError, StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { readAssets, takeAssets } from './assets.js';
import { H5Reader } from './h5.js';
import { LegacyFile } from './legacy.js';
import { assignAll, type Pair, type Problem, report } from './match.js';
import { parseJson } from './parse.js';
import type { Found, FoundData, Part } from './protocol.js';
import { type RestoreOptions, restore } from './restore.js';
import { restoreState } from './state.js';
import { matchOptimizer, matchWeights, type OwnArray } from './weights.js';
import {
  type Archive,
  checkMember,
  type Member,
  readDirectory,
  readMember,
  unpackMember,
} from './zip.js';

/** Options of `loadModel`. */
export interface LoadOptions extends RestoreOptions {
  /** Python code in files is never run here; false is accepted, and changes nothing. Default true. */
  readonly safeMode?: boolean;
}

/** Options of `model.loadWeights`. */
export interface LoadWeightsOptions {
  /** Leave layers alone whose weights do not fit, with a warning. Default false. */
  readonly skipMismatch?: boolean;
}

const configName = 'config.json';
const weightsName = 'model.weights.h5';
const maxTextBytes = 1 << 28;
/** A model of this many elements may be built for whatever file, so that its report can say what is missing. */
const freeElements = 1 << 24;

/** A file being loaded. */
class Source {
  private reader: H5Reader | undefined;
  private folder: string | undefined;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly bytes: number,
    readonly kind: 'zip' | 'h5',
  ) {}

  /** How messages begin. */
  get where(): string {
    return `"${this.path}"`;
  }

  static async open(path: string): Promise<Source> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
      throw Object.assign(new NeuroneError(`"${path}": ${why}.`, { cause: error }), {
        code: error.code,
      });
    });
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new FormatError(`"${path}": expected a file, not a folder.`);
      const magic = Buffer.alloc(8);
      await file.read(magic, 0, 8, 0);
      if (magic.toString('latin1', 0, 4) === 'PK\x03\x04')
        return new Source(path, file, stats.size, 'zip');
      if (magic.toString('latin1') === '\x89HDF\r\n\x1a\n')
        return new Source(path, file, stats.size, 'h5');
      throw new FormatError(
        `"${path}": neither a .keras file (a zip archive) nor an HDF5 file; it begins otherwise.`,
      );
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.reader?.end();
    await this.file.close();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }

  /** Starts the thread that reads HDF5, while this one reads configs. */
  startReader(): H5Reader {
    this.reader ??= new H5Reader(this.path);
    return this.reader;
  }

  async archive(): Promise<{ archive: Archive; members: ReadonlyMap<string, Member> }> {
    const archive = { file: this.file, bytes: this.bytes, where: this.where };
    return { archive, members: await readDirectory(archive) };
  }

  /** The HDF5 file, or the part of the archive that is one. */
  async part(): Promise<Part> {
    if (this.kind === 'h5') return { path: this.path, offset: 0, bytes: this.bytes };
    const { archive, members } = await this.archive();
    const member = members.get(weightsName);
    if (!member) throw new FormatError(`${this.where}: it has no ${weightsName}.`);
    const { offset, size, deflated } = member;
    if (!deflated) {
      await checkMember(archive, member);
      return { path: this.path, offset, bytes: size };
    }
    this.folder = await mkdtemp(join(tmpdir(), 'neurone-'));
    const path = join(this.folder, weightsName);
    await unpackMember(archive, member, path);
    return { path, offset: 0, bytes: size };
  }

  /** What the HDF5 file consists of. */
  async found(): Promise<Found> {
    const reader = this.startReader();
    return reader.open(await this.part());
  }
}

async function withSource<T>(path: string, use: (source: Source) => Promise<T>): Promise<T> {
  const source = await Source.open(path);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

const elementsOf = ({ data }: Found): number =>
  data.reduce((n, { shape }) => n + shape.reduce((size, d) => size * d, 1), 0);

/** What goes where in a model; checked, but not yet read. */
interface Fit {
  readonly pairs: readonly Pair[];
  readonly problems: readonly Problem[];
  readonly optimizer: readonly FoundData[];
  readonly arrays: readonly OwnArray[];
}

function optimizerPairs(model: Model, { optimizer }: Fit, where: string): readonly Pair[] {
  if (!model.compileOptions || optimizer.length === 0) return [];
  const { name, variables } = model.optimizer;
  const pairs = matchOptimizer(variables, optimizer);
  if (pairs) return pairs;
  process.emitWarning(
    `${where}: the state of the optimizer is not that of ${name}, which has ${variables.length} variables (${optimizer.length} in the file); it starts afresh.`,
  );
  return [];
}

async function fill(model: Model, source: Source, fit: Fit): Promise<void> {
  if (fit.problems.length > 0) throw report(source.where, fit.problems);
  const pairs = [...fit.pairs, ...optimizerPairs(model, fit, source.where)];
  const { arrays } = fit;
  const wrong = arrays.find(({ found }) => found.unreadable !== undefined);
  if (wrong) throw new FormatError(`${source.where}: "${wrong.found.path}" holds no numbers.`);
  const paths = arrays.map(({ found }) => found.path);
  const values = await assignAll(source.startReader(), pairs, paths);
  for (const [i, { layer, found }] of arrays.entries()) {
    const name = found.path.slice(found.path.lastIndexOf('/') + 1);
    layer.loadOwnArray(name, Float32Array.from(values[i]));
  }
}

async function loadKeras(source: Source, options: LoadOptions): Promise<Model> {
  source.startReader();
  const { archive, members } = await source.archive();
  const json = async (name: string) => {
    const member = members.get(name);
    if (!member) return undefined;
    if (member.size > maxTextBytes) throw new FormatError(`${source.where}: ${name} is too large.`);
    const text = (await readMember(archive, member)).toString('utf8');
    return parseJson(text, `${source.where}: ${name}`);
  };
  const config = await json(configName);
  if (!config) throw new FormatError(`${source.where}: it has no ${configName}.`);
  const metadata = await json('metadata.json');
  const found = await source.found();
  const model = withAllowance(Math.max(elementsOf(found), freeElements), () =>
    restore(config, source.where, options),
  );
  const assets = await readAssets(model, archive, members);
  await fill(model, source, matchWeights(model, found));
  takeAssets(assets, source.where);
  restoreState(model, metadata?.neurone);
  return model;
}

async function loadLegacy(source: Source, options: LoadOptions): Promise<Model> {
  const found = await source.found();
  const legacy = new LegacyFile(found, source.where);
  const json = (name: string) => {
    const text = legacy.config(name);
    return text === undefined ? undefined : parseJson(text, `${source.where}: ${name}`);
  };
  const config = json('model_config');
  if (!config) {
    throw new FormatError(
      `${source.where}: it has weights, but no model. Make the model, and call loadWeights().`,
    );
  }
  const compile_config = json('training_config');
  const model = withAllowance(Math.max(elementsOf(found), freeElements), () =>
    restore({ ...config, compile_config }, source.where, options),
  );
  const optimizer = model.compileOptions ? legacy.optimizerData() : [];
  await fill(model, source, { ...legacy.matchWeights(model), optimizer, arrays: [] });
  restoreState(model, json('neurone'));
  return model;
}

/**
 * Loads a model that `model.save` wrote, here or in Python: `.keras`, or the older `.h5`.
 *
 * The weights, the optimizer's state and how the model was compiled come with it, so that training goes on
 * where it was. Code in the file is never run.
 *
 * @throws FormatError for a damaged file, or weights that do not fit (all of them in one message);
 *   ConfigError for classes that are not known: give your own as `customObjects`
 */
export function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  checkOptions('loadModel', options, ['customObjects', 'compile', 'safeMode']);
  return withSource(path, (source) =>
    source.kind === 'zip' ? loadKeras(source, options) : loadLegacy(source, options),
  );
}

/** Loads weights into a model that is there already. */
export async function loadWeights(
  model: Model,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<void> {
  checkOptions('loadWeights', options, ['skipMismatch']);
  if (!model.built) {
    throw new StateError(
      `${model.name}: loadWeights() needs a model that is built. Call build([null, features]), or add an Input layer.`,
    );
  }
  await withSource(path, async (source) => {
    const found = await source.found();
    const isLegacy = found.groups.some(
      ({ attributes }) => 'layer_names' in attributes || 'layer_names0' in attributes,
    );
    const fit: Fit = isLegacy
      ? { ...new LegacyFile(found, source.where).matchWeights(model), optimizer: [], arrays: [] }
      : matchWeights(model, found);
    if (!options.skipMismatch) return fill(model, source, fit);
    if (fit.problems.length > 0) process.emitWarning(report(source.where, fit.problems).message);
    await fill(model, source, { ...fit, problems: [] });
  });
}
