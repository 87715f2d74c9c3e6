// The native convolution kernels: every algorithm, forced, on every instruction set, against the
// definition in doubles; and the same bits for any number of threads.
import { afterEach, describe, expect, it } from 'vitest';
import type { Addon } from '../../lib/backend/native.js';
import { backend } from '../../lib/backend/select.js';
import type { Attrs } from '../../lib/graph/program.js';
import { Conv2D } from '../../lib/layers/convolution/conv.js';
import { Sequential } from '../../lib/models/sequential.js';
import {
  attrsOf,
  type Convolution,
  convolution,
  products,
  shapesOf,
} from '../support/convolution.js';
import { type Isa, loadIsa, NativeKernel } from '../support/native-kernel.js';
import { uniforms } from './kernels/case.js';

const size = (shape: readonly number[]) => shape.reduce((n, d) => n * d, 1);
const numbers = (shape: readonly number[], seed: number) =>
  Float32Array.from(uniforms(size(shape), seed), (u) => 2 * u - 1);

interface Call {
  readonly kernel: string;
  readonly inputs: readonly (readonly number[])[];
  readonly operands: readonly Float32Array[];
  readonly output: readonly number[];
  readonly attrs: Attrs;
  readonly expected: Float64Array;
  /** Sums of absolute values: errors are relative to them. */
  readonly magnitude: Float64Array;
}

const activations: readonly ((x: number) => number)[] = [
  (x) => x,
  (x) => Math.max(x, 0),
  (x) => 1 / (1 + Math.exp(-x)),
  Math.tanh,
  (x) => Math.min(Math.max(x, 0), 6),
];

function sums(length: number, add: (at: (i: number, v: number) => void) => void) {
  const expected = new Float64Array(length);
  const magnitude = new Float64Array(length);
  add((i, v) => {
    expected[i] += v;
    magnitude[i] += Math.abs(v);
  });
  return { expected, magnitude };
}

interface Parts {
  readonly scaled?: boolean;
  readonly biased?: boolean;
  readonly residual?: boolean;
}

function forward(
  c: Convolution,
  activation = 0,
  { scaled = false, biased = false, residual = false }: Parts = {},
): Call {
  const { x, w, y } = shapesOf(c);
  const [xs, ws] = [numbers(x, 1), numbers(w, 2)];
  const extra = [
    ...(scaled ? [[c.filters]] : []),
    ...(biased ? [[c.filters]] : []),
    ...(residual ? [y] : []),
  ];
  const extras = extra.map((shape, i) => numbers(shape, 3 + i));
  const { expected, magnitude } = sums(size(y), (add) =>
    products(c, (i, j, k) => add(k, xs[i] * ws[j])),
  );
  for (let i = 0; i < expected.length; i++) {
    const channel = i % c.filters;
    const scale = scaled ? extras[0][channel] : 1;
    const bias = biased ? extras[Number(scaled)][channel] : 0;
    const added = residual ? extras.at(-1)![i] : 0;
    expected[i] = activations[activation](expected[i] * scale + bias + added);
    magnitude[i] =
      magnitude[i] * Math.abs(scale) + Math.abs(bias) + Math.abs(added) + (activation > 0 ? 1 : 0);
  }
  return {
    kernel: 'conv',
    inputs: [x, w, ...extra],
    operands: [xs, ws, ...extras],
    output: y,
    attrs: { ...attrsOf(c), activation, scaled: Number(scaled), residual: Number(residual) },
    expected,
    magnitude,
  };
}

function inputGrad(c: Convolution): Call {
  const { x, w, y } = shapesOf(c);
  const [dys, ws] = [numbers(y, 5), numbers(w, 6)];
  return {
    kernel: 'convInputGrad',
    inputs: [y, w],
    operands: [dys, ws],
    output: x,
    attrs: { size: c.size, ...attrsOf(c) },
    ...sums(size(x), (add) => products(c, (i, j, k) => add(i, dys[k] * ws[j]))),
  };
}

function kernelGrad(c: Convolution): Call {
  const { x, w, y } = shapesOf(c);
  const [xs, dys] = [numbers(x, 7), numbers(y, 8)];
  return {
    kernel: 'convKernelGrad',
    inputs: [x, y],
    operands: [xs, dys],
    output: w,
    attrs: { size: c.kernel, ...attrsOf(c) },
    ...sums(size(w), (add) => products(c, (i, j, k) => add(j, xs[i] * dys[k]))),
  };
}

