// One or more schedules of every class, with options that differ from the defaults.
import { ExponentialDecay, type LearningRateSchedule } from '../../../lib/schedules/index.js';

const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5, staircase: true };

export const scheduleExamples: Readonly<Record<string, readonly LearningRateSchedule[]>> = {
  ExponentialDecay: [new ExponentialDecay(decay)],
};
