// One or more optimizers of every class, with options that differ from the defaults.
import { Adam, type Optimizer, SGD } from '../../../lib/optimizers/index.js';
import { ExponentialDecay } from '../../../lib/schedules/index.js';

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true };

export const optimizerExamples: Readonly<Record<string, readonly Optimizer[]>> = {
  SGD: [
    new SGD(0.25),
    new SGD(0.5, { momentum: 0.5, nesterov: true, name: 'slope' }),
    new SGD(new ExponentialDecay(decay)),
  ],
  Adam: [new Adam(), new Adam({ learningRate: 0.5, beta1: 0.5, beta2: 0.75, epsilon: 0.125 })],
};
