// Wrong names, options and times: the errors of compiling and calling a model.
import { describe, expect, it } from 'vitest';
import { LambdaCallback } from '../../lib/callbacks/lambdaCallback.js';
import { Activation } from '../../lib/layers/core.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Embedding } from '../../lib/layers/embedding.js';
import { Layer } from '../../lib/layers/layer.js';
import type { CompileOptions, FitOptions } from '../../lib/models/model.js';
import { Sequential } from '../../lib/models/sequential.js';
import { matmul } from '../../lib/ops/gemm.js';
import { Adam } from '../../lib/optimizers/adam.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, NeuroneError, ShapeError, StateError } from '../../lib/util/errors.js';
import {
  classifier,
  inputs,
  labelsOf,
  quiet,
  regression,
  rejection,
  sumsOf,
  weightsOf,
} from '../support/models.js';

const x = inputs(40);
const labels = labelsOf(x);
const sums = sumsOf(x);

/** What only JavaScript can write, since TypeScript would refuse it. */
const wrong = <T>(options: object): T => options as T;

describe('unknown names, with the nearest one', () => {
  const compile = (options: object) => classifier().compile(wrong<CompileOptions>(options));
  it.each([
    ['activation', () => new Dense(3, { activation: 'rleu' }), 'relu'],
    ['activation', () => new Activation('sofmax'), 'softmax'],
    ['loss', () => compile({ loss: 'msee' }), 'mse'],
    [
      'loss',
      () => compile({ loss: 'sparse_categorical_crosentropy' }),
      'sparse_categorical_crossentropy',
    ],
    ['optimizer', () => compile({ loss: 'mse', optimizer: 'adma' }), 'Adam'],
    ['metric', () => compile({ loss: 'mse', metrics: ['acuracy'] }), 'Accuracy'],
    ['initializer', () => new Dense(3, { kernelInitializer: 'glorot_unifrom' }), 'GlorotUniform'],
  ])('%s', (kind, make, nearest) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(
      new RegExp(`unknown ${kind} ".*"\\. Did you mean "${nearest}"\\? Known: `, 'i'),
    );
  });

  it.each([
    ['Dense', () => new Dense(3, wrong({ activaton: 'relu' })), 'activation'],
    ['Adam', () => new Adam(0.1, wrong({ beta_1: 0.5 })), 'beta1'],
    ['SGD', () => new SGD(wrong({ learningrate: 0.5 })), 'learningRate'],
    ['Dropout', () => new Dropout(0.5, wrong({ sead: 1 })), 'seed'],
    ['compile', () => compile({ lose: 'mse' }), 'loss'],
  ])('option of %s', (where, make, nearest) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(
      new RegExp(`${where}: unknown option ".*"\\. Did you mean "${nearest}"\\?`),
    );
  });

  it('option of fit, evaluate and predict', async () => {
    const model = classifier();
    await expect(model.fit(x, labels, wrong({ epoch: 3 }))).rejects.toThrow(
      /\.fit: unknown option "epoch"\. Did you mean "epochs"\?/,
    );
    await expect(model.evaluate(x, labels, wrong({ batchsize: 3 }))).rejects.toThrow(
      /"batchSize"\?/,
    );
    await expect(model.predict(x, wrong({ batch: 3 }))).rejects.toThrow(ConfigError);
  });

  it('options of Keras that would be left out in silence', () => {
    for (const make of [
      () => new Dense(3, wrong({ loraRank: 4 })),
      () => new Embedding(3, 4, wrong({ loraRank: 2 })),
    ]) {
      expect(make).toThrow(ConfigError);
    }
  });
});

describe('option values that make no sense', () => {
  const cases: [string, object][] = [
    ['batchSize', { batchSize: 0 }],
    ['batchSize', { batchSize: 1.5 }],
    ['batchSize', { batchSize: Number.NaN }],
    ['batchSize', { batchSize: '32' }],
    ['epochs', { epochs: -1 }],
    ['epochs', { epochs: 1.5 }],
    ['initialEpoch', { initialEpoch: -1 }],
    ['stepsPerEpoch', { stepsPerEpoch: 0 }],
    ['stepsPerEpoch', { stepsPerEpoch: 1.5 }],
    ['validationSplit', { validationSplit: 1 }],
    ['validationSplit', { validationSplit: -0.5 }],
    ['validationSplit', { validationSplit: Number.NaN }],
    ['validationSteps', { validationSteps: 0 }],
    ['validationFreq', { validationFreq: 0 }],
    ['validationBatchSize', { validationBatchSize: -1 }],
    ['validationData', { validationData: [x] }],
    ['validationData', { validationData: 5 }],
    ['callbacks', { callbacks: ['LambdaCallback'] }],
    ['callbacks', { callbacks: [{ onEpochEnd() {} }] }],
    ['classWeight', { classWeight: { 0: 'a' } }],
    ['verbose', { verbose: 'loud' }],
    ['signal', { signal: 3 }],
  ];
  it.each(cases)('fit: %s: %o', async (name, options) => {
    const error = await rejection(
      classifier().fit(x, labels, wrong<FitOptions>({ ...quiet, ...options })),
    );
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain(name);
  });

  it('a split that leaves nothing on one side', async () => {
    const two = [inputs(2), labels.slice(0, 2)] as const;
    await expect(classifier().fit(...two, { ...quiet, validationSplit: 0.9 })).rejects.toThrow(
      'fit: validationSplit 0.9 of 2 samples leaves none to train on.',
    );
  });

  it('evaluate and predict', async () => {
    const model = classifier();
    await expect(model.evaluate(x, labels, { ...quiet, steps: 0 })).rejects.toThrow(ConfigError);
    await expect(model.evaluate(x, labels, { ...quiet, batchSize: -1 })).rejects.toThrow(
      ConfigError,
    );
    await expect(model.predict(x, { steps: 0 })).rejects.toThrow(ConfigError);
    await expect(model.predict(x, { batchSize: 2.5 })).rejects.toThrow(ConfigError);
  });

  it('compile: a name where a list belongs, weights for outputs that are not there', () => {
    expect(() => classifier().compile(wrong({ loss: 'mse', metrics: 'mae' }))).toThrow(
      /compile: metrics: expected an array, got string/,
    );
    expect(() => classifier().compile({ loss: 'mse', lossWeights: [1, 2] })).toThrow(ConfigError);
  });
});