const known = new Map<Convolution, readonly Call[]>();

/** All three directions; made once for all instruction sets. */
function callsOf(c: Convolution): readonly Call[] {
  const calls = known.get(c) ?? [forward(c), inputGrad(c), kernelGrad(c)];
  known.set(c, calls);
  return calls;
}

const same3 = { before: [1, 1], after: [1, 1] };

/** By what is odd about them. */
const shapes: Readonly<Record<string, Convolution>> = {
  'one pixel': convolution([1, 1, 1], [1, 1], [1, 1]),
  'one pixel, padded': convolution([2, 3, 5], [1, 1], [3, 3], same3),
  'no images': convolution([0, 3, 5], [4, 4], [3, 3], same3),
  'no output': convolution([2, 3, 4], [2, 2], [3, 3]),
  'no channels': convolution([2, 0, 4], [3, 3], [3, 3], same3),
  'no filters': convolution([2, 3, 0], [3, 3], [3, 3], same3),
  '3 to 17 channels': convolution([2, 3, 17], [7, 9], [3, 3], same3),
  '16 channels': convolution([3, 16, 16], [8, 8], [3, 3], same3),
  '17 to 33 channels, valid': convolution([2, 17, 33], [9, 6], [3, 3]),
  '33 to 5 channels': convolution([2, 33, 5], [5, 5], [3, 3], same3),
  '64 channels': convolution([2, 64, 64], [9, 10], [3, 3], same3),
  'many channels': convolution([1, 400, 40], [3, 3], [3, 3], same3),
  'uneven padding': convolution([2, 32, 32], [6, 7], [3, 3], { before: [2, 0], after: [0, 1] }),
  'padding larger than the kernel': convolution([2, 5, 6], [3, 4], [3, 3], {
    before: [4, 5],
    after: [6, 3],
  }),
  'stride 2': convolution([2, 16, 32], [9, 8], [3, 3], { strides: [2, 2], ...same3 }),
  'stride 2, as many positions of each residue': convolution([5, 18, 33], [8, 10], [3, 3], {
    strides: [2, 2],
    before: [0, 1],
    after: [1, 0],
  }),
  'stride 2, residues alike, groups': convolution([3, 8, 12], [8, 6], [5, 3], {
    strides: [2, 2],
    groups: 2,
    ...same3,
  }),
  'stride 3, dilated, residues alike': convolution([2, 6, 9], [9, 12], [3, 3], {
    strides: [3, 3],
    dilations: [2, 4],
    before: [2, 4],
    after: [2, 3],
  }),
  'stride 2, one tap': convolution([2, 32, 32], [8, 8], [1, 1], { strides: [2, 2] }),
  'stride 3 by 2, kernel 2': convolution([2, 5, 7], [10, 9], [2, 2], { strides: [3, 2] }),
  'kernel 7, stride 2': convolution([1, 3, 20], [17, 18], [7, 7], {
    strides: [2, 2],
    before: [2, 3],
    after: [3, 3],
  }),
  dilated: convolution([2, 6, 9], [11, 10], [3, 2], {
    dilations: [2, 3],
    before: [2, 1],
    after: [2, 2],
  }),
  'dilated and strided': convolution([2, 4, 6], [12, 11], [3, 3], {
    strides: [2, 3],
    dilations: [3, 2],
    before: [3, 1],
    after: [1, 2],
  }),
  'one row': convolution([3, 8, 12], [1, 40], [1, 5], { before: [0, 4], after: [0, 0] }),
  pointwise: convolution([2, 24, 40], [5, 7], [1, 1]),
  'pointwise, many channels': convolution([1, 1024, 33], [3, 2], [1, 1]),
  'three groups': convolution([2, 12, 18], [6, 5], [3, 3], { groups: 3, ...same3 }),
  depthwise: convolution([2, 20, 20], [6, 7], [3, 3], { groups: 20, ...same3 }),
  'depthwise, long rows': convolution([2, 19, 19], [5, 43], [3, 3], { groups: 19, ...same3 }),
  'depthwise, long rows, stride 2': convolution([1, 70, 70], [6, 46], [5, 5], {
    groups: 70,
    strides: [2, 2],
    before: [1, 2],
    after: [2, 1],
  }),
  'depthwise, long rows, dilated': convolution([1, 17, 17], [6, 47], [3, 3], {
    groups: 17,
    dilations: [1, 4],
    before: [1, 5],
    after: [1, 4],
  }),
  'depthwise, cropped by stride': convolution([1, 33, 33], [9, 12], [2, 3], {
    groups: 33,
    strides: [4, 4],
  }),
  'depthwise, two filters each': convolution([2, 9, 18], [7, 5], [3, 3], {
    groups: 9,
    strides: [2, 2],
    ...same3,
  }),
  '3-D': convolution([2, 5, 7], [4, 5, 6], [3, 2, 3], {
    strides: [1, 2, 1],
    before: [1, 0, 1],
    after: [1, 1, 1],
  }),
  '3-D, dilated': convolution([1, 4, 4], [7, 4, 5], [2, 3, 1], {
    dilations: [3, 1, 1],
    before: [0, 1, 0],
    after: [0, 1, 0],
    groups: 2,
  }),
  'many weights': convolution([5, 70, 140], [7, 7], [3, 3], same3),
  'many positions': convolution([3, 4, 6], [30, 31], [3, 3], same3),
};

