// Small models and data sets for tests of training.
import { Dense } from '../../lib/layers/dense.js';
import type { LossLike } from '../../lib/losses/index.js';
import type { Model } from '../../lib/models/model.js';
import { Sequential } from '../../lib/models/sequential.js';
import type { Optimizer } from '../../lib/optimizers/optimizer.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import '../../lib/ops/methods.js';
import { seeded } from './random.js';

/** Options of fit and evaluate that print nothing. */
export const quiet = { verbose: 0 } as const;

/** `rows` samples of `features` numbers on [−1, 1). */
export const inputs = (rows: number, features = 3, seed = 1): Tensor =>
  tensor(Float32Array.from(seeded(seed).uniforms(rows * features)), { shape: [rows, features] });

/** Whole-number labels that follow from the first features. */
export function labelsOf(x: Tensor, classes = 2): Tensor {
  const data = x.dataSync();
  const [rows, features] = x.shape;
  const label = (row: number) => Math.floor(((data[row * features] + 1) / 2) * classes);
  return tensor(Int32Array.from({ length: rows }, (_, row) => label(row)));
}

/** Targets `[rows, 1]`: the sum of each row. */
export function sumsOf(x: Tensor): Tensor {
  const data = Float32Array.from(x.dataSync());
  const [rows, features] = x.shape;
  const sum = (row: number) =>
    data.subarray(row * features, (row + 1) * features).reduce((a, b) => a + b, 0);
  const sums = Float32Array.from({ length: rows }, (_, row) => sum(row));
  return tensor(sums, { shape: [rows, 1] });
}

/** A compiled classifier of `classes` classes. */
export function classifier(classes = 2): Sequential {
  const model = new Sequential([
    new Dense(8, { activation: 'relu' }),
    new Dense(classes, { activation: 'softmax' }),
  ]);
  model.compile({
    optimizer: 'adam',
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

/** A compiled regression with one output. */
export function regression(options: { optimizer?: string | Optimizer; loss?: LossLike } = {}) {
  const model = new Sequential([new Dense(8, { activation: 'tanh' }), new Dense(1)]);
  model.compile({ optimizer: 'sgd', loss: 'mse', ...options });
  return model;
}

/** One weight, no bias: prediction w·x, so that updates can be worked out by hand. */
export function line(optimizer: string | Optimizer = 'sgd', w = 0): Sequential {
  const model = new Sequential([new Dense(1, { useBias: false, inputShape: [1] })]);
  model.compile({ optimizer, loss: 'mse' });
  model.setWeights([tensor([[w]])]);
  return model;
}

/** The present value of all weights, one array. */
export const weightsOf = (model: Model): number[] =>
  model.weights.flatMap((weight) => [...weight.value.dataSync()]);

/** What a rejected promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was not rejected');
}
