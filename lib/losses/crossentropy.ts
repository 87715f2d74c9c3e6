// Cross-entropies: minus the log-likelihood of Bernoulli and categorical distributions. Behind a
// final sigmoid or softmax they find the logits and compute from those, as Keras does; from plain
// probabilities they clip.
import {
  add,
  cast,
  clip,
  divide,
  exp,
  log,
  log1p,
  maximum,
  minimum,
  multiply,
  negative,
  subtract,
} from '../ops/elementwise.js';
import { normalizeAxis, squeeze, transpose } from '../ops/movement.js';
import { mean, sum } from '../ops/reduce.js';
import { logSoftmax, sparseSoftmaxCrossEntropy } from '../ops/softmax.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions, refuseOptions } from '../util/suggest.js';
import {
  checkShapes,
  Loss,
  type LossOptions,
  losses,
  lossOptionNames,
  matchRanks,
} from './loss.js';

/** Keras's epsilon: probabilities are clipped to [ε, 1 − ε]. */
const epsilon = 1e-7;

export interface CrossentropyOptions extends LossOptions {
  /** Whether predictions are logits. Default false. */
  readonly fromLogits?: boolean;
  /** Fraction of the targets that is spread over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** The axis of the classes. Default −1. */
  readonly axis?: number;
}

type Formula = Pick<CrossentropyOptions, 'fromLogits' | 'labelSmoothing' | 'axis'>;

/**
 * The logits whose activation `op` made `t`, if one did. As in Keras, anything in between hides them:
 * even the squeezing of predictions `[batch, time, 1]` to targets `[batch, time]`.
 */
function logitsBehind(t: Tensor, op: 'sigmoid' | 'softmax'): Tensor | undefined {
  const { source } = t;
  return source.kind === 'op' && source.node.op.name === op ? source.node.inputs[0] : undefined;
}

/** max(x, 0) − x·z + ln(1 + e^−|x|) */
const bernoulliFromLogits = (z: Tensor, x: Tensor): Tensor =>
  add(subtract(maximum(x, 0), multiply(x, z)), log1p(exp(minimum(negative(x), x))));

/** Keras's clipping adds ε again inside of the logarithms. */
function bernoulli(z: Tensor, p: Tensor): Tensor {
  const c = clip(p, epsilon, 1 - epsilon);
  const ones = multiply(z, log(c));
  const zeros = multiply(subtract(1, z), log(subtract(1, c)));
  return negative(add(ones, zeros));
}

/** Binary cross-entropy, meaned over the last axis. */
export function binaryCrossentropy(yTrue: Tensor, yPred: Tensor, formula: Formula = {}): Tensor {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = formula;
  const [target, p] = matchRanks(cast(yTrue, 'float32'), yPred);
  checkShapes('binary_crossentropy', target, p);
  const z = labelSmoothing
    ? add(multiply(target, 1 - labelSmoothing), 0.5 * labelSmoothing)
    : target;
  const logits = fromLogits ? p : logitsBehind(p, 'sigmoid');
  return mean(logits ? bernoulliFromLogits(z, logits) : bernoulli(z, p), axis);
}

/** Cross-entropy of one-hot (or soft) targets, per sample. */
export function categoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: Formula = {},
): Tensor {
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = formula;
  const target = cast(yTrue, 'float32');
  if (target.size < yPred.size && target.size * yPred.shape[yPred.rank - 1] === yPred.size) {
    throw new ShapeError(
      `categorical_crossentropy: predictions ${formatShape(yPred.shape)} need one-hot targets ${formatShape(yPred.shape)}, got ${formatShape(yTrue.shape)}. For whole-number labels use sparse_categorical_crossentropy.`,
    );
  }
  checkShapes('categorical_crossentropy', target, yPred);
  const at = normalizeAxis(axis, yPred.rank, 'categorical_crossentropy');
  const classes = yPred.shape[at];
  const z = labelSmoothing
    ? add(multiply(target, 1 - labelSmoothing), labelSmoothing / classes)
    : target;
  const logits = fromLogits ? yPred : logitsBehind(yPred, 'softmax');
  if (logits) return negative(sum(multiply(z, logSoftmax(logits, at)), at));
  const normalized = divide(yPred, sum(yPred, at, { keepDims: true }));
  return negative(sum(multiply(z, log(clip(normalized, epsilon, 1 - epsilon))), at));
}

