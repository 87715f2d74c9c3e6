// What adapted layers keep in files: vocabularies, weights of tokens, statistics and boundaries.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, strToU8, unzipSync, type Zippable, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  FormatError,
  input,
  loadModel,
  Model,
  modelFromJSON,
  Sequential,
  type Tensor,
  tensor,
} from '../../lib/index.js';
import {
  Dense,
  Discretization,
  Input,
  IntegerLookup,
  Normalization,
  StringLookup,
} from '../../lib/layers/index.js';
import { temporaryFolder } from '../support/files.js';

const folder = temporaryFolder();
const path = join(folder, 'lookup.keras');
const data = tensor(
  [
    [3, 5],
    [7, 9],
  ].flat(),
  { shape: [2, 2], dtype: 'int32' },
);
const vocabulary = 'assets/layers/integer_lookup/vocabulary.txt';

function lookup(options: ConstructorParameters<typeof IntegerLookup>[0]) {
  const layer = new IntegerLookup(options);
  layer.adapt([
    [3, 3],
    [5, 9],
    [5, 3],
  ]);
  const x = input([2], { dtype: 'int32' });
  return new Model({ inputs: x, outputs: layer.apply(x) });
}

const predict = async (model: { predict(x: Tensor): Promise<Tensor> }) =>
  (await model.predict(data)).toArray();

const membersOf = (): Record<string, Uint8Array> => unzipSync(readFileSync(path));

/** The saved file with members changed; undefined takes one away. */
function change(members: Record<string, string | Uint8Array | undefined>): string {
  const all: Zippable = membersOf();
  for (const [name, content] of Object.entries(members)) {
    if (content === undefined) delete all[name];
    else all[name] = typeof content === 'string' ? strToU8(content) : content;
  }
  const changed = join(folder, 'changed.keras');
  writeFileSync(changed, zipSync(all, { level: 0 }));
  return changed;
}

describe('IntegerLookup', () => {
  it.each([
    { outputMode: 'int' },
    { outputMode: 'multi_hot' },
    { outputMode: 'tf_idf' },
    { outputMode: 'tf_idf', maxTokens: 8, padToMaxTokens: true },
    { maskToken: 9, numOovIndices: 2 },
  ])('keeps what it was adapted to: %o', async (options) => {
    const model = lookup(options);
    await model.save(path);
    expect(strFromU8(membersOf()[vocabulary])).toMatch(/^(9\n-1\n)?-1\n3\n5(\n9)?$/);
    const again = await loadModel(path);
    expect(await predict(again)).toEqual(await predict(model));
    expect(again.toJSON()).toBe(model.toJSON());
  });

  it('has a vocabulary that was given in its config', async () => {
    const x = input([2], { dtype: 'int32' });
    const outputs = new IntegerLookup({ vocabulary: [7, 3] }).apply(x);
    const model = new Model({ inputs: x, outputs });
    await model.save(path);
    expect(Object.keys(membersOf())).not.toContain(vocabulary);
    expect(await predict(await loadModel(path))).toEqual(await predict(model));
  });

  it('may be saved before it was adapted', async () => {
    const x = input([2], { dtype: 'int32' });
    const model = new Model({ inputs: x, outputs: new IntegerLookup().apply(x) });
    await model.save(path);
    expect(strFromU8(membersOf()[vocabulary])).toBe('-1');
    expect((await loadModel(path)).layers.length).toBe(2);
  });

  it('cannot keep it in an .h5 file', async () => {
    const file = join(folder, 'lookup.h5');
    await expect(lookup({}).save(file)).rejects.toThrow(/\.h5 file cannot hold .*vocabulary\.txt/);
  });
});

class Net extends Model {
  readonly lookup = new StringLookup({ maskToken: '' });
  readonly dense = new Dense(1);
  override call(x: Tensor): Tensor {
    return this.dense.apply(x);
  }
  override getConfig() {
    return { name: this.name };
  }
  static override fromConfig(): Net {
    return new Net();
  }
}

describe('StringLookup', () => {
  const net = (tokens: readonly string[]) => {
    const model = new Net();
    model.lookup.adapt([...tokens]);
    model.build([null, 2]);
    return model;
  };

  it('keeps tokens of any letters, where it stands in a model', async () => {
    await net(['grün', ' b ', 'a', 'a', '\u{1f600}']).save(path);
    expect(strFromU8(membersOf()['assets/lookup/vocabulary.txt']).split('\n')[0]).toBe('');
    const again = (await loadModel(path, { customObjects: { Net } })) as unknown as Net;
    expect(again.lookup.getVocabulary()).toEqual(
      net(['grün', ' b ', 'a', 'a', '\u{1f600}']).lookup.getVocabulary(),
    );
  });

  it.each(['a\nb', 'a\u2028b', 'a\rb'])('refuses %j, which no line can hold', async (token) => {
    await expect(net([token]).save(path)).rejects.toThrow(ConfigError);
    await expect(net([token]).save(path)).rejects.toThrow(/line break/);
  });
});

