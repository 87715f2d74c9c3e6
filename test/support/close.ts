// Comparisons of whole arrays: one message that says where they differ most.
import { expect } from 'vitest';
import type { Shape } from '../../lib/tensor/shape.js';
import type { Tensor } from '../../lib/tensor/tensor.js';

export interface Tolerance {
  /** Allowed distance, relative to the expected value. Default 1e-5. */
  readonly relative?: number;
  /** Allowed distance at 0. Default 1e-6. */
  readonly absolute?: number;
}

/** Compares numbers; NaN equals NaN, infinities must agree. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 1e-5, absolute = 1e-6 }: Tolerance = {},
): void {
  expect(actual.length, 'number of elements').toBe(expected.length);
  let worst: { at: number; excess: number } | undefined;
  for (let at = 0; at < expected.length; at++) {
    const [a, e] = [actual[at], expected[at]];
    if (Object.is(a, e) || a === e) continue;
    const distance = Math.abs(a - e) / (absolute + relative * Math.abs(e));
    const excess = Number.isFinite(distance) ? distance : Number.POSITIVE_INFINITY;
    if (excess > (worst?.excess ?? 1)) worst = { at, excess };
  }
  if (!worst) return;
  expect.fail(
    `element ${worst.at} of ${expected.length} is ${actual[worst.at]}, expected ${expected[worst.at]} (${worst.excess.toPrecision(3)} times what is allowed)`,
  );
}

/** Compares a tensor's shape and values. */
export function expectTensor(
  actual: Tensor,
  shape: Shape,
  expected: ArrayLike<number>,
  tolerance?: Tolerance,
): void {
  expect(actual.shape).toEqual(shape);
  expectClose(actual.dataSync(), expected, tolerance);
}
