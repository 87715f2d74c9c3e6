// Cases of the convolution kernels, against sums written out for one output element at a time.
import type { Value } from '../../support/kernel.js';
import { f32, indicesOf, type KernelCase, random } from './case.js';

interface Form {
  readonly title: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly before?: readonly number[];
  readonly after?: readonly number[];
  readonly groups?: number;
}

/** Shapes at the edges of tiles and blocks, paddings larger than the kernel, and places that see nothing. */
const forms: readonly Form[] = [
  { title: 'one element', x: [1, 1, 1, 1], w: [1, 1, 1, 1] },
  { title: 'no images', x: [0, 4, 4, 2], w: [3, 3, 2, 5] },
  { title: 'no channels', x: [2, 4, 4, 0], w: [3, 3, 0, 5] },
  { title: '1×1', x: [2, 3, 5, 7], w: [1, 1, 7, 9] },
  { title: '1×1 with strides', x: [2, 5, 5, 3], w: [1, 1, 3, 4], strides: [2, 2] },
  { title: 'first layer', x: [2, 9, 8, 1], w: [3, 3, 1, 17], before: [1, 1], after: [1, 1] },
  { title: 'colour', x: [2, 9, 8, 3], w: [3, 3, 3, 32], before: [1, 1], after: [1, 1] },
  { title: '33 channels', x: [1, 7, 6, 33], w: [3, 3, 33, 18], before: [1, 1], after: [1, 1] },
  { title: '1 axis', x: [3, 1, 11, 2], w: [1, 4, 2, 3], before: [0, 3], after: [0, 0] },
  {
    title: 'strides 2, 5×5',
    x: [2, 11, 10, 4],
    w: [5, 5, 4, 6],
    strides: [2, 2],
    before: [2, 1],
    after: [2, 2],
  },
  { title: 'strides past the kernel', x: [1, 9, 10, 2], w: [2, 2, 2, 3], strides: [3, 4] },
  {
    title: 'dilated',
    x: [1, 9, 10, 3],
    w: [3, 2, 3, 4],
    dilations: [2, 3],
    before: [2, 1],
    after: [1, 2],
  },
  {
    title: 'dilated, strides',
    x: [1, 9, 10, 2],
    w: [3, 2, 2, 4],
    dilations: [2, 1],
    strides: [1, 2],
  },
  { title: 'padded far', x: [1, 2, 2, 2], w: [2, 2, 2, 3], before: [3, 2], after: [2, 4] },
  { title: '2 groups', x: [2, 5, 6, 6], w: [3, 3, 3, 8], groups: 2, before: [1, 1], after: [1, 1] },
  { title: '3 groups of strides', x: [1, 6, 6, 6], w: [2, 3, 2, 9], groups: 3, strides: [2, 1] },
  {
    title: 'depthwise',
    x: [2, 6, 7, 5],
    w: [3, 3, 1, 5],
    groups: 5,
    before: [1, 1],
    after: [1, 1],
  },
  {
    title: 'depthwise of 40',
    x: [1, 5, 5, 40],
    w: [3, 3, 1, 40],
    groups: 40,
    strides: [2, 2],
    before: [1, 0],
    after: [0, 1],
  },
  {
    title: 'depthwise, multiplier',
    x: [2, 5, 4, 3],
    w: [2, 3, 1, 6],
    groups: 3,
    dilations: [2, 1],
  },
  {
    title: '3 axes',
    x: [2, 4, 5, 6, 2],
    w: [2, 3, 2, 2, 3],
    strides: [1, 2, 1],
    before: [0, 1, 1],
    after: [1, 1, 0],
  },
  {
    title: '3 axes, groups, dilated',
    x: [1, 4, 4, 5, 4],
    w: [2, 2, 2, 2, 6],
    groups: 2,
    dilations: [2, 1, 3],
  },
];

const geometry = ({ x, strides, dilations, before, after, groups = 1 }: Form) => {
  const ones = Array<number>(x.length - 2).fill(1);
  const zeros = ones.map(() => 0);
  return {
    strides: strides ?? ones,
    dilations: dilations ?? ones,
    before: before ?? zeros,
    after: after ?? zeros,
    groups,
  };
};

function outputShape(form: Form): number[] {
  const { strides, dilations, before, after } = geometry(form);
  const places = strides.map((stride, i) => {
    const padded = form.x[i + 1] + before[i] + after[i];
    return Math.floor((padded - ((form.w[i] - 1) * dilations[i] + 1)) / stride) + 1;
  });
  return [form.x[0], ...places, form.w[form.w.length - 1]];
}

const offset = (index: readonly number[], shape: readonly number[]): number =>
  index.reduce((at, i, axis) => at * shape[axis] + i, 0);

/** Calls `visit` with the flat indices of every x, w and y that meet. */
function eachProduct(form: Form, visit: (x: number, w: number, y: number) => void): void {
  const { strides, dilations, before, groups } = geometry(form);
  const [kernel, perGroup] = [form.w.slice(0, -2), form.w[form.w.length - 2]];
  const yShape = outputShape(form);
  const filters = yShape[yShape.length - 1] / groups;
  for (const yIndex of indicesOf(yShape)) {
    const filter = yIndex[yIndex.length - 1];
    const group = Math.floor(filter / filters);
    for (const element of indicesOf(kernel)) {
      const pixel = element.map(
        (k, i) => yIndex[i + 1] * strides[i] + k * dilations[i] - before[i],
      );
      if (pixel.some((p, i) => p < 0 || p >= form.x[i + 1])) continue;
      for (let c = 0; c < perGroup; c++) {
        const xIndex = [yIndex[0], ...pixel, group * perGroup + c];
        visit(
          offset(xIndex, form.x),
          offset([...element, c, filter], form.w),
          offset(yIndex, yShape),
        );
      }
    }
  }
}