const methods = ['im2col', 'pointwise', 'streamed', 'winograd', 'direct', 'depthwise'];

/** There are no weights to stream where they are what is computed. */
const lacking = new Set(['streamed convKernelGrad']);

/** Winograd's transforms add up rounding errors of sums of 16 values. */
const tolerance = (method: string) => (method === 'winograd' ? 3e-6 : 1e-6);

/** Runs a call as it is forced now, unless `done` says that its algorithm was checked before. */
function check(addon: Addon, call: Call, done = new Set<string>()): void {
  const kernel = new NativeKernel(addon, call.kernel, call.inputs, call.output, call.attrs);
  const { method } = kernel;
  if (!done.has(`${method} ${call.kernel}`)) compare(kernel, call);
  done.add(`${method} ${call.kernel}`);
  kernel.unload();
}

function compare(kernel: NativeKernel, call: Call): void {
  const { method } = kernel;
  const actual = kernel.run(call.operands);
  const wrong: string[] = [];
  for (const [i, want] of call.expected.entries()) {
    const bound = tolerance(method) * (call.magnitude[i] + 1e-3);
    if (!(Math.abs(actual[i] - want) <= bound)) wrong.push(`[${i}] ${actual[i]}, not ${want}`);
  }
  expect(wrong.slice(0, 5), method).toEqual([]);
  const bits = (values: Float32Array) => Buffer.from(values.buffer);
  for (const threads of [2, 3])
    expect(bits(kernel.run(call.operands, threads)).equals(bits(actual))).toBe(true);
}

