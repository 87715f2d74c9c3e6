// Data that cannot be trained on: each mistake has an error that says what and where.
import { describe, expect, it } from 'vitest';
import { Conv1D, Conv2D, Dense, Input, MaxPooling2D, Rescaling } from '../../lib/layers/index.js';
import type { Layer } from '../../lib/layers/layer.js';
import { sparseCategoricalCrossentropy } from '../../lib/losses/crossentropy.js';
import { Sequential } from '../../lib/models/sequential.js';
import { transpose } from '../../lib/ops/movement.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { filled, tensor } from '../../lib/tensor/tensor.js';
import { DataError, ShapeError } from '../../lib/util/errors.js';
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

const rows = 40;
const x = inputs(rows);
const labels = labelsOf(x);
const sums = sumsOf(x);

const ones = (shape: Shape) => filled(1, shape);

/** The labels with that of one row changed. */
const labelsWith = (row: number, label: number) => {
  const data = Int32Array.from(labels.dataSync());
  data[row] = label;
  return tensor(data);
};

const xWith = (at: number, value: number) => {
  const data = Float32Array.from(x.dataSync());
  data[at] = value;
  return tensor(data, { shape: x.shape });
};

describe('shapes', () => {
  it('a wrong number of features, by the first data or by the input layer', async () => {
    const trained = classifier();
    await trained.fit(x, labels, quiet);
    const declared = new Sequential([new Input({ shape: [3] }), new Dense(2)], {
      name: 'declared',
    });
    declared.compile({ loss: 'mse' });
    const wide = inputs(rows, 5);
    const message = /expected input \[null, 3\], got \[null, 5\]. Check the data's shape/;
    for (const model of [trained, declared]) {
      const jobs = [
        () => model.fit(wide, labels, quiet),
        () => model.evaluate(wide, labels, quiet),
        () => model.predict(wide),
        () => model.trainOnBatch(wide, labels),
      ];
      for (const job of jobs) await expect(job()).rejects.toThrow(ShapeError);
      await expect(model.predict(wide)).rejects.toThrow(message);
      expect(() => model.predictSync(wide)).toThrow(message);
    }
    await expect(declared.fit(wide, labels, quiet)).rejects.toThrow(/^declared: /);
  });

  it.each<[string, Layer, Shape, Shape, string]>([
    [
      'grey images for a model of colours',
      new Conv2D(2, 3),
      [8, 8, 3],
      [8, 8, 1],
      "net: expected input [null, 8, 8, 3], got [null, 8, 8, 1], which has 1 channel, not 3. Give it data of 3 channels, or change the model's input shape.",
    ],
    [
      'images without channels for a model of colours',
      new Conv2D(2, 3),
      [8, 8, 3],
      [8, 8],
      'net: expected input [null, 8, 8, 3], got [null, 8, 8], which has no channels. Give it data of 3 channels',
    ],
    [
      'images without channels for a model that has them first',
      new Conv2D(2, 3, { dataFormat: 'channelsFirst' }),
      [1, 8, 8],
      [8, 8],
      'net: expected input [null, 1, 8, 8], got [null, 8, 8], which has no channels. Give it ops.expandDims(x, 1), or',
    ],
    [
      'channels first for a model that has them last',
      new MaxPooling2D(2),
      [8, 6, 3],
      [3, 8, 6],
      "net: expected input [null, 8, 6, 3], got [null, 3, 8, 6]. It fits [batch, channels, height, width]: give it ops.transpose(x, [0, 2, 3, 1]), or make the model's layers with dataFormat: 'channelsFirst'.",
    ],
    [
      'channels last for a model that has them first',
      new Conv1D(2, 3, { dataFormat: 'channelsFirst' }),
      [3, 8],
      [8, 3],
      "net: expected input [null, 3, 8], got [null, 8, 3]. It fits [batch, steps, channels]: give it ops.transpose(x, [0, 2, 1]), or make the model's layers with dataFormat: 'channelsLast'.",
    ],
    [
      'images of another size',
      new Conv2D(2, 3),
      [8, 8, 3],
      [8, 9, 3],
      "net: expected input [null, 8, 8, 3], got [null, 8, 9, 3]. Check the data's shape",
    ],
  ])('%s', async (_, layer, declared, given, message) => {
    const model = new Sequential([new Input({ shape: declared }), new Rescaling(0.5), layer], {
      name: 'net',
    });
    model.compile({ loss: 'mse' });
    const images = ones([4, ...given]);
    await expect(model.predict(images)).rejects.toThrow(ShapeError);
    await expect(model.predict(images)).rejects.toThrow(message);
    await expect(model.fit(images, ones([4]), quiet)).rejects.toThrow(message);
    const order = (/ops\.transpose\(x, (\[.*?\])\)/.exec(message) ?? [])[1];
    if (order) await model.predict(transpose(images, JSON.parse(order)));
  });

  it('labels of another shape', async () => {
    const oneHot = tensor(new Int32Array(rows * 2), { shape: [rows, 2] });
    await expect(classifier().fit(x, oneHot, quiet)).rejects.toThrow(
      'sparse_categorical_crossentropy: predictions [32, 2] need labels [32], got [32, 2]. For one-hot labels use categorical_crossentropy.',
    );
    const categorical = classifier();
    categorical.compile({ loss: 'categorical_crossentropy' });
    await expect(categorical.fit(x, labels, quiet)).rejects.toThrow(
      /need one-hot targets \[32, 2\], got \[32\]. For whole-number labels use sparse_categorical/,
    );
    await expect(regression().fit(x, inputs(rows, 4), quiet)).rejects.toThrow(
      'mean_squared_error: targets [32, 4] and predictions [32, 1] differ. Check the units of the last layer, or the shape of y.',
    );
    await expect(regression().evaluate(x, inputs(rows, 4), quiet)).rejects.toThrow(ShapeError);
  });

  it('unequal lengths', async () => {
    const model = classifier();
    const short = labels.slice(0, 10);
    for (const job of [
      () => model.fit(x, short, quiet),
      () => model.evaluate(x, short, quiet),
      () => model.trainOnBatch(x, short),
    ]) {
      await expect(job()).rejects.toThrow(/x has 40 samples, but y has 10\./);
    }
    await expect(
      model.fit(x, labels, { ...quiet, sampleWeight: new Float32Array(7) }),
    ).rejects.toThrow('fit: x has 40 samples, but sampleWeight has 7.');
    await expect(model.fit(x, labels, { ...quiet, validationData: [x, short] })).rejects.toThrow(
      'validationData: x has 40 samples, but y has 10.',
    );
  });

  it('an empty data set', async () => {
    const none = tensor(new Float32Array(0), { shape: [0, 3] });
    const message = /the data set is empty: x has shape \[0, 3\]/;
    await expect(classifier().fit(none, [], quiet)).rejects.toThrow(DataError);
    await expect(classifier().fit(none, [], quiet)).rejects.toThrow(message);
    await expect(classifier().evaluate(none, [], quiet)).rejects.toThrow(message);
    await expect(classifier().predict(none)).rejects.toThrow(message);
    await expect(classifier().fit([], [], quiet)).rejects.toThrow(/the data set is empty/);
  });

  it('no y, no array, ragged arrays', async () => {
    const model = classifier();
    await expect(model.fit(x, null, quiet)).rejects.toThrow('fit: y is missing.');
    await expect(model.evaluate(x, null, quiet)).rejects.toThrow('evaluate: y is missing.');
    await expect(model.fit(3, labels, quiet)).rejects.toThrow(
      'x: expected a tensor, an array or a typed array, got number.',
    );
    await expect(model.fit([[1, 2], [3]], [0, 1], quiet)).rejects.toThrow(ShapeError);
    await expect(
      model.fit({ data: new Float32Array(7), shape: [2, 3] }, [0, 1], quiet),
    ).rejects.toThrow('shape [2, 3] has 6 elements, but the array has 7.');
  });
});

