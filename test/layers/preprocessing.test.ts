// Preprocessing layers against what Keras 3 computed (scripts/goldens/preprocessing.py).
import { describe, expect, it } from 'vitest';
import { layers, Sequential, Tensor, tensor } from '../../lib/index.js';
import { layers as registry } from '../../lib/layers/layer.js';
import {
  ConfigError,
  DataError,
  ShapeError,
  StateError,
  TraceError,
} from '../../lib/util/errors.js';
import {
  expectTensor,
  type GoldenArray,
  type KerasConfig,
  type KerasObject,
  readGoldens,
} from '../support/golden.js';

const { CategoryEncoding, Discretization, Hashing, IntegerLookup, Normalization, StringLookup } =
  layers;

type Data = layers.TokenData & layers.NumericData;

interface PreprocessingCase extends KerasObject {
  readonly label: string;
  readonly x: Data;
  readonly adapt?: Data;
  readonly batches?: readonly Data[];
  readonly count_weights?: Data;
  readonly y?: GoldenArray;
  readonly strings?: unknown;
  readonly vocabulary?: readonly unknown[];
  readonly vocabulary_size?: number;
  readonly used_config: KerasConfig;
  readonly weights?: readonly GoldenArray[];
  readonly weight_names?: readonly string[];
}

interface Preprocessing {
  adapt?(data: Data | Iterable<unknown>): void;
  apply(x: Data, options: { countWeights?: Data | undefined }): unknown;
  getConfig(): Record<string, unknown>;
}

const cases = readGoldens<PreprocessingCase>('preprocessing');

const load = (golden: KerasObject): layers.Layer =>
  registry.get(golden.class_name).fromConfig(golden.config) as layers.Layer;

const throughJson = (config: unknown): unknown => JSON.parse(JSON.stringify(config));

function* oneByOne(batches: readonly unknown[]): Iterable<unknown> {
  yield* batches;
}

describe.each(cases)('$class_name $label', (golden) => {
  const adapted = (): layers.Layer & Preprocessing => {
    const layer = load(golden) as layers.Layer & Preprocessing;
    if (golden.adapt !== undefined) layer.adapt?.(golden.adapt);
    if (golden.batches) layer.adapt?.(oneByOne(golden.batches));
    return layer;
  };

  it('computes the same', async () => {
    const layer = adapted();
    const y = layer.apply(golden.x, { countWeights: golden.count_weights });
    if (!(y instanceof Tensor)) {
      expect(y).toEqual(golden.strings);
      return;
    }
    if (golden.y) await expectTensor('y', y, golden.y);
    expect(y.dtype).toBe(golden.y?.dtype);
    if (layer instanceof StringLookup || layer instanceof IntegerLookup) {
      expect(layer.getVocabulary()).toEqual(golden.vocabulary);
      expect(layer.vocabularySize()).toBe(golden.vocabulary_size);
    }
    if (!(layer instanceof Normalization)) return;
    expect(layer.weights.map((w) => w.name)).toEqual(golden.weight_names);
    for (const [i, weight] of layer.weights.entries()) {
      await expectTensor(weight.name, weight.value, golden.weights![i]);
    }
  });

  it('gives its config back, also after it was adapted', () => {
    expect(throughJson(load(golden).getConfig())).toEqual(golden.config);
    const layer = adapted();
    expect(throughJson(layer.getConfig())).toEqual(golden.used_config);
  });
});

describe('Normalization', () => {
  const x = tensor([
    [1, 2],
    [3, 6],
  ]);

  it('adapts to whatever holds numbers, and to batches that come later', async () => {
    const forms: (layers.NumericData | Iterable<unknown>)[] = [
      x,
      [
        [1, 2],
        [3, 6],
      ],
      { data: Float64Array.of(1, 2, 3, 6), shape: [2, 2] },
      [x.slice(0, 1), x.slice(1)],
      [
        { x: x.slice(0, 1), y: tensor([1]) },
        { x: x.slice(1), y: tensor([2]) },
      ].values(),
      [[x, tensor([0, 1])]].values(),
    ];
    for (const data of forms) {
      const layer = new Normalization();
      layer.adapt(data);
      expect([...layer.apply(x).dataSync()]).toEqual([-1, -1, 1, 1]);
    }
    const layer = new Normalization();
    async function* later() {
      yield x.slice(0, 1);
      yield x.slice(1);
    }
    await layer.adapt(later());
    expect([...layer.apply(x).dataSync()]).toEqual([-1, -1, 1, 1]);
  });

  it('works in a model, adapted before it is trained', async () => {
    const layer = new Normalization();
    layer.adapt(x);
    const model = new Sequential([layer, new layers.Dense(1, { kernelInitializer: 'ones' })]);
    expect([...(await (await model.predict(x)).data())]).toEqual([-2, 2]);
  });

  it('refuses what makes no sense', () => {
    expect(() => new Normalization({ mean: 1 })).toThrow(ConfigError);
    expect(() => new Normalization({ mean: [1, 2], variance: [1] })).toThrow(ConfigError);
    expect(() => new Normalization({ mean: 1, variance: 1 }).adapt(x)).toThrow('were given');
    expect(() => new Normalization({ axis: 3 }).adapt(x)).toThrow(ShapeError);
    const layer = new Normalization();
    layer.adapt(x);
    expect(() => layer.adapt(tensor([[1, 2, 3]]))).toThrow('was built for data like [1, 2]');
    expect(() => new Normalization().adapt([].values())).toThrow(DataError);
  });
});

