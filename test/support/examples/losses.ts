// One or more losses of every class, with options that differ from the defaults.
import * as losses from '../../../lib/losses/index.js';

export const lossExamples: Readonly<Record<string, readonly losses.Loss[]>> = {
  BinaryCrossentropy: [
    new losses.BinaryCrossentropy(),
    new losses.BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1, reduction: 'sum' }),
  ],
  CategoricalCrossentropy: [new losses.CategoricalCrossentropy({ labelSmoothing: 0.1, name: 'a' })],
  SparseCategoricalCrossentropy: [new losses.SparseCategoricalCrossentropy({ fromLogits: true })],
  MeanSquaredError: [new losses.MeanSquaredError({ reduction: null })],
  MeanAbsoluteError: [new losses.MeanAbsoluteError({ name: 'distance' })],
};
