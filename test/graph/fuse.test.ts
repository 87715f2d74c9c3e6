// What products take over from the calls that follow them: the program's text, and that nothing changes
// but the number of calls.
import { describe, expect, it } from 'vitest';
import { valueAndGrad } from '../../lib/graph/compile.js';
import type { PassName } from '../../lib/graph/lower.js';
import { variable } from '../../lib/graph/variable.js';
import { input, layers, Model, ops, Sequential, type Tensor, tensor } from '../../lib/index.js';
import { convolve } from '../../lib/ops/convolution.js';
import { normalizeBatch } from '../../lib/ops/normalization.js';
import { expectClose } from '../support/close.js';
import {
  kernel,
  kernelsOf,
  lowered,
  mean,
  normalized,
  offset,
  random,
  run,
  scale,
  variance,
} from '../support/fused.js';

const all: readonly PassName[] = ['fuseScale', 'fuseResidual', 'fuseActivation'];

interface Case {
  readonly title: string;
  readonly fn: (x: Tensor) => Tensor;
  readonly fused: readonly string[];
  /** Attributes of the product. */
  readonly attrs: Readonly<Record<string, number>>;
}

/** 1/√(variance + ε)·scale. */
const factor = ['add', 'rsqrt', 'multiply'];
const shiftAlone = [...factor, 'multiply', 'subtract'];

const cases: readonly Case[] = [
  ...(['relu', 'sigmoid', 'tanh'] as const).map((name, i) => ({
    title: name,
    fn: (x: Tensor) => ops[name](ops.conv(x, kernel)),
    fused: ['conv'],
    attrs: { activation: i + 1, scaled: 0 },
  })),
  {
    title: 'relu6',
    fn: (x) => ops.relu6(ops.conv(ops.multiply(x, 9), kernel)),
    fused: ['multiply', 'conv'],
    attrs: { activation: 4, scaled: 0 },
  },
  {
    title: 'relu of a reshaped convolution',
    fn: (x) => ops.relu(ops.reshape(ops.conv(x, kernel), [2, -1])),
    fused: ['conv'],
    attrs: { activation: 1, scaled: 0 },
  },
  {
    title: 'normalization',
    fn: (x) => normalized(ops.conv(x, kernel)),
    fused: [...shiftAlone, 'conv'],
    attrs: { activation: 0, scaled: 1 },
  },
  {
    title: 'normalization, then relu6',
    fn: (x) => ops.relu6(normalized(ops.conv(ops.multiply(x, 9), kernel))),
    fused: ['multiply', ...shiftAlone, 'conv'],
    attrs: { activation: 4, scaled: 1 },
  },
  {
    title: 'normalization of a depthwise convolution of steps',
    fn: (x) => {
      const steps = ops.reshape(x, [2, 30, 3]);
      const w = random([4, 3, 1], 7);
      const parts = [mean, variance, scale, offset].map((t) => ops.slice(t, [0], [3]));
      return ops.tanh(
        ops.batchNormalization(ops.depthwiseConv(steps, w), parts[0], parts[1], -1, {
          scale: parts[2],
          offset: parts[3],
        }),
      );
    },
    fused: ['slice', 'slice', 'slice', 'slice', ...shiftAlone, 'conv'],
    attrs: { activation: 3, scaled: 1 },
  },
  {
    title: 'addition of a tensor, then relu',
    fn: (x) => ops.relu(ops.add(other(x), ops.conv(x, kernel))),
    fused: ['slice', 'conv'],
    attrs: { activation: 1, scaled: 0, residual: 1 },
  },
  {
    title: 'normalization, then addition, then sigmoid',
    fn: (x) => ops.sigmoid(ops.add(normalized(ops.conv(x, kernel)), other(x))),
    fused: ['slice', ...shiftAlone, 'conv'],
    attrs: { activation: 2, scaled: 1, residual: 1 },
  },
  {
    title: 'addition of a reshaped tensor',
    fn: (x) => ops.add(ops.reshape(ops.conv(x, kernel), [2, -1]), ops.reshape(other(x), [2, -1])),
    fused: ['slice', 'conv'],
    attrs: { activation: 0, scaled: 0, residual: 1 },
  },
  {
    title: 'sum of two normalized convolutions, of which one adds the other',
    fn: (x) => {
      const [a, b] = [kernel, random([3, 3, 3, 4], 10)].map((w) => normalized(ops.conv(x, w)));
      return ops.relu(ops.add(a, b));
    },
    fused: [...shiftAlone, ...shiftAlone, 'conv', 'conv'],
    attrs: { activation: 0, scaled: 1, residual: 0 },
  },
  {
    title: 'relu of a dense product',
    fn: (x) => ops.relu(ops.dense(x, random([3, 5], 8))),
    fused: ['dense'],
    attrs: { activation: 1 },
  },
  {
    title: 'relu6 of a dense product stays one call more',
    fn: (x) => ops.relu6(ops.dense(x, random([3, 5], 8))),
    fused: ['dense', 'relu6'],
    attrs: { activation: 0 },
  },
];

