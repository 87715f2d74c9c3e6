// Random graphs for property tests: recipes that can be evaluated op by op or compiled.
import fc from 'fast-check';
import type { Variable } from '../../lib/graph/variable.js';
import * as e from '../../lib/ops/elementwise.js';
import { dense, matmul } from '../../lib/ops/gemm.js';
import * as m from '../../lib/ops/movement.js';
import * as r from '../../lib/ops/reduce.js';
import { softmax } from '../../lib/ops/softmax.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';

/** One call, on operands picked among the tensors so far; all tensors are [4, 4]. */
interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
}

export interface Recipe {
  readonly steps: readonly Step[];
  /** Which tensors are returned. */
  readonly outputs: readonly number[];
  /** Which tensor each variable becomes; undefined: it stays. */
  readonly assigned: readonly (number | undefined)[];
}

const keep = (x: Tensor): Tensor => e.tanh(x);
const captured = tensor([[0.5, -0.25, 1, 2]]);

/** Ops from [4, 4] (twice) to [4, 4], with values that stay small. */
const calls: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [
  (a, b) => e.add(a, b),
  (a, b) => e.subtract(a, e.multiply(b, 0.5)),
  (a, b) => keep(e.multiply(a, b)),
  (a, b) => e.maximum(a, b),
  (a) => e.relu(a),
  (a) => e.sigmoid(a),
  (a) => e.negative(e.negative(a)),
  (a, b) => e.where(e.greater(a, b), a, e.stopGradient(b)),
  (a, b) => keep(matmul(a, b)),
  (a, b) => keep(matmul(m.transpose(a), b)),
  (a, b) => keep(matmul(a, m.transpose(b))),
  (a, b) => keep(matmul(m.transpose(a), m.transpose(m.transpose(b)))),
  (a, b) => dense(a, keep(b), m.reshape(captured, [4]), 'relu'),
  (a) => m.transpose(a),
  (a) => m.reshape(m.reshape(m.reshape(a, [16]), [2, 8]), [4, 4]),
  (a, b) => e.add(a, m.broadcastTo(m.sliceAxis(b, 0, 1, 2), [4, 4])),
  (a, b) => m.concatenate([m.sliceAxis(a, 0, 2, 4), m.sliceAxis(b, 0, 0, 2)], 0),
  (a) => m.broadcastTo(r.mean(a, 1, { keepDims: true }), [4, 4]),
  (a) => e.subtract(a, r.max(a, 0)),
  (a) => softmax(a),
  (a) => e.add(captured, a),
  (a) => m.reverse(a, 1),
];

const tensors = 3;

/** Recipes over an argument and two variables. */
export const recipes: fc.Arbitrary<Recipe> = fc
  .array(fc.record({ op: fc.nat(calls.length - 1), a: fc.nat(99), b: fc.nat(99) }), {
    maxLength: 14,
  })
  .chain((steps) => {
    const any = fc.nat(tensors + steps.length - 1);
    return fc.record({
      steps: fc.constant(
        steps.map(({ op, a, b }, i) => ({ op, a: a % (tensors + i), b: b % (tensors + i) })),
      ),
      outputs: fc.array(any, { minLength: 1, maxLength: 3 }),
      assigned: fc.tuple(fc.option(any, { nil: undefined }), fc.option(any, { nil: undefined })),
    });
  });

/**
 * Carries a recipe out: assigns the variables and returns the outputs.
 *
 * @param each called for every tensor, e.g. to evaluate it at once
 */
export function carryOut(
  recipe: Recipe,
  x: Tensor,
  variables: readonly Variable[],
  each: (t: Tensor) => void = () => {},
): Tensor[] {
  const all = [x, ...variables.map((v) => v.value)];
  for (const { op, a, b } of recipe.steps) {
    const t = calls[op](all[a], all[b]);
    each(t);
    all.push(t);
  }
  for (const [i, v] of variables.entries()) {
    const to = recipe.assigned[i];
    if (to !== undefined) v.assign(all[to]);
  }
  return recipe.outputs.map((i) => all[i]);
}
