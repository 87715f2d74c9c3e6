// What options forbid, what exclusions and missing gradients do, and optimizers of one's own.
import { describe, expect, it } from 'vitest';
import {
  compile,
  ops,
  optimizers,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from '../../lib/index.js';
import { ConfigError, ShapeError, StateError } from '../../lib/util/errors.js';

const {
  SGD,
  Adam,
  AdamW,
  Ftrl,
  Lion,
  LossScaleOptimizer,
  MultiOptimizer,
  OptimizerMap,
  Optimizer,
} = optimizers;

const weights = (...values: number[]): Variable[] =>
  values.map((value, i) => variable(tensor([value]), { name: `w${i}` }));

const read = (variables: readonly Variable[]): number[] =>
  variables.map((v) => Number(v.value.dataSync()[0].toFixed(5)));

describe('errors', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['two ways to clip', () => new SGD(1, { clipnorm: 1, clipvalue: 1 }), /clipnorm and clipvalue/],
    ['accumulation', () => new SGD(1, { gradientAccumulationSteps: 1 }), /at least 2.*got 1/],
    ['an average', () => new SGD(1, { useEma: true, emaMomentum: 2 }), /emaMomentum.*got 2/],
    ['overwriting', () => new SGD(1, { useEma: true, emaOverwriteFrequency: 0.5 }), /got 0\.5/],
    ['decay', () => new SGD(1, { decay: -1 }), /decay of 0 or more, got -1/],
    ['momentum', () => new SGD(1, { momentum: 2 }), /momentum.*got 2/],
    ['AdamW', () => AdamW.fromConfig({ weight_decay: null }), /weightDecay, got null/],
    ['Lion', () => new Lion(1, { beta1: 0 }), /beta1.*got 0/],
    [
      'Ftrl',
      () => new Ftrl(1, { l1RegularizationStrength: -1 }),
      /l1RegularizationStrength, got -1/,
    ],
    ['the power of Ftrl', () => new Ftrl(1, { learningRatePower: 1 }), /0 or less, got 1/],
    [
      'nested optimizers',
      () => nested(new MultiOptimizer(new OptimizerMap(new SGD()))),
      /cannot be/,
    ],
    ['nested scales', () => nested(new LossScaleOptimizer(new SGD())), /cannot be/],
    ['no config', () => new MultiOptimizer(() => new SGD()).getConfig(), /OptimizerMap/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it('of gradients: shape, number, none', () => {
    const variables = weights(1, 2);
    const optimizer = new SGD();
    const wrong = () => optimizer.apply([tensor([1]), tensor([1, 2])], variables);
    expect(wrong).toThrow(ShapeError);
    expect(wrong).toThrow(/expected a gradient of \[1\] for variable "w1", got \[2\]/);
    expect(() => optimizer.apply([tensor([1])], variables)).toThrow(/1 gradients for 2/);
    expect(() => optimizer.apply([null, null], variables)).toThrow(/no variable has a gradient/);
  });

  it('of a path that two patterns match', () => {
    const map = new OptimizerMap(new SGD(), { 'w.': new Adam(), '.0': new SGD() });
    expect(() => new MultiOptimizer(map).build(weights(1))).toThrow(/"w\." and "\.0" match.*"w0"/);
  });

  it('of exclusions that come too late', () => {
    const optimizer = new AdamW();
    optimizer.build(weights(1));
    expect(() => optimizer.excludeFromWeightDecay([], ['w'])).toThrow(StateError);
  });
});

const nested = (inner: optimizers.Optimizer) => new MultiOptimizer(new OptimizerMap(inner));

describe('what an update leaves alone', () => {
  it('variables without a gradient', () => {
    const variables = weights(1, 2);
    const optimizer = new SGD(0.5, { weightDecay: 0.1, momentum: 0.5 });
    optimizer.apply([null, tensor([1])], variables);
    expect(read(variables)).toEqual([1, 1.4]);
    expect(optimizer.variables.length).toBe(4);
  });

  it('everything, given nothing', () => {
    const optimizer = new SGD();
    optimizer.apply([], []);
    expect(optimizer.iterations.value.dataSync()[0]).toBe(0);
  });

  it('averages that do not exist', () => {
    const variables = weights(1);
    new SGD().finalizeVariableValues(variables);
    new SGD(1, { useEma: true }).finalizeVariableValues(variables);
    expect(read(variables)).toEqual([1]);
  });
});

describe('a loss scale', () => {
  it('of its own is divided out again, and skips steps that overflow', () => {
    const variables = weights(1);
    const inner = new Adam(0.5);
    const optimizer = new LossScaleOptimizer(inner, { initialScale: 4, dynamicGrowthSteps: 2 });
    const step = compile((g: Tensor) => optimizer.apply([g], variables));
    const scale = () => optimizer.scaleLoss(tensor(1)).dataSync()[0];
    expect(scale()).toBe(4);
    step(tensor([Number.POSITIVE_INFINITY]));
    expect(read(variables)).toEqual([1]);
    expect(scale()).toBe(2);
    expect(inner.iterations.value.dataSync()[0]).toBe(0);
    step(tensor([2]));
    expect(read(variables)).toEqual([0.5]);
    step(tensor([2]));
    expect(scale()).toBe(4);
    step(tensor([Number.NaN]));
    expect(scale()).toBe(2);
  });
});

describe('an optimizer of one’s own', () => {
  class Signs extends Optimizer {
    constructor(options: optimizers.OptimizerOptions = {}) {
      super({ learningRate: 0.5, ...options });
    }
    protected override buildSlots(variables: readonly Variable[]): void {
      this.addSlots(variables, ['seen']);
    }
    override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
      this.slot(variable, 'seen').assignAdd(gradient);
      variable.assignSub(ops.sign(gradient).mul(learningRate));
    }
  }

  it('decays, clips, accumulates and averages', () => {
    const variables = weights(4, 4);
    const optimizer = new Signs({
      weightDecay: 0.5,
      clipvalue: 1,
      gradientAccumulationSteps: 2,
      useEma: true,
      emaMomentum: 0.5,
    });
    optimizer.excludeFromWeightDecay([variables[1]]);
    const step = compile((g: Tensor) => optimizer.apply([g, g], variables));
    step(tensor([3]));
    expect(read(variables)).toEqual([4, 4]);
    step(tensor([5]));
    expect(read(variables)).toEqual([2.5, 3.5]);
    const seen = optimizer.variables.filter((v) => v.name.endsWith('_seen'));
    expect(read(seen)).toEqual([1, 1]);
    optimizer.finalizeVariableValues(variables);
    expect(read(variables)).toEqual([2.5, 3.5]);
  });

  it('may change the step of one of ours', () => {
    class Halved extends SGD {
      override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
        super.updateStep(gradient.mul(0.5), variable, learningRate);
      }
    }
    const variables = weights(1);
    new Halved(1, { weightDecay: 0.5 }).apply([tensor([0.5])], variables);
    expect(read(variables)).toEqual([0.25]);
  });
});
