// One or more losses of every class, with options that differ from the defaults.
import * as losses from '../../../lib/losses/index.js';

export const lossExamples: Readonly<Record<string, readonly losses.Loss[]>> = {
  BinaryCrossentropy: [
    new losses.BinaryCrossentropy(),
    new losses.BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1, reduction: 'sum' }),
  ],
  BinaryFocalCrossentropy: [
    new losses.BinaryFocalCrossentropy({
      applyClassBalancing: true,
      alpha: 0.5,
      gamma: 1,
      axis: 1,
    }),
  ],
  CategoricalCrossentropy: [new losses.CategoricalCrossentropy({ labelSmoothing: 0.1, name: 'a' })],
  CategoricalFocalCrossentropy: [
    new losses.CategoricalFocalCrossentropy({ alpha: [0.25, 0.75], fromLogits: true }),
  ],
  CategoricalGeneralizedCrossEntropy: [
    new losses.CategoricalGeneralizedCrossEntropy(),
    new losses.CategoricalGeneralizedCrossEntropy({ q: 0.75 }),
  ],
  CategoricalHinge: [new losses.CategoricalHinge({ reduction: 'mean' })],
  Circle: [new losses.Circle({ gamma: 64, margin: 0.25, removeDiagonal: false })],
  CTC: [new losses.CTC({ reduction: 'sum' })],
  CosineSimilarity: [
    new losses.CosineSimilarity(),
    new losses.CosineSimilarity({ axis: 1, reduction: 'meanWithSampleWeight' }),
  ],
  Dice: [new losses.Dice(), new losses.Dice({ axis: [1, 2] })],
  GaussianNegativeLogLikelihood: [
    new losses.GaussianNegativeLogLikelihood(),
    new losses.GaussianNegativeLogLikelihood({ full: false }),
  ],
  Hinge: [new losses.Hinge()],
  Huber: [new losses.Huber(), new losses.Huber({ delta: 2.5 })],
  KLDivergence: [new losses.KLDivergence({ name: 'divergence' })],
  LogCosh: [new losses.LogCosh({ reduction: 'sum' })],
  MeanAbsoluteError: [new losses.MeanAbsoluteError({ name: 'distance' })],
  MeanAbsolutePercentageError: [new losses.MeanAbsolutePercentageError()],
  MeanSquaredError: [new losses.MeanSquaredError({ reduction: null })],
  MeanSquaredLogarithmicError: [new losses.MeanSquaredLogarithmicError()],
  Poisson: [new losses.Poisson()],
  Quantile: [new losses.Quantile(), new losses.Quantile({ quantile: [0.1, 0.5, 0.9] })],
  SparseCategoricalCrossentropy: [
    new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    new losses.SparseCategoricalCrossentropy({ ignoreClass: 255, axis: 1 }),
  ],
  SquaredHinge: [new losses.SquaredHinge()],
  Tversky: [new losses.Tversky({ alpha: 0.25, beta: 0.75, axis: -1 })],
};
