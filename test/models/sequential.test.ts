// Sequential: building, add and pop, weights, frozen layers, configs, tables.
import { describe, expect, it } from 'vitest';
import { register } from '../../lib/io/register.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Input, input } from '../../lib/layers/input.js';
import { clearSession, Layer } from '../../lib/layers/layer.js';
import { Flatten } from '../../lib/layers/reshaping.js';
import { Sequential } from '../../lib/models/sequential.js';
import { multiply } from '../../lib/ops/elementwise.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { classifier, inputs, labelsOf, quiet, sumsOf, weightsOf } from '../support/models.js';

const x = inputs(20);
const sums = sumsOf(x);

describe('building', () => {
  it('by an Input, by inputShape, by build, by the first data', async () => {
    const built = [
      new Sequential([new Input({ shape: [3] }), new Dense(2)]),
      new Sequential([new Dense(2, { inputShape: [3] })]),
      new Sequential([new Dense(2)]),
      new Sequential([new Dense(2)]),
    ];
    built[2].build([null, 3]);
    await built[3].predict(x);
    for (const model of built) {
      expect(model.built).toBe(true);
      expect(model.countParams()).toBe(8);
      expect(model.weights.map((w) => w.shape)).toEqual([[3, 2], [2]]);
    }
  });

  it('paths and automatic names', () => {
    clearSession();
    const model = new Sequential([new Dense(2, { inputShape: [3] }), new Dense(1)]);
    expect(model.weights.map((w) => w.path)).toEqual([
      'sequential/dense/kernel',
      'sequential/dense/bias',
      'sequential/dense_1/kernel',
      'sequential/dense_1/bias',
    ]);
    expect(model.getLayer('dense_1')).toBe(model.layers[1]);
    expect(model.getLayer(-1)).toBe(model.layers[1]);
    expect(() => model.getLayer('dense_2')).toThrow(/no layer "dense_2"; there are dense, dense_1/);
  });

  it('takes what input() gives as the first, as Keras does', () => {
    const begin = input([3], { name: 'pixels', dtype: 'uint8' });
    const model = new Sequential([begin, new Dense(2)]);
    expect(model.built).toBe(true);
    expect(model.inputs.map((t) => [t.dtype, t.shape])).toEqual([['uint8', [null, 3]]]);
    expect(model.layers).toHaveLength(1);
    const added = new Sequential();
    added.add(input([3]));
    added.add(new Dense(2));
    expect(added.countParams()).toBe(8);
    const again = Sequential.fromConfig(model.getConfig());
    expect(again.getConfig()).toEqual(model.getConfig());
  });

  it('refuses a tensor that is no input', () => {
    const hidden = new Dense(2).apply(input([3]));
    expect(() => new Sequential([hidden])).toThrow(
      /add\(\) expects a layer, or input\(…\) as the first, got a tensor that a layer gave\. .* new Model/,
    );
    expect(() => new Sequential([new Dense(2), input([3])])).toThrow(/an Input must come first/);
  });

  it('refuses what is no layer, a name twice, an Input in between', () => {
    const model = new Sequential([new Dense(2, { name: 'a' })]);
    expect(() => model.add('dense' as never)).toThrow(ConfigError);
    expect(() => model.add(new Dense(2, { name: 'a' }))).toThrow(/names must be unique/);
    expect(() => model.add(new Input({ shape: [2] }))).toThrow(/an Input must come first/);
  });
});

