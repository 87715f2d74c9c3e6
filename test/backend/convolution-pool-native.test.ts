// The native convolution with pooling: every algorithm, forced, on every instruction set, against the JS
// kernel in double precision; and the same bits for any number of threads.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Addon } from '../../lib/backend/native.js';
import { backend } from '../../lib/backend/select.js';
import type { Attrs } from '../../lib/graph/program.js';
import { attrsOf, type Convolution, convolution, shapesOf } from '../support/convolution.js';
import { runKernel } from '../support/kernel.js';
import { type Isa, loadIsa, NativeKernel } from '../support/native-kernel.js';
import { random } from './kernels/case.js';

const methods = ['im2col', 'pointwise', 'winograd', 'direct', 'depthwise'];

/** Windows over two axes. */
interface Windows {
  readonly window: readonly number[];
  readonly poolStrides: readonly number[];
  readonly poolBefore: readonly number[];
  readonly poolAfter: readonly number[];
}

const windows = (window: number, stride: number, before = 0, after = 0): Windows => ({
  window: [window, window],
  poolStrides: [stride, stride],
  poolBefore: [before, before],
  poolAfter: [after, after],
});

const two = windows(2, 2);
const three = windows(3, 2, 1, 1);

interface Call {
  readonly inputs: readonly (readonly number[])[];
  readonly operands: readonly Float32Array[];
  readonly output: readonly number[];
  readonly attrs: Attrs;
  readonly expected: Float64Array;
}

/** x, w, scale and bias; the output has so many elements around zero that errors show. */
async function callOf(
  c: Convolution,
  pool: Windows,
  [averages, activation, parts]: readonly [number, number, number],
): Promise<Call> {
  const { x, w, y } = shapesOf(c);
  const places = [0, 1].map((i) => {
    const free = y[i + 1] + pool.poolBefore[i] + pool.poolAfter[i] - pool.window[i];
    return Math.floor(free / pool.poolStrides[i]) + 1;
  });
  const output = [y[0], ...places, y[3]];
  const [scaled, biased] = [parts & 1, parts >> 1];
  const extra = Array.from({ length: scaled + biased }, () => [c.filters]);
  const inputs = [x, w, ...extra];
  const reach = 1 / Math.sqrt(w[0] * w[1] * w[2] + 1);
  const values = inputs.map((shape, i) =>
    random(shape, i + 1, i === 1 ? [-reach, reach] : [-1, 1]),
  );
  const attrs = { ...attrsOf(c), activation, scaled, residual: 0, averages, ...pool };
  const [expected] = await runKernel(
    'convPool',
    values,
    [{ dtype: 'float32', shape: output }],
    attrs,
    { float64: true },
  );
  return {
    inputs,
    operands: values.map(({ data }) => Float32Array.from(data)),
    output,
    attrs,
    expected: expected as Float64Array,
  };
}

/** Runs with one to three threads as is forced now, and returns the algorithm. */
function check(addon: Addon, { inputs, operands, output, attrs, expected }: Call): string {
  const kernel = new NativeKernel(addon, 'convPool', inputs, output, attrs);
  const { method } = kernel;
  const actual = kernel.run(operands);
  const wrong: string[] = [];
  for (const [i, want] of expected.entries())
    if (!(Math.abs(actual[i] - want) <= 3e-6)) wrong.push(`[${i}] ${actual[i]}, not ${want}`);
  expect(wrong.slice(0, 5), method).toEqual([]);
  const bits = (array: Float32Array) => Buffer.from(array.buffer);
  for (const threads of [2, 3])
    expect(bits(kernel.run(operands, threads)).equals(bits(actual)), `${threads}`).toBe(true);
  kernel.unload();
  return method;
}

