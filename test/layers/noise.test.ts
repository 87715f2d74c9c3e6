// Layers with random numbers: nothing in inference, the right statistics in training, one mask for the
// output and its derivative, and draws that a seed repeats.
import { describe, expect, it } from 'vitest';
import { compile, grad, layers, ops, type Tensor, tensor } from '../../lib/index.js';
import type { AnyLayer } from '../../lib/layers/layer.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { type Shape, sizeOf } from '../../lib/tensor/shape.js';
import { expectClose } from '../support/close.js';

const ones = (shape: Shape): Tensor => ops.broadcastTo(tensor(1), shape);
const train = (layer: AnyLayer, x: Tensor): Tensor => layer.apply(x, { training: true }) as Tensor;
const dataOf = (t: Tensor): number[] => Array.from(t.dataSync());

function moments(values: readonly number[]): { mean: number; stddev: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, stddev: Math.sqrt(square) };
}

const n = 200_000;
const within = (actual: number, expected: number, stddev: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThan((5 * stddev) / Math.sqrt(n));

type Make = (options?: { seed?: number }) => AnyLayer;
const kinds: readonly [string, Shape, Make][] = [
  ['Dropout', [4, 6], (o) => new layers.Dropout(0.4, o)],
  ['Dropout of slices', [4, 6], (o) => new layers.Dropout(0.4, { ...o, noiseShape: [null, 1] })],
  ['AlphaDropout', [4, 6], (o) => new layers.AlphaDropout(0.4, o)],
  ['GaussianDropout', [4, 6], (o) => new layers.GaussianDropout(0.4, o)],
  ['GaussianNoise', [4, 6], (o) => new layers.GaussianNoise(0.4, o)],
  ['SpatialDropout1D', [4, 3, 8], (o) => new layers.SpatialDropout1D(0.4, o)],
  ['SpatialDropout2D', [4, 2, 2, 8], (o) => new layers.SpatialDropout2D(0.4, o)],
  ['SpatialDropout3D', [4, 2, 1, 2, 8], (o) => new layers.SpatialDropout3D(0.4, o)],
];

describe.each(kinds)('%s', (_, shape, make) => {
  const x = ops.add(ones(shape), 1);

  it('is the identity in inference', () => {
    expect(make().apply(x)).toBe(x);
    expect(make().apply(x, { training: false })).toBe(x);
  });

  it('draws anew at each call, the same for the same seed', () => {
    const [a, b] = [make({ seed: 5 }), make({ seed: 5 })];
    const first = [dataOf(train(a, x)), dataOf(train(a, x)), dataOf(train(a, x))];
    expect(first).toEqual([dataOf(train(b, x)), dataOf(train(b, x)), dataOf(train(b, x))]);
    expect(first[0]).not.toEqual(first[1]);
    expect(first[1]).not.toEqual(first[2]);
    expect(dataOf(train(make({ seed: 6 }), x))).not.toEqual(first[0]);
  });

  it('follows the global seed without one of its own', () => {
    const draw = (seed: number): number[] => {
      setRandomSeed(seed);
      return dataOf(train(make(), x));
    };
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  it('draws anew in each run of a program, and twice in one', () => {
    const layer = make({ seed: 9 });
    const step = compile((v: Tensor) => [train(layer, v), train(layer, v)] as const);
    const runs = [step(x), step(x)].flat().map((t) => dataOf(t).join());
    expect(new Set(runs).size).toBe(4);
  });

  it('has the derivative of the mask that it drew', () => {
    const first = (v: Tensor): Tensor => train(make({ seed: 2 }), v);
    // All are affine in x, so a step of 1 shows the slope.
    const slope = dataOf(ops.subtract(first(ops.add(x, 1)), first(x)));
    const dx = dataOf(grad((v: Tensor) => ops.sum(first(v)))(x));
    expectClose(dx, slope, { absolute: 1e-5 });
    expect(new Set(dx).size > 1).toBe(!(make() instanceof layers.GaussianNoise));
  });
});

describe('statistics', () => {
  const x = ones([n]);

  it.each([0.1, 0.5, 0.9])('Dropout(%f) drops the fraction and keeps the mean', (rate) => {
    const y = dataOf(train(new layers.Dropout(rate, { seed: 1 }), x));
    const spread = Math.sqrt(rate * (1 - rate));
    within(y.filter((v) => v === 0).length / n, rate, spread);
    for (const v of new Set(y)) expect(v === 0 || Math.abs(v * (1 - rate) - 1) < 1e-6).toBe(true);
  });

  it.each([0.1, 0.4])('GaussianDropout(%f) has mean 1 and the spread of dropout', (rate) => {
    const { mean, stddev } = moments(dataOf(train(new layers.GaussianDropout(rate), x)));
    const expected = Math.sqrt(rate / (1 - rate));
    within(mean, 1, expected);
    within(stddev, expected, expected);
  });

  it('GaussianNoise adds its spread', () => {
    const { mean, stddev } = moments(dataOf(train(new layers.GaussianNoise(0.3), x)));
    within(mean, 1, 0.3);
    within(stddev, 0.3, 0.3);
  });

  it('AlphaDropout keeps mean and variance of a standard normal', () => {
    const normal = ops.add(new layers.GaussianNoise(1).apply(ones([n]), { training: true }), -1);
    const y = dataOf(train(new layers.AlphaDropout(0.3), normal));
    const { mean, stddev } = moments(y);
    within(mean, 0, 1.5);
    within(stddev, 1, 2);
    const saturated = y.toSorted((a, b) => a - b)[Math.floor(0.15 * n)];
    within(y.filter((v) => v === saturated).length / n, 0.3, 0.5);
    const scale = (0.7 * (1 + 0.3 * 1.7580993408473766 ** 2)) ** -0.5;
    expect(saturated).toBeCloseTo(scale * -1.7580993408473766 * (1 - 0.3), 5);
  });
});

describe('shapes of masks', () => {
  /** Whether all elements that share the indices along `own` axes are dropped or kept together. */
  function together(y: Tensor, own: readonly number[]): boolean {
    const seen = new Map<string, boolean>();
    return dataOf(y).every((value, flat) => {
      let rest = flat;
      const index = y.shape.toReversed().map((d) => {
        const i = rest % d;
        rest = Math.floor(rest / d);
        return i;
      });
      const key = own.map((axis) => index.toReversed()[axis]).join();
      const dropped = value === 0;
      if (!seen.has(key)) seen.set(key, dropped);
      return seen.get(key) === dropped;
    });
  }

  it.each([
    ['SpatialDropout1D', new layers.SpatialDropout1D(0.5), [6, 5, 8], [0, 2]],
    ['SpatialDropout2D', new layers.SpatialDropout2D(0.5), [4, 3, 5, 8], [0, 3]],
    [
      'SpatialDropout2D, channels first',
      new layers.SpatialDropout2D(0.5, { dataFormat: 'channelsFirst' }),
      [4, 8, 3, 5],
      [0, 1],
    ],
    ['SpatialDropout3D', new layers.SpatialDropout3D(0.5), [4, 2, 3, 2, 8], [0, 4]],
    [
      'SpatialDropout3D, channels first',
      new layers.SpatialDropout3D(0.5, { dataFormat: 'channels_first' }),
      [4, 8, 2, 3, 2],
      [0, 1],
    ],
    ['Dropout', new layers.Dropout(0.5, { noiseShape: [null, 1, null] }), [6, 5, 8], [0, 2]],
    ['Dropout, one batch', new layers.Dropout(0.5, { noiseShape: [1, 5, 1] }), [6, 5, 8], [1]],
  ] as const)('%s', (_, layer, shape, own) => {
    setRandomSeed(11);
    const y = train(layer, ones(shape));
    expect(together(y, own)).toBe(true);
    expect(together(y, own.slice(1))).toBe(false);
    const zeros = dataOf(y).filter((v) => v === 0).length;
    expect(zeros).toBeGreaterThan(0);
    expect(zeros).toBeLessThan(sizeOf(shape));
    for (const v of new Set(dataOf(y))) expect([0, 2]).toContain(v);
  });

  it('a rate of 1 gives zeros, and zeros as derivative', () => {
    for (const layer of [
      new layers.Dropout(1),
      new layers.Dropout(1, { noiseShape: [null, 1, 1] }),
      new layers.SpatialDropout1D(1),
    ]) {
      const x = ones([2, 3, 4]);
      expect(new Set(dataOf(train(layer, x)))).toEqual(new Set([0]));
      const dx = grad((v: Tensor) => ops.sum(train(layer, v)))(x);
      expect(new Set(dataOf(dx))).toEqual(new Set([0]));
    }
  });
});
