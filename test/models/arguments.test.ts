// What the methods of models take: nothing, null, single callbacks, URLs; and what they refuse, saying where.
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EarlyStopping } from '../../lib/callbacks/earlyStopping.js';
import { LambdaCallback } from '../../lib/callbacks/lambdaCallback.js';
import { ReduceLROnPlateau } from '../../lib/callbacks/reduceLROnPlateau.js';
import { loadModel, modelFromJSON } from '../../lib/io/methods.js';
import { Dense } from '../../lib/layers/dense.js';
import { Input, input } from '../../lib/layers/input.js';
import { Model } from '../../lib/models/model.js';
import { Sequential } from '../../lib/models/sequential.js';
import { RMSprop } from '../../lib/optimizers/rmsprop.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, DTypeError, ShapeError } from '../../lib/util/errors.js';
import { temporaryFolder } from '../support/files.js';

const x = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
  [9, 10],
];
const y = [1, 2, 3, 4, 5];
const folder = temporaryFolder();
/** What TypeScript would not let through. */
const wrong = (value: unknown): never => value as never;

function line(): Sequential {
  const model = new Sequential([input([2]), new Dense(1, { kernelInitializer: 'ones' })], {
    name: 'line',
  });
  model.compile({ optimizer: new SGD(0.001), loss: 'mse', metrics: ['mae'] });
  return model;
}

describe('options', () => {
  it('may be missing, null, or hold null', async () => {
    const model = line();
    const nulls = { batchSize: null, sampleWeight: null, signal: null, callbacks: null };
    const fitNulls = { ...nulls, epochs: null, validationData: null, classWeight: null };
    await model.fit(x, y, wrong({ ...fitNulls, validationSplit: null, verbose: 0 }));
    const { loss } = await model.evaluate(x, y, wrong({ ...nulls, steps: null, verbose: 0 }));
    expect(loss).toBeGreaterThan(0);
    for (const options of [null, undefined, {}]) {
      expect((await model.predict(x, wrong(options))).shape).toEqual([5, 1]);
      await model.trainOnBatch(x, y, wrong(options));
    }
  });

  it('of compile too, whose optimizer is by default that of Keras', () => {
    const model = line();
    model.compile();
    expect(model.optimizer).toBeInstanceOf(RMSprop);
    model.compile(wrong({ loss: 'mse', metrics: null, lossWeights: null, optimizer: null }));
    expect(model.optimizer).toBeInstanceOf(RMSprop);
  });

  it('take one callback for a list of them', async () => {
    const epochs: number[] = [];
    const note = new LambdaCallback({ onEpochEnd: (epoch) => void epochs.push(epoch) });
    await line().fit(x, y, { verbose: 0, callbacks: note });
    expect(epochs).toEqual([0]);
    expect(new EarlyStopping('loss', { patience: 2 })).toMatchObject({
      monitor: 'loss',
      patience: 2,
    });
    expect(new EarlyStopping({ patience: 2 }).monitor).toBe('val_loss');
    expect(new ReduceLROnPlateau('loss')).toMatchObject({ monitor: 'loss', minDelta: 1e-4 });
  });

  it('of LambdaCallback: hooks, and whether they only read logs', async () => {
    const seen: [number, number][] = [];
    const note = new LambdaCallback({
      batchHooks: 'logsOnly',
      onTrainBatchEnd: (step, logs) => void seen.push([step, logs.loss]),
    });
    const { stepLosses } = await line().fit(x, y, { verbose: 0, batchSize: 5, callbacks: note });
    expect([note.batchHooks, seen]).toEqual(['logsOnly', [[0, stepLosses[0]]]]);
    expect(new LambdaCallback().batchHooks).toBe('each');
    expect(() => new LambdaCallback({ batchHooks: wrong('logs') })).toThrow(/batchHooks: .*"logs"/);
  });

  it('of optimizers: a learning rate is a number', () => {
    expect(() => new SGD(Number.NaN)).toThrow(/sgd: .* learningRate, got NaN/);
    const optimizer = new SGD(0.1);
    expect(() => Object.assign(optimizer, { learningRate: Number.NaN })).toThrow(ConfigError);
    expect(optimizer.learningRate).toBeCloseTo(0.1);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'fit, a number',
      () => line().fit(x, y, wrong(5)),
      /line\.fit: expected an object of options.*5/,
    ],
    ['shuffle', () => line().fit(x, y, { shuffle: wrong('yes') }), /fit: shuffle: .* "yes"/],
    [
      'classWeight',
      () => line().fit(x, y, { classWeight: wrong(5) }),
      /fit: classWeight: .*number/,
    ],
    ['a Map', () => line().fit(x, y, { classWeight: wrong(new Map()) }), /e\.g\. .*got Map/],
    ['validationSplit', () => line().fit(x, y, { validationSplit: wrong('.1') }), /got "\.1"/],
    [
      'weights by position',
      () => line().trainOnBatch(x, y, wrong([1])),
      /line\.trainOnBatch: .*array/,
    ],
    ['no targets', () => line().trainOnBatch(x), /trainOnBatch: y is missing/],
    ['a callback by name', () => line().fit(x, y, { callbacks: wrong('x') }), /expected Callback/],
  ])('refuse %s', async (_, run, message) => {
    await expect((async () => run())()).rejects.toThrow(message);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['loss', () => line().compile({ loss: wrong(5) }), /^line\.compile: loss: expected a loss/],
    ['loss name', () => line().compile({ loss: 'msee' }), /^line\.compile: loss: unknown.*"mse"/],
    ['metric', () => line().compile({ metrics: wrong([5]) }), /^line\.compile: metrics: expected/],
    [
      'optimizer',
      () => line().compile({ optimizer: 'adm' }),
      /^line\.compile: optimizer: .*"Adam"/,
    ],
    ['program', () => line().program(wrong('tests')), /'train', 'test' or 'predict', got "tests"/],
    ['one layer', () => new Sequential(wrong(new Dense(1))), /list of layers.* one layer/],
    ['tensors by position', () => new Model(wrong(input([2])), wrong(1)), /Model: .*inputs/],
    ['a misspelt input', () => new Model(wrong({ input: input([2]) })), /mean "inputs"/],
    ['JSON', () => modelFromJSON(wrong({})), /the text that toJSON\(\) gives, got object/],
    ['weights', () => line().setWeights(wrong(undefined)), /setWeights got undefined for 2/],
    ['a shape', () => input(wrong('x')), /Input: .*whole numbers .*got "x"/],
    ['no shape', () => input(wrong(undefined)), /Input: .*got nothing/],
  ])('wrong %s', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it('of inputs', () => {
    expect(() => input([2], { dtype: 'complex64' })).toThrow(DTypeError);
    const shape = [2];
    const made = new Input({ shape, batchSize: 3 });
    shape[0] = 5;
    expect(made.output.shape).toEqual([null, 2]);
  });
});

