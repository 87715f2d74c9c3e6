// Learning rates: set between steps, by schedules, by the old `decay`.
import { describe, expect, it } from 'vitest';
import { compile, optimizers, tensor, variable } from '../../lib/index.js';
import { ExponentialDecay } from '../../lib/schedules/index.js';
import { StateError } from '../../lib/util/errors.js';

const { SGD, Adam, MultiOptimizer, OptimizerMap } = optimizers;

/** What steps of a gradient of one change a scalar by, in turn. */
function changes(optimizer: optimizers.Optimizer, steps: number, before?: (step: number) => void) {
  const w = variable(tensor(0), { name: 'w' });
  let traces = 0;
  const step = compile(() => {
    traces++;
    optimizer.apply([tensor(1)], [w]);
  });
  const moved: number[] = [];
  let last = 0;
  for (let i = 0; i < steps; i++) {
    before?.(i);
    step();
    const [now] = w.value.dataSync();
    moved.push(Math.round((last - now) * 1e5) / 1e5);
    last = now;
  }
  expect(traces).toBe(1);
  return moved;
}

describe('the learning rate', () => {
  it('is set without compiling again', () => {
    const optimizer = new SGD(0.5);
    const moved = changes(optimizer, 3, (i) => {
      optimizer.learningRate = 1 / (i + 1);
    });
    expect(moved).toEqual([1, 0.5, 0.33333]);
    expect(optimizer.learningRate).toBeCloseTo(1 / 3, 6);
  });

  it('is set while gradients come together: the one of the update counts', () => {
    const optimizer = new SGD(0.5, { gradientAccumulationSteps: 2 });
    const moved = changes(optimizer, 4, (i) => {
      optimizer.learningRate = i + 1;
    });
    expect(moved).toEqual([0, 2, 0, 4]);
  });

  it('goes by steps, not by updates, where it follows a schedule', () => {
    const rate = new ExponentialDecay({ initialLearningRate: 8, decaySteps: 1, decayRate: 0.5 });
    expect(changes(new SGD(rate, { gradientAccumulationSteps: 2 }), 4)).toEqual([0, 4, 0, 1]);
  });

  it('is a function of the step', () => {
    const rate = (step: ReturnType<typeof tensor>) => step.cast('float32').mul(2);
    expect(changes(new SGD(rate), 3)).toEqual([0, 2, 4]);
  });

  it('has an old name, and an old decay by time', () => {
    expect(new SGD({ lr: 0.25 }).learningRate).toBe(0.25);
    const optimizer = new SGD({ lr: 1, decay: 0.5 });
    expect(changes(optimizer, 3)).toEqual([1, 0.66667, 0.5]);
    expect(optimizer.learningRate).toBe(1);
    expect(optimizer.getConfig().decay).toBe(0.5);
    expect(new SGD(0.1).getConfig()).not.toHaveProperty('decay');
  });

  it('may become a schedule, whose variable files then lack', () => {
    const optimizer = new SGD(0.5);
    optimizer.learningRate = () => tensor(2);
    expect(optimizer.variables.map((v) => v.path)).toEqual(['sgd/iteration']);
    expect(changes(optimizer, 1)).toEqual([2]);
    expect(() => {
      optimizer.learningRate = 0.5;
    }).toThrow(StateError);
  });

  it('belongs to the optimizers of a MultiOptimizer', () => {
    const several = new MultiOptimizer(new OptimizerMap(new SGD(0.5), { w: new SGD(0.25) }));
    expect(() => several.learningRate).toThrow(/its `optimizers`/);
    expect(several.optimizers.map((o) => o.learningRate)).toEqual([0.25, 0.5]);
    expect(changes(several, 2)).toEqual([0.25, 0.25]);
  });

  it('is read of the config of a Keras file', () => {
    const config = { name: 'Adam', learning_rate: 0.25, decay: 0, beta_1: 0.5, jit_compile: true };
    const adam = Adam.fromConfig({ ...config, is_legacy_optimizer: false, use_ema: false });
    expect(adam.getConfig()).toMatchObject({ name: 'Adam', learning_rate: 0.25, beta_1: 0.5 });
  });
});
