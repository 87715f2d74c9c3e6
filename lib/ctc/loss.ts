// Connectionist temporal classification (Graves et al. 2006): the likelihood of a row of labels over all
// its alignments with the frames, by the forward recursion.
import { scan } from '../graph/scan.js';
import { asFloat, cast } from '../ops/convert.js';
import { atPath, recordable } from '../ops/define.js';
import {
  add,
  equal,
  exp,
  less,
  log,
  logicalAnd,
  logicalOr,
  maximum,
  mod,
  multiply,
  negative,
  notEqual,
  stopGradient,
  subtract,
  where,
} from '../ops/elementwise.js';
import {
  arange,
  broadcastTo,
  expandDims,
  pad,
  reshape,
  sliceAxis,
  stack,
  transpose,
} from '../ops/movement.js';
import { logSumExp, max } from '../ops/reduce.js';
import { logSoftmax } from '../ops/softmax.js';
import { takeAlongAxis } from '../ops/sort.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { filled, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';

/** The logarithm of what cannot be: it vanishes beside anything, and can be added to itself. */
const never = -1e30;

/** Keras's logarithm of the likelihood that labels end too early: the loss of impossible labels is above 700. */
const noEnd = Math.log(1e-307);

/** @internal */
export function checkShape(name: string, what: string, { shape }: Tensor, expected: Shape): void {
  if (sameShape(shape, expected)) return;
  throw new ShapeError(
    `${name}: expected ${what} ${formatShape(expected)}, got ${formatShape(shape)}${atPath()}.`,
  );
}

/** @internal Logits `[batch, frames, classes]`. */
export function logitsOf(name: string, given: TensorLike): Tensor {
  const logits = asFloat(given);
  if (logits.rank === 3 && logits.shape[2] > 0) return logits;
  throw new ShapeError(
    `${name}: expected logits [batch, frames, classes], got ${formatShape(logits.shape)}${atPath()}.`,
  );
}

/** @internal The class that stands for no label; a negative index counts from the end. */
export function blankOf(name: string, maskIndex: number, classes: number): number {
  const index = maskIndex < 0 ? maskIndex + classes : maskIndex;
  if (Number.isInteger(index) && index >= 0 && index < classes) return index;
  throw new ShapeError(
    `${name}: maskIndex must be one of ${classes} classes, got ${maskIndex}${atPath()}.`,
  );
}

/** `x` moved `by` columns to the right, behind columns of `value`. */
function shifted(x: Tensor, by: number, value: number): Tensor {
  const kept = Math.max(0, x.shape[1] - by);
  return pad(
    sliceAxis(x, 1, 0, kept),
    [
      [0, 0],
      [x.shape[1] - kept, 0],
    ],
    value,
  );
}

/** ln(eᵃ + eᵇ + eᶜ), element by element. */
function logAdd(a: Tensor, b: Tensor, c: Tensor): Tensor {
  const top = stopGradient(maximum(maximum(a, b), c));
  const [x, y, z] = [a, b, c].map((t) => exp(subtract(t, top)));
  return add(log(add(add(x, y), z)), top);
}

/** The class of each state, `[batch, 2·labels + 1]`: none, the first label, none, the second, …, none. */
function statesOf(labels: Tensor, blank: number): Tensor {
  const [batch, count] = labels.shape;
  const pauses = add(multiply(labels, 0), blank);
  const pairs = reshape(stack([pauses, labels], -1), [batch, 2 * count]);
  return pad(
    pairs,
    [
      [0, 0],
      [0, 1],
    ],
    blank,
  );
}

/**
 * The log-likelihood of being in each state after the last frame that counts: what is left of it below 0, and
 * what was taken off, `[batch, states]` and `[batch, 1]`.
 */
function forward(emissions: Tensor, leap: Tensor, until: Tensor): readonly [Tensor, Tensor] {
  const [frames, batch, states] = emissions.shape;
  const first = where(equal(arange(0, states), 0), 0, never);
  const [carry] = scan(
    ([paths, total]: readonly Tensor[], [emission, frame]: readonly Tensor[]) => {
      const two = add(shifted(paths, 2, never), leap);
      const next = add(logAdd(paths, shifted(paths, 1, never), two), emission);
      const top = stopGradient(max(next, -1, { keepDims: true }));
      const counts = less(frame, until);
      const after = where(counts, subtract(next, top), paths);
      return [[after, add(total, where(counts, top, 0))], []];
    },
    [broadcastTo(first, [batch, states]), filled(0, [batch, 1])] as readonly Tensor[],
    [emissions, arange(0, frames)] as readonly Tensor[],
  );
  return [carry[0], carry[1]];
}

/**
 * Minus the log-likelihood of each row of labels, `[batch]`.
 *
 * @param target labels `[batch, labels]`, whole numbers; those beyond the length of their row do not matter
 * @param output logits `[batch, frames, classes]`
 * @param targetLength how many labels of each row count, `[batch]`
 * @param outputLength how many frames of each row count, `[batch]`
 * @param maskIndex the class that stands for no label; a negative one counts from the end. Default 0
 * @throws ShapeError if shapes do not fit; DataError when it runs, for a label that is no class
 */
export const ctcLoss = recordable(
  'ctcLoss',
  (
    target: TensorLike,
    output: TensorLike,
    targetLength: TensorLike,
    outputLength: TensorLike,
    maskIndex = 0,
  ): Tensor => {
    const logits = logitsOf('ctcLoss', output);
    const [batch, , classes] = logits.shape;
    const blank = blankOf('ctcLoss', maskIndex, classes);
    const given = cast(target, 'int32');
    const count = given.shape.at(-1) ?? 0;
    const [labelCount, frameCount] = [targetLength, outputLength].map((t) => cast(t, 'int32'));
    checkShape('ctcLoss', 'target', given, [batch, count]);
    checkShape('ctcLoss', 'targetLength', labelCount, [batch]);
    checkShape('ctcLoss', 'outputLength', frameCount, [batch]);
    const ends = expandDims(labelCount, 1);
    const states = statesOf(where(less(arange(0, count), ends), given, blank), blank);
    const state = arange(0, 2 * count + 1);
    // From one label to the next without a pause, unless that would read as one label.
    const mayLeap = logicalAnd(equal(mod(state, 2), 1), notEqual(states, shifted(states, 2, -1)));
    const byFrame = transpose(logSoftmax(logits), [1, 0, 2]);
    const emissions = maximum(takeAlongAxis(byFrame, expandDims(states, 0), -1), never);
    const leap = where(mayLeap, 0, never);
    const [paths, total] = forward(emissions, leap, expandDims(frameCount, 1));
    const last = multiply(ends, 2);
    const isEnd = logicalOr(equal(state, last), equal(state, subtract(last, 1)));
    const likelihood = logSumExp(add(paths, where(isEnd, 0, noEnd)), -1);
    return negative(add(likelihood, reshape(total, [batch])));
  },
);
