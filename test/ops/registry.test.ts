// Reflection: no op lacks a kernel, a gradient check or a check of its decomposition.
import { describe, expect, it } from 'vitest';
import { jsKernels } from '../../lib/backend/js/kernels/index.js';
import { nativeLoad } from '../../lib/backend/select.js';
import { allOps } from '../support/ops.js';
import { decompositions } from './decompositions.js';
import { gradientCases, withoutGradient } from './gradients/index.js';

/** Ops that executors never see as a kernel: views share bytes, the others are expanded or loops. */
const isKernel = (name: string): boolean => {
  const op = allOps.get(name);
  return op?.kind !== 'view' && op?.kind !== 'loop' && op?.expand === undefined;
};

describe.each([...allOps])('op %s', (name, op) => {
  it('has a kernel wherever it needs one', () => {
    if (!isKernel(name)) return;
    expect(jsKernels.has(name), 'a JS kernel').toBe(true);
    const native = nativeLoad().backend;
    if (native) expect(native.kernels.has(name), 'a native kernel').toBe(true);
  });

  it('has gradient checks, or a reason to have none', () => {
    const differentiable = op.vjp !== undefined || op.decompose !== undefined;
    const excused = withoutGradient[name] !== undefined;
    expect(excused, 'listed as without a gradient').toBe(!differentiable);
    expect(gradientCases[name] !== undefined, 'has gradient checks').toBe(differentiable);
  });

  it('has its decomposition tested, if it has one', () => {
    expect(decompositions.some((c) => c.op === name)).toBe(op.decompose !== undefined);
  });
});

it('lists no op that does not exist', () => {
  const listed = [...Object.keys(gradientCases), ...Object.keys(withoutGradient)];
  expect(listed.filter((name) => !allOps.has(name))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

it('knows all JS kernels as ops, apart from copies', () => {
  expect([...jsKernels.keys()].filter((name) => !allOps.has(name))).toEqual(['copy']);
});