/** As large as the output of the convolution of x. */
const other = (x: Tensor): Tensor =>
  ops.reshape(ops.slice(ops.reshape(x, [-1]), [7], [96]), [2, 3, 4, 4]);

const unpadded = { strides: [1, 1], dilations: [1, 1], before: [0, 0], after: [0, 0], groups: 1 };

describe('what follows a product', () => {
  it.each(cases)('$title', ({ fn, fused, attrs }) => {
    const list = (x: Tensor) => [fn(x)];
    const { program } = lowered(list);
    expect(program.instructions.map((i) => i.kernel).toSorted()).toEqual(fused.toSorted());
    const product = program.instructions.find((i) => i.kernel === 'conv' || i.kernel === 'dense');
    expect(product?.attrs).toMatchObject(attrs);
    const apart = lowered(list, all).program.instructions;
    expect(apart.find((i) => i.kernel === product?.kernel)?.attrs.activation).toBe(0);
    const plain = run(list, all);
    for (const without of [[], ...all.map((name) => [name])]) {
      expectClose(run(list, without), plain, { relative: 1e-4, absolute: 1e-5 });
    }
  });

  it.each<[string, (x: Tensor) => readonly Tensor[], readonly string[]]>([
    [
      'something else reads it',
      (x) => {
        const y = ops.conv(x, kernel);
        return [ops.add(ops.relu(y), ops.square(y))];
      },
      ['conv', 'relu', 'square', 'add'],
    ],
    [
      'it is a result itself',
      (x) => {
        const y = ops.conv(x, kernel);
        return [y, ops.relu(y)];
      },
      ['conv', 'relu'],
    ],
    [
      'a view of it is a result',
      (x) => {
        const y = ops.reshape(ops.conv(x, kernel), [2, -1]);
        return [y, ops.relu(y)];
      },
      ['conv', 'relu'],
    ],
    [
      'it has an activation already',
      (x) => [ops.relu(ops.tanh(ops.conv(x, kernel)))],
      ['conv', 'relu'],
    ],
    [
      'normalization comes after the activation',
      (x) => [normalized(ops.relu(ops.conv(x, kernel)))],
      ['conv', ...factor, 'scaleShift'],
    ],
    [
      'another axis is normalized',
      (x) => [
        ops.batchNormalization(ops.conv(x, kernel), random([3], 1), random([3], 2, [1, 2]), 1),
      ],
      ['conv', 'transpose', 'add', 'rsqrt', 'broadcastTo', 'scaleShift', 'transpose'],
    ],
    [
      'it is added to itself',
      (x) => {
        const y = ops.conv(x, kernel);
        return [ops.relu(ops.add(y, y))];
      },
      ['conv', 'add', 'relu'],
    ],
    [
      'what is added is broadcast',
      (x) => [ops.relu(ops.add(ops.conv(x, kernel), random([4, 1], 11)))],
      ['conv', 'add', 'relu'],
    ],
    [
      'addition comes after the activation, and another activation',
      (x) => [ops.tanh(ops.add(ops.relu(ops.conv(x, kernel)), other(x)))],
      ['conv', 'slice', 'add', 'tanh'],
    ],
    [
      'it adds something already',
      (x) => [normalized(convolve(x, kernel, unpadded, { residual: other(x) }))],
      ['conv', 'slice', ...factor, 'scaleShift'],
    ],
    [
      'its own activation comes before the addition',
      (x) => [ops.add(convolve(x, kernel, unpadded, { activation: 'relu' }), other(x))],
      ['conv', 'slice', 'add'],
    ],
    [
      'it is cut elsewhere',
      (x) => [ops.minimum(5, ops.relu(ops.conv(x, kernel)))],
      ['conv', 'minimum'],
    ],
  ])('stays apart where %s', (_, fn, kernels) => {
    expect(kernelsOf(fn).toSorted()).toEqual([...kernels].toSorted());
    expectClose(run(fn), run(fn, all), { relative: 1e-4, absolute: 1e-5 });
  });

  it('has the same derivatives', () => {
    const [w, b] = [variable(kernel), variable(random([4], 9))];
    const gradients = (x: Tensor): readonly Tensor[] => {
      const loss = () => {
        const y = ops.add(normalized(ops.conv(x, w.value)), b.value);
        return ops.mean(
          ops.square(ops.minimum(6, ops.relu(ops.conv(ops.tanh(y), random([2, 2, 4, 2], 3))))),
        );
      };
      const { value, grads } = valueAndGrad(loss, [w, b]);
      return [value, ...grads];
    };
    const plain = run(gradients, all);
    for (const without of [[], ...all.map((name) => [name])]) {
      expectClose(run(gradients, without), plain, { relative: 1e-4, absolute: 1e-5 });
    }
  });
});

