// A whole training run of every optimizer against Keras 3 on TensorFlow (scripts/goldens/optimizer_runs.py).
import { expect, it } from 'vitest';
import { Sequential, type Tensor, tensor } from '../../lib/index.js';
import { Dense } from '../../lib/layers/index.js';
import { optimizers as registry } from '../../lib/optimizers/optimizer.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import {
  afterTraining,
  expectNumbers,
  type KerasObject,
  type MeasuredArray,
  numbers,
  readGoldens,
} from '../support/golden.js';
import { draws } from './draws.js';

interface RunCase extends KerasObject {
  readonly label: string;
  readonly history: Readonly<Record<string, MeasuredArray>>;
  readonly weights: MeasuredArray;
  readonly variables: readonly string[];
}

const drawn = (seed: number, shape: readonly number[], scale = 1): Tensor => {
  const next = draws(seed);
  const values = Float32Array.from({ length: sizeOf(shape) }, next);
  return tensor(
    values.map((v) => v * Math.fround(scale)),
    { shape },
  );
};

/** Inputs [37, 5] and what is to be learnt of them, [37, 2]. */
function data(): [Tensor, Tensor] {
  const x = drawn(11, [37, 5]);
  const at = x.dataSync();
  const y = Array.from({ length: 37 }, (_, row) =>
    [0, 1].map((i) => {
      const product = Math.fround(at[row * 5 + i] * at[row * 5 + i + 1]);
      return Math.fround(product + Math.fround(0.5 * at[row * 5 + 3 + i]));
    }),
  );
  return [x, tensor(y)];
}

function network(): Sequential {
  const model = new Sequential(
    [
      new Dense(6, { activation: 'tanh', name: 'first' }),
      new Dense(6, { activation: 'tanh', kernelConstraint: 'non_neg', name: 'middle' }),
      new Dense(2, { name: 'last' }),
    ],
    { name: 'sequential' },
  );
  model.build([null, 5]);
  for (const [i, weight] of model.weights.entries()) {
    weight.assign(drawn(20 + i, weight.shape, 0.7));
  }
  return model;
}

const exclusions: Readonly<Record<string, string>> = {
  'no decay of biases': 'bias',
  'no decay of a layer': 'middle',
};

it.each(readGoldens<RunCase>('optimizer_runs'))('$class_name $label', async (golden) => {
  const [x, y] = data();
  const model = network();
  const optimizer = registry.get(golden.class_name).fromConfig(golden.config);
  const excluded = exclusions[golden.label];
  if (excluded) optimizer.excludeFromWeightDecay([], [excluded]);
  model.compile({ optimizer, loss: 'mse' });
  const { history } = await model.fit(x.slice(0, 29), y.slice(0, 29), {
    validationData: [x.slice(29), y.slice(29)],
    batchSize: 6,
    epochs: 5,
    shuffle: false,
    verbose: 0,
  });
  for (const [name, expected] of Object.entries(golden.history)) {
    expectNumbers(name, history[name], numbers(expected), afterTraining(expected.difference));
  }
  const weights = model.weights.flatMap((w) => [...w.value.dataSync()]);
  const { difference } = golden.weights;
  expectNumbers('weights', weights, numbers(golden.weights), afterTraining(difference));
  expect(optimizer.variables.map((v) => v.name)).toEqual(golden.variables);
});
