// The catalogue's layers as users write them: functional aliases, old options, masks from layer to
// layer, and training in models.
import { describe, expect, it } from 'vitest';
import { layers, ops, Sequential, type Tensor, tensor } from '../../lib/index.js';
import { computeFans } from '../../lib/initializers/index.js';
import { layers as registry } from '../../lib/layers/layer.js';
import { maskOf } from '../../lib/layers/structure.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { DataError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { seeded } from '../support/random.js';

const dataOf = (t: Tensor): number[] => Array.from(t.dataSync());
const random = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    Float32Array.from(
      seeded(seed).uniforms(
        shape.reduce((n, d) => n * d, 1),
        -1,
        1,
      ),
    ),
    { shape },
  );

describe('functional aliases', () => {
  const [a, b] = [random([2, 3], 1), random([2, 3], 2)];
  it.each([
    ['add', layers.add([a, b]), new layers.Add()],
    ['subtract', layers.subtract([a, b]), new layers.Subtract()],
    ['multiply', layers.multiply([a, b]), new layers.Multiply()],
    ['average', layers.average([a, b]), new layers.Average()],
    ['maximum', layers.maximum([a, b]), new layers.Maximum()],
    ['minimum', layers.minimum([a, b]), new layers.Minimum()],
    ['concatenate', layers.concatenate([a, b]), new layers.Concatenate()],
    ['concatenate along an axis', layers.concatenate([a, b], 0), new layers.Concatenate(0)],
    ['concatenate by option', layers.concatenate([a, b], { axis: 0 }), new layers.Concatenate(0)],
    ['dot', layers.dot([a, b]), new layers.Dot(-1)],
    ['dot along axes', layers.dot([a, b], [1, 1]), new layers.Dot(1)],
    [
      'dot of unit vectors',
      layers.dot([a, b], 1, { normalize: true }),
      new layers.Dot(1, { normalize: true }),
    ],
    [
      'dot by options',
      layers.dot([a, b], { normalize: true }),
      new layers.Dot(-1, { normalize: true }),
    ],
  ])('%s', (_, actual, layer) => {
    expect(dataOf(actual)).toEqual(dataOf(layer.apply([a, b])));
  });
});

describe('options of the first layer', () => {
  it.each([
    ['inputShape', { inputShape: [3] }],
    ['inputDim', { inputDim: 3 }],
    ['batchInputShape', { batchInputShape: [null, 3] }],
  ])('%s builds the model', (_, options) => {
    const model = new Sequential([new layers.Dense(2, options)]);
    expect(model.built).toBe(true);
    expect(model.countParams()).toBe(8);
    expect(Object.keys(model.layers[0].getConfig())).not.toContain('input_shape');
  });

  it('come from old configs, and say nothing where a size is unknown', () => {
    const config = { units: 2, name: 'd', batch_input_shape: [null, 3], dtype: 'float32' };
    expect(registry.get('Dense').fromConfig(config).inputShape).toEqual([3]);
    const open = { ...config, batch_input_shape: [null, null, 3] };
    expect(registry.get('Dense').fromConfig(open).inputShape).toBeUndefined();
  });

  it('an Embedding has an inputDim of its own', () => {
    expect(new layers.Embedding({ inputDim: 9, outputDim: 2 }).inputShape).toBeUndefined();
    expect(new layers.Embedding(9, 2, { inputShape: [4] }).inputShape).toEqual([4]);
    const old = { name: 'e', input_dim: 9, output_dim: 2, input_length: 4 };
    expect(registry.get('Embedding').fromConfig(old)).toHaveProperty('inputDim', 9);
  });
});

describe('masks', () => {
  const ids = tensor(
    [
      [3, 1, 0],
      [0, 2, 2],
    ],
    { dtype: 'int32' },
  );
  const expected = [1, 1, 0, 0, 1, 1];

  it('go from an Embedding through layers that pass them on, and stop at others', () => {
    let x = new layers.Embedding(4, 2, { maskZero: true }).apply(ids);
    for (const layer of [
      new layers.Dense(3),
      new layers.Dropout(0.5),
      new layers.ReLU(),
      new layers.TimeDistributed(new layers.Dense(2)),
      new layers.Identity(),
    ]) {
      x = layer.apply(x);
      expect(dataOf(maskOf(x)!)).toEqual(expected);
    }
    expect(maskOf(new layers.Flatten().apply(x))).toBeUndefined();
    expect(maskOf(new layers.EinsumDense('abc,cd->abd', [null, 2]).apply(x))).toBeUndefined();
  });

  it('of several inputs meet', () => {
    const embedding = new layers.Embedding(4, 2, { maskZero: true });
    const other = tensor(
      [
        [0, 1, 0],
        [0, 0, 2],
      ],
      { dtype: 'int32' },
    );
    const [a, b] = [embedding.apply(ids), embedding.apply(other)];
    expect(dataOf(maskOf(layers.add([a, b]))!)).toEqual(expected);
    expect(dataOf(maskOf(layers.concatenate([a, b], 1))!)).toEqual([
      1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1,
    ]);
    expect(maskOf(layers.add([a, ops.add(b, 0)]))).toBeUndefined();
  });
});