describe('add and pop', () => {
  it('after training: what was there keeps its weights, what is new is trained', async () => {
    const model = new Sequential([new Dense(4), new Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
    await model.fit(x, sums, quiet);
    const kept = [...model.weights[0].value.dataSync()];
    const popped = model.pop();
    expect(popped).toBeInstanceOf(Dense);
    expect((await model.predict(x)).shape).toEqual([20, 4]);
    model.add(new Dense(3));
    model.add(new Dense(1));
    expect([...model.weights[0].value.dataSync()]).toEqual(kept);
    const before = model.weights.map((w) => [...w.value.dataSync()]);
    await model.fit(x, sums, { ...quiet, epochs: 3 });
    for (const [i, weight] of model.weights.entries()) {
      expect([...weight.value.dataSync()], weight.path).not.toEqual(before[i]);
    }
  });

  it('accuracy is resolved anew for other outputs', async () => {
    const model = new Sequential([new Dense(1, { activation: 'sigmoid' })]);
    model.compile({ loss: 'binary_crossentropy', metrics: ['accuracy'] });
    const labels = labelsOf(x);
    await model.fit(x, labels, quiet);
    model.pop();
    model.add(new Dense(2, { activation: 'softmax' }));
    model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    await model.fit(x, labels, { ...quiet, epochs: 5 });
    const predicted = await model.predict(x);
    const data = predicted.dataSync();
    const right = Array.from(labels.dataSync(), (label, i) =>
      Number(data[2 * i + 1] > data[2 * i]) === label ? 1 : 0,
    );
    const { accuracy } = await model.evaluate(x, labels, quiet);
    expectClose([accuracy], [right.reduce((a: number, b) => a + b, 0) / 20]);
  });
});

describe('weights', () => {
  it('getWeights are copies; setWeights restores them', async () => {
    const model = classifier();
    const labels = labelsOf(x);
    await model.fit(x, labels, quiet);
    const saved = await model.getWeights();
    const values = weightsOf(model);
    await model.fit(x, labels, { ...quiet, epochs: 3 });
    expect(weightsOf(model)).not.toEqual(values);
    model.setWeights(saved);
    expect(weightsOf(model)).toEqual(values);
    await model.fit(x, labels, quiet);
    expect([...saved[0].dataSync()]).toEqual(values.slice(0, 24));
  });

  it('of a wrong number or shape are refused, and none is set', () => {
    const model = new Sequential([new Dense(2, { inputShape: [3] })]);
    const before = weightsOf(model);
    const kernel = tensor(new Float32Array(6), { shape: [3, 2] });
    expect(() => model.setWeights([kernel])).toThrow(/setWeights got 1 tensors for 2 weights/);
    expect(() => model.setWeights([kernel, tensor([1, 2, 3])])).toThrow(ShapeError);
    expect(() => model.setWeights([kernel, tensor([1, 2, 3])])).toThrow(
      /weight 1 \(".*\/bias"\) has shape \[2\], got \[3\]/,
    );
    expect(weightsOf(model)).toEqual(before);
  });
});

describe('trainable', () => {
  it('takes effect at the next compile', async () => {
    const model = new Sequential([new Dense(4, { inputShape: [3] }), new Dense(1)]);
    const frozen = model.layers[0];
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    frozen.trainable = false;
    const before = [...frozen.weights[0].value.dataSync()];
    await model.fit(x, sums, quiet);
    const after = [...frozen.weights[0].value.dataSync()];
    expect(after).not.toEqual(before);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const last = [...model.layers[1].weights[0].value.dataSync()];
    await model.fit(x, sums, quiet);
    expect([...frozen.weights[0].value.dataSync()]).toEqual(after);
    expect([...model.layers[1].weights[0].value.dataSync()]).not.toEqual(last);
    expect([model.trainableVariables.length, model.nonTrainableVariables.length]).toEqual([2, 2]);
    frozen.trainable = true;
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(x, sums, quiet);
    expect([...frozen.weights[0].value.dataSync()]).not.toEqual(after);
  });

  it('a model with nothing to train still runs', async () => {
    const model = new Sequential([new Dense(1, { inputShape: [3], trainable: false })]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const before = weightsOf(model);
    await model.fit(x, sums, quiet);
    expect(weightsOf(model)).toEqual(before);
  });
});

class Scale extends Layer {
  constructor(private readonly options: { by?: number; name?: string } = {}) {
    super(options.name === undefined ? {} : { name: options.name });
  }
  override call(t: Tensor): Tensor {
    return multiply(t, this.options.by ?? 1);
  }
  override getConfig() {
    return { name: this.name, by: this.options.by };
  }
}

describe('configs and tables', () => {
  it('a model comes back from its config, with layers of the user’s own', async () => {
    register(Scale);
    const model = new Sequential(
      [
        new Input({ shape: [2, 3] }),
        new Flatten(),
        new Dropout(0.5),
        new Scale({ by: 2 }),
        new Dense(2),
      ],
      { name: 'mine' },
    );
    const again = Sequential.fromConfig(JSON.parse(JSON.stringify(model.getConfig())));
    again.setWeights(await model.getWeights());
    const batch = inputs(4, 6).reshape([4, 2, 3]);
    expect(again.name).toBe('mine');
    expect(again.predictSync(batch).dataSync()).toEqual(model.predictSync(batch).dataSync());
    expect(again.getConfig()).toEqual(model.getConfig());
  });

  it('summary: layers, shapes, parameters; of a model that is not built too', () => {
    const print = () => {};
    const model = new Sequential([
      new Dense(4, { name: 'hidden' }),
      new Dense(1, { trainable: false }),
    ]);
    expect(model.summary({ print })).toContain('hidden (Dense)');
    model.build([null, 3]);
    const text = model.summary({ print });
    for (const part of [
      '(None, 4)',
      '16',
      'Total params: 21',
      'Trainable params: 16',
      'Non-trainable params: 5',
    ])
      expect(text).toContain(part);
  });

  it('program and profile', async () => {
    const model = classifier();
    await model.fit(x, labelsOf(x), quiet);
    const text = model.program('train').toString();
    for (const part of ['sparseSoftmaxCrossEntropy', 'adam', 'dense'])
      expect(text.toLowerCase()).toContain(part.toLowerCase());
    expect(model.program('predict').instructions.length).toBeLessThan(
      model.program('train').instructions.length,
    );
    const profile = await model.profile(x, labelsOf(x));
    expect(profile.rows.length).toBeGreaterThan(3);
    expect(JSON.parse(JSON.stringify(profile.chromeTrace()))).toBeTruthy();
    // Without targets it is that of a prediction.
    const kernels = (await model.profile(x)).rows.map(({ kernel }) => kernel);
    expect(kernels).toContain('dense');
    expect(kernels).not.toContain('adam');
    expect(profile.rows.map(({ kernel }) => kernel)).toContain('adam');
  });
});
