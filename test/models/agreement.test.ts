// The ways to train, test and predict agree with each other, alone and at the same time.
import { describe, expect, it } from 'vitest';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Sequential } from '../../lib/models/sequential.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { Adam } from '../../lib/optimizers/adam.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { expectClose } from '../support/close.js';
import { classifier, inputs, labelsOf, line, quiet, weightsOf } from '../support/models.js';

const x = inputs(50);
const labels = labelsOf(x);

/** A model with dropout, made anew from a seed. */
function seededModel(seed: number): Sequential {
  setRandomSeed(seed);
  const model = new Sequential([
    new Dense(8, { activation: 'relu', inputShape: [3] }),
    new Dropout(0.3),
    new Dense(2, { activation: 'softmax' }),
  ]);
  const loss = 'sparse_categorical_crossentropy';
  model.compile({ optimizer: new Adam(0.01), loss, metrics: ['accuracy'] });
  model.randomKey();
  return model;
}

describe('predict', () => {
  it('in batches of any size, predictSync and testOnBatch', async () => {
    const model = classifier();
    const whole = await (await model.predict(x, { batchSize: 50 })).data();
    for (const batchSize of [1, 7, 32, 100]) {
      const predicted = await model.predict(x, { batchSize });
      expect(predicted.shape).toEqual([50, 2]);
      expectClose(await predicted.data(), whole);
    }
    expectClose(model.predictSync(x).dataSync(), whole);
    expectClose(model.predictSync(x.slice(3, 4)).dataSync(), whole.slice(6, 8));
    const [a, b] = [await model.evaluate(x, labels, quiet), await model.testOnBatch(x, labels)];
    expectClose([a.loss, a.accuracy], [b.loss, b.accuracy]);
    const losses = Array.from(labels.dataSync(), (label, i) => -Math.log(whole[2 * i + label]));
    const loss = losses.reduce((sum, value) => sum + value, 0) / 50;
    expectClose([a.loss], [loss]);
  });

  it('evaluate with weights and steps', async () => {
    const model = line(new SGD(0));
    const [zeros, y] = [
      [[0], [0], [0], [0]],
      [[1], [2], [3], [4]],
    ];
    const weighted = await model.evaluate(zeros, y, { ...quiet, sampleWeight: [1, 1, 0, 0.5] });
    expectClose([weighted.loss], [(1 + 4 + 8) / 4]);
    const two = await model.evaluate(zeros, y, { ...quiet, batchSize: 1, steps: 2 });
    expectClose([two.loss], [2.5]);
    expect((await model.predict(zeros, { batchSize: 1, steps: 3 })).shape).toEqual([3, 1]);
  });
});

describe('training', () => {
  it('trainOnBatch takes the same step as fit', async () => {
    const [a, b] = [seededModel(3), seededModel(3)];
    const history = await a.fit(x, labels, { ...quiet, shuffle: false, batchSize: 50, epochs: 3 });
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push((await b.trainOnBatch(x, labels)).loss);
    expect([...history.stepLosses]).toEqual(losses);
    expect(weightsOf(a)).toEqual(weightsOf(b));
  });

  it('fits one after the other equal one long fit, but for the shuffles', async () => {
    const [a, b] = [seededModel(4), seededModel(4)];
    const options = { ...quiet, shuffle: false, batchSize: 16 };
    await a.fit(x, labels, { ...options, epochs: 4 });
    for (let i = 0; i < 4; i++) await b.fit(x, labels, options);
    expect(weightsOf(a)).toEqual(weightsOf(b));
  });

  it('sample weights of trainOnBatch, and class weights', async () => {
    const model = line(new SGD(0.1));
    const logs = await model.trainOnBatch([[1]], [[1]], { sampleWeight: [0.5] });
    expectClose([logs.loss, ...weightsOf(model)], [0.5, 0.1]);
    const other = classifier();
    const none = await other.trainOnBatch(x, labels, { classWeight: { 0: 0, 1: 0 } });
    expect(none.loss).toBe(0);
  });

  it('a new learning rate needs no new program', async () => {
    const model = line(new SGD(0.1));
    const info = {
      x: [{ shape: [1, 1], dtype: 'float32' }],
      form: 'one',
      y: [{ shape: [1, 1], dtype: 'float32' }],
      weights: [],
    } as const;
    await model.fit([[1]], [[1]], quiet);
    const { program } = model.stepFor('train', info).graph;
    expectClose(weightsOf(model), [0.2]);
    model.optimizer.learningRate = 0.25;
    await model.fit([[1]], [[1]], quiet);
    expectClose(weightsOf(model), [0.2 + 0.25 * 2 * 0.8]);
    expect(model.stepFor('train', info).graph.program).toBe(program);
    expect(model.optimizer.learningRate).toBe(0.25);
  });

  it('compile keeps the weights and forgets the optimizer', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet);
    const before = weightsOf(model);
    model.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy' });
    expect(weightsOf(model)).toEqual(before);
    expect(model.optimizer.iterations.value.dataSync()[0]).toBe(0);
    expect(Object.keys((await model.fit(x, labels, quiet)).history)).toEqual(['loss']);
  });
});

describe('at the same time', () => {
  it('two models train to the bits of each alone', async () => {
    const options = { ...quiet, epochs: 20, batchSize: 8 };
    const run = async (model: Sequential) => {
      const { stepLosses } = await model.fit(x, labels, options);
      return [...stepLosses, ...weightsOf(model)];
    };
    const alone = [await run(seededModel(5)), await run(seededModel(6))];
    const [a, b] = [seededModel(5), seededModel(6)];
    // The order of the rows follows from the seed at the time of the call.
    setRandomSeed(5);
    const first = run(a);
    setRandomSeed(6);
    const second = run(b);
    expect(await Promise.all([first, second])).toEqual(alone);
  });

  it('predict and predictSync while fitting see whole steps', async () => {
    const model = line(new SGD(1e-4));
    const many = inputs(4000, 1);
    const targets = inputs(4000, 1, 9);
    let done = false;
    const fit = model.fit(many, targets, { ...quiet, epochs: 3, batchSize: 1 }).then(() => {
      done = true;
    });
    let looks = 0;
    while (!done) {
      const [asked, sync] = [await model.predict([[1], [1]]), model.predictSync([[1], [1]])];
      for (const t of [asked, sync]) {
        const [p, q] = t.dataSync();
        expect(p).toBe(q);
      }
      looks++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await fit;
    expect(looks).toBeGreaterThan(0);
    expectClose(model.predictSync([[1]]).dataSync(), weightsOf(model));
  });
});