/** The same with every algorithm that fits. */
function checkAll(addon: Addon, call: Call): Set<string> {
  const done = new Set<string>();
  for (const method of [undefined, ...methods]) {
    if (method) process.env.NEURONE_CONV = method;
    else delete process.env.NEURONE_CONV;
    const { inputs, output, attrs } = call;
    const kernel = new NativeKernel(addon, 'convPool', inputs, output, attrs);
    const known = done.has(kernel.method);
    kernel.unload();
    if (!known) done.add(check(addon, call));
  }
  return done;
}

const same = { before: [1, 1], after: [1, 1] };

/** By how they are cut into blocks, or by what is odd about them. */
const calls: Readonly<
  Record<string, readonly [Convolution, Windows, readonly [number, number, number]]>
> = {
  'one pixel': [convolution([1, 1, 1], [1, 1], [1, 1]), windows(1, 1), [0, 0, 0]],
  'no images': [convolution([0, 3, 5], [4, 4], [3, 3], same), two, [0, 0, 0]],
  'no channels': [convolution([2, 0, 5], [4, 4], [3, 3], same), two, [0, 1, 2]],
  'no filters': [convolution([2, 3, 0], [4, 4], [3, 3], same), two, [0, 0, 0]],
  'a few images in a block, with a rest': [
    convolution([23, 3, 33], [13, 12], [3, 3]),
    two,
    [0, 1, 2],
  ],
  'last rows and columns that no window reaches': [
    convolution([3, 32, 40], [13, 13], [3, 3]),
    windows(2, 3),
    [1, 4, 3],
  ],
  'slabs of rows': [convolution([1, 3, 64], [61, 62], [3, 3], same), two, [0, 1, 2]],
  'slabs of overlapping windows': [
    convolution([2, 8, 64], [47, 45], [3, 3], same),
    three,
    [0, 1, 3],
  ],
  'slabs of averages': [convolution([1, 16, 70], [46, 43], [3, 3]), three, [1, 2, 1]],
  'slabs, strides, 7×7': [
    convolution([1, 3, 64], [97, 99], [7, 7], {
      strides: [2, 2],
      before: [3, 2],
      after: [3, 3],
    }),
    three,
    [0, 1, 2],
  ],
  'slabs, dilated': [
    convolution([1, 4, 48], [60, 50], [3, 2], {
      dilations: [3, 2],
      before: [4, 1],
      after: [5, 1],
    }),
    { ...two, poolStrides: [1, 2] },
    [0, 3, 2],
  ],
  'slabs, pointwise': [convolution([1, 24, 80], [40, 41], [1, 1]), two, [0, 0, 2]],
  'slabs, depthwise': [
    convolution([1, 96, 96], [40, 41], [3, 3], { groups: 96, ...same }),
    two,
    [1, 4, 3],
  ],
  'slabs, two groups': [
    convolution([1, 12, 96], [40, 41], [3, 3], { groups: 2, ...same }),
    three,
    [0, 0, 2],
  ],
  'large, but more padding than kernel': [
    convolution([1, 2, 64], [40, 41], [3, 3], { before: [3, 5], after: [4, 3] }),
    two,
    [0, 1, 2],
  ],
  'large, one row of windows': [
    convolution([1, 4, 64], [36, 36], [3, 3], same),
    windows(36, 36),
    [1, 1, 2],
  ],
  pointwise: [convolution([9, 24, 40], [5, 7], [1, 1]), two, [0, 1, 3]],
  depthwise: [convolution([5, 20, 20], [9, 8], [3, 3], { groups: 20, ...same }), two, [0, 2, 2]],
};

const axis = fc.record({
  size: fc.integer({ min: 1, max: 17 }),
  kernel: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  before: fc.nat(3),
  after: fc.nat(3),
  window: fc.integer({ min: 1, max: 4 }),
  step: fc.integer({ min: 1, max: 3 }),
  padded: fc.nat(3),
});

const geometry = fc.record({
  images: fc.integer({ min: 1, max: 4 }),
  groups: fc.constantFrom(1, 1, 1, 2, 4),
  into: fc.constantFrom(1, 3, 8, 17),
  outOf: fc.constantFrom(1, 5, 16, 33),
  axes: fc.tuple(axis, axis),
  form: fc.tuple(fc.nat(1), fc.nat(4), fc.nat(3)),
});

