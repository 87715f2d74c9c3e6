// Reading and setting all weights of a layer.
import { evaluate } from '../graph/evaluate.js';
import type { Variable } from '../graph/variable.js';
import { asTensor } from '../ops/convert.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';

/** @internal The values of variables, computed. */
export const valuesOf = (weights: readonly Variable[]): Promise<Tensor[]> =>
  evaluate(...weights.map((weight) => weight.value));

/** @internal Sets variables; all of them, or none if one value does not fit. */
export function setValues(
  where: string,
  own: readonly Variable[],
  weights: readonly TensorLike[],
): void {
  if (!Array.isArray(weights) || own.length !== weights.length) {
    const got = Array.isArray(weights) ? `${weights.length} tensors` : typeof weights;
    throw new ConfigError(`${where}: setWeights got ${got} for ${own.length} weights.`);
  }
  const given = weights.map(asTensor);
  for (const [i, { shape }] of given.entries()) {
    if (sameShape(shape, own[i].shape)) continue;
    throw new ShapeError(
      `${where}: weight ${i} ("${own[i].path}") has shape ${formatShape(own[i].shape)}, got ${formatShape(shape)}.`,
    );
  }
  for (const [i, w] of given.entries()) own[i].assign(w);
}
