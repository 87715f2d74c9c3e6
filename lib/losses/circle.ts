// Circle loss (Sun et al. 2020): embeddings of one class together, of different classes apart.
import { cast } from '../ops/convert.js';
import {
  add,
  equal,
  greater,
  logicalAnd,
  logicalNot,
  maximum,
  multiply,
  notEqual,
  softplus,
  subtract,
  where,
} from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import { arange, expandDims, reshape } from '../ops/movement.js';
import { logSumExp } from '../ops/reduce.js';
import { setMask } from '../tensor/mask.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';
import { checkNumber } from './options.js';

export interface CircleOptions {
  /** Scale of the similarities. Default 80. */
  readonly gamma?: number;
  /** How far from the ideal a pair may be before it counts. Default 0.4. */
  readonly margin?: number;
  /** Whether a sample is no pair with itself. Default true. */
  readonly removeDiagonal?: boolean;
}

/** Which pairs of rows are of one class, which of two: `[batch, references]` bool each. */
function pairs(labels: Tensor, references: Tensor, removeDiagonal: boolean): [Tensor, Tensor] {
  const same = equal(expandDims(labels, 1), expandDims(references, 0));
  if (!removeDiagonal) return [same, logicalNot(same)];
  const rows = expandDims(arange(labels.size), 1);
  return [logicalAnd(same, notEqual(rows, arange(references.size))), logicalNot(same)];
}

const flatLabels = (labels: Tensor, rows: number, what: string): Tensor => {
  if (labels.size === rows) return reshape(cast(labels, 'int32'), [rows]);
  throw new ShapeError(
    `circle: ${rows} embeddings need ${what} [${rows}], got ${formatShape(labels.shape)}.`,
  );
};

/**
 * Circle loss of labels `[batch]` (or `[batch, 1]`) and embeddings `[batch, size]` of length 1.
 *
 * @param options `refLabels` and `refEmbeddings`: what to compare with; default: the batch itself
 */
export function circle(
  yTrue: Tensor,
  yPred: Tensor,
  options: CircleOptions & { readonly refLabels?: Tensor; readonly refEmbeddings?: Tensor } = {},
): Tensor {
  const { gamma = 80, margin = 0.4, removeDiagonal = true } = options;
  const { refLabels = yTrue, refEmbeddings = yPred } = options;
  if (yPred.rank !== 2 || refEmbeddings.rank !== 2) {
    const wrong = yPred.rank !== 2 ? yPred : refEmbeddings;
    throw new ShapeError(
      `circle: expected embeddings [batch, size], got ${formatShape(wrong.shape)}.`,
    );
  }
  const labels = flatLabels(yTrue, yPred.shape[0], 'labels');
  const references = flatLabels(refLabels, refEmbeddings.shape[0], 'labels of references');
  const [same, different] = pairs(labels, references, removeDiagonal);
  const cosines = matmul(yPred, refEmbeddings, { transposeB: true });
  const distances = maximum(subtract(1, cosines), 0);
  const ofPairs = (which: Tensor, weights: Tensor, offsets: Tensor, scale: number): Tensor => {
    const kept = maximum(multiply(weights, cast(which, 'float32')), 0);
    const logits = multiply(multiply(kept, scale), offsets);
    return logSumExp(where(which, logits, Number.NEGATIVE_INFINITY), 1);
  };
  const positive = ofPairs(same, add(distances, margin), subtract(margin, distances), -gamma);
  const negative = ofPairs(
    different,
    subtract(1 + margin, distances),
    subtract(1 - margin, distances),
    gamma,
  );
  const loss = softplus(add(positive, negative));
  setMask(loss, greater(loss, 0));
  return loss;
}

/** Circle loss; samples without a pair do not count. */
export class Circle extends FormulaLoss<CircleOptions> {
  constructor(options: LossOptions & CircleOptions = {}) {
    const defaults = { gamma: 80, margin: 0.4, removeDiagonal: true };
    super({ name: 'circle', fn: circle, defaults }, options);
    checkNumber('Circle', 'gamma', this.formula.gamma);
    checkNumber('Circle', 'margin', this.formula.margin);
  }
}

losses.add('circle', { Class: Circle, fn: circle });
