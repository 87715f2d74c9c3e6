// Hinge losses: maximum-margin classification with targets of −1 and 1.
import {
  add,
  equal,
  logicalOr,
  maximum,
  multiply,
  square,
  subtract,
  where,
} from '../ops/elementwise.js';
import { all, max, mean, sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { aligned } from './shapes.js';

/** Targets of 0 and 1 become −1 and 1; if any is something else, they are as they should be. */
function signed(t: Tensor): Tensor {
  const binary = all(logicalOr(equal(t, 0), equal(t, 1)));
  return where(binary, subtract(multiply(t, 2), 1), t);
}

/** max(1 − yTrue·yPred, 0) */
function margins(name: string, yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = aligned(name, yTrue, yPred);
  return maximum(subtract(1, multiply(signed(t), p)), 0);
}

/** Mean over the last axis of max(1 − yTrue·yPred, 0); a batch of zeros and ones counts as −1 and 1. */
export const hinge = (yTrue: Tensor, yPred: Tensor): Tensor =>
  mean(margins('hinge', yTrue, yPred), -1);

/** Mean over the last axis of max(1 − yTrue·yPred, 0)². */
export const squaredHinge = (yTrue: Tensor, yPred: Tensor): Tensor =>
  mean(square(margins('squared_hinge', yTrue, yPred)), -1);

/** max(0, 1 + largest prediction of a wrong class − prediction of the right one), for one-hot targets. */
export function categoricalHinge(yTrue: Tensor, yPred: Tensor): Tensor {
  const [t, p] = aligned('categorical_hinge', yTrue, yPred);
  const right = sum(multiply(t, p), -1);
  const wrong = max(multiply(subtract(1, t), p), -1);
  return maximum(add(subtract(wrong, right), 1), 0);
}

/** The hinge loss of yes-or-no targets. */
export class Hinge extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'hinge', fn: hinge, defaults: {} }, options);
  }
}

/** The squared hinge loss of yes-or-no targets. */
export class SquaredHinge extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'squared_hinge', fn: squaredHinge, defaults: {} }, options);
  }
}

/** The hinge loss of one-hot targets. */
export class CategoricalHinge extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'categorical_hinge', fn: categoricalHinge, defaults: {} }, options);
  }
}

losses.add('hinge', { Class: Hinge, fn: hinge });
losses.add('squared_hinge', { Class: SquaredHinge, fn: squaredHinge });
losses.add('categorical_hinge', { Class: CategoricalHinge, fn: categoricalHinge });
