// TensorBoard: event files beside those of Keras, read by a decoder of our own and by TensorBoard's.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { LambdaCallback, TensorBoard, type TensorBoardOptions } from '../../lib/callbacks/index.js';
import { buckets } from '../../lib/callbacks/tensorboard/summary.js';
import { Dense } from '../../lib/layers/dense.js';
import { Input } from '../../lib/layers/input.js';
import { Sequential } from '../../lib/models/sequential.js';
import { camelKeys } from '../../lib/util/registry.js';
import { type EventFileContent, readEventFile } from '../support/event-file.js';
import { readGoldens } from '../support/golden.js';
import { inputs, quiet, rejection, sumsOf } from '../support/models.js';

const folder = mkdtempSync(join(tmpdir(), 'neurone-tensorboard-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const freshFolder = (): string => join(folder, String(folders++));

const x = inputs(36);
const y = sumsOf(x);
const fitOptions = { ...quiet, batchSize: 6, epochs: 3, validationSplit: 0.333 };

function make(): Sequential {
  const model = new Sequential(
    [
      new Input({ shape: [3] }),
      new Dense(4, { activation: 'relu', name: 'a' }),
      new Dense(1, { name: 'b' }),
    ],
    { name: 'net' },
  );
  model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
  return model;
}

/** The one event file of a run. */
function read(logDir: string, run: string): EventFileContent {
  const [name, ...more] = readdirSync(join(logDir, run));
  expect(name).toMatch(/^events\.out\.tfevents\.\d+\..+\.v2$/);
  expect(more).toEqual([]);
  return readEventFile(join(logDir, run, name));
}

async function train(options: TensorBoardOptions) {
  const logDir = freshFolder();
  const model = make();
  const callbacks = [new TensorBoard(logDir, options)];
  const { history } = await model.fit(x, y, { ...fitOptions, callbacks });
  return { logDir, model, history };
}

interface GoldenTag {
  readonly tag: string;
  readonly plugin: string;
  readonly steps: readonly number[];
  readonly shape: readonly number[];
}
interface GoldenRun {
  readonly kind: string;
  readonly label: string;
  readonly options: Record<string, unknown>;
  readonly runs: Readonly<Record<string, readonly GoldenTag[]>>;
}

/** Tags in order, each with its steps. */
function tagsOf({ values }: EventFileContent): GoldenTag[] {
  const tags = [...new Set(values.map(({ tag }) => tag))].sort();
  return tags.map((tag) => {
    const own = values.filter((value) => value.tag === tag);
    const [{ plugin, shape }] = own;
    return { tag, plugin, steps: own.map(({ step }) => step), shape };
  });
}

describe('tags, plugins, steps and shapes are those of Keras', () => {
  const goldens = readGoldens<GoldenRun>('callbacks').filter(({ kind }) => kind === 'TensorBoard');
  it.each(goldens.map((golden) => [golden.label, golden] as const))('%s', async (_, golden) => {
    const { logDir } = await train(camelKeys(golden.options));
    for (const [run, tags] of Object.entries(golden.runs)) {
      expect(tagsOf(read(logDir, run))).toEqual(tags);
    }
  });
});

describe('an event file', () => {
  it('holds what the history does, and when', async () => {
    const before = Date.now() / 1000 - 1;
    const { logDir, history } = await train({});
    const content = read(logDir, 'train');
    expect(content.version).toBe('brain.Event:2');
    const valuesOf = (run: string, tag: string) =>
      read(logDir, run).values.flatMap((value) => (value.tag === tag ? value.values : []));
    const rounded = (values: readonly number[]) => values.map(Math.fround);
    expect(valuesOf('train', 'epoch_loss')).toEqual(rounded(history.loss));
    expect(valuesOf('train', 'epoch_mae')).toEqual(rounded(history.mae));
    expect(valuesOf('train', 'epoch_learning_rate')).toEqual(rounded([0.01, 0.01, 0.01]));
    expect(valuesOf('validation', 'epoch_loss')).toEqual(rounded(history.val_loss));
    expect(valuesOf('validation', 'evaluation_mae_vs_iterations')).toEqual(
      rounded(history.val_mae),
    );
    const { times } = content;
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(times[0]).toBeGreaterThanOrEqual(Math.floor(before));
    expect(times.at(-1)).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it('holds histograms and images of the weights as they are', async () => {
    const { logDir, model } = await train({ histogramFreq: 1, writeImages: true });
    const { values } = read(logDir, 'train');
    const last = (tag: string) => values.filter((value) => value.tag === tag).at(-1)?.values ?? [];
    const [kernel] = model.weights;
    const data = kernel.value.dataSync();
    expect(last('net/a/kernel/histogram')).toEqual([...buckets(data)]);
    const [width, height, png] = last('net/a/kernel/image').map((part) => part as Buffer);
    expect([String(width), String(height)]).toEqual(['4', '3']);
    // One chunk of each kind: the pixels are between its length and its checksum.
    const at = png.indexOf('IDAT');
    const pixels = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    const rows = [0, 1, 2].map((row) => [...pixels.subarray(row * 5, row * 5 + 5)]);
    const grey = (value: number) => Math.min(255, Math.max(0, Math.floor(value * 255.5)));
    expect(rows).toEqual(
      [0, 1, 2].map((r) => [0, ...[0, 1, 2, 3].map((c) => grey(data[r * 4 + c]))]),
    );
  });

  it('holds the program as a graph whose nodes have names of their own and inputs that exist', async () => {
    const { logDir } = await train({});
    const { nodes } = read(logDir, 'train');
    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const inputNames = nodes
      .flatMap((node) => node.inputs)
      .map((name) => name.replace(/:\d+$/, ''));
    expect(inputNames.filter((name) => !names.includes(name))).toEqual([]);
    expect(nodes.find(({ name }) => name === 'net/a/dense')).toMatchObject({ op: 'dense' });
    expect(names.filter((name) => name.startsWith('net/b/')).length).toBeGreaterThan(1);
    expect(read((await train({ writeGraph: false })).logDir, 'train').nodes).toEqual([]);
  });

  it('grows with training, and is whole at each moment', async () => {
    const logDir = freshFolder();
    const sizes: number[] = [];
    const look = new LambdaCallback({
      onEpochEnd: () => void sizes.push(read(logDir, 'train').values.length),
    });
    const callbacks = [new TensorBoard(logDir, { updateFreq: 'batch', writeGraph: false }), look];
    await make().fit(x, y, { ...fitOptions, callbacks });
    expect(sizes).toEqual([11, 22, 33]);
  });

  it('of evaluate has its values by iteration; each fit makes one of its own', async () => {
    const logDir = freshFolder();
    const model = make();
    const callbacks = [new TensorBoard(logDir)];
    await model.evaluate(x, y, { ...quiet, callbacks });
    expect(readdirSync(logDir)).toEqual(['validation']);
    expect(tagsOf(read(logDir, 'validation')).map(({ tag, steps }) => [tag, steps])).toEqual([
      ['evaluation_loss_vs_iterations', [0]],
      ['evaluation_mae_vs_iterations', [0]],
    ]);
    await model.fit(x, y, { ...fitOptions, callbacks });
    expect(readdirSync(join(logDir, 'validation'))).toHaveLength(2);
  });

  it('that is damaged is seen by the test itself', async () => {
    const { logDir } = await train({});
    const [name] = readdirSync(join(logDir, 'train'));
    const path = join(logDir, 'train', name);
    const whole = readFileSync(path);
    for (const at of [3, 9, 14, 40, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1;
      writeFileSync(path, damaged);
      expect(() => readEventFile(path)).toThrow();
    }
    writeFileSync(path, whole);
    appendFileSync(path, 'x');
    expect(() => readEventFile(path)).toThrow();
  });
});

describe('TensorBoard itself', () => {
  const python = new URL('../../.venv/bin/python', import.meta.url).pathname;
  const script = new URL('../../scripts/read-events.py', import.meta.url).pathname;
  const there = existsSync(python) || process.env.CI !== undefined;
  if (!there) console.warn('tensorboard: no .venv, so its own reader does not read our files.');

  interface Found {
    readonly tensors: readonly (GoldenTag & { readonly values: readonly unknown[] })[];
    readonly nodes: EventFileContent['nodes'];
  }

  it.runIf(there)('reads the same from our files as we do', async () => {
    const { logDir } = await train({ histogramFreq: 1, writeImages: true, updateFreq: 2 });
    const output = execFileSync(python, [script, logDir], { encoding: 'utf8', stdio: 'pipe' });
    const found: Readonly<Record<string, Found>> = JSON.parse(output);
    for (const run of ['train', 'validation']) {
      const own = read(logDir, run);
      const { tensors, nodes } = found[run];
      expect(tensors.map(({ values: _, ...tag }) => tag)).toEqual(tagsOf(own));
      expect(nodes).toEqual(own.nodes);
      for (const { tag, plugin, values } of tensors) {
        const last = own.values.filter((value) => value.tag === tag).at(-1)?.values;
        if (plugin === 'images') expect(values).toEqual([last?.slice(0, 2).map(Number)]);
        else if (plugin === 'graph_keras_model') expect(values).toContain('net/a');
        else expect(values).toEqual(last);
      }
    }
  });
});

it('wrong options are errors', async () => {
  expect(() => new TensorBoard('logs', { updateFreq: 0 })).toThrow(/updateFreq: expected 'epoch'/);
  expect(() => new TensorBoard('logs', { histogramFreq: 0.5 })).toThrow(/histogramFreq/);
  const profileBatch = { profileBatch: 2 } as object;
  expect(() => new TensorBoard('logs', profileBatch)).toThrow(/profileBatch is not supported/);
  expect(
    () => new TensorBoard('logs', { profileBatch: 0, embeddingsMetadata: null }),
  ).not.toThrow();
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  const callbacks = [new TensorBoard(join(file, 'logs'))];
  const error = await rejection(make().fit(x, y, { ...fitOptions, callbacks }));
  expect(String(error)).toMatch(/ENOTDIR/);
});