describe('initial weights', () => {
  it('EinsumDense scales its kernel by the fans that the equation tells', () => {
    setRandomSeed(5);
    // 40 inputs, 30·20 outputs: as a kernel of a convolution it would have other fans.
    const layer = new layers.EinsumDense('abc,cde->abde', [null, 30, 20]);
    layer.apply(random([1, 2, 40], 1));
    expect(layer.kernel.shape).toEqual([40, 30, 20]);
    const limit = Math.sqrt(6 / (40 + 600));
    const values = dataOf(layer.kernel.value);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.99 * limit);
    expect(computeFans([40, 30, 20])).not.toEqual({ fanIn: 40, fanOut: 600 });
  });

  it('Embedding is uniform on ±0.05, or starts from given vectors', () => {
    const layer = new layers.Embedding(500, 20);
    layer.apply(tensor([[1]], { dtype: 'int32' }));
    const largest = Math.max(...dataOf(layer.embeddings.value).map(Math.abs));
    expect(largest).toBeLessThanOrEqual(0.05);
    expect(largest).toBeGreaterThan(0.0499);
    const table = random([3, 2], 4);
    for (const weights of [table, [table] as const]) {
      const given = new layers.Embedding(3, 2, { weights });
      expect(dataOf(given.apply(tensor([[2, 0]], { dtype: 'int32' })))).toEqual([
        ...dataOf(table).slice(4),
        ...dataOf(table).slice(0, 2),
      ]);
      expect(given.countParams()).toBe(6);
    }
  });
});

describe('TimeDistributed', () => {
  const x = random([2, 3, 4], 7);

  it('calls its layer step by step, with new noise for each', () => {
    setRandomSeed(2);
    const ones = ops.broadcastTo(tensor(1), [1, 50, 8]);
    const y = new layers.TimeDistributed(new layers.Dropout(0.5)).apply(ones, { training: true });
    const steps = Array.from({ length: 50 }, (_, i) =>
      dataOf(y)
        .slice(8 * i, 8 * i + 8)
        .join(),
    );
    expect(new Set(steps).size).toBeGreaterThan(30);
  });

  it('takes whole models, and its weights are theirs', () => {
    const inner = new Sequential([
      new layers.Dense(5, { activation: 'relu' }),
      new layers.Dense(2),
    ]);
    const layer = new layers.TimeDistributed(inner);
    const y = layer.apply(x);
    expect(y.shape).toEqual([2, 3, 2]);
    expect(layer.weights).toEqual(inner.weights);
    expect(layer.countParams()).toBe(25 + 12);
    for (const i of [0, 1, 2]) {
      const step = ops.reshape(ops.slice(x, [0, i, 0], [2, 1, 4]), [2, 4]);
      const of = ops.reshape(ops.slice(y, [0, i, 0], [2, 1, 2]), [2, 2]);
      expectClose(dataOf(of), dataOf(inner.apply(step)));
    }
  });
});

describe('training', () => {
  it.each([
    ['PReLU', () => new layers.PReLU()],
    ['EinsumDense', () => new layers.EinsumDense('ab,bc->ac', 4, { biasAxes: 'c' })],
    ['SpatialDropout1D', () => [new layers.Reshape([2, 2]), new layers.SpatialDropout1D(0.3)]],
    ['noise', () => [new layers.GaussianNoise(0.1), new layers.AlphaDropout(0.1)]],
    ['penalties', () => new layers.ActivityRegularization(0.01, { l2: 0.01 })],
    ['steps', () => [new layers.RepeatVector(3), new layers.TimeDistributed(new layers.PReLU())]],
    ['Softmax', () => [new layers.Permute([1]), new layers.Softmax(), new layers.LeakyReLU()]],
  ])('%s learns, with a last batch of another size', async (_, make) => {
    setRandomSeed(3);
    const x = random([37, 4], 9);
    const y = ops.sum(x, -1, { keepDims: true });
    const model = new Sequential([
      new layers.Dense(4),
      ...[make()].flat(),
      new layers.Flatten(),
      new layers.Dense(1),
    ]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await model.fit(x, y, { epochs: 15, batchSize: 8, verbose: 0 });
    expect(history.loss[14]).toBeLessThan(history.loss[0]);
    expect((await model.predict(x)).shape).toEqual([37, 1]);
    expect(model.predictSync(x.slice(0, 1)).shape).toEqual([1, 1]);
  });

  it('an Embedding learns from whole numbers, and a bad one leaves it as it was', async () => {
    setRandomSeed(4);
    const ids = tensor(
      Int32Array.from({ length: 40 }, (_, i) => i % 5),
      { shape: [20, 2] },
    );
    const y = ops.sum(ids.cast('float32'), -1, { keepDims: true });
    const model = new Sequential([
      new layers.Embedding(5, 3),
      new layers.Flatten(),
      new layers.Dense(1),
    ]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await model.fit(ids, y, { epochs: 30, batchSize: 8, verbose: 0 });
    expect(history.loss[29]).toBeLessThan(history.loss[0]);
    const before = (await model.getWeights()).map(dataOf);
    const bad = tensor(
      Int32Array.from({ length: 40 }, (_, i) => i % 6),
      { shape: [20, 2] },
    );
    await expect(model.fit(bad, y, { batchSize: 20, verbose: 0 })).rejects.toThrow(DataError);
    expect((await model.getWeights()).map(dataOf)).toEqual(before);
  });
});
