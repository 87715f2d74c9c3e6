// One or more optimizers of every class, with options that differ from the defaults.
import {
  Adadelta,
  Adafactor,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  Ftrl,
  Lamb,
  Lion,
  LossScaleOptimizer,
  MultiOptimizer,
  Muon,
  Nadam,
  type Optimizer,
  OptimizerMap,
  RMSprop,
  ScheduleFreeAdamW,
  SGD,
} from '../../../lib/optimizers/index.js';
import { ExponentialDecay } from '../../../lib/schedules/index.js';

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true };

export const optimizerExamples: Readonly<Record<string, readonly Optimizer[]>> = {
  SGD: [
    new SGD(0.25),
    new SGD(0.5, { momentum: 0.5, nesterov: true, name: 'slope' }),
    new SGD(new ExponentialDecay(decay)),
    new SGD(0.5, { clipnorm: 2, lossScaleFactor: 8, decay: 0.25 }),
  ],
  RMSprop: [
    new RMSprop(),
    new RMSprop(0.5, { rho: 0.75, momentum: 0.5, epsilon: 0.125, centered: true, clipvalue: 4 }),
  ],
  Adagrad: [new Adagrad(), new Adagrad(0.5, { initialAccumulatorValue: 0.25, epsilon: 0.125 })],
  Adadelta: [new Adadelta(), new Adadelta(1, { rho: 0.75, epsilon: 0.125 })],
  Adam: [
    new Adam(),
    new Adam({ learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.125 }),
    new Adam(0.5, { amsgrad: true, useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 3 }),
  ],
  AdamW: [new AdamW(), new AdamW(0.5, { weightDecay: 0.25, globalClipnorm: 1 })],
  Adamax: [new Adamax(), new Adamax(0.5, { beta1: 0.5, beta2: 0.75, epsilon: 0.125 })],
  Nadam: [new Nadam(), new Nadam(0.5, { beta1: 0.5, beta2: 0.75, epsilon: 0.125 })],
  Ftrl: [
    new Ftrl(),
    new Ftrl(0.5, {
      learningRatePower: -0.75,
      initialAccumulatorValue: 0,
      l1RegularizationStrength: 0.5,
      l2RegularizationStrength: 0.25,
      l2ShrinkageRegularizationStrength: 0.125,
      beta: 2,
    }),
  ],
  Lion: [new Lion(), new Lion(0.5, { beta1: 0.5, beta2: 0.75, gradientAccumulationSteps: 4 })],
  Lamb: [new Lamb(), new Lamb(0.5, { beta1: 0.5, beta2: 0.75, epsilon: 0.125 })],
  Adafactor: [
    new Adafactor(),
    new Adafactor(0.5, {
      beta2Decay: -0.5,
      epsilon1: 0.25,
      epsilon2: 0.125,
      clipThreshold: 2,
      relativeStep: false,
    }),
  ],
  Muon: [
    new Muon(),
    new Muon(0.5, {
      adamBeta1: 0.5,
      adamBeta2: 0.75,
      adamWeightDecay: null,
      epsilon: 0.125,
      weightDecay: null,
      excludeLayers: ['head'],
      excludeEmbeddings: false,
      muonA: 3,
      muonB: -4,
      muonC: 2,
      adamLrRatio: 0.5,
      momentum: 0.5,
      nsSteps: 3,
      nesterov: false,
      rmsRate: null,
    }),
  ],
  ScheduleFreeAdamW: [
    new ScheduleFreeAdamW(),
    new ScheduleFreeAdamW(0.5, { beta1: 0.5, beta2: 0.75, epsilon: 0.125, warmupSteps: 7 }),
  ],
  MultiOptimizer: [
    new MultiOptimizer(new OptimizerMap(new SGD(0.5), { 'dense/.*': new Adam(0.25) })),
    new MultiOptimizer(new OptimizerMap(new SGD()), { lossScaleFactor: 4, name: 'several' }),
  ],
  LossScaleOptimizer: [
    new LossScaleOptimizer(new Adam(0.25)),
    new LossScaleOptimizer(new SGD(0.5), { initialScale: 4, dynamicGrowthSteps: 3, name: 'safe' }),
  ],
};
