// Batch renormalization (Ioffe 2017, https://arxiv.org/abs/1702.03275): corrections that bring what the
// statistics of one batch normalize to what those of many batches would.
import type { Variable } from '../graph/variable.js';
import {
  add,
  clip,
  divide,
  maximum,
  minimum,
  sqrt,
  stopGradient,
  subtract,
} from '../ops/elementwise.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';

/** Limits of the corrections; without one there is no limit. */
export interface RenormClipping {
  /** The largest scale. */
  readonly rmax?: number | null;
  /** The smallest scale. */
  readonly rmin?: number | null;
  /** The largest offset, either way. */
  readonly dmax?: number | null;
}

/** @throws ConfigError for limits that do not exist or leave nothing between them */
export function checkClipping(where: string, clipping: RenormClipping): void {
  checkOptions(`${where}: renormClipping`, clipping, ['rmax', 'rmin', 'dmax']);
  const { rmax = null, rmin = null, dmax = null } = clipping;
  if (rmax !== null && rmin !== null && rmax < rmin) {
    throw new ConfigError(
      `${where}: renormClipping: rmax must not be below rmin, got ${rmax} and ${rmin}.`,
    );
  }
  if (dmax !== null && !(dmax >= 0)) {
    throw new ConfigError(`${where}: renormClipping: dmax must be 0 or more, got ${dmax}.`);
  }
}

/** What the weights of the layer say about earlier batches, `[channels]` each. */
export interface RenormStatistics {
  readonly movingStddev: Variable;
  readonly renormMean: Variable;
  readonly renormStddev: Variable;
}

/** Scale and offset of what the batch's own statistics normalize; no gradient goes through them. */
export function corrections(
  batch: { readonly mean: Tensor; readonly stddev: Tensor },
  { renormMean, renormStddev }: RenormStatistics,
  { rmax, rmin, dmax }: RenormClipping,
  epsilon: number,
): { readonly r: Tensor; readonly d: Tensor } {
  const stddev = maximum(renormStddev.value, Math.sqrt(epsilon));
  let r = divide(batch.stddev, stddev);
  let d = divide(subtract(batch.mean, renormMean.value), stddev);
  if (typeof rmin === 'number') r = maximum(r, rmin);
  if (typeof rmax === 'number') r = minimum(r, rmax);
  if (typeof dmax === 'number') d = clip(d, -dmax, dmax);
  return { r: stopGradient(r), d: stopGradient(d) };
}

/** √(variance + ε) */
export const stddevOf = (variance: Tensor, epsilon: number): Tensor => sqrt(add(variance, epsilon));
