// Every kernel against naive double-precision code, in float32 and float64, plain and in place.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsKernels } from '../../lib/backend/js/kernels/index.js';
import { runKernel } from '../support/kernel.js';
import { f32, i32, type KernelCase } from './kernels/case.js';
import { cases, check } from './kernels/check.js';

const byKernel = new Map<string, KernelCase[]>();
for (const test of cases) byKernel.set(test.kernel, [...(byKernel.get(test.kernel) ?? []), test]);

for (const [kernel, tests] of byKernel) {
  describe(kernel, () => {
    for (const test of tests) {
      it(test.title, async () => {
        for (const float64 of [false, true]) {
          for (const inPlace of [[], ...(test.inPlace ?? [])]) {
            await check(test, { float64, inPlace });
          }
        }
      });
    }
  });
}

describe('the catalogue', () => {
  const notes = readFileSync(new URL('../../docs/engineering.md', import.meta.url), 'utf8');
  const rows = notes.matchAll(/^\| `([A-Za-z0-9 ]+)` \|/gm);
  const names = [...rows].flatMap((row) => row[1].split(' '));

  it('is implemented and tested, kernel by kernel', () => {
    expect(names.length).toBeGreaterThan(70);
    expect([...jsKernels.keys()].toSorted()).toEqual(names.toSorted());
    expect([...byKernel.keys()].toSorted()).toEqual(names.toSorted());
  });
});

describe('random numbers', () => {
  it('begin with the published words of Philox for counter 0, key 0', async () => {
    const bits = { dtype: 'int32', shape: [4] } as const;
    const [words] = await runKernel('randomBits', [i32([4], [0, 0, 0, 0])], [bits], { stream: 0 });
    expect([...words].map((word) => word >>> 0)).toEqual([
      0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8,
    ]);
  });

  const info = { dtype: 'float32', shape: [40_000] } as const;
  const key = i32([4], [7, 8, 9, 0]);
  const moments = (x: ArrayLike<number>) => {
    const values = Array.from(x);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    return { mean, variance };
  };

  it.each([
    ['randomUniform', 0.5, 1 / 12, 0, 1],
    ['randomNormal', 0, 1, -7, 7],
    ['randomTruncatedNormal', 0, 0.7737, -2, 2],
  ] as const)('%s has its mean, variance and range', async (kernel, mean, variance, low, high) => {
    const [x] = await runKernel(kernel, [key], [info], { stream: 3 });
    const actual = moments(x);
    expect(Math.abs(actual.mean - mean)).toBeLessThan(0.02);
    expect(Math.abs(actual.variance - variance)).toBeLessThan(0.03);
    expect(x.every((v) => v >= low && v < high)).toBe(true);
  });

  it('are the same uniforms and masks in float32 and float64', async () => {
    const [narrow] = await runKernel('randomUniform', [key], [info], { stream: 3 });
    const [wide] = await runKernel(
      'randomUniform',
      [key],
      [info],
      { stream: 3 },
      { float64: true },
    );
    expect([...wide]).toEqual([...narrow]);
    const ones = f32(info.shape, new Array<number>(40_000).fill(1));
    // The rate is the float32 that equals one of the uniforms, so a wrong comparison shows.
    const operands = [ones, key, f32([], [narrow[17]])];
    const [mask] = await runKernel('dropout', operands, [info], { stream: 3 });
    const [wideMask] = await runKernel(
      'dropout',
      operands,
      [info],
      { stream: 3 },
      { float64: true },
    );
    expect(wideMask.map((v) => +(v > 0))).toEqual(Float64Array.from(mask, (v) => +(v > 0)));
    expect(mask[17]).toBeGreaterThan(0);
  });
});

describe('precision', () => {
  it('of float32 sums of a million elements is that of float32', async () => {
    const x = f32([1000, 1000], new Array<number>(1_000_000).fill(0.1));
    const exact = 1_000_000 * Math.fround(0.1);
    for (const [axes, shape, factor] of [
      [[0, 1], [], 1],
      [[0], [1000], 1000],
      [[1], [1000], 1000],
    ] as const) {
      const [y] = await runKernel('sum', [x], [{ dtype: 'float32', shape }], { axes, keepDims: 0 });
      expect(Math.abs((y[0] * factor) / exact - 1)).toBeLessThan(1e-6);
    }
  });
});
