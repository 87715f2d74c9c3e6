// Activations over an axis that give distributions.
import { cumsum } from '../ops/cumulative.js';
import * as ops from '../ops/elementwise.js';
import { arange, normalizeAxis, reshape, transpose } from '../ops/movement.js';
import { sum } from '../ops/reduce.js';
import * as softmaxOps from '../ops/softmax.js';
import { sort } from '../ops/sort.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import { defineActivation, type Parameter, parameter } from './registry.js';

const { cast, divide, greater, maximum, subtract, where } = ops;

/** One axis, several taken together, or null for all. */
export type SoftmaxAxis = number | readonly number[] | null;

type GivenAxis = SoftmaxAxis | { readonly axis?: SoftmaxAxis };

const isList = (axis: GivenAxis): axis is readonly number[] => Array.isArray(axis);

/** The axis that was given by position or in options. */
function axisOf(where: string, given: GivenAxis): SoftmaxAxis {
  if (given === null || typeof given === 'number' || isList(given)) return given;
  checkOptions(where, given, ['axis']);
  return given.axis === undefined ? -1 : given.axis;
}

/** Applies a function of the last axis to several axes at once. */
function together(x: Tensor, axes: readonly number[], fn: (rows: Tensor) => Tensor): Tensor {
  const normal = axes.map((axis) => normalizeAxis(axis, x.rank, 'softmax'));
  const kept = [...x.shape.keys()].filter((axis) => !normal.includes(axis));
  const order = [...kept, ...normal];
  const moved = transpose(x, order);
  const joined = normal.reduce((n, axis) => n * x.shape[axis], 1);
  const rows = reshape(moved, [...kept.map((axis) => x.shape[axis]), joined]);
  return transpose(
    reshape(fn(rows), moved.shape),
    order.map((_, axis) => order.indexOf(axis)),
  );
}

const over =
  (where: string, fn: (x: Tensor, axis?: number) => Tensor) =>
  (x: Tensor, axis: GivenAxis = -1): Tensor => {
    const given = axisOf(where, axis);
    if (typeof given === 'number') return fn(x, given);
    return together(x, given ?? [...x.shape.keys()], (rows) => fn(rows));
  };

/** eˣ / Σ eˣ over the last axis, or `axis`: one, a list of axes, or null for all elements. */
export const softmax = defineActivation('softmax', over('softmax', softmaxOps.softmax));

/** ln softmax(x), without overflow. */
export const logSoftmax = defineActivation(
  'log_softmax',
  over('logSoftmax', softmaxOps.logSoftmax),
);

/**
 * max(x − τ, 0) over the last axis, or `axis`, with a threshold τ from its largest elements. Martins &
 * Astudillo 2016. As in Keras, τ is the sum of *all* running totals of the k elements in the support,
 * minus 1, by k; so rows whose support has several elements do not add up to 1.
 */
export const sparsemax = defineActivation(
  'sparsemax',
  (x: Tensor, axis?: Parameter<'axis', number>): Tensor => {
    const at = normalizeAxis(parameter('sparsemax', 'axis', axis, -1), x.rank, 'sparsemax');
    const sorted = sort(x, at, { descending: true });
    const totals = cumsum(sorted, at);
    const ranks = reshape(
      arange(1, x.shape[at] + 1, 1, { dtype: 'float32' }),
      x.shape.map((d, i) => (i === at ? d : 1)),
    );
    const support = greater(subtract(sorted, divide(subtract(totals, 1), ranks)), 0);
    const keep = { keepDims: true };
    const count = sum(cast(support, 'float32'), at, keep);
    const tau = divide(subtract(sum(where(support, totals, 0), at, keep), 1), count);
    return maximum(subtract(x, tau), 0);
  },
);
