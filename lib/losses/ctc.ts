// Connectionist temporal classification: labels without knowing at which frames they are.

import { ctcLoss } from '../ctc/loss.js';
import { cast } from '../ops/convert.js';
import { notEqual } from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import { formatShape } from '../tensor/shape.js';
import { fromData, type Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { FormulaLoss, type LossOptions, losses } from './loss.js';

/**
 * Minus the log-likelihood of labels by CTC, `[batch]`. Class 0 stands for no label, and fills rows that are
 * shorter than others.
 *
 * @param yTrue labels `[batch, labels]`
 * @param yPred logits `[batch, frames, classes]`, without a softmax
 */
export function ctc(yTrue: Tensor, yPred: Tensor): Tensor {
  if (yTrue.rank !== 2 || yPred.rank !== 3) {
    throw new ShapeError(
      `ctc: expected labels [batch, labels] and logits [batch, frames, classes], got ${formatShape(yTrue.shape)} and ${formatShape(yPred.shape)}.`,
    );
  }
  const [batch, frames] = yPred.shape;
  const labelLength = sum(cast(notEqual(yTrue, 0), 'int32'), -1);
  const frameLength = fromData(new Int32Array(batch).fill(frames), [batch], 'int32');
  return ctcLoss(yTrue, yPred, labelLength, frameLength);
}

/** Connectionist temporal classification (Graves et al. 2006), as in Keras. */
export class CTC extends FormulaLoss {
  constructor(options: LossOptions = {}) {
    super({ name: 'ctc', fn: ctc, defaults: {} }, options);
  }
}

losses.add('ctc', { Class: CTC, fn: ctc });
