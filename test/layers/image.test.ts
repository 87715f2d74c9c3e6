// Pooling, borders, upsampling and resizing as users write them: options, aliases, errors, models.
import { describe, expect, it } from 'vitest';
import { layers, Model, ops, Sequential, type Tensor, tensor } from '../../lib/index.js';
import { layers as registry } from '../../lib/layers/layer.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { Adam } from '../../lib/optimizers/index.js';
import { ConfigError, ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { imageExamples, poolingExamples } from '../support/examples/pooling.js';
import { seeded } from '../support/random.js';

const dataOf = (t: Tensor): number[] => Array.from(t.dataSync());
const images = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from(
      seeded(3).uniforms(
        shape.reduce((a, b) => a * b, 1),
        -1,
        1,
      ),
    ),
    { shape },
  );

describe('names', () => {
  it.each([
    ['MaxPool2D', layers.MaxPooling2D],
    ['MaxPool1D', layers.MaxPooling1D],
    ['AvgPool3D', layers.AveragePooling3D],
    ['GlobalAvgPool2D', layers.GlobalAveragePooling2D],
    ['GlobalMaxPool1D', layers.GlobalMaxPooling1D],
  ])('%s is an alias, in code and in files', (name, Class) => {
    expect(Reflect.get(layers, name)).toBe(Class);
    expect(registry.get(name)).toBe(Class);
  });
});

describe('options', () => {
  it('of pooling', () => {
    const layer = new layers.MaxPooling2D([3, 2], { strides: 1, padding: 'SAME' });
    expect(layer).toMatchObject({ poolSize: [3, 2], strides: [1, 1], padding: 'same' });
    expect(new layers.MaxPooling3D()).toMatchObject({ poolSize: [2, 2, 2], strides: [2, 2, 2] });
    const old = { pool_size: 2, strides: null, padding: 'valid', name: 'p', dtype: 'float32' };
    expect(registry.get('MaxPooling1D').fromConfig(old)).toMatchObject({ strides: [2] });
  });

  it('of borders, as one number, one for each axis, or pairs', () => {
    const shapeOf = (layer: layers.Layer) => layer.apply(images(1, 5, 6, 1)).shape;
    expect(shapeOf(new layers.ZeroPadding2D(2))).toEqual([1, 9, 10, 1]);
    expect(shapeOf(new layers.ZeroPadding2D([1, 2]))).toEqual([1, 7, 10, 1]);
    const pairs = [
      [0, 1],
      [2, 0],
    ] as const;
    expect(shapeOf(new layers.ZeroPadding2D(pairs))).toEqual([1, 6, 8, 1]);
    expect(shapeOf(new layers.Cropping2D(pairs))).toEqual([1, 4, 4, 1]);
    expect(shapeOf(new layers.Cropping2D())).toEqual([1, 5, 6, 1]);
    expect(new layers.Cropping1D().apply(images(1, 5, 2)).shape).toEqual([1, 3, 2]);
    expect(new layers.ZeroPadding1D([0, 3]).apply(images(1, 5, 2)).shape).toEqual([1, 8, 2]);
  });

  it('of Resizing by position or by name', () => {
    const a = new layers.Resizing(4, 3, { interpolation: 'Nearest' });
    const b = new layers.Resizing({ height: 4, width: 3, interpolation: 'nearest' });
    expect({ ...a.getConfig(), name: '' }).toEqual({ ...b.getConfig(), name: '' });
  });
});

