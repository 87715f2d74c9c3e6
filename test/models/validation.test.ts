// Validation during fit: the last part of the data, data of its own, batches, how often.
import { describe, expect, it } from 'vitest';
import { LambdaCallback } from '../../lib/callbacks/lambdaCallback.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { classifier, inputs, labelsOf, line, quiet } from '../support/models.js';

const x = inputs(50);
const labels = labelsOf(x);
const zeros = (n: number) => tensor(new Float32Array(n), { shape: [n, 1] });
const column = (...values: number[]) => tensor(values.map((v) => [v]));

describe('validationSplit', () => {
  it('takes the last part, before shuffling', async () => {
    const y = column(0, 1, 2, 3, 4, 5, 6, 7, 100, 1000);
    const model = line(new SGD(0));
    const { history, stepLosses } = await model.fit(zeros(10), y, {
      ...quiet,
      validationSplit: 0.2,
      batchSize: 3,
    });
    expect(stepLosses).toHaveLength(3);
    expectClose(history.loss, [(1 + 4 + 9 + 16 + 25 + 36 + 49) / 8]);
    expectClose(history.val_loss, [(100 ** 2 + 1000 ** 2) / 2]);
  });

  it('equals evaluate on that part', async () => {
    const model = classifier();
    const { history } = await model.fit(x, labels, { ...quiet, validationSplit: 0.3, epochs: 2 });
    const logs = await model.evaluate(x.slice(35), labels.slice(35), quiet);
    expectClose([history.val_loss[1], history.val_accuracy[1]], [logs.loss, logs.accuracy]);
  });

  it('weights of samples count in both parts', async () => {
    const y = column(1, 1, 2, 2);
    const { history } = await line(new SGD(0)).fit(zeros(4), y, {
      ...quiet,
      validationSplit: 0.5,
      sampleWeight: [1, 3, 0.5, 0.25],
    });
    expectClose([history.loss[0], history.val_loss[0]], [2, 1.5]);
  });

  it('does not change the data or the weights', async () => {
    const model = line(new SGD(0), 0.5);
    await model.fit(column(1, 2, 3, 4), column(1, 2, 3, 4), { ...quiet, validationSplit: 0.5 });
    expect(model.weights[0].value.dataSync()[0]).toBe(0.5);
  });
});

describe('validationData', () => {
  it('arrays, with weights; its own batch size changes nothing', async () => {
    const model = line(new SGD(0));
    const validationData = [zeros(3), column(1, 2, 3), [1, 1, 2]] as const;
    for (const validationBatchSize of [1, 2, 3, 100]) {
      const options = { ...quiet, validationData, validationBatchSize };
      const { history } = await model.fit(zeros(2), column(5, 5), options);
      expectClose([history.loss[0], history.val_loss[0]], [25, (1 + 4 + 18) / 3]);
    }
  });

  it('wins over validationSplit, which then takes nothing', async () => {
    const { history } = await line(new SGD(0)).fit(zeros(2), column(1, 3), {
      ...quiet,
      validationData: [zeros(1), column(2)],
      validationSplit: 0.5,
    });
    expectClose([history.loss[0], history.val_loss[0]], [5, 4]);
  });

  it('batches that begin anew, and a generator that ends', async () => {
    const batches = new Set([[zeros(2), column(1, 2)], { x: zeros(1), y: column(3) }]);
    const model = line(new SGD(0));
    const options = { ...quiet, epochs: 3, validationData: batches };
    const { history } = await model.fit(zeros(1), column(1), options);
    expectClose(history.val_loss, Array(3).fill((1 + 4 + 9) / 3));
    const once = (function* () {
      yield [zeros(1), column(1)];
    })();
    await expect(
      model.fit(zeros(1), column(1), { ...quiet, epochs: 2, validationData: once }),
    ).rejects.toThrow(
      /^validationData: the iterator yielded no batch\. A generator can be read once|only once/,
    );
  });

  it('validationSteps', async () => {
    const model = line(new SGD(0));
    const validationData = [zeros(6), column(1, 1, 2, 2, 9, 9)] as const;
    const options = { ...quiet, batchSize: 2, validationSteps: 2, validationData };
    const { history } = await model.fit(zeros(2), column(5, 5), options);
    expectClose(history.val_loss, [(1 + 4) / 2]);
  });

  it('validationFreq', async () => {
    const validated: number[] = [];
    let epoch = 0;
    const watch = new LambdaCallback({
      onEpochBegin: (index) => {
        epoch = index;
      },
      onTestBegin: () => void validated.push(epoch),
    });
    const { history } = await classifier().fit(x, labels, {
      ...quiet,
      epochs: 5,
      validationFreq: 2,
      validationSplit: 0.2,
      callbacks: [watch],
    });
    expect(validated).toEqual([1, 3]);
    expect(history.val_loss).toHaveLength(2);
    expect(history.loss).toHaveLength(5);
  });
});

describe('with dropout and metrics', () => {
  it('training metrics are those of training alone', async () => {
    const model = classifier();
    const options = { ...quiet, epochs: 2, batchSize: 10 };
    const plain = await model.fit(x, labels, options);
    const other = classifier();
    other.build([null, 3]);
    expect(plain.history.accuracy.every((a) => a >= 0 && a <= 1)).toBe(true);
    const scored = await other.fit(x, labels, { ...options, validationData: [x, labels] });
    expect(scored.history.accuracy).toHaveLength(2);
    const again = await other.evaluate(x, labels, quiet);
    expectClose([scored.history.val_accuracy[1]], [again.accuracy]);
  });
});
