// Losses of segmentation: how little two areas overlap.
import { add, divide, multiply, subtract } from '../ops/elementwise.js';
import { type Axes, sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { epsilon } from './arithmetic.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { checkNumber } from './options.js';
import { aligned } from './shapes.js';

export interface DiceOptions {
  /** The axes to sum over, one or several. Default null: all, so that the batch has one value. */
  readonly axis?: Axes | null;
}

/** 1 − 2·Σ yTrue·yPred / (Σ yTrue + Σ yPred + ε) (Sørensen 1948, Dice 1945). */
export function dice(yTrue: Tensor, yPred: Tensor, { axis }: DiceOptions = {}): Tensor {
  const [t, p] = aligned('dice', yTrue, yPred);
  const total = (x: Tensor): Tensor => sum(x, axis ?? undefined);
  const areas = add(add(total(t), total(p)), epsilon);
  return subtract(1, divide(multiply(total(multiply(t, p)), 2), areas));
}

export interface TverskyOptions extends DiceOptions {
  /** Weight of targets that are not predicted. Default 0.5. */
  readonly alpha?: number;
  /** Weight of predictions that are no targets. Default 0.5. */
  readonly beta?: number;
}

/** 1 − Σ t·p / (Σ t·p + α·Σ t·(1 − p) + β·Σ (1 − t)·p + ε) (Salehi et al. 2017). */
export function tversky(
  yTrue: Tensor,
  yPred: Tensor,
  { alpha = 0.5, beta = 0.5, axis }: TverskyOptions = {},
): Tensor {
  const [t, p] = aligned('tversky', yTrue, yPred);
  const total = (x: Tensor): Tensor => sum(x, axis ?? undefined);
  const overlap = total(multiply(t, p));
  const missed = multiply(total(multiply(subtract(1, p), t)), alpha);
  const extra = multiply(total(multiply(p, subtract(1, t))), beta);
  return subtract(1, divide(overlap, add(add(add(overlap, missed), extra), epsilon)));
}

/** 1 − the Dice coefficient. */
export class Dice extends FormulaLoss<DiceOptions> {
  constructor(options: LossOptions & DiceOptions = {}) {
    super({ name: 'dice', fn: dice, defaults: { axis: null } }, options);
  }
}

/** 1 − the Tversky index. */
export class Tversky extends FormulaLoss<TverskyOptions> {
  constructor(options: LossOptions & TverskyOptions = {}) {
    super(
      { name: 'tversky', fn: tversky, defaults: { alpha: 0.5, beta: 0.5, axis: null } },
      options,
    );
    checkNumber('Tversky', 'alpha', this.formula.alpha);
    checkNumber('Tversky', 'beta', this.formula.beta);
  }
}

losses.add('dice', { Class: Dice, fn: dice });
losses.add('tversky', { Class: Tversky, fn: tversky });