describe('labels out of range', () => {
  const message = /the label of row 37 is 5, expected 0 … 1 for 2 classes/;

  it.each([true, false])(
    'are named with their row of the data set, shuffled: %s',
    async (shuffle) => {
      const model = classifier();
      await model.fit(x, labels, { ...quiet, epochs: 2 });
      for (const batchSize of [4, 16, 40, 64]) {
        const job = model.fit(x, labelsWith(37, 5), { ...quiet, shuffle, batchSize });
        const error = await rejection(job);
        expect(error).toBeInstanceOf(DataError);
        expect(String(error)).toMatch(message);
      }
    },
  );

  it('in evaluate, single batches, validation data and batches of an iterator', async () => {
    const model = classifier();
    const bad = labelsWith(37, 5);
    await expect(model.evaluate(x, bad, { ...quiet, batchSize: 16 })).rejects.toThrow(message);
    await expect(model.trainOnBatch(x, bad)).rejects.toThrow(message);
    await expect(model.testOnBatch(x, bad)).rejects.toThrow(message);
    await expect(model.fit(x, labels, { ...quiet, validationData: [x, bad] })).rejects.toThrow(
      message,
    );
    const batches = new Set([
      [x, labels],
      [x, bad],
    ]);
    await expect(model.fit(batches, null, quiet)).rejects.toThrow(
      /^batch 1: .*label of row 37 is 5/,
    );
  });

  it('below 0; and in a column of labels', async () => {
    await expect(classifier().fit(x, labelsWith(3, -1), quiet)).rejects.toThrow(
      /the label of row 3 is -1/,
    );
    const column = tensor(labelsWith(21, 2).dataSync(), { shape: [rows, 1] });
    await expect(classifier().fit(x, column, quiet)).rejects.toThrow(/the label of row 21 is 2/);
  });

  it('leave the weights as before that step, and the model usable', async () => {
    const model = classifier();
    await model.fit(x, labels, quiet);
    const before = weightsOf(model);
    const options = { ...quiet, batchSize: rows };
    await expect(model.fit(x, labelsWith(0, 9), options)).rejects.toThrow(DataError);
    expect(weightsOf(model)).toEqual(before);
    await model.fit(x, labels, options);
    expect(weightsOf(model)).not.toEqual(before);
  });
});

