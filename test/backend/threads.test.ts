// The number of threads changes no bit of any result.
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { setNumThreads } from '../../lib/doctor.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Sequential } from '../../lib/models/sequential.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { Adam } from '../../lib/optimizers/adam.js';
import type { Optimizer } from '../../lib/optimizers/optimizer.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { inputs, labelsOf, quiet } from '../support/models.js';

describe.runIf(backend() === 'native')('native', () => {
  afterAll(() => setNumThreads(0));

  const x = inputs(128 * 9 + 45, 256);
  const labels = labelsOf(x, 10);

  /** Weights, optimizer state, losses and predictions of a whole run, as a hash. */
  async function train(optimizer: Optimizer): Promise<string> {
    setRandomSeed(11);
    const model = new Sequential([
      new Dense(512, { activation: 'relu' }),
      new Dropout(0.2),
      new Dense(512, { activation: 'tanh' }),
      new Dense(10, { activation: 'softmax' }),
    ]);
    const loss = 'sparse_categorical_crossentropy';
    model.compile({ optimizer, loss, metrics: ['accuracy'] });
    const { stepLosses, history } = await model.fit(x, labels, {
      ...quiet,
      epochs: 2,
      batchSize: 128,
      validationSplit: 0.1,
    });
    const hash = createHash('sha256');
    for (const { value } of [...model.weights, ...optimizer.variables])
      hash.update(value.dataSync());
    hash.update(stepLosses).update(JSON.stringify(history));
    hash.update(await (await model.predict(x)).data());
    return hash.digest('hex');
  }

  it.each([
    ['Adam', () => new Adam()],
    ['SGD with momentum', () => new SGD(0.01, { momentum: 0.9 })],
  ])('a training run with %s has the same bits for 1, 2, 4 and 8, and again', async (_, make) => {
    setNumThreads(1);
    const expected = await train(make());
    for (const threads of [2, 4, 8, 3, 1, 2]) {
      setNumThreads(threads);
      expect(await train(make()), `${threads} threads`).toBe(expected);
    }
  });

  it('they may change while it runs', async () => {
    setNumThreads(2);
    const expected = await train(new Adam());
    let threads = 0;
    const timer = setInterval(() => setNumThreads((threads++ % 4) + 1), 3);
    const actual = await train(new Adam());
    clearInterval(timer);
    expect(actual).toBe(expected);
    expect(threads).toBeGreaterThan(0);
  });

  it('predictSync, on one thread, has the bits of predict', async () => {
    setNumThreads(2);
    const model = new Sequential([new Dense(512, { activation: 'relu' }), new Dense(10)]);
    const batch = x.slice(0, 256);
    const whole = await model.predict(batch, { batchSize: 256 });
    expect(model.predictSync(batch).dataSync()).toEqual(await whole.data());
  });
});