describe('models', () => {
  const block = () => [
    new layers.Conv2D(4, 3, { padding: 'same', useBias: true }),
    new layers.BatchNormalization(),
    new layers.ReLU({ maxValue: 6 }),
    new layers.DepthwiseConv2D(3, { useBias: false }),
    new layers.BatchNormalization(),
    new layers.ReLU(),
  ];

  it('predict with one call for each convolution, its normalization and activation', async () => {
    const model = new Sequential(block());
    model.build([null, 8, 8, 3]);
    const initial = await model.getWeights();
    model.setWeights(initial.map((t, i) => random(t.shape, i + 1, [0.5, 1.5])));
    const text = model.program('predict').toString();
    expect(text).toMatch(/conv\(feed0.*activation=4 scaled=1 .*\/conv2d/);
    expect(text).toMatch(/conv\(.*groups=4 activation=1 scaled=1 .*\/depthwise_conv2d/);
    expect(text.match(/= scaleShift\(/g)).toHaveLength(1); // of the bias
    for (const kernelName of ['relu', 'minimum']) expect(text).not.toContain(`= ${kernelName}(`);
    const x = random([2, 8, 8, 3], 20);
    const y = await model.predict(x);
    let expected = x;
    for (const layer of model.layers) {
      expected = tensor((layer as layers.Layer).apply(expected).dataSync(), {
        shape: (layer as layers.Layer).apply(expected).shape,
      });
    }
    expectClose(y.dataSync(), expected.dataSync(), { relative: 1e-4, absolute: 1e-5 });
  });

  it('keep what a residual connection reads', async () => {
    const x = input([6, 6, 4]);
    const y = new layers.Conv2D(4, 3, { padding: 'same' }).apply(x);
    const z = new layers.Activation('relu').apply(y);
    const model = new Model({ inputs: x, outputs: layers.add([y, z]) });
    const text = model.program('predict').toString();
    expect(text).toContain('= relu(');
  });
});

describe('a rectifier after the normalization of a batch', () => {
  const [gamma, beta] = [variable(random([4], 31, [3, 6])), variable(random([4], 32))];
  const w = variable(kernel);

  /** Output, running mean, and the gradients of everything. */
  const trained =
    (rectify: (y: Tensor) => Tensor) =>
    (x: Tensor): readonly Tensor[] => {
      let seen: readonly Tensor[] = [];
      const { value, grads } = valueAndGrad(() => {
        const { y, mean: m } = normalizeBatch(ops.conv(x, w), -1, { scale: gamma, offset: beta });
        const z = rectify(y);
        seen = [z, m];
        return ops.sum(ops.multiply(z, random(z.shape, 33)));
      }, [w, gamma, beta]);
      return [...seen, value, ...grads];
    };

  it.each([
    ['relu', ops.relu, 1],
    ['relu6', ops.relu6, 4],
  ] as const)('%s is applied by it, and taken into account by its gradient', (name, fn, code) => {
    const list = trained(fn);
    const { program } = lowered(list);
    const kernels = program.instructions.map(({ kernel: k }) => k);
    expect(kernels).not.toContain(name);
    expect(kernels).not.toContain(`${name}Grad`);
    for (const one of ['batchNorm', 'batchNormGrad']) {
      const found = program.instructions.filter(({ kernel: k }) => k === one);
      expect(found.map(({ attrs }) => attrs.activation)).toEqual([code]);
    }
    expect(kernelsOf(list, ['fuseRectifier'])).toContain(`${name}Grad`);
    expectClose(run(list), run(list, ['fuseRectifier']), { relative: 1e-4, absolute: 1e-5 });
  });

  it('stays apart where something else reads what lies between', () => {
    const list = trained((y) => ops.add(ops.relu(y), ops.square(y)));
    expect(kernelsOf(list)).toContain('relu');
    expectClose(run(list), run(list, ['fuseRectifier']), { relative: 1e-4, absolute: 1e-5 });
  });
});

describe('a rectifier before a pooling', () => {
  const list = (x: Tensor): readonly Tensor[] => {
    const w = variable(kernel);
    const { value, grads } = valueAndGrad(() => {
      const y = ops.maxPool(ops.relu(ops.conv(x, w)), 2, { padding: 'same' });
      return ops.sum(ops.multiply(y, random(y.shape, 41)));
    }, [w]);
    return [value, ...grads];
  };

  it('is passed after it by gradients, where they are fewer', () => {
    const sizes = (without: readonly PassName[]) =>
      lowered(list, without)
        .program.instructions.filter(({ kernel: k }) => k === 'reluGrad')
        .map(({ flops }) => flops);
    expect(sizes([])[0]).toBeLessThan(0.5 * sizes(['rectifyBeforePooling'])[0]);
    expect(run(list)).toEqual(run(list, ['rectifyBeforePooling']));
  });
});
