// Whole-number categories as they are, or as rows with a place for each category.
import { cast, minimum, multiply } from '../../ops/elementwise.js';
import { expandDims, oneHot, reshape } from '../../ops/movement.js';
import { sum } from '../../ops/reduce.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { toSnakeCase } from '../../util/registry.js';

/** Keras's names of the forms of an encoding. */
export type OutputMode = 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf';

const oldNames: Readonly<Record<string, OutputMode>> = { binary: 'multi_hot', 'tf-idf': 'tf_idf' };

/** The output mode of a name in either spelling, if it is in `known`. */
export function outputModeOf(
  where: string,
  name: string,
  known: readonly OutputMode[],
): OutputMode {
  const mode = oldNames[name] ?? toSnakeCase(name);
  const found = known.find((one) => one === mode);
  if (found) return found;
  throw new ConfigError(
    `${where}: unknown outputMode "${name}". Expected one of ${known.join(', ')}.`,
  );
}

/**
 * Categories (int32, any shape) in an output mode: `one_hot` puts a row of `depth` in the place of each
 * (of a last axis of size 1, in its place); `multi_hot` and `count` make one row of each sample, whose
 * categories lie along the second axis. Categories outside of `depth` are dropped.
 */
export function encodeCategories(
  categories: Tensor,
  mode: OutputMode,
  depth: number,
  weights?: Tensor,
): Tensor {
  if (mode === 'int') return categories;
  const x = categories.rank === 0 ? expandDims(categories, 0) : categories;
  if (mode === 'one_hot') {
    const single = x.rank > 1 && x.shape[x.rank - 1] === 1;
    return oneHot(single ? reshape(x, x.shape.slice(0, -1)) : x, depth);
  }
  const rows = oneHot(x, depth);
  const counted = weights ? multiply(rows, expandDims(cast(weights, 'float32'), -1)) : rows;
  const counts = sum(counted, x.rank > 1 ? 1 : 0);
  return mode === 'multi_hot' ? minimum(counts, 1) : counts;
}