describe('Discretization', () => {
  it('puts NaN and infinities where TensorFlow does', () => {
    const layer = new Discretization([0, 1, 2]);
    const y = layer.apply([
      [Infinity, -Infinity, 2, 1.9999999],
      [NaN, 0, -0, 1],
    ]);
    expect([...y.dataSync()]).toEqual([3, 0, 3, 2, 3, 1, 1, 2]);
  });

  it('works in a model', async () => {
    const model = new Sequential([new Discretization([0, 1], { outputMode: 'one_hot' })]);
    const y = await model.predict(tensor([[-1], [0.5], [1]]));
    expect(await y.toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  it('refuses what makes no sense', () => {
    expect(() => new Discretization({})).toThrow(ConfigError);
    expect(() => new Discretization([0], { numBins: 3 })).toThrow(ConfigError);
    expect(() => new Discretization([0], { outputMode: 'tf_idf' })).toThrow(ConfigError);
    expect(() => new Discretization([0]).adapt([1, 2])).toThrow('binBoundaries were given');
    expect(() => new Discretization({ numBins: 3 }).apply([1])).toThrow(StateError);
  });
});

describe('CategoryEncoding', () => {
  it('refuses weights outside of count, and unknown modes', () => {
    const layer = new CategoryEncoding(3);
    expect(() => layer.apply([[1]], { countWeights: [[1]] })).toThrow(ConfigError);
    expect(() => new CategoryEncoding(0)).toThrow(ConfigError);
    expect(() => new CategoryEncoding(3, { outputMode: 'int' })).toThrow(
      'unknown outputMode "int". Expected one of one_hot, multi_hot, count.',
    );
  });
});

describe('layers of strings', () => {
  const strings = new StringLookup({ vocabulary: ['a', 'b'] });

  it('say that they are no part of a model', async () => {
    for (const layer of [new Hashing(3), strings]) {
      const model = new Sequential([layer]);
      await expect(model.predict(tensor([[1], [2]]))).rejects.toThrow(TraceError);
    }
  });

  it('refuse ragged data, numbers and what is unknown', () => {
    expect(() => strings.apply([['a', 'b'], ['a']])).toThrow(ShapeError);
    expect(() => strings.apply([1, 2])).toThrow('expected strings, got numbers');
    const strict = new StringLookup({ vocabulary: ['a'], numOovIndices: 0 });
    expect(() => strict.apply(['b'])).toThrow('"b" is not in the vocabulary');
  });

  it('refuse vocabularies that cannot be', () => {
    const make = (options: layers.StringLookupOptions) => () => new StringLookup(options);
    expect(make({ vocabulary: ['a', 'a'] })).toThrow('these occur again: a');
    expect(make({ vocabulary: [] })).toThrow('the vocabulary is empty');
    expect(make({ vocabulary: ['a', 'm'], maskToken: 'm' })).toThrow('reserved token "m"');
    expect(make({ vocabulary: ['a', '[UNK]'], invert: true })).toThrow('reserved token "[UNK]"');
    expect(make({ vocabulary: ['a', 'b'], maxTokens: 2 })).toThrow('larger than maxTokens 2');
    expect(make({ vocabulary: ['a'], outputMode: 'tf_idf' })).toThrow('has idfWeights');
    expect(make({ idfWeights: [1] })).toThrow(ConfigError);
    expect(make({ invert: true, outputMode: 'count' })).toThrow(ConfigError);
    expect(() => StringLookup.fromConfig({ vocabulary: '/etc/passwd' })).toThrow(
      'may not name a file',
    );
    expect(() => strings.adapt(['a'])).toThrow('was made with a vocabulary');
    expect(() => new StringLookup({ outputMode: 'count' }).apply(['a'])).toThrow(StateError);
  });
});

describe('IntegerLookup', () => {
  const inModel = cases.filter(
    (golden) => golden.class_name === 'IntegerLookup' && !golden.label.startsWith('farmhash'),
  );

  it.each(inModel)('gives the same inside of a model: $label', async (golden) => {
    const layer = load(golden) as layers.IntegerLookup;
    if (golden.adapt !== undefined) layer.adapt(golden.adapt);
    const model = new Sequential([layer]);
    const x = tensor(golden.x as number[][], { dtype: 'int32' });
    await expectTensor('y', await model.predict(x), golden.y!);
  });

  it('fails for what is unknown where there is no index for it, inside of a model too', async () => {
    const layer = new IntegerLookup({ vocabulary: [5, 7], numOovIndices: 0 });
    expect(() => layer.apply([[6]])).toThrow('"6" is not in the vocabulary');
    const model = new Sequential([layer]);
    expect([...(await (await model.predict(tensor([[7], [5]]))).data())]).toEqual([1, 0]);
    await expect(model.predict(tensor([[7], [6]]))).rejects.toThrow(DataError);
  });

  it('refuses what makes no sense', () => {
    expect(() => new IntegerLookup({ salt: 3 })).toThrow(ConfigError);
    expect(() => new IntegerLookup(1)).toThrow(ConfigError);
    expect(() => new IntegerLookup().apply(['a'])).toThrow(DataError);
  });
});