describe.runIf(backend() === 'native').each<Isa>(['baseline', 'avx2', 'avx512'])('%s', (isa) => {
  const addon = loadIsa(isa);

  afterEach(() => {
    delete process.env.NEURONE_CONV;
  });

  it.each(Object.entries(calls))('%s', async (_, [c, pool, form]) => {
    checkAll(addon, await callOf(c, pool, form));
  });

  it('every algorithm is forced somewhere', async () => {
    const used = new Set<string>();
    for (const title of ['pointwise', 'depthwise', 'slabs of rows'])
      for (const method of checkAll(addon, await callOf(...calls[title]))) used.add(method);
    expect([...used].toSorted()).toEqual(methods.toSorted());
  });

  it('random geometries', async () => {
    const property = fc.asyncProperty(
      geometry,
      async ({ images, groups, into, outOf, axes, form }) => {
        const pick = (name: keyof (typeof axes)[0]) => axes.map((a) => a[name]);
        const c = convolution(
          [images, groups * into, groups * outOf],
          pick('size'),
          pick('kernel'),
          {
            groups,
            strides: pick('stride'),
            dilations: pick('dilation'),
            before: pick('before'),
            after: pick('after'),
          },
        );
        const sizes = shapesOf(c).y.slice(1, 3);
        fc.pre(sizes.every((n) => n > 0));
        const window = pick('window').map((n, i) => Math.min(n, sizes[i]));
        const padding = pick('padded').map((n, i) => Math.min(n, window[i] - 1));
        const pool = {
          window,
          poolStrides: pick('step'),
          poolBefore: padding,
          poolAfter: padding.toReversed().map((n, i) => Math.min(n, window[i] - 1)),
        };
        checkAll(addon, await callOf(c, pool, form));
      },
    );
    await fc.assert(property, { numRuns: 40, seed: 3 });
  });

  it('NaN reaches what it belongs to', async () => {
    const call = await callOf(...calls['a few images in a block, with a rest']);
    for (const method of methods) {
      process.env.NEURONE_CONV = method;
      const kernel = new NativeKernel(addon, 'convPool', call.inputs, call.output, call.attrs);
      call.operands[0].fill(1);
      call.operands[0][5] = Number.NaN;
      const y = kernel.run(call.operands);
      expect(y[0], method).toBeNaN();
      expect(y.subarray(y.length / 2).some(Number.isNaN), method).toBe(false);
      kernel.unload();
    }
  });

  it('refuses what does not belong together', async () => {
    const { inputs, output, attrs } = await callOf(...calls['slabs of rows']);
    const bad: readonly [string, readonly (readonly number[])[], readonly number[], Attrs][] = [
      ['no w', inputs.slice(0, 1), output, attrs],
      [
        'x of rank 5',
        [
          [1, ...inputs[0]],
          [1, ...inputs[1]],
        ],
        [1, ...output],
        attrs,
      ],
      ['a bias of another size', [inputs[0], inputs[1], [3]], output, attrs],
      ['an output of another size', inputs, [1, 31, 31, 64], attrs],
      ['an output of other channels', inputs, [...output.slice(0, 3), 63], attrs],
      ['a window of one axis', inputs, output, { ...attrs, window: [2] }],
      ['stride 0', inputs, output, { ...attrs, poolStrides: [0, 2] }],
      ['negative padding', inputs, output, { ...attrs, poolBefore: [-1, 0] }],
      ['no attributes', inputs, output, {}],
    ];
    expect(() => new NativeKernel(addon, 'convPool', inputs, output, attrs)).not.toThrow();
    for (const [title, operands, y, all] of bad)
      expect(() => new NativeKernel(addon, 'convPool', operands, y, all), title).toThrow(
        'convPool',
      );
  });
});
