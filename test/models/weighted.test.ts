// Weights of samples, of classes and of the loss.
import { describe, expect, it } from 'vitest';
import { Dense } from '../../lib/layers/dense.js';
import { Sequential } from '../../lib/models/sequential.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { classifier, inputs, labelsOf, line, quiet, weightsOf } from '../support/models.js';

const x = inputs(50);
const labels = labelsOf(x);
const numbered = (n: number) => Float32Array.from({ length: n }, (_, i) => i);
const zeros = (n: number) => tensor(new Float32Array(n), { shape: [n, 1] });
const column = (values: Float32Array) => tensor(values, { shape: [values.length, 1] });

describe('weights of samples and classes', () => {
  it('sample weights divide by the number of samples', async () => {
    const model = line(new SGD(0));
    const { history } = await model.fit(zeros(3), column(numbered(3)), {
      ...quiet,
      sampleWeight: [1, 0.5, 2],
    });
    expectClose(history.loss, [(0 + 0.5 + 8) / 3]);
  });

  it('class weights: of whole-number and of one-hot labels; others count 1', async () => {
    const y = [0, 1, 2, 1];
    const oneHot = y.map((label) => [0, 1, 2].map((c) => (c === label ? 1 : 0)));
    for (const [loss, targets] of [
      ['sparse_categorical_crossentropy', tensor(Int32Array.from(y))],
      ['categorical_crossentropy', tensor(oneHot)],
    ] as const) {
      const model = new Sequential([new Dense(3, { activation: 'softmax', inputShape: [1] })]);
      model.compile({ optimizer: new SGD(0), loss });
      model.setWeights([tensor([[0, 0, 0]]), tensor([0, 0, 0])]);
      const options = { ...quiet, classWeight: { 0: 5, 2: 0 } };
      const { history } = await model.fit(zeros(4), targets, options);
      expectClose(history.loss, [((5 + 1 + 0 + 1) / 4) * Math.log(3)]);
      const both = { ...options, sampleWeight: [1, 2, 1, 0] };
      const { history: second } = await model.fit(zeros(4), targets, both);
      expectClose(second.loss, [((5 + 2 + 0 + 0) / 4) * Math.log(3)]);
    }
  });

  it('class weights do not touch the validation part', async () => {
    const model = classifier();
    const { history } = await model.fit(x, labels, {
      ...quiet,
      classWeight: { 0: 0, 1: 0 },
      validationSplit: 0.2,
    });
    expect(history.loss[0]).toBe(0);
    expect(history.val_loss[0]).toBeGreaterThan(0.1);
  });

  it('weighted metrics count weights, plain ones do not', async () => {
    const model = line(new SGD(0));
    model.compile({
      optimizer: new SGD(0),
      loss: 'mse',
      metrics: ['mae'],
      weightedMetrics: ['mse'],
    });
    const sampleWeight = [1, 3];
    const { history } = await model.fit(zeros(2), column(numbered(2)), { ...quiet, sampleWeight });
    expectClose([history.mae[0], history.mse[0]], [0.5, 0.75]);
  });

  it('lossWeights scale the loss', async () => {
    const model = line(new SGD(0.1));
    model.compile({ optimizer: new SGD(0.1), loss: 'mse', lossWeights: [0.25] });
    const { history } = await model.fit(tensor([[1]]), tensor([[2]]), quiet);
    expectClose(history.loss, [1]);
    expectClose(weightsOf(model), [0.1 * 0.25 * 4]);
  });
});
