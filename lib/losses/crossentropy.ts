// Cross-entropies: minus the log-likelihood of Bernoulli and categorical distributions. Behind a
// final sigmoid or softmax they find the logits and compute from those, as Keras does; from plain
// probabilities they clip.
import { cast } from '../ops/convert.js';
import {
  add,
  clip,
  divide,
  exp,
  log,
  log1p,
  maximum,
  minimum,
  multiply,
  negative,
  notEqual,
  subtract,
  where,
} from '../ops/elementwise.js';
import { expandDims, normalizeAxis, transpose } from '../ops/movement.js';
import { mean, sum } from '../ops/reduce.js';
import { logSoftmax, sparseSoftmaxCrossEntropy } from '../ops/softmax.js';
import { setMask } from '../tensor/mask.js';
import { formatShape } from '../tensor/shape.js';
import type { OpNode, Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { epsilon } from './arithmetic.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { checkNumber, checkWhole } from './options.js';
import { aligned, checkShapes, labelsFor } from './shapes.js';

/** Options of cross-entropies with targets per class. */
export interface CrossentropyOptions {
  /** Whether predictions are logits. Default false. */
  readonly fromLogits?: boolean;
  /** Fraction of the targets that is spread over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** The axis of the classes. Default −1. */
  readonly axis?: number;
}

/** Options of cross-entropies with whole-number labels. */
export interface SparseCrossentropyOptions {
  /** Whether predictions are logits. Default false. */
  readonly fromLogits?: boolean;
  /** A label that does not count: its value is 0, and it is masked. Default null: none. */
  readonly ignoreClass?: number | null;
  /** The axis of the classes. Default −1. */
  readonly axis?: number;
}

/**
 * @internal The logits whose activation `op` made `t`, if one did. As in Keras, anything in between hides them:
 * even the squeezing of predictions `[batch, time, 1]` to targets `[batch, time]`.
 */
export function logitsBehind(t: Tensor, op: 'sigmoid' | 'softmax'): Tensor | undefined {
  const swapped = callOf(t, 'transpose');
  if (!swapped) return callOf(t, op)?.inputs[0];
  // Softmax over another axis than the last: it is swapped there and back.
  const inner = callOf(swapped.inputs[0], op)?.inputs[0];
  const there = inner && callOf(inner, 'transpose');
  const back = swapped.attrs.permutation;
  return there && String(there.attrs.permutation) === String(back) ? there.inputs[0] : undefined;
}

/** The call that made `t`, if it was one of `op`. */
const callOf = ({ source }: Tensor, op: string): OpNode | undefined =>
  source.kind === 'op' && source.node.op.name === op ? source.node : undefined;

/** max(x, 0) − x·z + ln(1 + e^−|x|) */
const bernoulliFromLogits = (z: Tensor, x: Tensor): Tensor =>
  add(subtract(maximum(x, 0), multiply(x, z)), log1p(exp(minimum(negative(x), x))));

/** Keras's clipping of probabilities. */
const clipped = (p: Tensor): Tensor => clip(p, epsilon, 1 - epsilon);

/** @internal −z·ln p − (1 − z)·ln(1 − p) per element, from the logits if a sigmoid made `p`. */
export function bernoulli(z: Tensor, p: Tensor): Tensor {
  const logits = logitsBehind(p, 'sigmoid');
  if (logits) return bernoulliFromLogits(z, logits);
  const c = clipped(p);
  const ones = multiply(z, log(c));
  const zeros = multiply(subtract(1, z), log(subtract(1, c)));
  return negative(add(ones, zeros));
}

/** @internal Targets pulled towards ½. */
export const smoothedBinary = (t: Tensor, smoothing: number): Tensor =>
  smoothing ? add(multiply(t, 1 - smoothing), 0.5 * smoothing) : t;

/** @internal Targets pulled towards 1 / classes; Keras takes the last axis for the classes here. */
export const smoothed = (t: Tensor, smoothing: number): Tensor =>
  smoothing ? add(multiply(t, 1 - smoothing), smoothing / t.shape[t.rank - 1]) : t;

/** @internal Predictions that add up to 1 along `axis`, clipped. */
export const distribution = (p: Tensor, axis: number): Tensor =>
  clipped(divide(p, sum(p, axis, { keepDims: true })));

/** @internal One-hot targets in float32, of the predictions' shape. */
export function oneHotTargets(name: string, yTrue: Tensor, yPred: Tensor): Tensor {
  if (yTrue.size < yPred.size && yTrue.size * yPred.shape[yPred.rank - 1] === yPred.size) {
    throw new ShapeError(
      `${name}: predictions ${formatShape(yPred.shape)} need one-hot targets ${formatShape(yPred.shape)}, got ${formatShape(yTrue.shape)}. For whole-number labels use sparse_categorical_crossentropy.`,
    );
  }
  const target = cast(yTrue, 'float32');
  checkShapes(name, target, yPred);
  return target;
}

/** Binary cross-entropy, meaned over `axis`. */
export function binaryCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: CrossentropyOptions = {},
): Tensor {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = formula;
  const [target, p] = aligned('binary_crossentropy', yTrue, yPred);
  const z = smoothedBinary(target, labelSmoothing);
  const behind = logitsBehind(p, 'sigmoid');
  if (fromLogits && !behind) return mean(bernoulliFromLogits(z, p), axis);
  return mean(bernoulli(z, p), axis);
}