describe('Normalization and Discretization', () => {
  it('keep statistics and boundaries', async () => {
    const x = tensor([1, 2, 4, 8, 16, 40].flat(), { shape: [3, 2], dtype: 'float32' });
    const normalization = new Normalization();
    normalization.adapt(x);
    const discretization = new Discretization({ numBins: 3 });
    discretization.adapt(x);
    for (const layer of [normalization, discretization]) {
      const model = new Sequential([new Input({ shape: [2] }), layer]);
      await model.save(path);
      const again = await loadModel(path);
      expect(await (await again.predict(x)).toArray()).toEqual(
        await (await model.predict(x)).toArray(),
      );
    }
  });
});

describe('a vocabulary that lies', () => {
  it.each<[string, string | Uint8Array | undefined, RegExp]>([
    ['is missing', undefined, /vocabulary\.txt is missing/],
    ['has a token twice', '-1\n3\n5\n3', /occur again: 3/],
    ['is of words', '-1\nthree', /whole number .* "three"/],
    ['is of other numbers', '-1\n3e9', /whole number/],
    ['has numbers that are too large', '-1\n99999999999999999999', /whole numbers/],
    ['has another size', '-1\n3\n5\n9\n11', /size of the vocabulary cannot change/],
    ['is not UTF-8', Uint8Array.of(0x2d, 0x31, 0x0a, 0xff), /not UTF-8/],
  ])('%s', async (_, content, message) => {
    await lookup({ outputMode: 'multi_hot' }).save(path);
    const loading = loadModel(change({ [vocabulary]: content }));
    await expect(loading).rejects.toThrow(FormatError);
    await expect(loading).rejects.toThrow(message);
  });

  it('has more lines than anything can hold, and is refused soon', async () => {
    await lookup({}).save(path);
    const begin = performance.now();
    const many = change({ [vocabulary]: new Uint8Array(1 << 26).fill(10) });
    await expect(loadModel(many)).rejects.toThrow(/more than \d+ tokens/);
    const large = change({ [vocabulary]: new Uint8Array((1 << 27) + 1) });
    await expect(loadModel(large)).rejects.toThrow(/too large/);
    expect(performance.now() - begin).toBeLessThan(20_000);
  });

  it('has a hundred thousand tokens twice, and is refused soon', async () => {
    await lookup({}).save(path);
    const numbers = Array.from({ length: 100_000 }, (_, i) => i).join('\n');
    const begin = performance.now();
    const twice = loadModel(change({ [vocabulary]: `-1\n${numbers}\n${numbers}` }));
    await expect(twice).rejects.toThrow(/occur again/);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it.each(['assets/../../out.txt', '/assets/vocabulary.txt'])('leads out: %s', async (name) => {
    await lookup({}).save(path);
    await expect(loadModel(change({ [name]: 'x' }))).rejects.toThrow(/leads out/);
  });

  it('has weights of another length', async () => {
    await lookup({ outputMode: 'tf_idf' }).save(path);
    const { 'model.weights.h5': weights } = membersOf();
    const other = new IntegerLookup({ outputMode: 'tf_idf' });
    other.adapt([[1], [2]]);
    const x = input([2], { dtype: 'int32' });
    await new Model({ inputs: x, outputs: other.apply(x) }).save(path);
    await expect(loadModel(change({ 'model.weights.h5': weights }))).rejects.toThrow(FormatError);
  });
});

describe('how layers were built', () => {
  const config = (shape: unknown) => {
    const model = JSON.parse(new Sequential([new Input({ shape: [3] }), new Dense(2)]).toJSON());
    const [, dense] = model.config.layers;
    expect(dense.build_config).toEqual({ input_shape: [null, 3] });
    expect(model.build_config).toEqual({ input_shape: [null, 3] });
    model.config.build_input_shape = null;
    model.config.layers = [{ ...dense, build_config: { input_shape: shape } }];
    return JSON.stringify({ ...model, build_config: undefined });
  };

  it('is in configs, and builds them again', () => {
    const model = modelFromJSON(config([5, 4]));
    expect(model.layers[0].weights.map((w) => w.shape)).toEqual([[4, 2], [2]]);
  });

  it.each([[['x']], [[-1, 2]], [5], [[]], [[null, 1.5]], ['ab']])('%j is no shape', (shape) => {
    expect(() => modelFromJSON(config(shape))).toThrow(ConfigError);
    expect(() => modelFromJSON(config(shape))).toThrow(/input_shape of its build_config/);
  });
});
