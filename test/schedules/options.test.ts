// How schedules are made: by position, by name, and what they refuse.
import { describe, expect, it } from 'vitest';
import { SGD } from '../../lib/optimizers/index.js';
import * as s from '../../lib/schedules/index.js';
import { tensor } from '../../lib/tensor/tensor.js';
import '../../lib/ops/methods.js';
import '../../lib/graph/evaluate.js';

describe('schedules', () => {
  const all = { initialLearningRate: 0.1, decaySteps: 10 };

  it.each<[s.LearningRateSchedule, s.LearningRateSchedule]>([
    [
      new s.ExponentialDecay(0.1, 10, 0.5, { staircase: true }),
      new s.ExponentialDecay({ ...all, decayRate: 0.5, staircase: true }),
    ],
    [
      new s.InverseTimeDecay(0.1, 10, 0.5),
      new s.InverseTimeDecay({ ...all, decayRate: 0.5, staircase: false }),
    ],
    [
      new s.PolynomialDecay(0.1, 10, 0.01, { power: 2 }),
      new s.PolynomialDecay(0.1, 10, { endLearningRate: 0.01, power: 2, cycle: false }),
    ],
    [
      new s.PiecewiseConstantDecay([1, 2], [3, 2, 1]),
      new s.PiecewiseConstantDecay({ boundaries: [1, 2], values: [3, 2, 1] }),
    ],
    [
      new s.CosineDecay(0.1, 10, { warmupTarget: 1, warmupSteps: 2 }),
      new s.CosineDecay({ ...all, alpha: 0, warmupTarget: 1, warmupSteps: 2 }),
    ],
    [
      new s.CosineDecayRestarts(0.1, 10, { tMul: 2 }),
      new s.CosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 10, mMul: 1 }),
    ],
  ])('%o is the same by position and by name', (a, b) => {
    expect(a.constructor).toBe(b.constructor);
    expect(a.getConfig()).toEqual(b.getConfig());
  });

  it.each<[() => unknown, string]>([
    [
      () => new s.ExponentialDecay(0.1, 0, 0.5),
      'ExponentialDecay: decaySteps must be above 0, got 0.',
    ],
    [
      () => new s.ExponentialDecay(0.1, 10),
      'ExponentialDecay: expected a finite number as decayRate, got undefined.',
    ],
    [() => new s.InverseTimeDecay({ ...all, rate: 1 } as object), 'unknown option "rate"'],
    [() => new s.PolynomialDecay(Number.NaN, 10), 'as initialLearningRate, got NaN'],
    [() => new s.CosineDecay(0.1, 10, { warmupStep: 1 } as object), 'Did you mean "warmupSteps"?'],
    [() => new s.CosineDecayRestarts(0.1, -5), 'firstDecaySteps must be above 0'],
    [() => new s.PiecewiseConstantDecay([1, 2], [1, 2]), 'one value more than the 2 boundaries'],
    [() => new s.PiecewiseConstantDecay([2, 1], [1, 2, 3]), 'boundaries in rising order'],
    [() => new s.PiecewiseConstantDecay([1], [1, '2'] as never), 'each boundary and value'],
  ])('refuse what they cannot be given: %#', (make, message) => expect(make).toThrow(message));

  it('drive an optimizer', () => {
    const optimizer = new SGD(new s.PiecewiseConstantDecay([0, 1], [3, 2, 1]));
    const rates = [0, 1, 2].map((step) => {
      optimizer.iterations.assign(tensor(step, { dtype: 'int32' }));
      return optimizer.learningRate;
    });
    expect(rates).toEqual([3, 2, 1]);
  });
});