describe.runIf(backend() === 'native')('the text of a program', () => {
  it('names the algorithm', () => {
    const model = new Sequential([
      new Conv2D(32, 3, { padding: 'same', inputShape: [16, 16, 32] }),
      new Conv2D(8, 1),
    ]);
    const text = model.program('predict').toString();
    expect(text).toMatch(/conv\(.*\).* by winograd {2}# /);
    expect(text).toMatch(/conv\(.*\).* by pointwise {2}# /);
  });
});

describe.runIf(backend() === 'native').each<Isa>(['baseline', 'avx2', 'avx512'])('%s', (isa) => {
  const addon = loadIsa(isa);

  afterEach(() => {
    delete process.env.NEURONE_CONV;
  });

  it('is there', () => {
    expect(addon.describe().isa).toBe(isa);
  });

  it.each(Object.entries(shapes))('%s', (_, c) => {
    const calls = callsOf(c);
    const done = new Set<string>();
    for (const method of [undefined, ...methods]) {
      if (method) process.env.NEURONE_CONV = method;
      for (const call of calls) check(addon, call, done);
    }
  });

  it('every algorithm is forced somewhere, in all directions', () => {
    const used = new Set<string>();
    for (const method of methods) {
      process.env.NEURONE_CONV = method;
      for (const c of Object.values(shapes)) {
        const { x, w, y } = shapesOf(c);
        const attrs = attrsOf(c);
        for (const [kernel, inputs, output, all] of [
          ['conv', [x, w], y, { ...attrs, activation: 0, scaled: 0, residual: 0 }],
          ['convInputGrad', [y, w], x, { size: c.size, ...attrs }],
          ['convKernelGrad', [x, y], w, { size: c.kernel, ...attrs }],
        ] as const) {
          const { method } = new NativeKernel(addon, kernel, inputs, output, all);
          used.add(`${method} ${kernel}`);
        }
      }
    }
    for (const method of methods)
      for (const kernel of ['conv', 'convInputGrad', 'convKernelGrad'])
        if (!lacking.has(`${method} ${kernel}`)) expect(used).toContain(`${method} ${kernel}`);
  });

  it.each([0, 1, 2, 3, 4])('scale, bias, residual and activation %i', (activation) => {
    for (const name of ['3 to 17 channels', 'uneven padding', 'pointwise', 'depthwise']) {
      for (let parts = 0; parts < 8; parts++) {
        const [scaled, biased, residual] = [1, 2, 4].map((part) => (parts & part) > 0);
        const call = forward(shapes[name], activation, { scaled, biased, residual });
        const done = new Set<string>();
        for (const method of methods) {
          process.env.NEURONE_CONV = method;
          check(addon, call, done);
        }
      }
    }
  });

  it('refuses what does not belong together', () => {
    const c = shapes['16 channels'];
    const { x, w, y } = shapesOf(c);
    const attrs = { ...attrsOf(c), activation: 0, scaled: 0, residual: 0 };
    const bad: readonly [string, readonly (readonly number[])[], readonly number[], Attrs][] = [
      ['x of rank 3', [x.slice(1), w], y, attrs],
      ['w of rank 5', [x, [1, ...w]], y, attrs],
      ['no w', [x], y, attrs],
      ['another number of images', [[4, ...x.slice(1)], w], y, attrs],
      ['another number of channels', [[...x.slice(0, 3), 8], w], y, attrs],
      ['an output that is too large', [x, w], [3, 9, 8, 16], attrs],
      ['groups that do not divide', [x, w], y, { ...attrs, groups: 3 }],
      ['no groups', [x, w], y, { ...attrs, groups: 0 }],
      ['stride 0', [x, w], y, { ...attrs, strides: [0, 1] }],
      ['dilation 0', [x, w], y, { ...attrs, dilations: [1, 0] }],
      ['negative padding', [x, w], y, { ...attrs, before: [-1, 1] }],
      ['huge padding', [x, w], y, { ...attrs, before: [2 ** 40, 1] }],
      ['strides of one axis', [x, w], y, { ...attrs, strides: [1] }],
      ['activation 5', [x, w], y, { ...attrs, activation: 5 }],
      ['no scale', [x, w], y, { ...attrs, scaled: 1 }],
      ['a bias of another size', [x, w, [15]], y, attrs],
      ['too many operands', [x, w, [16], [16]], y, attrs],
      ['no residual', [x, w], y, { ...attrs, residual: 1 }],
      ['a residual of another shape', [x, w, [16]], y, { ...attrs, residual: 1 }],
      ['no attributes', [x, w], y, {}],
    ];
    for (const [title, inputs, output, all] of bad) {
      expect(() => new NativeKernel(addon, 'conv', inputs, output, all), title).toThrow('conv');
    }
    const gradAttrs = { size: [8, 8], ...attrsOf(c) };
    expect(() => new NativeKernel(addon, 'convInputGrad', [y, w], x, gradAttrs)).not.toThrow();
    for (const [kernel, inputs, output, size] of [
      ['convInputGrad', [y, w], x, [8, 9]],
      ['convInputGrad', [y, w], x, [8]],
      ['convInputGrad', [y, w], x.slice(1), [8, 8]],
      ['convKernelGrad', [x, y], w, [3, 2]],
      ['convKernelGrad', [x, y], w.slice(1), [3, 3]],
    ] as const) {
      expect(() => new NativeKernel(addon, kernel, inputs, output, { ...gradAttrs, size })).toThrow(
        kernel,
      );
    }
  });

  it('NaN reaches what it belongs to', () => {
    const c = shapes['16 channels'];
    for (const method of methods) {
      process.env.NEURONE_CONV = method;
      const call = forward(c, 1, { biased: true });
      const kernel = new NativeKernel(addon, call.kernel, call.inputs, call.output, call.attrs);
      call.operands[0][5] = Number.NaN;
      expect(kernel.run(call.operands)[0], method).toBeNaN();
    }
  });
});
