// All cases of kernel tests, and how one is checked.
import { expect } from 'vitest';
import { KernelFailure, type RunOptions, runKernel } from '../../support/kernel.js';
import type { KernelCase } from './case.js';
import { convolutionCases } from './convolution.js';
import { convolutionPoolCases } from './convolution-pool.js';
import { elementwiseCases } from './elementwise.js';
import { movementCases } from './movement.js';
import { normalizationCases } from './normalization.js';
import { orderCases } from './order.js';
import { poolingCases } from './pooling.js';
import { reduceAndProductCases } from './reduce.js';
import { trainingCases } from './training.js';
import { updateCases } from './updates.js';

export const cases: readonly KernelCase[] = [
  ...elementwiseCases,
  ...movementCases,
  ...convolutionCases,
  ...convolutionPoolCases,
  ...normalizationCases,
  ...reduceAndProductCases,
  ...trainingCases,
  ...orderCases,
  ...poolingCases,
  ...updateCases,
];

/** The elements that differ, as text; float32 expectations are rounded to float32 first. */
function differences(
  actual: ArrayLike<number>,
  expected: readonly number[],
  allowed: { tolerance: number; scale: number; exact: boolean },
): string[] {
  const found: string[] = [];
  for (const [i, value] of expected.entries()) {
    const want = allowed.exact ? value : Math.fround(value);
    if (Object.is(actual[i], want) || actual[i] === want) continue;
    const bound = allowed.tolerance * Math.max(allowed.scale, Math.abs(want));
    if (Number.isFinite(want) && Math.abs(actual[i] - want) <= bound) continue;
    found.push(`[${i}] ${actual[i]} instead of ${want}`);
  }
  return found.slice(0, 5);
}

/** Runs a case in one way, with `run` or on the backend under test, and compares. */
export async function check(
  test: KernelCase,
  options: RunOptions,
  run: typeof runKernel = runKernel,
): Promise<void> {
  const { kernel, inputs, outputs, attrs, expected = [], fails } = test;
  const result = run(kernel, inputs, outputs, attrs, options);
  if (fails) {
    await expect(result).rejects.toBeInstanceOf(KernelFailure);
    await expect(result).rejects.toMatchObject(fails);
    return;
  }
  const actual = await result;
  const { float32, float64 } = test.tolerance ?? { float32: 2e-6, float64: 1e-12 };
  for (const [i, list] of expected.entries()) {
    expect(actual[i].length).toBe(list.length);
    const isFloat = outputs[i].dtype === 'float32';
    const tolerance = isFloat ? (options.float64 ? float64 : float32) : 0;
    const exact = options.float64 || !isFloat;
    const allowed = { tolerance, scale: test.scale ?? 0.01, exact };
    expect(differences(actual[i], list, allowed)).toEqual([]);
  }
}
