// Focal cross-entropies (Lin et al. 2018), which count what is easy for less, and the generalized one
// (Zhang and Sabuncu 2018), which bears wrong labels.
import {
  add,
  divide,
  log,
  multiply,
  negative,
  power,
  sigmoid,
  subtract,
} from '../ops/elementwise.js';
import { normalizeAxis, oneHot } from '../ops/movement.js';
import { mean, sum } from '../ops/reduce.js';
import { softmax } from '../ops/softmax.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import {
  bernoulli,
  type CrossentropyOptions,
  checkCrossentropy,
  distribution,
  oneHotTargets,
  smoothed,
  smoothedBinary,
} from './crossentropy.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { checkNumber } from './options.js';
import { aligned, labelsFor } from './shapes.js';

export interface BinaryFocalOptions extends CrossentropyOptions {
  /** Whether α weighs ones against zeros. Default false. */
  readonly applyClassBalancing?: boolean;
  /** Weight of ones; zeros have 1 − α. Default 0.25. */
  readonly alpha?: number;
  /** How much less an easy sample counts: (1 − pₜ)^γ. Default 2. */
  readonly gamma?: number;
}

/** (1 − pₜ)^γ times the binary cross-entropy, pₜ the probability of the target; meaned over `axis`. */
export function binaryFocalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: BinaryFocalOptions = {},
): Tensor {
  const { applyClassBalancing = false, alpha = 0.25, gamma = 2 } = formula;
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = formula;
  const [target, given] = aligned('binary_focal_crossentropy', yTrue, yPred);
  const z = smoothedBinary(target, labelSmoothing);
  const p = fromLogits ? sigmoid(given) : given;
  const ofTarget = add(multiply(z, p), multiply(subtract(1, z), subtract(1, p)));
  const focal = multiply(power(subtract(1, ofTarget), gamma), bernoulli(z, p));
  if (!applyClassBalancing) return mean(focal, axis);
  const balance = add(multiply(z, alpha), multiply(subtract(1, z), 1 - alpha));
  return mean(multiply(balance, focal), axis);
}

export interface CategoricalFocalOptions extends CrossentropyOptions {
  /** Weight of all classes, or one for each. Default 0.25. */
  readonly alpha?: number | readonly number[];
  /** How much less an easy sample counts: (1 − p)^γ. Default 2. */
  readonly gamma?: number;
}

/** Σ α·(1 − p)^γ·(−yTrue·ln p) over the classes, for one-hot targets. */
export function categoricalFocalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: CategoricalFocalOptions = {},
): Tensor {
  const { alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0, axis = -1 } = formula;
  const name = 'categorical_focal_crossentropy';
  const z = smoothed(oneHotTargets(name, yTrue, yPred), labelSmoothing);
  const at = normalizeAxis(axis, yPred.rank, name);
  const p = distribution(fromLogits ? softmax(yPred, at) : yPred, at);
  const weights = multiply(
    power(subtract(1, p), gamma),
    typeof alpha === 'number' ? alpha : tensor([...alpha]),
  );
  return sum(multiply(weights, multiply(negative(z), log(p))), at);
}

export interface GeneralizedOptions {
  /** Between cross-entropy (towards 0) and mean absolute error (towards 1). Default 0.5. */
  readonly q?: number;
}

/** (1 − p^q) / q with p the predicted probability of the label: `[...]`, predictions `[..., classes]`. */
export function categoricalGeneralizedCrossEntropy(
  yTrue: Tensor,
  yPred: Tensor,
  { q = 0.5 }: GeneralizedOptions = {},
): Tensor {
  const name = 'categorical_generalized_cross_entropy';
  const labels = labelsFor(name, yTrue, yPred, -1, 'categorical_crossentropy');
  const p = sum(multiply(yPred, oneHot(labels, yPred.shape[yPred.rank - 1])), -1);
  return divide(subtract(1, power(p, q)), q);
}

const crossentropyDefaults = { fromLogits: false, labelSmoothing: 0, axis: -1 };

/** Binary cross-entropy that counts easy samples for less. */
export class BinaryFocalCrossentropy extends FormulaLoss<BinaryFocalOptions> {
  constructor(options: LossOptions & BinaryFocalOptions = {}) {
    const own = { applyClassBalancing: false, alpha: 0.25, gamma: 2 };
    const defaults = { ...crossentropyDefaults, ...own };
    super({ name: 'binary_focal_crossentropy', fn: binaryFocalCrossentropy, defaults }, options);
    checkCrossentropy('BinaryFocalCrossentropy', this.formula);
    checkNumber('BinaryFocalCrossentropy', 'alpha', this.formula.alpha);
    checkNumber('BinaryFocalCrossentropy', 'gamma', this.formula.gamma);
  }
}

/** Categorical cross-entropy that counts easy samples for less. */
export class CategoricalFocalCrossentropy extends FormulaLoss<CategoricalFocalOptions> {
  constructor(options: LossOptions & CategoricalFocalOptions = {}) {
    const defaults = { ...crossentropyDefaults, alpha: 0.25, gamma: 2 };
    const name = 'categorical_focal_crossentropy';
    super({ name, fn: categoricalFocalCrossentropy, defaults }, options);
    checkCrossentropy('CategoricalFocalCrossentropy', this.formula);
    for (const alpha of [this.formula.alpha].flat()) {
      checkNumber('CategoricalFocalCrossentropy', 'alpha', alpha);
    }
    checkNumber('CategoricalFocalCrossentropy', 'gamma', this.formula.gamma);
  }
}

/** Cross-entropy of whole-number labels that bears some of them being wrong. */
export class CategoricalGeneralizedCrossEntropy extends FormulaLoss<GeneralizedOptions> {
  constructor(options: LossOptions & GeneralizedOptions = {}) {
    const name = 'categorical_generalized_cross_entropy';
    super({ name, fn: categoricalGeneralizedCrossEntropy, defaults: { q: 0.5 } }, options);
    const range = { least: 0, most: 1, open: true };
    checkNumber('CategoricalGeneralizedCrossEntropy', 'q', this.formula.q, range);
  }
}

losses.add('binary_focal_crossentropy', {
  Class: BinaryFocalCrossentropy,
  fn: binaryFocalCrossentropy,
});
losses.add('categorical_focal_crossentropy', {
  Class: CategoricalFocalCrossentropy,
  fn: categoricalFocalCrossentropy,
});
losses.add('categorical_generalized_cross_entropy', {
  Class: CategoricalGeneralizedCrossEntropy,
  fn: categoricalGeneralizedCrossEntropy,
});
