// Convolution layers as users write them: arguments, errors, sizes that are not known, old configs.
import { describe, expect, it } from 'vitest';
import { input, layers, Model, ops, Sequential, type Tensor, tensor } from '../../lib/index.js';
import type { AnyLayer } from '../../lib/layers/layer.js';
import { layers as registry } from '../../lib/layers/layer.js';
import { ConfigError, ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { seeded } from '../support/random.js';

const random = (shape: readonly number[], seed = 1): Tensor =>
  tensor(
    Float32Array.from(
      seeded(seed).uniforms(
        shape.reduce((n, d) => n * d, 1),
        -1,
        1,
      ),
    ),
    { shape },
  );

describe('arguments', () => {
  it('go by position, then in an object, or all in one', () => {
    const forms = [
      new layers.Conv2D(8, [3, 5], 2, { padding: 'same', name: 'c' }),
      new layers.Conv2D(8, [3, 5], { strides: [2, 2], padding: 'SAME', name: 'c' }),
      new layers.Conv2D({ filters: 8, kernelSize: [3, 5], strides: 2, padding: 'same', name: 'c' }),
    ];
    for (const layer of forms) expect(layer.getConfig()).toEqual(forms[0].getConfig());
    expect(forms[0].getConfig()).toMatchObject({
      filters: 8,
      kernel_size: [3, 5],
      strides: [2, 2],
      padding: 'same',
      data_format: 'channels_last',
    });
    expect(new layers.DepthwiseConv2D(3, 2, { name: 'd' }).strides).toEqual([2, 2]);
  });

  it('have their names numbered as in Keras', () => {
    expect(new layers.Conv2DTranspose(1, 1).name).toMatch(/^conv2d_transpose(_\d+)?$/);
    expect(new layers.DepthwiseConv1D(1).name).toMatch(/^depthwise_conv1d(_\d+)?$/);
  });

  it('aliases are the same classes', () => {
    expect(layers.Convolution2D).toBe(layers.Conv2D);
    expect(registry.get('SeparableConvolution1D')).toBe(layers.SeparableConv1D);
    expect(registry.get('convolution3d_transpose')).toBe(layers.Conv3DTranspose);
  });
});

const wrong: readonly [string, () => AnyLayer, string][] = [
  [
    'an unknown option',
    () => new layers.Conv2D(8, 3, { pading: 'same' } as object),
    'Conv2D: unknown option "pading". Did you mean "padding"?',
  ],
  [
    'an option of another layer',
    () => new layers.SeparableConv2D(8, 3, { depthwiseInitialiser: 'zeros' } as object),
    'Did you mean "depthwiseInitializer"?',
  ],
  [
    'too many arguments',
    () => Reflect.construct(layers.Conv2D, [8, 3, 1, 'same']),
    'Conv2D: expected at most filters, kernelSize, strides by position, then one object of options; got 4 arguments.',
  ],
  [
    'no filters',
    () => new layers.Conv1D({ kernelSize: 3 }),
    'Conv1D: filters must be a whole number above 0, got undefined.',
  ],
  [
    'filters of 0',
    () => new layers.Conv2DTranspose(0, 3),
    'filters must be a whole number above 0, got 0.',
  ],
  [
    'no kernel size',
    () => new layers.Conv2D({ filters: 3 }),
    'Conv2D: kernelSize must be a whole number ≥ 1',
  ],
  [
    'a kernel of 0',
    () => new layers.Conv2D(3, 0),
    'kernelSize must be a whole number ≥ 1, or a list of 2 such numbers, got 0.',
  ],
  [
    'a kernel of other axes',
    () => new layers.Conv3D(3, [2, 2]),
    'or a list of 3 such numbers, got [2,2].',
  ],
  [
    'strides of 0',
    () => new layers.DepthwiseConv2D(3, { strides: [1, 0] }),
    'strides must be a whole number ≥ 1',
  ],
  [
    'causal images',
    () => new layers.Conv2D(3, 3, { padding: 'causal' }),
    'Conv2D: padding must be valid or same, got "causal".',
  ],
  [
    'another padding',
    () => new layers.Conv1D(3, 3, { padding: 'full' }),
    'Conv1D: padding must be valid, same or causal, got "full".',
  ],
  [
    'another data format',
    () => new layers.Conv1D(3, 3, { dataFormat: 'last' }),
    'Conv1D: dataFormat must be channelsLast or channelsFirst, got "last".',
  ],
  [
    'groups that do not divide the filters',
    () => new layers.Conv2D(8, 3, { groups: 3, name: 'c' }),
    'Conv2D "c": 3 groups do not divide 8 filters. Take a multiple of 3 filters, or other groups.',
  ],
  [
    'groups of 0',
    () => new layers.Conv2D(8, 3, { groups: 0 }),
    'groups must be a whole number above 0',
  ],
  [
    'strides with dilation',
    () => new layers.Conv2D(8, 3, { strides: 2, dilationRate: [1, 2], name: 'c' }),
    'Conv2D "c": strides [2,2] above 1 do not go with a dilationRate [1,2] above 1. Set one of them to 1.',
  ],
  [
    'strides with dilation, transposed',
    () => new layers.Conv1DTranspose(8, 3, { strides: 2, dilationRate: 2, name: 'c' }),
    'Conv1DTranspose "c": strides [2] above 1 do not go with a dilationRate [2] above 1.',
  ],
  [
    'outputPadding as large as the strides',
    () => new layers.Conv2DTranspose(8, 3, { strides: 2, outputPadding: [1, 2], name: 'c' }),
    'Conv2DTranspose "c": outputPadding [1,2] must be less than the strides [2,2].',
  ],
  [
    'a depthMultiplier of 0',
    () => new layers.DepthwiseConv1D(3, { depthMultiplier: 0 }),
    'DepthwiseConv1D: depthMultiplier must be a whole number above 0, got 0.',
  ],
  [
    'groups of a layer that has none',
    () => new layers.DepthwiseConv2D(3, { groups: 2 }),
    'DepthwiseConv2D: groups must be 1, got 2.',
  ],
  ['lora', () => new layers.Conv2D(3, 3, { loraRank: 2 } as object), 'loraRank is not supported'],
];

describe('options that are refused', () => {
  it.each(wrong)('%s', (_, make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});

const unfit: readonly [string, () => AnyLayer, readonly number[], string][] = [
  [
    'an image smaller than the kernel',
    () => new layers.Conv2D(8, 5, { name: 'c' }),
    [2, 7, 4, 3],
    'Conv2D "c": expected input [batch, height, width, channels] of at least 5 along axis 2 for a kernel of [5, 5], got [null, 7, 4, 3] (in net). Use larger images',
  ],
  [
    'an image smaller than the dilated kernel',
    () =>
      new layers.DepthwiseConv2D(3, {
        dilationRate: [1, 2],
        name: 'c',
        dataFormat: 'channelsFirst',
      }),
    [2, 3, 3, 4],
    'expected input [batch, channels, height, width] of at least 5 along axis 3 for a kernel of [3, 3] (dilated to [3, 5]), got [null, 3, 3, 4] (in net).',
  ],
  [
    'fewer steps than the kernel',
    () => new layers.SeparableConv1D(8, 4, { name: 'c' }),
    [2, 3, 3],
    'SeparableConv1D "c": expected input [batch, steps, channels] of at least 4 along axis 1',
  ],
  [
    'groups that do not divide the channels',
    () => new layers.Conv2D(8, 3, { groups: 4, name: 'c' }),
    [2, 5, 5, 6],
    'Conv2D "c": expected a number of channels that 4 groups divide, got [null, 5, 5, 6], which has 6 channels (in net). Change the groups, or the filters of the layer before it.',
  ],
  [
    'too few axes',
    () => new layers.Conv2D(8, 3, { name: 'c' }),
    [2, 28, 28],
    'Conv2D "c": expected input [batch, height, width, channels], got [null, 28, 28] (in net). If it has no channels, add an axis for them with new Reshape([28, 28, 1]) before the layer or ops.expandDims(x, -1); otherwise take the layer for that many axes.',
  ],
  [
    'too few axes, channels first',
    () => new layers.Conv2DTranspose(8, 3, { name: 'c', dataFormat: 'channelsFirst' }),
    [2, 28, 28],
    'Conv2DTranspose "c": expected input [batch, channels, height, width], got [null, 28, 28] (in net). If it has no channels, add an axis for them with new Reshape([1, 28, 28]) before the layer or ops.expandDims(x, 1);',
  ],
  [
    'too many axes',
    () => new layers.Conv1DTranspose(8, 3, { name: 'c' }),
    [2, 8, 8, 3],
    'Conv1DTranspose "c": expected input [batch, steps, channels], got [null, 8, 8, 3] (in net).',
  ],
];

describe('inputs that do not fit', () => {
  it.each(unfit)('%s', (_, make, shape, message) => {
    const run = () => new Sequential([make()], { name: 'net' }).build([null, ...shape.slice(1)]);
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });

  it.each([
    ['Conv1D', new layers.Conv1D(2, 2, { name: 'c' }), [1, 4, 3], [1, 4, 2]],
    [
      'Conv2DTranspose',
      new layers.Conv2DTranspose(2, 2, { name: 'c' }),
      [1, 4, 4, 3],
      [1, 4, 4, 2],
    ],
    ['DepthwiseConv2D', new layers.DepthwiseConv2D(2, { name: 'c' }), [1, 4, 4, 3], [1, 4, 4, 2]],
    [
      'SeparableConv2D',
      new layers.SeparableConv2D(2, 2, { name: 'c' }),
      [1, 4, 4, 3],
      [1, 4, 4, 2],
    ],
  ])('%s is told when other channels come later', (name, layer, built, given) => {
    layer.apply(random(built));
    expect(() => layer.apply(random(given))).toThrow(ShapeError);
    expect(() => layer.apply(random(given))).toThrow(
      `${name} "c": expected input ${name === 'Conv1D' ? '[batch, steps, channels]' : '[batch, height, width, channels]'} of 3 channels, got [${given.join(', ')}], which has 2 channels. Check whether images are grey or in colour`,
    );
  });

  it.each<[string, AnyLayer, readonly number[], readonly number[], string]>([
    [
      'channelsFirst',
      new layers.Conv2D(2, 3, { name: 'c' }),
      [1, 6, 6, 3],
      [1, 3, 5, 6],
      'Conv2D "c": expected input [batch, height, width, channels] of 3 channels, got [1, 3, 5, 6], which has 6 channels. It fits dataFormat: \'channelsFirst\': make the layer with that, or put new Permute([2, 3, 1]) before it.',
    ],
    [
      'channelsLast',
      new layers.Conv3D(2, 3, { name: 'c', dataFormat: 'channelsFirst' }),
      [1, 1, 4, 5, 6],
      [1, 4, 5, 6, 1],
      "expected input [batch, channels, depth, height, width] of 1 channel, got [1, 4, 5, 6, 1], which has 4 channels. It fits dataFormat: 'channelsLast': make the layer with that, or put new Permute([4, 1, 2, 3]) before it.",
    ],
  ])('the other data format is found: %s', (_, layer, built, given, message) => {
    layer.apply(random(built));
    expect(() => layer.apply(random(given))).toThrow(ShapeError);
    expect(() => layer.apply(random(given))).toThrow(message);
    const order = (/new Permute\((\[.*?\])\)/.exec(message) ?? [])[1];
    const permuted = new layers.Permute(JSON.parse(order)).apply(random(given));
    expect((layer.apply(permuted) as Tensor).rank).toBe(given.length);
  });

  it('a smaller image may come later too', () => {
    const layer = new layers.Conv2D(2, 3, { name: 'c' });
    layer.apply(random([1, 4, 4, 3]));
    expect(() => layer.apply(random([1, 4, 2, 3]))).toThrow('of at least 3 along axis 2');
  });

  it('channels must be known', () => {
    const run = () => new layers.Conv2D(2, 3, { name: 'c' }).apply(input([8, 8, null]));
    expect(run).toThrow(ShapeError);
    expect(run).toThrow('with a known number of channels, got [null, 8, 8, null]');
  });
});

describe('ops', () => {
  const x = random([2, 5, 6, 4]);

  it.each<[string, () => Tensor, string]>([
    [
      'a kernel larger than the padded input',
      () => ops.conv(x, random([6, 3, 4, 2])),
      'conv: kernel [6, 3, 4, 2] spans 6 along spatial axis 0, but input [2, 5, 6, 4] has 5 there, padding included.',
    ],
    [
      'other channels',
      () => ops.conv(x, random([3, 3, 3, 2])),
      "conv: kernel [3, 3, 3, 2] takes 3 channels in each group, but input [2, 5, 6, 4] has 4 channels. Check the kernel's shape, and dataFormat.",
    ],
    [
      'other groups',
      () => ops.conv(x, random([3, 3, 2, 2]), { groups: 4 }),
      'conv: kernel [3, 3, 2, 2] takes 2 channels in each of 4 groups, but input [2, 5, 6, 4] has 4 channels.',
    ],
    [
      'groups that do not divide the filters',
      () => ops.conv(x, random([3, 3, 2, 3])),
      'conv: 2 groups do not divide the 3 filters of kernel [3, 3, 2, 3].',
    ],
    [
      'other axes',
      () => ops.conv(x, random([3, 4, 2])),
      'conv: expected input [batch, …, channels]',
    ],
    [
      'depthwise of 3 axes',
      () => ops.depthwiseConv(random([1, 3, 3, 3, 2]), random([2, 2, 2, 2, 1])),
      '1 to 2 of them spatial',
    ],
    [
      'depthwise of other channels',
      () => ops.depthwiseConv(x, random([3, 3, 3, 1])),
      'depthwiseConv: kernel [3, 3, 3, 1] takes 3 channels, but input [2, 5, 6, 4] has 4 channels.',
    ],
    [
      'transposed of other channels',
      () => ops.convTranspose(x, random([3, 3, 4, 2])),
      'convTranspose: kernel [3, 3, 4, 2] takes 2 channels, but input [2, 5, 6, 4] has 4 channels.',
    ],
    [
      'an outputPadding that nothing makes',
      () =>
        ops.convTranspose(x, random([2, 2, 3, 4]), {
          strides: 2,
          padding: 'same',
          outputPadding: 0,
        }),
      'convTranspose: outputPadding [0,0] gives outputs of [8, 10], of which the convolution would make [4, 5], not [5, 6].',
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });

  it('refuse unknown options and paddings', () => {
    expect(() => ops.conv(x, random([1, 1, 4, 2]), { stride: 2 } as object)).toThrow(
      'conv: unknown option "stride". Did you mean "strides"?',
    );
    expect(() => ops.conv(x, random([1, 1, 4, 2]), { padding: 'causal' })).toThrow(ConfigError);
    expect(() =>
      ops.convTranspose(random([1, 4, 2]), random([2, 2, 2]), { padding: 'causal' }),
    ).toThrow('convTranspose: padding must be valid or same, got "causal".');
  });

  it('take their groups from the kernel', () => {
    const grouped = ops.conv(x, random([3, 3, 2, 6], 2));
    const parts = [0, 1].map((g) =>
      ops.conv(
        ops.slice(x, [0, 0, 0, 2 * g], [2, 5, 6, 2]),
        ops.slice(random([3, 3, 2, 6], 2), [0, 0, 0, 3 * g], [3, 3, 2, 3]),
      ),
    );
    expectClose(grouped.dataSync(), ops.concat(parts, -1).dataSync());
  });

  it('convolve a depthwise and a pointwise kernel as the two layers do', () => {
    const [depthwise, pointwise] = [random([2, 3, 4, 2], 3), random([1, 1, 8, 3], 4)];
    const options = { strides: 2, padding: 'same' } as const;
    const both = ops.separableConv(x, depthwise, pointwise, options);
    const each = ops.conv(ops.depthwiseConv(x, depthwise, options), pointwise);
    expect(both.shape).toEqual([2, 3, 3, 3]);
    expectClose(both.dataSync(), each.dataSync());
  });

  it('are operations of functional models', () => {
    const y = ops.conv(input([5, null, 4]), random([3, 3, 4, 2]));
    expect(y.shape).toEqual([null, 3, null, 2]);
  });
});

describe('sizes that are not known', () => {
  it('stay unknown through a functional model, which takes images of any size', async () => {
    const a = input([null, null, 3]);
    const b = new layers.Conv2D(4, 3, { strides: 2, padding: 'same', activation: 'relu' }).apply(a);
    const c = new layers.DepthwiseConv2D(3).apply(b);
    const d = new layers.Conv2DTranspose(2, 2, { strides: 2 }).apply(c);
    const e = new layers.SeparableConv2D(5, 3, { padding: 'same' }).apply(d);
    for (const t of [b, c, d, e]) expect(t.shape.slice(0, 3)).toEqual([null, null, null]);
    expect(e.shape).toEqual([null, null, null, 5]);
    const model = new Model({ inputs: a, outputs: e });
    expect((await model.predict(random([2, 8, 11, 3]))).shape).toEqual([2, 4, 8, 5]);
    expect((await model.predict(random([1, 16, 9, 3]))).shape).toEqual([1, 12, 6, 5]);
  });

  it('may be one of several', () => {
    const x = input([2, null, 7], { name: 'first' });
    const layer = new layers.Conv2D(4, 3, { padding: 'same', dataFormat: 'channelsFirst' });
    expect(layer.apply(x).shape).toEqual([null, 4, null, 7]);
    expect(new layers.Conv1D(4, 3, { padding: 'causal' }).apply(input([null, 2])).shape).toEqual([
      null,
      null,
      4,
    ]);
  });
});

describe('configs of Keras 2', () => {
  it('name groups and kernels that those layers do not have', () => {
    const old = {
      name: 'old',
      trainable: true,
      dtype: 'float32',
      kernel_size: [3, 3],
      strides: [1, 1],
      padding: 'valid',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      groups: 1,
      activation: 'linear',
      use_bias: true,
    };
    const depthwise = registry.get('DepthwiseConv2D').fromConfig({ ...old, depth_multiplier: 2 });
    expect(depthwise).toHaveProperty('depthMultiplier', 2);
    const separable = registry.get('SeparableConv2D').fromConfig({
      ...old,
      filters: 4,
      depth_multiplier: 1,
      kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
      kernel_regularizer: null,
      kernel_constraint: null,
    });
    expect(separable).toHaveProperty('filters', 4);
    const transposed = registry
      .get('Conv2DTranspose')
      .fromConfig({ ...old, filters: 4, output_padding: null });
    expect(transposed).toHaveProperty('outputPadding', null);
  });
});

describe('TimeDistributed', () => {
  it('convolves all steps in one call', () => {
    const layer = new layers.TimeDistributed(new layers.Conv2D(3, 2));
    const model = new Sequential([layer]);
    model.build([null, 4, 5, 5, 2]);
    const text = model.program('predict').toString();
    expect(text.match(/= conv\(/g)).toHaveLength(1);
  });
});