const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

const tolerance = { float32: 2e-6, float64: 1e-12 };

/** How large sums of `n` products become, by which float32 rounds them. */
const scaleOf = (n: number): number => Math.max(1, 1.5 * Math.sqrt(n));

function gradientCases(form: Form): KernelCase[] {
  const [x, w, dy] = [random(form.x, 1), random(form.w, 2), random(outputShape(form), 3)];
  const dx = new Array<number>(size(form.x)).fill(0);
  const dw = new Array<number>(size(form.w)).fill(0);
  eachProduct(form, (i, j, k) => {
    dx[i] += dy.data[k] * w.data[j];
    dw[j] += dy.data[k] * x.data[i];
  });
  const shared = { title: form.title, tolerance };
  const places = size(outputShape(form).slice(0, -1));
  const seen = size(form.w.slice(0, -2)) * (form.w[form.w.length - 1] / (form.groups ?? 1));
  return [
    {
      ...shared,
      kernel: 'convInputGrad',
      inputs: [dy, w],
      outputs: [{ dtype: 'float32', shape: form.x }],
      attrs: { size: form.x.slice(1, -1), ...geometry(form) },
      expected: [dx],
      scale: scaleOf(seen),
    },
    {
      ...shared,
      kernel: 'convKernelGrad',
      inputs: [x, dy],
      outputs: [{ dtype: 'float32', shape: form.w }],
      attrs: { size: form.w.slice(0, -2), ...geometry(form) },
      expected: [dw],
      scale: scaleOf(places),
    },
  ];
}

const activations: readonly ((z: number) => number)[] = [
  (z) => z,
  (z) => Math.max(z, 0),
  (z) => 1 / (1 + Math.exp(-z)),
  Math.tanh,
  (z) => Math.min(Math.max(z, 0), 6),
];

interface Epilogue {
  readonly activation: number;
  readonly scale?: Value;
  readonly bias?: Value;
  /** Whether something is added. */
  readonly residual?: boolean;
}

function forward(form: Form, { activation, scale, bias, residual = false }: Epilogue): KernelCase {
  const [x, w] = [random(form.x, 1), random(form.w, 2)];
  const shape = outputShape(form);
  const filters = shape[shape.length - 1];
  const y = new Array<number>(size(shape)).fill(0);
  eachProduct(form, (i, j, k) => {
    y[k] += x.data[i] * w.data[j];
  });
  const added = residual ? [random(shape, 6)] : [];
  const parts = `${scale ? ', scale' : ''}${bias ? ', bias' : ''}${residual ? ', residual' : ''}`;
  return {
    kernel: 'conv',
    title: `${form.title}, activation ${activation}${parts}`,
    inputs: [x, w, ...(scale ? [scale] : []), ...(bias ? [bias] : []), ...added],
    outputs: [{ dtype: 'float32', shape }],
    attrs: { ...geometry(form), activation, scaled: scale ? 1 : 0, residual: residual ? 1 : 0 },
    expected: [
      y.map((sum, i) => {
        const c = i % filters;
        const shifted = sum * (scale?.data[c] ?? 1) + (bias?.data[c] ?? 0);
        return activations[activation](shifted + (added[0]?.data[i] ?? 0));
      }),
    ],
    tolerance,
    scale: scaleOf(size(form.w.slice(0, -1))),
  };
}

const forwardCases: KernelCase[] = forms.flatMap((form, i) => {
  const filters = form.w[form.w.length - 1];
  const [scale, bias] = [random([filters], 4), random([filters], 5)];
  return [
    forward(form, { activation: 0 }),
    forward(form, { activation: i % 5, scale, bias }),
    forward(form, { activation: (i + 1) % 5, bias }),
    forward(form, { activation: (i + 2) % 5, scale }),
    forward(form, { activation: (i + 3) % 5, residual: true }),
    forward(form, { activation: (i + 4) % 5, bias, residual: true }),
    forward(form, { activation: i % 5, scale, bias, residual: true }),
  ];
});

/** NaN and infinity reach what sees them, and nothing else. */
const special: KernelCase = {
  kernel: 'conv',
  title: 'NaN and infinity',
  inputs: [
    f32([1, 1, 5, 1], [Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 3]),
    f32([1, 2, 1, 1], [1, 1]),
  ],
  outputs: [{ dtype: 'float32', shape: [1, 1, 4, 1] }],
  attrs: {
    strides: [1, 1],
    dilations: [1, 1],
    before: [0, 0],
    after: [0, 0],
    groups: 1,
    activation: 4,
    scaled: 0,
    residual: 0,
  },
  expected: [[Number.NaN, 3, 6, 6]],
};

export const convolutionCases: readonly KernelCase[] = [
  ...forwardCases,
  special,
  ...forms.flatMap(gradientCases),
];
