// ops.image, pooling to a size, and pooling's options: derivatives, dtypes, unknown sizes, errors.
import { describe, expect, it } from 'vitest';
import { grad, layers, Model, ops, type Tensor, tensor } from '../../lib/index.js';
import { adaptiveAveragePool, adaptiveMaxPool } from '../../lib/ops/adaptive-pooling.js';
import { square } from '../../lib/ops/elementwise.js';
import { affineTransform, gaussianBlur, hsvToRgb, resize, rgbToHsv } from '../../lib/ops/image.js';
import { averagePool, maxPool } from '../../lib/ops/pooling.js';
import { ConfigError, ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { checkGradient, distinct, real } from '../support/gradcheck.js';

const dataOf = (t: Tensor): number[] => Array.from(t.dataSync());
const images = (shape: readonly number[], dtype: 'float32' | 'uint8' | 'int32' = 'float32') =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 37) % 101),
    { shape },
  ).cast(dtype);

describe('derivatives', () => {
  it.each(['nearest', 'bilinear', 'bicubic', 'area', 'lanczos3'])(
    'of resize, %s',
    (interpolation) => {
      checkGradient((x) => square(resize(x, [7, 3], { interpolation })), [real([2, 4, 5, 2])]);
    },
  );

  it('of resize that pads, cuts, and avoids aliases', () => {
    const x = [real([1, 6, 4, 2])];
    checkGradient((t) => square(resize(t, [5, 5], { padToAspectRatio: true })), x);
    checkGradient((t) => square(resize(t, [3, 3], { cropToAspectRatio: true })), x);
    checkGradient((t) => square(resize(t, [2, 3], { antialias: true })), x);
  });

  it.each(['reflect', 'wrap', 'constant', 'nearest'])('of affineTransform, %s', (fillMode) => {
    const transform = tensor([0.9, 0.2, -1.3, -0.1, 1.2, 0.6, 0.01, -0.02]);
    checkGradient((x) => square(affineTransform(x, transform, { fillMode })), [real([2, 4, 5, 2])]);
  });

  it('of affineTransform in its transform, between pixels', () => {
    // All places read lie well between pixels: 0.3 and 0.6 beside them.
    const x = images([1, 4, 5, 1]);
    const shift = { shape: [2], low: 0.3, high: 0.6 };
    checkGradient(
      (t) => {
        const rest = [1, 0, 0, 1].map((v) => tensor([v]));
        const [a, b] = [0, 1].map((i) => ops.slice(t, [i], [1]));
        const row = [rest[0], rest[1], a, rest[2], rest[3], b, tensor([0, 0])];
        return square(affineTransform(x, ops.concatenate(row)));
      },
      [shift],
      { order: 1 },
    );
  });

  it('of blurs and colours', () => {
    checkGradient(
      (x, sigma) => square(gaussianBlur(x, { kernelSize: [3, 5], sigma })),
      [real([1, 4, 5, 2]), real([2], 0.5, 1)],
    );
    checkGradient((x) => square(rgbToHsv(x)), [{ ...distinct([2, 2, 3, 3]), low: 1 }]);
    checkGradient((x) => square(hsvToRgb(x)), [real([2, 2, 3, 3], 0.05, 0.11)]);
  });

  it('of pooling to a size', () => {
    checkGradient((x) => square(adaptiveMaxPool(x, [3, 2])), [distinct([2, 5, 4, 2])]);
    checkGradient((x) => square(adaptiveAveragePool(x, [3, 4])), [real([2, 5, 6, 2])]);
  });
});

