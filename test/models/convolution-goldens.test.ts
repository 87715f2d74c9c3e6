// Networks of convolutions that real Keras trained for 20 steps: made of its configs and begun with its
// weights, they come to its losses, weights and predictions.
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../lib/index.js';
import { Model } from '../../lib/models/model.js';
import {
  afterTraining,
  expectNumbers,
  type GoldenArray,
  type KerasConfig,
  type KerasObject,
  type MeasuredArray,
  numbers,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import { loadOptimizer } from '../support/golden-load.js';

interface RunCase {
  readonly label: string;
  readonly config: KerasConfig;
  readonly optimizer: KerasObject;
  readonly loss: string;
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly initial: readonly GoldenArray[];
  readonly history: Readonly<Record<string, MeasuredArray>>;
  readonly final: readonly MeasuredArray[];
  readonly predictions: MeasuredArray;
}

const cases = readGoldens<RunCase>('convolution_runs');

describe.each(cases)('$label', (golden) => {
  it('trains as in Keras', async () => {
    const model = Model.fromConfig(golden.config);
    expect(model.weights.map(({ shape }) => [...shape])).toEqual(
      golden.initial.map(({ shape }) => shape),
    );
    model.setWeights(golden.initial.map(tensorOf));
    model.compile({ optimizer: loadOptimizer(golden.optimizer), loss: golden.loss });
    const x = tensorOf(golden.x);
    const { history } = await model.fit(x, tensorOf(golden.y), {
      epochs: 5,
      batchSize: 8,
      shuffle: false,
      verbose: 0,
    });
    for (const [name, expected] of Object.entries(golden.history)) {
      expectNumbers(name, history[name], numbers(expected), afterTraining(expected.difference));
    }
    for (const [i, expected] of golden.final.entries()) {
      const { path, value } = model.weights[i];
      expectNumbers(path, value.dataSync(), numbers(expected), afterTraining(expected.difference));
    }
    const { predictions } = golden;
    const [y] = [await model.predict(x)].flat() as Tensor[];
    const tolerance = afterTraining(predictions.difference);
    expectNumbers('predictions', await y.data(), numbers(predictions), tolerance);
  });
});
