// One or more objects of every class that has a config, with options that differ from the defaults.
import {
  Constant,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  type Initializer,
  LecunNormal,
  LecunUniform,
  Ones,
  RandomNormal,
  RandomUniform,
  TruncatedNormal,
  VarianceScaling,
  Zeros,
} from '../../lib/initializers/index.js';
import { Activation, Dropout, Flatten, Input, Rescaling } from '../../lib/layers/core.js';
import { Dense } from '../../lib/layers/dense.js';
import type { Layer } from '../../lib/layers/layer.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { Adam, type Optimizer, SGD } from '../../lib/optimizers/index.js';
import { ExponentialDecay, type LearningRateSchedule } from '../../lib/schedules/index.js';
import type { Shape } from '../../lib/tensor/shape.js';

/** A layer, and the shape of an input for it. */
export interface LayerExample {
  readonly layer: () => Layer;
  readonly shape: Shape;
}

export const layerExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  Input: [{ layer: () => new Input({ shape: [3], name: 'in' }), shape: [2, 3] }],
  Activation: [
    { layer: () => new Activation('relu'), shape: [2, 3] },
    { layer: () => new Activation('softmax', { name: 'probabilities' }), shape: [2, 3] },
  ],
  Flatten: [{ layer: () => new Flatten(), shape: [2, 3, 4] }],
  Rescaling: [
    { layer: () => new Rescaling(0.5, { offset: -1 }), shape: [2, 3] },
    { layer: () => new Rescaling({ scale: [1, 2, 3], offset: [0, 1, 2] }), shape: [2, 3] },
  ],
  Dropout: [
    { layer: () => new Dropout(0.25, { seed: 7 }), shape: [4, 3] },
    { layer: () => new Dropout(0.25, { noiseShape: [null, 1] }), shape: [4, 3] },
  ],
  Dense: [
    { layer: () => new Dense(4), shape: [2, 3] },
    {
      layer: () =>
        new Dense(4, {
          activation: 'gelu',
          useBias: false,
          kernelInitializer: new RandomNormal({ stddev: 0.5, seed: 3 }),
          trainable: false,
          name: 'frozen',
        }),
      shape: [2, 5, 3],
    },
  ],
};

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

export const metricExamples: Readonly<Record<string, readonly metrics.Metric[]>> = {
  Mean: [new metrics.Mean({ name: 'average' })],
  Accuracy: [new metrics.Accuracy()],
  BinaryAccuracy: [new metrics.BinaryAccuracy({ threshold: 0.75, name: 'sure' })],
  CategoricalAccuracy: [new metrics.CategoricalAccuracy()],
  SparseCategoricalAccuracy: [new metrics.SparseCategoricalAccuracy()],
  MeanSquaredError: [new metrics.MeanSquaredError()],
  MeanAbsoluteError: [new metrics.MeanAbsoluteError({ name: 'distance' })],
};

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true };

export const optimizerExamples: Readonly<Record<string, readonly Optimizer[]>> = {
  SGD: [
    new SGD(0.25),
    new SGD(0.5, { momentum: 0.5, nesterov: true, name: 'slope' }),
    new SGD(new ExponentialDecay(decay)),
  ],
  Adam: [new Adam(), new Adam({ learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.125 })],
};

export const scheduleExamples: Readonly<Record<string, readonly LearningRateSchedule[]>> = {
  ExponentialDecay: [new ExponentialDecay(decay)],
};

export const initializerExamples: Readonly<Record<string, readonly Initializer[]>> = {
  Zeros: [new Zeros()],
  Ones: [new Ones()],
  Constant: [new Constant(0.5)],
  RandomNormal: [new RandomNormal({ mean: 1, stddev: 0.5, seed: 1 })],
  TruncatedNormal: [new TruncatedNormal({ mean: 1, stddev: 0.5, seed: 1 })],
  RandomUniform: [new RandomUniform({ minval: 1, maxval: 2, seed: 1 })],
  VarianceScaling: [
    new VarianceScaling({ scale: 2, mode: 'fanAvg', distribution: 'uniform', seed: 1 }),
  ],
  GlorotNormal: [new GlorotNormal({ seed: 1 })],
  GlorotUniform: [new GlorotUniform({ seed: 1 })],
  HeNormal: [new HeNormal({ seed: 1 })],
  HeUniform: [new HeUniform({ seed: 1 })],
  LecunNormal: [new LecunNormal({ seed: 1 })],
  LecunUniform: [new LecunUniform({ seed: 1 })],
};