describe('errors', () => {
  it.each([
    [() => new layers.MaxPooling2D(0), 'MaxPooling2D: poolSize must be a whole number ≥ 1'],
    [() => new layers.MaxPooling2D([2, 2, 2]), 'or a list of 2 such numbers, got [2,2,2]'],
    [() => new layers.AveragePooling2D({}), 'AveragePooling2D: poolSize must be'],
    [() => new layers.MaxPooling1D(2, { padding: 'causal' }), 'padding must be valid or same'],
    [() => new layers.MaxPooling1D(2, { strides: 0 }), 'MaxPooling1D: strides'],
    [() => new layers.MaxPooling2D(2, { stride: 1 } as object), 'Did you mean "strides"?'],
    [() => new layers.GlobalMaxPooling2D('last'), 'dataFormat must be channelsLast'],
    [() => new layers.AdaptiveMaxPooling2D([2]), 'AdaptiveMaxPooling2D: outputSize'],
    [() => new layers.Cropping2D(-1), 'Cropping2D: cropping must be a whole number ≥ 0'],
    [() => new layers.Cropping1D([1, -1]), 'or a list [before, after], got [1,-1]'],
    [() => new layers.ZeroPadding2D([1, 2, 3]), 'a list of 2 of them, or of 2 lists'],
    [() => new layers.ZeroPadding3D(1.5), 'ZeroPadding3D: padding'],
    [() => new layers.UpSampling2D(0), 'UpSampling2D: size'],
    [() => new layers.UpSampling2D(2, { interpolation: 'cubic' }), 'interpolation must be one of'],
    [() => new layers.Resizing(0, 3), 'Resizing: height'],
    [() => new layers.Resizing({ height: 3 }), 'Resizing: width must be a whole number'],
    [() => new layers.Resizing(2, 2, { fillMode: 'reflect' }), 'fillMode must be constant'],
    [
      () => new layers.Resizing(2, 2, { cropToAspectRatio: true, padToAspectRatio: true }),
      'not both',
    ],
    [() => new layers.CenterCrop(2, -2), 'CenterCrop: width'],
  ])('of options: %#', (make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it.each([
    [
      () => new layers.MaxPooling2D(4, { name: 'pool' }).apply(images(2, 3, 5, 1)),
      'MaxPooling2D "pool": expected input [batch, height, width, channels] of at least 4 along axis 1 for windows of [4, 4], got [null, 3, 5, 1]. Use larger images, smaller windows, less pooling before it, or padding: \'same\'.',
    ],
    [
      () => new layers.MaxPooling2D(2, { name: 'pool' }).apply(images(2, 3, 5)),
      'MaxPooling2D "pool": expected input [batch, height, width, channels], got [null, 3, 5]. If it has no channels, add an axis for them with new Reshape([3, 5, 1])',
    ],
    [
      () => new layers.GlobalAveragePooling1D().apply(images(2, 3)),
      'input [batch, steps, channels], got',
    ],
    [
      () => new layers.Cropping2D([2, 1], { name: 'crop' }).apply(images(1, 4, 5, 1)),
      'Cropping2D "crop": cropping [[2,2],[1,1]] leaves nothing of input [1, 4, 5, 1].',
    ],
    [
      () => new layers.UpSampling1D(2).apply(images(1, 4, 5, 1)),
      'input [batch, steps, channels], got',
    ],
    [() => new layers.Resizing(2, 2).apply(images(4, 4)), 'expected images with 4 axes'],
  ])('of inputs: %#', (run, message) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });

  it('name the layer in a functional model too', () => {
    const x = layers.input([3, 3, 1]);
    const pool = new layers.MaxPooling2D(4, { name: 'pool' });
    expect(() => pool.apply(x)).toThrow(/^MaxPooling2D "pool": .* got \[null, 3, 3, 1\]\. Use/);
    const open = layers.input([null, null, 1]);
    const model = new Model({ inputs: open, outputs: pool.apply(open), name: 'net' });
    expect(() => model.apply(images(2, 3, 3, 1))).toThrow(/got \[2, 3, 3, 1\] \(in net\)\. Use/);
  });
});

describe('TimeDistributed', () => {
  const examples = Object.entries({ ...poolingExamples, ...imageExamples });
  it.each(examples)('%s treats all steps at once as it would one by one', (_, list) => {
    for (const { layer: make, shape } of list) {
      const [batch, ...rest] = shape as readonly number[];
      const x = images(batch, 3, ...rest);
      const y = new layers.TimeDistributed(make()).apply(x);
      const alone = make();
      const steps = [0, 1, 2].map((i) => {
        const begin = [0, i, ...rest.map(() => 0)];
        const step = ops.reshape(ops.slice(x, begin, [batch, 1, ...rest]), [batch, ...rest]);
        return alone.apply(step) as Tensor;
      });
      const expected = ops.stack(steps, 1);
      expect(y.shape).toEqual(expected.shape);
      expectClose(dataOf(y), dataOf(expected));
    }
  });

  it('averages by the mask of each step', () => {
    const x = images(2, 3, 4, 5);
    const mask = tensor([1, 1, 0, 1, 0, 1], { shape: [2, 3] }).cast('bool');
    const layer = new layers.TimeDistributed(new layers.GlobalAveragePooling2D({ keepdims: true }));
    expect(layer.apply(ops.expandDims(x, 2), { mask }).shape).toEqual([2, 3, 1, 1, 5]);
  });
});

describe('in models', () => {
  it('train through all of them', async () => {
    setRandomSeed(2);
    const model = new Sequential([
      new layers.Resizing(10, 10, { inputShape: [8, 8, 2] }),
      new layers.PReLU(),
      new layers.ZeroPadding2D(1),
      new layers.MaxPooling2D(2),
      new layers.UpSampling2D(2, { interpolation: 'bilinear' }),
      new layers.Cropping2D(1),
      new layers.AveragePooling2D(2, { padding: 'same' }),
      new layers.AdaptiveAveragePooling2D(3),
      new layers.GlobalMaxPooling2D(),
      new layers.Dense(1),
    ]);
    const target = ops.absolute(images(23, 1));
    const x = ops.multiply(images(23, 8, 8, 2), ops.reshape(target, [23, 1, 1, 1]));
    model.compile({ optimizer: new Adam(0.02), loss: 'mse' });
    const before = await model.evaluate(x, target, { verbose: 0 });
    await model.fit(x, target, { epochs: 40, batchSize: 8, verbose: 0 });
    const after = await model.evaluate(x, target, { verbose: 0 });
    expect(after.loss).toBeLessThan(before.loss / 2);
    expect((await model.predict(x)).shape).toEqual([23, 1]);
  });
});