describe('values', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    '%s in x is named with row and column',
    async (value) => {
      const options = { ...quiet, batchSize: 16, epochs: 2 };
      const job = regression().fit(xWith(3 * 31 + 2, value), sums, options);
      const error = await rejection(job);
      expect(error).toBeInstanceOf(DataError);
      expect(String(error)).toContain(
        `x holds ${value} in row 31, column 2. Remove such rows, or fill them in.`,
      );
    },
  );

  it('NaN in y, in sample weights and in a batch of an iterator', async () => {
    const model = regression();
    const bad = Float32Array.from(sums.dataSync());
    bad[17] = Number.NaN;
    const y = tensor(bad, { shape: [rows, 1] });
    await expect(model.fit(x, y, quiet)).rejects.toThrow(/y holds NaN in row 17, column 0/);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(/y holds NaN in row 17, column 0/);
    await expect(model.fit(x, sums, { ...quiet, sampleWeight: bad })).rejects.toThrow(
      /sampleWeight holds NaN in row 17/,
    );
    await expect(model.fit(new Set([[x, y]]), null, quiet)).rejects.toThrow(
      /^batch 0: y holds NaN in row 17/,
    );
  });

  it('fractional labels of a sparse loss, however it was named', async () => {
    const halves = Float32Array.from({ length: rows }, (_, i) => (i === 7 ? 0.5 : 1));
    const message =
      'y: a sparse loss takes whole-number labels, but row 7 is 0.5. For one-hot or soft labels use categorical_crossentropy.';
    for (const loss of ['sparse_categorical_crossentropy', sparseCategoricalCrossentropy]) {
      const model = classifier();
      model.compile({ loss });
      await expect(model.fit(x, halves, quiet)).rejects.toThrow(message);
      await expect(model.evaluate(x, halves, quiet)).rejects.toThrow(message);
    }
    const whole = Float32Array.from(labels.dataSync());
    await expect(classifier().fit(x, whole, quiet)).resolves.toBeDefined();
  });
});