/** Cross-entropy of one-hot (or soft) targets, per sample. */
export function categoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: CrossentropyOptions = {},
): Tensor {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = formula;
  const target = oneHotTargets('categorical_crossentropy', yTrue, yPred);
  const at = normalizeAxis(axis, yPred.rank, 'categorical_crossentropy');
  const z = smoothed(target, labelSmoothing);
  const logits = logitsBehind(yPred, 'softmax') ?? (fromLogits ? yPred : undefined);
  if (logits) return negative(sum(multiply(z, logSoftmax(logits, at)), at));
  return negative(sum(multiply(z, log(distribution(yPred, at))), at));
}

/** Cross-entropy of whole-number labels `[...]` with predictions `[..., classes]`, per sample. */
export function sparseCategoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: SparseCrossentropyOptions = {},
): Tensor {
  const { fromLogits = false, ignoreClass = null, axis = -1 } = formula;
  const name = 'sparse_categorical_crossentropy';
  const at = normalizeAxis(axis, yPred.rank, name);
  const labels = labelsFor(name, yTrue, yPred, at, 'categorical_crossentropy');
  if (ignoreClass === null) return crossentropyOfLabels(labels, yPred, fromLogits, at);
  const counts = notEqual(labels, ignoreClass);
  const shown = where(expandDims(counts, at), yPred, 0);
  const values = crossentropyOfLabels(where(counts, labels, 0), shown, fromLogits, at);
  const loss = where(counts, values, 0);
  setMask(loss, counts);
  return loss;
}

function crossentropyOfLabels(
  labels: Tensor,
  yPred: Tensor,
  fromLogits: boolean,
  axis: number,
): Tensor {
  const logits = logitsBehind(yPred, 'softmax') ?? (fromLogits ? yPred : undefined);
  // Softmax undoes the logarithm, so probabilities are logits after it.
  const scores = logits ?? log(clipped(yPred));
  const lastScores = axis === scores.rank - 1 ? scores : moveToEnd(scores, axis);
  return sparseSoftmaxCrossEntropy(lastScores, labels);
}

const moveToEnd = (t: Tensor, axis: number): Tensor => {
  const order = t.shape.map((_, i) => i).filter((i) => i !== axis);
  return transpose(t, [...order, axis]);
};

/** @internal Throws for a smoothing outside of [0, 1], or an axis that is no whole number. */
export function checkCrossentropy(
  where: string,
  { labelSmoothing, axis }: Required<CrossentropyOptions>,
): void {
  checkNumber(where, 'labelSmoothing', labelSmoothing, { least: 0, most: 1 });
  checkWhole(where, 'axis', axis, -Infinity);
}

const defaults = { fromLogits: false, labelSmoothing: 0, axis: -1 };

/** Cross-entropy of yes-or-no targets: for a final sigmoid. */
export class BinaryCrossentropy extends FormulaLoss<CrossentropyOptions> {
  constructor(options: LossOptions & CrossentropyOptions = {}) {
    super({ name: 'binary_crossentropy', fn: binaryCrossentropy, defaults }, options);
    checkCrossentropy('BinaryCrossentropy', this.formula);
  }
}

/** Cross-entropy of one-hot targets: for a final softmax. */
export class CategoricalCrossentropy extends FormulaLoss<CrossentropyOptions> {
  constructor(options: LossOptions & CrossentropyOptions = {}) {
    super({ name: 'categorical_crossentropy', fn: categoricalCrossentropy, defaults }, options);
    checkCrossentropy('CategoricalCrossentropy', this.formula);
  }
}

/** Cross-entropy of whole-number labels: for a final softmax. */
export class SparseCategoricalCrossentropy extends FormulaLoss<SparseCrossentropyOptions> {
  constructor(options: LossOptions & SparseCrossentropyOptions = {}) {
    super(
      {
        name: 'sparse_categorical_crossentropy',
        fn: sparseCategoricalCrossentropy,
        defaults: { fromLogits: false, ignoreClass: null, axis: -1 },
        unwritten: ['axis'],
      },
      options,
    );
    const { ignoreClass, axis } = this.formula;
    checkWhole('SparseCategoricalCrossentropy', 'axis', axis, -Infinity);
    if (ignoreClass === null) return;
    checkWhole('SparseCategoricalCrossentropy', 'ignoreClass', ignoreClass, -Infinity);
  }
}

losses.add('binary_crossentropy', { Class: BinaryCrossentropy, fn: binaryCrossentropy }, ['bce']);
losses.add('categorical_crossentropy', {
  Class: CategoricalCrossentropy,
  fn: categoricalCrossentropy,
});
losses.add('sparse_categorical_crossentropy', {
  Class: SparseCategoricalCrossentropy,
  fn: sparseCategoricalCrossentropy,
});
