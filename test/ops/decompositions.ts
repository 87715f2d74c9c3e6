// Calls of composite ops, for comparing their kernels with their decompositions.
import type { Attrs } from '../../lib/graph/program.js';
import { callAll } from '../../lib/ops/define.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { opNamed } from '../support/ops.js';
import { seeded } from '../support/random.js';
import { updateExamples } from '../support/updates.js';

export interface Decomposition {
  readonly op: string;
  readonly title: string;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attrs;
}

const random = seeded(11);
const float = (shape: readonly number[], low = -2, high = 2): Tensor =>
  tensor(
    Float32Array.from(
      random.uniforms(
        shape.reduce((n, d) => n * d, 1),
        low,
        high,
      ),
    ),
    { shape },
  );
const int = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });

const shapes = [
  [3, 5],
  [1, 1],
  [0, 4],
  [2, 3, 7],
  [33, 10],
  [21, 32],
];

const over = (
  op: string,
  inputs: (shape: readonly number[]) => readonly Tensor[],
): Decomposition[] =>
  shapes.map((shape) => ({ op, title: `[${shape}]`, inputs: inputs(shape), attrs: {} }));

const denseCases: Decomposition[] = [0, 1, 2, 3].flatMap((activation) =>
  [
    [2, 3, 4],
    [1, 1, 1],
    [0, 3, 2],
    [5, 0, 3],
    [17, 33, 9],
  ].flatMap(([m, k, n]) =>
    [[], [float([n])]].map((bias) => ({
      op: 'dense',
      title: `activation ${activation}, ${m}×${k}·${k}×${n}${bias.length ? ' + bias' : ''}`,
      inputs: [float([m, k]), float([k, n]), ...bias],
      attrs: { activation },
    })),
  ),
);

const convForms: readonly {
  readonly title: string;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly strides: readonly number[];
  readonly groups: number;
}[] = [
  { title: 'plain', x: [2, 5, 4, 3], w: [3, 3, 3, 5], strides: [1, 1], groups: 1 },
  { title: 'depthwise', x: [1, 5, 4, 3], w: [2, 3, 1, 6], strides: [2, 1], groups: 3 },
  { title: '3 axes', x: [2, 3, 4, 3, 2], w: [2, 2, 2, 2, 3], strides: [1, 1, 1], groups: 1 },
  { title: 'no images', x: [0, 3, 3, 2], w: [2, 2, 2, 4], strides: [1, 1], groups: 1 },
];
const convCases: Decomposition[] = convForms.flatMap(({ title, x, w, strides, groups }) =>
  [0, 1, 2, 3, 4].flatMap((activation) =>
    [0, 1, 2, 3, 4, 7].map((parts) => {
      const ones = strides.map(() => 1);
      const [scaled, biased, residual] = [parts & 1, (parts >> 1) & 1, parts >> 2];
      const rest = Array.from({ length: scaled + biased }, () => float(w.slice(-1)));
      const places = strides.map((stride, i) => Math.floor((x[i + 1] + 2 - w[i]) / stride) + 1);
      if (residual) rest.push(float([x[0], ...places, ...w.slice(-1)]));
      return {
        op: 'conv',
        title: `${title}, activation ${activation}, parts ${parts}`,
        inputs: [float(x), float(w), ...rest],
        attrs: {
          strides,
          dilations: ones,
          before: ones,
          after: ones,
          groups,
          activation,
          scaled,
          residual,
        },
      };
    }),
  ),
);

const convPoolCases: Decomposition[] = convCases
  .filter(({ inputs: [x, w], attrs }) => x.rank === 4 && w.size > 0 && !attrs.residual)
  .map(({ title, inputs, attrs }, i) => ({
    op: 'convPool',
    title: `${title}, ${i % 2 ? 'averages' : 'maxima'}`,
    inputs,
    attrs: {
      ...attrs,
      averages: i % 2,
      window: [2, 3],
      poolStrides: [2, 1],
      poolBefore: [0, 1],
      poolAfter: [1, 1],
    },
  }));

const labelled = (rows: number, classes: number): [Tensor, Tensor] => [
  float([rows, classes], -10, 10),
  int(random.integers(rows, 0, classes)),
];

const losses: Decomposition[] = [
  [3, 5],
  [1, 1],
  [0, 4],
  [65, 10],
  [37, 32],
  [19, 33],
].flatMap(([rows, classes]) => {
  const [logits, labels] = labelled(rows, classes);
  const title = `[${rows}, ${classes}]`;
  return [
    { op: 'sparseSoftmaxCrossEntropy', title, inputs: [logits, labels], attrs: {} },
    {
      op: 'sparseSoftmaxCrossEntropyGrad',
      title,
      inputs: [logits, labels, float([rows])],
      attrs: {},
    },
  ];
});

const updates: Decomposition[] = updateExamples.flatMap(({ op, title, slots, scalars, step }) =>
  [[], [1, 0, 1]].map((decays) => {
    const weights = (low = -1, high = 1) => [
      float([3, 4], low, high),
      float([0]),
      float([7], low, high),
    ];
    const numbers = [...scalars, 0.03].map((v) => tensor(v));
    const count = step === undefined ? [] : [tensor(step, { dtype: 'int32' })];
    const lists = [weights(), ...slots.map((range) => weights(...range)), weights()];
    return {
      op,
      title: decays.length > 0 ? `${title}, decay` : title,
      inputs: [...lists.flat(), ...numbers, ...count],
      attrs: { count: 3, decays },
    };
  }),
);

const matrices = [...shapes.filter((s) => s.length === 2), [101, 3], [30, 70], [9, 2100]];
const normalizations: Decomposition[] = matrices.flatMap(([rows, n]) => {
  const x = float([rows, n], 1, 4);
  const dy = float([rows, n]);
  const [gamma, beta, epsilon] = [float([n]), float([n]), tensor(0.01)];
  const title = `[${rows}, ${n}]`;
  const forward = [x, gamma, beta, epsilon];
  const backward = (op: string, attrs: Attrs): Tensor[] => {
    const [, m, v, ...rest] = callAll(opNamed(op), forward, attrs);
    return [dy, x, m, v, gamma, epsilon, ...rest];
  };
  const forms = [0, 1].flatMap((centered) => [
    { op: 'layerNorm', title, inputs: forward, attrs: { centered } },
    {
      op: 'layerNormGrad',
      title,
      inputs: backward('layerNorm', { centered }),
      attrs: { centered },
    },
  ]);
  return [
    { op: 'scaleShift', title, inputs: [x, float([n]), gamma, beta], attrs: {} },
    ...[0, 1, 4].flatMap((activation) => [
      { op: 'batchNorm', title, inputs: forward, attrs: { activation } },
      {
        op: 'batchNormGrad',
        title: `${title}, activation ${activation}`,
        inputs: backward('batchNorm', { activation }),
        attrs: { activation },
      },
    ]),
    ...forms,
  ];
});

export const decompositions: readonly Decomposition[] = [
  ...over('softmax', (s) => [float(s, -20, 20)]),
  ...over('logSoftmax', (s) => [float(s, -20, 20)]),
  ...over('softmaxGrad', (s) => [float(s), float(s, 0, 1)]),
  ...over('sigmoidGrad', (s) => [float(s), float(s, 0, 1)]),
  ...over('tanhGrad', (s) => [float(s), float(s, -1, 1)]),
  ...over('relu6Grad', (s) => [float(s), float(s, -3, 9)]),
  ...over('reluGrad', (s) => [float(s), float(s)]),
  ...denseCases,
  ...convCases,
  ...convPoolCases,
  ...losses,
  ...normalizations,
  ...updates,
];
