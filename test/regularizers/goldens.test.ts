// Regularizers and constraints against what Keras 3 on TensorFlow computed (scripts/goldens/penalties.py).
import { describe, expect, it } from 'vitest';
import { constraints, grad, regularizers, type Tensor } from '../../lib/index.js';
import {
  expectTensor,
  type GoldenArray,
  type KerasObject,
  readGoldens,
  tensorOf,
} from '../support/golden.js';

interface PenaltyCase extends KerasObject {
  readonly kind: 'regularizer';
  readonly w: GoldenArray;
  readonly value: GoldenArray;
  readonly gradient: GoldenArray;
}

interface ConstraintCase extends KerasObject {
  readonly kind: 'constraint';
  readonly w: GoldenArray;
  readonly value: GoldenArray;
}

const goldens = readGoldens<PenaltyCase | ConstraintCase>('penalties');
const penalties = goldens.filter((golden) => golden.kind === 'regularizer');
const constrained = goldens.filter((golden) => golden.kind === 'constraint');

describe('regularizers', () => {
  it.each(penalties)('$class_name $config on $w.shape', async (golden) => {
    const regularizer = regularizers.regularizers
      .get(golden.class_name)
      .fromConfig({ ...golden.config });
    // Keras holds some factors in float32.
    const config = Object.entries(regularizer.getConfig());
    for (const [key, value] of config) {
      const expected = golden.config[key];
      if (typeof expected === 'number') expect(value).toBeCloseTo(expected, 7);
      else expect(value).toBe(expected);
    }
    expect(config.length).toBe(Object.keys(golden.config).length);
    const w = tensorOf(golden.w);
    await expectTensor('penalty', regularizer.call(w), golden.value);
    const gradient = grad((x: Tensor) => regularizer.call(x))(w);
    await expectTensor('gradient', gradient, golden.gradient);
  });
});

describe('constraints', () => {
  it.each(constrained)('$class_name $config on $w.shape', async (golden) => {
    const constraint = constraints.constraints
      .get(golden.class_name)
      .fromConfig({ ...golden.config });
    expect(constraint.getConfig()).toEqual(golden.config);
    await expectTensor('weights', constraint.call(tensorOf(golden.w)), golden.value);
  });
});

describe('names', () => {
  it.each([
    ['l1', regularizers.L1],
    ['L2', regularizers.L2],
    ['l1_l2', regularizers.L1L2],
    ['orthogonal_regularizer', regularizers.OrthogonalRegularizer],
  ])('%s is a regularizer', (name, Class) => {
    expect(regularizers.get(name)).toBeInstanceOf(Class);
  });

  it.each([
    ['max_norm', constraints.MaxNorm],
    ['MinMaxNorm', constraints.MinMaxNorm],
    ['non_neg', constraints.NonNeg],
    ['unitNorm', constraints.UnitNorm],
  ])('%s is a constraint', (name, Class) => {
    expect(constraints.get(name)).toBeInstanceOf(Class);
  });

  it('all have goldens', () => {
    const covered = new Set(goldens.map(({ class_name }) => class_name));
    const known = [...regularizers.regularizers.names, ...constraints.constraints.names];
    expect(known.toSorted()).toEqual([...covered].toSorted());
  });
});

describe('options', () => {
  it('go by position or by name', () => {
    expect(new regularizers.L1L2(0.5, 0.25).getConfig()).toEqual({ l1: 0.5, l2: 0.25 });
    expect(new regularizers.L2().l2).toBe(0.01);
    const config = new constraints.MinMaxNorm(1, 2, 0.5, [0, 1]).getConfig();
    expect(config).toEqual({ min_value: 1, max_value: 2, rate: 0.5, axis: [0, 1] });
    expect(new constraints.MaxNorm({ axis: 1 }).getConfig()).toEqual({ max_value: 2, axis: 1 });
    expect(new constraints.UnitNorm([0, 1]).axis).toEqual([0, 1]);
  });

  it.each<[() => unknown, string]>([
    [() => new regularizers.L1(-1), 'L1: l1 must be 0 or more, got -1.'],
    [() => new regularizers.L2(Number.NaN), 'L2: expected a finite number as l2, got NaN.'],
    [() => new regularizers.L1L2({ l3: 1 } as object), 'L1L2: unknown option "l3".'],
    [
      () => new regularizers.OrthogonalRegularizer(1, 'row' as 'rows'),
      "mode must be 'rows' or 'columns', got 'row'",
    ],
    [() => new constraints.MaxNorm({ max: 1 } as object), 'MaxNorm: unknown option "max".'],
    [() => new constraints.UnitNorm(0.5), 'UnitNorm: expected a whole number'],
    [() => regularizers.get('l3'), 'unknown regularizer "l3".'],
  ])('are refused: %#', (make, message) => expect(make).toThrow(message));

  it('a regularizer of rows refuses what has none', () => {
    const kernel = tensorOf({ shape: [1, 1, 2], dtype: 'float32', values: [1, 2] });
    const regularizer = new regularizers.OrthogonalRegularizer();
    expect(() => regularizer.call(kernel)).toThrow('expected a matrix, got [1, 1, 2]');
  });
});
