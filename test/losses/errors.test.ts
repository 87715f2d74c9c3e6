// What losses refuse, and what they say then; names, aliases, functions and custom losses.
import { describe, expect, it } from 'vitest';
import { ConfigError, ops, ShapeError, type Tensor, tensor } from '../../lib/index.js';
import * as losses from '../../lib/losses/index.js';
import { losses as registry } from '../../lib/losses/loss.js';
import { setMask } from '../../lib/tensor/mask.js';
import { expectTensor } from '../support/close.js';

const zeros = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });

describe('options of losses', () => {
  it.each([
    [() => new losses.Huber({ delta: Number.NaN }), 'Huber: delta must be a number, got NaN.'],
    [
      () => new losses.Hinge({ reduction: 'median' }),
      'hinge: unknown reduction "median". Known: sum_over_batch_size, sum, mean, mean_with_sample_weight, none.',
    ],
    [
      () =>
        losses.get({
          class_name: 'Huber',
          config: { dleta: 1 },
          module: 'keras.losses',
          registered_name: null,
        }),
      'Huber: unknown option "dleta". Did you mean "delta"?',
    ],
    [
      () => new losses.BinaryCrossentropy({ labelSmoothing: 1.5 }),
      'BinaryCrossentropy: labelSmoothing must be a number at least 0 and at most 1, got 1.5.',
    ],
    [
      () => new losses.CategoricalCrossentropy({ axis: 0.5 }),
      'CategoricalCrossentropy: axis must be a whole number, got 0.5.',
    ],
    [
      () => new losses.SparseCategoricalCrossentropy({ ignoreClass: 0.5 }),
      'ignoreClass must be a whole number, got 0.5.',
    ],
    [
      () => new losses.CategoricalGeneralizedCrossEntropy({ q: 1 }),
      'q must be a number above 0 and below 1, got 1.',
    ],
    [
      () => losses.get('mean_sqared_error'),
      'unknown loss "mean_sqared_error". Did you mean "mean_squared_error"?',
    ],
  ])('%#', (make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});

describe('shapes of losses', () => {
  it.each([
    [
      () => losses.huber(zeros(3, 2), zeros(3, 3)),
      'huber: targets [3, 2] and predictions [3, 3] differ.',
    ],
    [() => losses.dice(zeros(3), zeros(2, 3)), 'dice: targets [3] and predictions [2, 3] differ.'],
    [
      () => losses.categoricalFocalCrossentropy(zeros(3), zeros(3, 4)),
      'categorical_focal_crossentropy: predictions [3, 4] need one-hot targets [3, 4], got [3].',
    ],
    [
      () => losses.categoricalGeneralizedCrossEntropy(zeros(3, 4), zeros(3, 4)),
      'need labels [3], got [3, 4]. For one-hot labels use categorical_crossentropy.',
    ],
    [
      () => losses.circle(zeros(3), zeros(3)),
      'circle: expected embeddings [batch, size], got [3].',
    ],
    [() => losses.circle(zeros(3), zeros(4, 2)), 'circle: 4 embeddings need labels [4], got [3].'],
    [
      () => losses.categoricalCrossentropy(zeros(2, 3), zeros(2, 3), { axis: 2 }),
      'axis 2 is outside of a tensor with 2 axes',
    ],
    [
      () => new losses.Hinge().apply(zeros(3, 2), zeros(3, 2), zeros(4)),
      'hinge: weights [4] do not fit values [3]. Give one weight per sample, or one per value.',
    ],
  ])('%#', (call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });
});

describe('names of losses', () => {
  it.each([
    ['mse', 'MeanSquaredError'],
    ['MSE', 'MeanSquaredError'],
    ['mae', 'MeanAbsoluteError'],
    ['MAPE', 'MeanAbsolutePercentageError'],
    ['msle', 'MeanSquaredLogarithmicError'],
    ['bce', 'BinaryCrossentropy'],
    ['BCE', 'BinaryCrossentropy'],
    ['kld', 'KLDivergence'],
    ['kullback_leibler_divergence', 'KLDivergence'],
    ['KLDivergence', 'KLDivergence'],
    ['logcosh', 'LogCosh'],
    ['log_cosh', 'LogCosh'],
    ['cosine_proximity', 'CosineSimilarity'],
    ['huber_loss', 'Huber'],
    ['categoricalHinge', 'CategoricalHinge'],
    ['squared_hinge', 'SquaredHinge'],
    ['tversky', 'Tversky'],
  ])('%s is %s', (name, className) => {
    expect(losses.get(name).constructor.name).toBe(className);
  });

  it('each function of ours is its class', () => {
    for (const name of registry.names) {
      const { fn } = registry.get(name);
      expect(losses.get(fn).constructor).toBe(losses.get(name).constructor);
      expect(Object.values(losses)).toContain(fn);
    }
  });

  it("Keras's serialised functions are losses too", () => {
    const given = {
      module: 'builtins',
      class_name: 'function' as const,
      config: 'log_cosh',
      registered_name: 'log_cosh',
    };
    expect(losses.get(given).constructor).toBe(losses.LogCosh);
  });
});

describe('custom losses', () => {
  it('a function gets float targets whose rank is made that of the predictions', () => {
    const seen: string[] = [];
    const loss = losses.get((yTrue, yPred) => {
      seen.push(`${yTrue} ${yPred}`);
      return ops.mean(ops.abs(ops.subtract(yTrue, yPred)), -1);
    });
    expectTensor(loss.apply(tensor(Int32Array.of(1, 2)), tensor([[0], [0]])), [], [1.5]);
    expect(seen).toEqual(['Tensor(float32 [2, 1]) Tensor(float32 [2, 1])']);
  });

  it('the mask of the predictions counts unless another is given', () => {
    const yPred = tensor([[2], [4], [6]]);
    setMask(yPred, tensor([true, false, true]));
    const loss = new losses.MeanAbsoluteError();
    const yTrue = zeros(3, 1);
    expectTensor(loss.apply(yTrue, yPred), [], [4]);
    expectTensor(loss.apply(yTrue, yPred, undefined, tensor([false, true, false])), [], [4]);
    expectTensor(loss.apply(yTrue, yPred, tensor([1, 1, 0.5])), [], [2.5]);
  });

  it('a weight per sample counts for all of its values', () => {
    const loss = new losses.MeanAbsoluteError({ reduction: 'none' });
    const value = loss.apply(
      zeros(2, 2, 1),
      tensor([
        [[1], [2]],
        [[3], [4]],
      ]),
      tensor([1, 10]),
    );
    expectTensor(value, [2, 2], [1, 2, 30, 40]);
  });
});