describe('pooling', () => {
  it('to one window is that over everything', () => {
    const x = images([2, 5, 7, 3]);
    expect(dataOf(adaptiveMaxPool(x, 1))).toEqual(dataOf(ops.max(x, [1, 2])));
    expectClose(dataOf(adaptiveAveragePool(x, 1)), dataOf(ops.mean(x, [1, 2])));
    const sum = (t: Tensor) => ops.sum(adaptiveMaxPool(t, 1));
    expect(dataOf(grad(sum)(x)).filter((g) => g !== 0)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('has the dtype of the images, or float32 for averages', () => {
    for (const dtype of ['uint8', 'int32'] as const) {
      const x = images([1, 4, 4, 1], dtype);
      expect(maxPool(x, 2).dtype).toBe(dtype);
      expect(adaptiveMaxPool(x, 3).dtype).toBe(dtype);
      expect(averagePool(x, 2).dtype).toBe('float32');
      expect(adaptiveAveragePool(x, 3).dtype).toBe('float32');
    }
  });

  it('lets NaN and infinities through', () => {
    const x = tensor([1, NaN, 3, -Infinity, -Infinity, Infinity], { shape: [1, 6, 1] });
    expect(dataOf(maxPool(x, 2))).toEqual([NaN, 3, Infinity]);
    expect(dataOf(averagePool(x, 2))).toEqual([NaN, -Infinity, NaN]);
    expect(dataOf(maxPool(x, 3, { strides: 1, padding: 'same' }))[5]).toBe(Infinity);
  });

  it('is an operation of functional models', () => {
    const x = layers.input([null, 8, 3]);
    expect(ops.maxPool(x, 2).shape).toEqual([null, null, 4, 3]);
    expect(ops.averagePool(x, 3, { padding: 'same', strides: [2, 1] }).shape).toEqual([
      null,
      null,
      8,
      3,
    ]);
  });

  it.each([
    [() => maxPool(images([1, 4, 4, 1]), 5), ShapeError, 'maxPool: a window of [5, 5] is larger'],
    [() => averagePool(images([1, 4]), 2), ShapeError, 'expected [batch, …, channels]'],
    [() => maxPool(images([1, 4, 4, 1]), 0), ConfigError, 'poolSize must be a whole number ≥ 1'],
    [() => maxPool(images([1, 4, 4, 1]), [2, 2, 2]), ConfigError, 'a list of 2 such numbers'],
    [() => maxPool(images([1, 4, 4, 1]), 2, { strides: 0 }), ConfigError, 'strides'],
    [() => maxPool(images([1, 4, 4, 1]), 2, { padding: 'causal' }), ConfigError, 'valid or same'],
    [() => maxPool(images([1, 4, 4, 1]), 2, { dataFormat: 'last' }), ConfigError, 'dataFormat'],
    [() => adaptiveMaxPool(images([1, 4, 4, 1]), 0), ConfigError, 'outputSize'],
  ])('refuses what it cannot do: %#', (fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });
});

describe('resize', () => {
  it('makes float32 of booleans where something is computed', () => {
    const mask = images([1, 4, 4, 3]).cast('bool');
    expect(resize(mask, [2, 8], { interpolation: 'nearest' }).dtype).toBe('bool');
    expect(resize(mask, [4, 4]).dtype).toBe('bool');
    expect(resize(mask, [2, 8]).dtype).toBe('float32');
  });

  it('by area: the mean of what each pixel covers, parts of pixels by their share', () => {
    const x = tensor([[[[1], [2], [6]]]]);
    const area = (columns: number, antialias = false) =>
      dataOf(resize(x, [1, columns], { interpolation: 'area', antialias }));
    expectClose(area(1), [3]);
    expectClose(area(2), [4 / 3, 14 / 3]);
    expectClose(area(2, true), [4 / 3, 14 / 3]);
    expectClose(area(6), [1, 1, 2, 2, 6, 6]);
  });

  it('takes one image, and channels first', () => {
    const x = images([4, 6, 2]);
    const y = resize(x, [3, 3]);
    expect(y.shape).toEqual([3, 3, 2]);
    const first = resize(ops.transpose(x, [2, 0, 1]), [3, 3], { dataFormat: 'channelsFirst' });
    expect(dataOf(ops.transpose(first, [1, 2, 0]))).toEqual(dataOf(y));
  });

  // Without weights for stand-in sizes of 100,000 pixels: with them it took 20 s.
  it('knows its shape where that of the images is unknown', { timeout: 3000 }, async () => {
    const x = layers.input([null, null, 3]);
    for (const interpolation of [
      'nearest',
      'bilinear',
      'bicubic',
      'area',
      'lanczos3',
      'lanczos5',
    ]) {
      for (const antialias of [false, true]) {
        const options = { interpolation, antialias };
        expect(ops.image.resize(x, [5, 6], options).shape).toEqual([null, 5, 6, 3]);
        expect(new layers.Resizing(5, 6, options).apply(x).shape).toEqual([null, 5, 6, 3]);
      }
      const large = new layers.UpSampling2D(2, { interpolation });
      expect(large.apply(x).shape).toEqual([null, null, null, 3]);
    }
    expect(new layers.AdaptiveMaxPooling2D(3).apply(x).shape).toEqual([null, 3, 3, 3]);
    const model = new Model({
      inputs: x,
      outputs: resize(x, [2, 5], { interpolation: 'bicubic' }),
    });
    const given = images([2, 4, 3, 3]);
    const expected = resize(given, [2, 5], { interpolation: 'bicubic' });
    const found = (await model.predict(given)) as Tensor;
    expect(dataOf(found)).toEqual(dataOf(expected));
  });

  it.each([
    [() => resize(images([2, 2]), [1, 1]), ShapeError, 'expected images'],
    [() => resize(images([1, 2, 2, 1]), [0, 1]), ConfigError, 'size must be a whole number ≥ 1'],
    [() => resize(images([1, 0, 2, 1]), [1, 1]), ShapeError, 'nothing in images'],
    [
      () => resize(images([1, 2, 2, 1]), [1, 1], { interpolation: 'gaussian' }),
      ConfigError,
      'interpolation must be one of nearest, bilinear',
    ],
    [() => resize(images([1, 2, 2, 1]), [1, 1], { fillMode: 'wrap' }), ConfigError, 'fillMode'],
    [
      () =>
        resize(images([1, 2, 2, 1]), [1, 1], { cropToAspectRatio: true, padToAspectRatio: true }),
      ConfigError,
      'not both',
    ],
    [
      () => affineTransform(images([3, 2, 2, 1]), tensor([[1, 0, 0, 0, 1, 0]])),
      ShapeError,
      'expected transforms [8] or [3, 8], got [1, 6]',
    ],
    [() => rgbToHsv(images([1, 2, 2, 4])), ShapeError, 'expected images of 3 channels'],
    [() => gaussianBlur(images([1, 2, 2, 4]), { kernelSize: 2 }), ConfigError, 'must be odd'],
  ])('and its like refuse what they cannot do: %#', (fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });

  it('leaves pixels alone that a broken one has no weight in', () => {
    const x = images([1, 4, 4, 1]);
    const broken = ops.where(ops.equal(ops.reshape(ops.arange(16), [1, 4, 4, 1]), 0), NaN, x);
    const far = dataOf(resize(broken, [8, 8], { interpolation: 'nearest' })).filter(Number.isNaN);
    expect(far.length).toBe(4);
  });
});

describe('no images', () => {
  it('pass through', () => {
    const none = images([0, 4, 4, 3]);
    expect(resize(none, [2, 2]).shape).toEqual([0, 2, 2, 3]);
    expect(affineTransform(none, tensor([1, 0, 0, 0, 1, 0, 0, 0])).shape).toEqual([0, 4, 4, 3]);
    expect(dataOf(maxPool(none, 2))).toEqual([]);
    expect(dataOf(adaptiveAveragePool(none, 3))).toEqual([]);
  });
});
