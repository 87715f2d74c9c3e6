// One or more schedules of every class, with options that differ from the defaults.
import * as s from '../../../lib/schedules/index.js';

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true };

export const scheduleExamples: Readonly<Record<string, readonly s.LearningRateSchedule[]>> = {
  ExponentialDecay: [new s.ExponentialDecay(decay)],
  InverseTimeDecay: [new s.InverseTimeDecay({ ...decay, name: 'inverse' })],
  PolynomialDecay: [new s.PolynomialDecay(0.1, 10, 0.01, { power: 2, cycle: true })],
  PiecewiseConstantDecay: [new s.PiecewiseConstantDecay([10, 20], [0.5, 0.25, 0.125])],
  CosineDecay: [
    new s.CosineDecay(0.1, 10, 0.5),
    new s.CosineDecay(0.1, 10, { warmupTarget: 0.5, warmupSteps: 4 }),
  ],
  CosineDecayRestarts: [new s.CosineDecayRestarts(0.1, 10, { tMul: 1.5, mMul: 0.5, alpha: 0.25 })],
};
