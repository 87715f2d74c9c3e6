// The native pooling kernels on every instruction set against the JS kernels in double precision, on
// random geometries with channels around the vector widths; and the same bits for any number of
// threads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Addon } from '../../lib/backend/native.js';
import { backend } from '../../lib/backend/select.js';
import type { Attrs } from '../../lib/graph/program.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { runKernel } from '../support/kernel.js';
import { type Isa, loadIsa, NativeKernel } from '../support/native-kernel.js';
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

/** Runs a case on the addon, with one thread and with three. */
const runOn =
  (addon: Addon): typeof runKernel =>
  async (kernel, inputs, [{ shape }], attrs = {}) => {
    const call = new NativeKernel(
      addon,
      kernel,
      inputs.map((input) => input.shape),
      shape,
      attrs,
    );
    const operands = inputs.map(({ data }) => Float32Array.from(data));
    const y = call.run(operands, 1);
    const bytes = (array: Float32Array) => Buffer.from(array.buffer);
    expect(bytes(call.run(operands, 3)).equals(bytes(y)), 'other bits with 3 threads').toBe(true);
    call.unload();
    return [y];
  };

async function agree(
  addon: Addon,
  kernel: string,
  inputs: KernelCase['inputs'],
  shape: Shape,
  attrs: Attrs,
): Promise<void> {
  const outputs = [{ dtype: 'float32', shape }] as const;
  const reference = await runKernel(kernel, inputs, outputs, attrs, { float64: true });
  const expected = reference.map((array) => Array.from(array));
  const test = { kernel, title: '', inputs, outputs, attrs, expected, scale: 1 };
  await check(test, {}, runOn(addon));
}

describe.runIf(backend() === 'native').each<Isa>(['baseline', 'avx2', 'avx512'])('%s', (isa) => {
  const addon = loadIsa(isa);

  it('pooling, case by case', async () => {
    for (const test of poolingCases) await check(test, {}, runOn(addon));
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
      await agree(addon, 'maxPool', [x], pooled, attrs);
      await agree(addon, 'maxPoolPick', [t, x], pooled, attrs);
      await agree(addon, 'maxPoolGrad', [dy, x], image, attrs);
      await agree(addon, 'averagePool', [t], pooled, attrs);
      await agree(addon, 'averagePoolGrad', [dy], image, { size: pick('size'), ...attrs });
    });
    await fc.assert(property, { numRuns: 60, seed: 1 });
  });

  it('pooling in blocks: large images, and many', async () => {
    for (const [images, size, window, stride] of [
      [1, 67, 3, 2],
      [1, 66, 2, 2],
      [20, 19, 3, 1],
      [20, 19, 2, 3],
    ]) {
      const attrs = {
        window: [window, window],
        strides: [stride, stride],
        before: [0, 0],
        after: [1, 1],
      };
      const out = Math.floor((size + 1 - window) / stride + 1);
      const [image, pooled] = [
        [images, size, size, 9],
        [images, out, out, 9],
      ];
      const [x, dy] = [random(image), random(pooled, 2)];
      await agree(addon, 'maxPool', [x], pooled, attrs);
      await agree(addon, 'maxPoolGrad', [dy, x], image, attrs);
      await agree(addon, 'averagePoolGrad', [dy], image, { size: [size, size], ...attrs });
    }
  });
});