/** Cross-entropy of whole-number labels `[...]` with predictions `[..., classes]`, per sample. */
export function sparseCategoricalCrossentropy(
  yTrue: Tensor,
  yPred: Tensor,
  formula: Formula = {},
): Tensor {
  const { fromLogits = false, axis = -1 } = formula;
  const at = normalizeAxis(axis, yPred.rank, 'sparse_categorical_crossentropy');
  const expected = yPred.shape.filter((_, i) => i !== at);
  const trailing = yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1;
  const labels = trailing ? squeeze(yTrue, -1) : yTrue;
  if (!sameShape(labels.shape, expected)) {
    throw new ShapeError(
      `sparse_categorical_crossentropy: predictions ${formatShape(yPred.shape)} need labels ${formatShape(expected)}, got ${formatShape(yTrue.shape)}. For one-hot labels use categorical_crossentropy.`,
    );
  }
  const logits = fromLogits ? yPred : logitsBehind(yPred, 'softmax');
  // Softmax undoes the logarithm, so probabilities are logits after it.
  const scores = logits ?? log(clip(yPred, epsilon, 1 - epsilon));
  const lastScores = at === scores.rank - 1 ? scores : moveToEnd(scores, at);
  return sparseSoftmaxCrossEntropy(lastScores, labels);
}

const moveToEnd = (t: Tensor, axis: number): Tensor => {
  const order = t.shape.map((_, i) => i).filter((i) => i !== axis);
  return transpose(t, [...order, axis]);
};

abstract class Crossentropy extends Loss {
  protected readonly formula: Required<Formula>;
  constructor(name: string, options: CrossentropyOptions, known: readonly string[]) {
    checkOptions(name, options, [...known, ...lossOptionNames]);
    super(name, options);
    const { fromLogits = false, labelSmoothing = 0, axis = -1 } = options;
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new ConfigError(
        `${name}: labelSmoothing must be between 0 and 1, got ${labelSmoothing}.`,
      );
    }
    this.formula = { fromLogits, labelSmoothing, axis };
  }
  override getConfig(): Record<string, unknown> {
    const { fromLogits, labelSmoothing, axis } = this.formula;
    return { ...super.getConfig(), from_logits: fromLogits, label_smoothing: labelSmoothing, axis };
  }
}

/** Cross-entropy of yes-or-no targets: for a final sigmoid. */
export class BinaryCrossentropy extends Crossentropy {
  constructor(options: CrossentropyOptions = {}) {
    super('binary_crossentropy', options, ['fromLogits', 'labelSmoothing', 'axis']);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return binaryCrossentropy(yTrue, yPred, this.formula);
  }
}

/** Cross-entropy of one-hot targets: for a final softmax. */
export class CategoricalCrossentropy extends Crossentropy {
  constructor(options: CrossentropyOptions = {}) {
    super('categorical_crossentropy', options, ['fromLogits', 'labelSmoothing', 'axis']);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return categoricalCrossentropy(yTrue, yPred, this.formula);
  }
}

/** Cross-entropy of whole-number labels: for a final softmax. */
export class SparseCategoricalCrossentropy extends Crossentropy {
  constructor(options: CrossentropyOptions & { ignoreClass?: null } = {}) {
    super('sparse_categorical_crossentropy', options, ['fromLogits', 'axis', 'ignoreClass']);
    refuseOptions('sparse_categorical_crossentropy', options, ['ignoreClass']);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sparseCategoricalCrossentropy(yTrue, yPred, this.formula);
  }
  override getConfig(): Record<string, unknown> {
    const { label_smoothing: _, axis: __, ...config } = super.getConfig();
    return { ...config, ignore_class: null };
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
