// Damaged and hostile files: a clear error, soon, with memory bounded and nothing half-loaded.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Zippable, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  FormatError,
  loadModel,
  modelFromJSON,
  NeuroneError,
  Sequential,
} from '../../lib/index.js';
import { parseJson } from '../../lib/io/parse.js';
import { Dense, Input } from '../../lib/layers/index.js';
import { classifier, flat, temporaryFolder } from '../support/files.js';

const folder = temporaryFolder();
const golden = (name: string): Buffer =>
  readFileSync(new URL(`../goldens/files/${name}`, import.meta.url));
const keras = golden('keras3-adam.keras');
const h5 = golden('keras3-adam.h5');
const weights = golden('keras3-adam.weights.h5');

let files = 0;
function written(content: Uint8Array, ending: string): string {
  const path = join(folder, `${files++}${ending}`);
  writeFileSync(path, content);
  return path;
}

/** Loads it, which may succeed; anything but an error of ours is a failure of the test. */
async function failureOf(content: Uint8Array, ending = '.keras'): Promise<Error | undefined> {
  try {
    await loadModel(written(content, ending));
    return undefined;
  } catch (error) {
    if (error instanceof NeuroneError) return error;
    throw error;
  }
}

const config = classifier().toJSON();
const archive = (members: Zippable): Uint8Array => zipSync(members, { level: 0 });
const text = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** A file of the classifier whose config is changed. */
const withConfig = (change: (config: { config: { layers: unknown[] } }) => unknown): Uint8Array =>
  archive({ 'config.json': text(change(JSON.parse(config))), 'model.weights.h5': weights });

describe('zip', () => {
  const members = { 'config.json': text(config), 'model.weights.h5': weights };

  it.each(['../out.txt', '/etc/out', 'a/../../b', 'C:\\x', '..\\x'])(
    'a path that leads out: %s',
    async (name) => {
      const error = await failureOf(archive({ ...members, [name]: text('x') }));
      expect(error).toBeInstanceOf(FormatError);
      expect(String(error)).toMatch(/leads out/);
    },
  );

  it('without a config, or weights', async () => {
    const none = await failureOf(archive({ 'model.weights.h5': weights }));
    expect(String(none)).toMatch(/no config.json/);
    expect(String(await failureOf(archive({ 'config.json': text(config) })))).toMatch(
      /no model.weights.h5/,
    );
  });

  it('a bit flipped in the weights is found by the checksum', async () => {
    const damaged = Buffer.from(archive(members));
    const at = damaged.indexOf(Buffer.from('\x89HDF', 'latin1')) + 20_000;
    damaged[at] ^= 4;
    expect(String(await failureOf(damaged))).toMatch(/checksum/);
  });

  it('a size that lies', async () => {
    const damaged = Buffer.from(archive(members));
    const at = damaged.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    damaged.writeUInt32LE(0x7fffffff, at + 24);
    expect(await failureOf(damaged)).toBeInstanceOf(FormatError);
  });

  it('compressed members are read; a bomb is not unpacked', async () => {
    const compressed = zipSync(members, { level: 6 });
    expect(await failureOf(compressed)).toBeUndefined();
    const bomb = Buffer.from(zipSync({ 'config.json': new Uint8Array(1 << 20) }, { level: 9 }));
    const at = bomb.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    bomb.writeUInt32LE(0x7ffffff0, at + 24);
    const before = process.memoryUsage().rss;
    expect(await failureOf(bomb)).toBeInstanceOf(FormatError);
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });
});

describe('config', () => {
  it('nested deeply', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const nested = `{"class_name":"Sequential","config":{"layers":${deep}}}`;
    expect(
      String(
        await failureOf(archive({ 'config.json': text(nested), 'model.weights.h5': weights })),
      ),
    ).toMatch(/nested deeper/);
    expect(() => modelFromJSON(nested)).toThrow(FormatError);
  });

  it('that asks for more weights than the file can hold', async () => {
    const error = await failureOf(
      archive({
        'config.json': text(config.replaceAll('"units":8', '"units":2000000000')),
        'model.weights.h5': weights,
      }),
    );
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(/larger than what the file can hold/);
  });

  it.each([
    ['no object', '[]'],
    ['null', 'null'],
    ['no class', '{}'],
    ['a layer for a model', '{"class_name":"Dense","config":{"units":3}}'],
    ['layers that are none', '{"class_name":"Sequential","config":{"layers":[1,null,{}]}}'],
    ['config that is none', '{"class_name":"Sequential","config":5}'],
    ['wrong options', config.replaceAll('"units":8', '"units":"many"')],
    ['no JSON', '{"class_name"'],
  ])('%s', async (_, wrong) => {
    const error = await failureOf(
      archive({ 'config.json': text(wrong), 'model.weights.h5': weights }),
    );
    expect(error).toBeInstanceOf(NeuroneError);
  });

  it('with Python code, which is not run', async () => {
    const lambda = {
      class_name: 'Lambda',
      module: 'keras.layers',
      config: {
        name: 'evil',
        function: { class_name: '__lambda__', config: { code: '4wEAAAA=' } },
      },
      registered_name: null,
    };
    const file = withConfig((c) => {
      c.config.layers.push(lambda);
      return c;
    });
    const error = await failureOf(file);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/layer "evil" holds Python code/);
  });

  it('Python writes infinities', () => {
    expect(parseJson('{"a": [NaN, -Infinity, Infinity, "NaN"]}', 'x')).toEqual({
      a: [null, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 'NaN'],
    });
  });
});

describe('HDF5 (scripts/goldens/files.py)', () => {
  const goldenPath = (name: string) =>
    new URL(`../goldens/files/${name}`, import.meta.url).pathname;

  it.each([
    'hostile-external',
    'hostile-link',
    'hostile-virtual',
    'hostile-cycle',
    'hostile-shape',
  ])('%s', async (name) => {
    const model = new Sequential([new Input({ shape: [2] }), new Dense(2, { useBias: false })]);
    const before = await flat(model);
    const begin = performance.now();
    await expect(model.loadWeights(goldenPath(`${name}.weights.h5`))).rejects.toThrow(FormatError);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(await flat(model)).toEqual(before);
  });
});

describe('any bytes changed or missing', () => {
  // Each file costs a worker of its own.
  const runs = { numRuns: 12 } as const;
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 8 });
  const flipped = (content: Buffer, changes: [number, number][], within = content.length) => {
    const damaged = Buffer.from(content);
    for (const [at, bit] of changes) damaged[at % within] ^= 1 << bit;
    return damaged;
  };

  it.each([
    ['.keras', keras, keras.length],
    ['.h5', h5, h5.length],
    ['.h5', h5, 4096],
  ] as const)('flips in %s', { timeout: 120_000 }, async (ending, content, within) => {
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        await failureOf(flipped(content, changes, within), ending);
      }),
      runs,
    );
  });

  it.each([
    ['.keras', keras],
    ['.h5', h5],
  ] as const)('an end that is missing: %s', { timeout: 120_000 }, async (ending, content) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), async (length) => {
        expect(await failureOf(content.subarray(0, length), ending)).toBeInstanceOf(FormatError);
      }),
      runs,
    );
  });

  it('weights change all at once or not at all', async () => {
    const model = classifier();
    await model.saveWeights(join(folder, 'own.weights.h5'));
    const content = readFileSync(join(folder, 'own.weights.h5'));
    const target = classifier();
    const before = await flat(target);
    const path = written(content.subarray(0, content.length - 64), '.weights.h5');
    await expect(target.loadWeights(path)).rejects.toThrow(FormatError);
    expect(await flat(target)).toEqual(before);
  });
});