describe('calls at the wrong time', () => {
  it('before compile', async () => {
    const model = new Sequential([new Dense(1)], { name: 'early' });
    const message = /^early: not compiled. Call model.compile\(/;
    await expect(model.fit(x, sums, quiet)).rejects.toThrow(StateError);
    await expect(model.fit(x, sums, quiet)).rejects.toThrow(message);
    await expect(model.evaluate(x, sums, quiet)).rejects.toThrow(message);
    await expect(model.trainOnBatch(x, sums)).rejects.toThrow(message);
    expect(() => model.optimizer).toThrow(message);
  });

  it('before the shapes are known', async () => {
    const model = new Sequential([new Dense(1)], { name: 'early' });
    const message =
      /^early: .*needs the weights, which do not exist before the input's shape is known/;
    await expect(model.getWeights()).rejects.toThrow(StateError);
    await expect(model.getWeights()).rejects.toThrow(message);
    expect(() => model.setWeights([])).toThrow(message);
    expect(() => model.countParams()).toThrow(message);
    expect(() => model.program('predict')).toThrow(message);
    expect(() => model.build()).toThrow(/build\(\) needs the shape of the input/);
  });

  it('without a loss', async () => {
    const model = new Sequential([new Dense(1)]);
    model.compile({ optimizer: 'sgd' });
    await expect(model.fit(x, sums, quiet)).rejects.toThrow(StateError);
  });

  it('fit while fitting', async () => {
    const model = classifier();
    const first = model.fit(x, labels, { ...quiet, epochs: 5 });
    const error = await rejection(model.fit(x, labels, quiet));
    expect(error).toBeInstanceOf(StateError);
    expect(String(error)).toMatch(/fit\(\) was called while fit\(\) is running\. Await it first\./);
    await expect(model.evaluate(x, labels, quiet)).rejects.toThrow(StateError);
    expect((await first).epoch).toHaveLength(5);
    await expect(model.fit(x, labels, quiet)).resolves.toBeDefined();
  });
});

class Mismatched extends Layer {
  override call(t: Tensor): Tensor {
    return matmul(t, tensor(new Float32Array(35), { shape: [5, 7] }));
  }
}

it('a shape mismatch inside of a custom layer names the path of the layer', async () => {
  const model = new Sequential([new Dense(4), new Mismatched({ name: 'mine' })], { name: 'net' });
  model.compile({ loss: 'mse' });
  const error = await rejection(model.fit(x, sums, quiet));
  expect(error).toBeInstanceOf(ShapeError);
  expect(String(error)).toContain('(in net/mine)');
  expect(String(error)).toContain('[null, 4] and [5, 7]');
});

describe('a loss that is not finite', () => {
  it('names the first layer and op, with a hint, and keeps the weights', async () => {
    const model = new Sequential([new Dense(8), new Dense(1, { name: 'last' })], { name: 'net' });
    model.compile({ optimizer: new SGD(1e30), loss: 'mse' });
    const states: number[][] = [];
    model.predictSync(x);
    const watch = new LambdaCallback({
      onTrainBatchBegin: () => {
        states.push(weightsOf(model));
      },
    });
    const error = await rejection(
      model.fit(x, sums, { ...quiet, epochs: 20, batchSize: 8, callbacks: [watch] }),
    );
    expect(error).toBeInstanceOf(NeuroneError);
    expect(String(error)).toMatch(
      /the loss became (NaN|-?Infinity): \w+ in net\/\w+ produced (NaN|-?Infinity) first\. The weights are as before that step\. Try a smaller learning rate/,
    );
    expect(weightsOf(model)).toEqual(states.at(-1));
    expect(model.optimizer.iterations.value.dataSync()[0]).toBe(states.length - 1);
  });

  it('with many steps per run too', async () => {
    const model = regression({ optimizer: new SGD(1e30) });
    await rejection(model.fit(x, sums, { ...quiet, epochs: 50, batchSize: 4 }));
    expect(weightsOf(model).every(Number.isFinite)).toBe(true);
    model.compile({ loss: 'mse', optimizer: new SGD(1e-30) });
    await rejection(model.fit(x, sums, quiet));
  });
});
