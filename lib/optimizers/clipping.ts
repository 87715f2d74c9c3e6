// Clipping of gradients, by value, by the norm of each, or by the norm of all.
import {
  add,
  clip,
  divide,
  maximum,
  minimum,
  multiply,
  sqrt,
  square,
  subtract,
} from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import type { CommonOptions } from './options.js';

const squares = (g: Tensor): Tensor => sum(square(g));

/** g·limit / max(‖g‖, limit) */
const byNorm = (g: Tensor, limit: number): Tensor =>
  divide(multiply(g, limit), maximum(sqrt(squares(g)), limit));

/** All gradients times limit·min(1/‖all‖, 1/limit); NaN if the norm is not finite. */
function byGlobalNorm(grads: readonly Tensor[], limit: number): readonly Tensor[] {
  const norm = sqrt(grads.map(squares).reduce((a, b) => add(a, b)));
  const scale = multiply(limit, minimum(divide(1, norm), 1 / limit));
  const poisoned = add(scale, subtract(norm, norm));
  return grads.map((g) => multiply(g, poisoned));
}

/** The gradients, clipped as the options say; limits of 0 and below clip nothing, as in Keras. */
export function clipGradients(
  grads: readonly Tensor[],
  { clipnorm, globalClipnorm, clipvalue }: CommonOptions,
): readonly Tensor[] {
  if (clipnorm !== null && clipnorm > 0) return grads.map((g) => byNorm(g, clipnorm));
  if (globalClipnorm !== null && globalClipnorm > 0) return byGlobalNorm(grads, globalClipnorm);
  if (clipvalue !== null && clipvalue > 0) return grads.map((g) => clip(g, -clipvalue, clipvalue));
  return grads;
}
