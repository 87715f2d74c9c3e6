// The addon's kernels over windows against the JS kernels in double precision, on random geometries
// with channels around the vector widths, and with several numbers of threads.
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { setNumThreads } from '../../lib/doctor.js';
import type { Attrs } from '../../lib/graph/program.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { runKernel } from '../support/kernel.js';
import { runNativeKernel } from '../support/native-kernel.js';
import { count, f32, type KernelCase, random } from './kernels/case.js';
import { check } from './kernels/check.js';
import { poolingCases } from './kernels/pooling.js';

const channels = fc.constantFrom(1, 3, 5, 16, 17, 33, 64, 70);

/** One axis: its size, and a window that reaches at least one place of it everywhere. */
const axis = fc
  .record({
    size: fc.integer({ min: 1, max: 13 }),
    window: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 4 }),
    before: fc.nat(4),
    after: fc.nat(4),
  })
  .map(({ size, window, stride, before, after }) => {
    const [first, last] = [Math.min(before, window - 1), Math.min(after, window - 1)];
    const free = size + first + last - window;
    const fits = free >= 0 ? { window, before: first, after: last } : undefined;
    return { size, stride, ...(fits ?? { window: size, before: 0, after: 0 }) };
  });

const geometry = fc.record({
  images: fc.integer({ min: 0, max: 3 }),
  axes: fc.oneof(
    fc.array(axis, { minLength: 2, maxLength: 2 }),
    fc.array(axis, { minLength: 3, maxLength: 3 }),
  ),
  channels,
  seed: fc.nat(1000),
});

async function agree(
  kernel: string,
  inputs: KernelCase['inputs'],
  shape: Shape,
  attrs: Attrs,
  scale = 1,
): Promise<void> {
  const outputs = [{ dtype: 'float32', shape }] as const;
  const reference = await runKernel(kernel, inputs, outputs, attrs, { float64: true });
  const expected = reference.map((array) => Array.from(array));
  const test = { kernel, title: '', inputs, outputs, attrs, expected, scale };
  const bits: string[] = [];
  for (const threads of [1, 3]) {
    setNumThreads(threads);
    await check(test, {}, async (...args) => {
      const results = await runNativeKernel(...args);
      bits.push(results.map((array) => new Uint8Array(array.buffer).join()).join());
      return results;
    });
  }
  expect(bits[1]).toBe(bits[0]);
}

describe.runIf(backend() === 'native')('native', () => {
  afterAll(() => setNumThreads(0));

  it('pooling, case by case', async () => {
    for (const test of poolingCases) await check(test, {}, runNativeKernel);
  });

  it('pooling of random geometries', async () => {
    const property = fc.asyncProperty(geometry, async ({ images, axes, channels, seed }) => {
      const pick = (name: 'size' | 'window' | 'stride' | 'before' | 'after') =>
        axes.map((a) => a[name]);
      const attrs = {
        window: pick('window'),
        strides: pick('stride'),
        before: pick('before'),
        after: pick('after'),
      };
      const out = axes.map((a) =>
        Math.floor((a.size + a.before + a.after - a.window) / a.stride + 1),
      );
      const [image, pooled] = [
        [images, ...pick('size'), channels],
        [images, ...out, channels],
      ];
      // Whole numbers, so that maxima are found twice; and some NaN.
      const x = f32(
        image,
        random(image, seed, [-3, 3]).data.map((v) => (v > 2.9 ? Number.NaN : Math.round(v))),
      );
      const [dy, t] = [random(pooled, seed + 1), random(image, seed + 2)];
      expect(count(image)).toBe(x.data.length);
      await agree('maxPool', [x], pooled, attrs);
      await agree('maxPoolPick', [t, x], pooled, attrs);
      await agree('maxPoolGrad', [dy, x], image, attrs);
      await agree('averagePool', [t], pooled, attrs);
      await agree('averagePoolGrad', [dy], image, { size: pick('size'), ...attrs });
    });
    await fc.assert(property, { numRuns: 60, seed: 1 });
  });

  it('pooling in blocks: large images, and many', async () => {
    for (const [images, size, window, stride] of [
      [1, 97, 3, 2],
      [1, 96, 2, 2],
      [40, 28, 3, 1],
      [40, 28, 2, 3],
    ]) {
      const attrs = {
        window: [window, window],
        strides: [stride, stride],
        before: [0, 0],
        after: [1, 1],
      };
      const out = Math.floor((size + 1 - window) / stride + 1);
      const [image, pooled] = [
        [images, size, size, 19],
        [images, out, out, 19],
      ];
      const [x, dy] = [random(image), random(pooled, 2)];
      await agree('maxPool', [x], pooled, attrs);
      await agree('maxPoolGrad', [dy, x], image, attrs);
      await agree('averagePoolGrad', [dy], image, { size: [size, size], ...attrs });
    }
  });
});