describe('data', () => {
  it('predictOnBatch gives what predict does, in one step', async () => {
    const model = line();
    const out = await model.predictOnBatch(Array.from({ length: 40 }, () => [1, 2]));
    expect([out.shape, out.dataSync()[39]]).toEqual([[40, 1], 3]);
  });

  it('batches of nested arrays alone are no [x, y] once they have more than three rows', async () => {
    const both = await line().predict([x, x][Symbol.iterator]());
    expect([...both.dataSync()]).toEqual([3, 7, 11, 15, 19, 3, 7, 11, 15, 19]);
    await expect(line().fit([x][Symbol.iterator]())).rejects.toThrow(/yield \[x, y\]/);
  });

  it('a typed array with its shape is read, also by predictSync, and its shape stays free', async () => {
    const shape = [5, 2];
    const shaped = { data: new Float32Array(x.flat()), shape };
    const model = line();
    const asked = [await model.predict(shaped), model.predictSync(shaped)];
    for (const out of asked) expect([...out.dataSync()]).toEqual([3, 7, 11, 15, 19]);
    shape[0] = 1;
    expect(asked[0].shape).toEqual([5, 1]);
  });
});

describe('weights and files', () => {
  it('layers have their weights to read and set', async () => {
    const layer = line().layers[0];
    const values = await layer.getWeights();
    expect(values.map((t) => t instanceof Tensor && t.shape)).toEqual([[2, 1], [1]]);
    layer.setWeights([tensor([[5], [6]]), [7]]);
    expect([...layer.weights[0].value.dataSync()]).toEqual([5, 6]);
    expect(() => layer.setWeights([[[1]], [1]])).toThrow(ShapeError);
    expect(() => layer.setWeights([])).toThrow(/0 tensors for 2 weights/);
    expect(layer.trainableWeights).toEqual(layer.trainableVariables);
    expect(layer.nonTrainableWeights).toEqual([]);
    expect(await new Dense(2).getWeights()).toEqual([]);
  });

  it('paths may be URLs, and must be there', async () => {
    const url = pathToFileURL(`${folder}/line.keras`);
    await line().save(url);
    const again = await loadModel(url);
    expect([...again.predictSync(x).dataSync()]).toEqual([3, 7, 11, 15, 19]);
    await expect(loadModel(wrong(undefined))).rejects.toThrow(/loadModel: expected the path/);
    await expect(line().save(wrong(3))).rejects.toThrow(/save: expected the path of a file, got 3/);
  });
});
