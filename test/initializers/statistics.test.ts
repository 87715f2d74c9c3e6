// What random initializers draw: moments and bounds over 200,000 samples, and orthogonality.
import { describe, expect, it } from 'vitest';
import * as i from '../../lib/initializers/index.js';
import { matmul } from '../../lib/ops/gemm.js';
import { reshape, transpose } from '../../lib/ops/movement.js';
import { normal } from '../../lib/ops/random.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import '../../lib/graph/evaluate.js';

const shape = [400, 500];
const n = 200_000;

/** Mean, variance, and the third and fourth moments in units of the standard deviation. */
function moments(values: Float64Array) {
  const power = (k: number, about: number) =>
    values.reduce((sum, v) => sum + (v - about) ** k, 0) / values.length;
  const mean = power(1, 0);
  const variance = power(2, mean);
  const skewness = power(3, mean) / variance ** 1.5;
  return { mean, variance, skewness, kurtosis: power(4, mean) / variance ** 2 };
}

/** Of a normal that is cut off at two standard deviations, in units of the uncut one. */
const cut = { variance: 0.7737413, kurtosis: 2.3655 };

interface Expected {
  readonly initializer: i.Initializer;
  readonly mean?: number;
  readonly variance: number;
  readonly kurtosis: number;
  readonly low?: number;
  readonly high?: number;
}

const uniform = (initializer: i.Initializer, low: number, high: number): Expected => ({
  initializer,
  mean: (low + high) / 2,
  variance: (high - low) ** 2 / 12,
  kurtosis: 1.8,
  low,
  high,
});

const truncated = (initializer: i.Initializer, variance: number, mean = 0): Expected => {
  const reach = 2 * Math.sqrt(variance / cut.variance);
  return {
    initializer,
    mean,
    variance,
    kurtosis: cut.kurtosis,
    low: mean - reach,
    high: mean + reach,
  };
};

const limit = (variance: number) => Math.sqrt(3 * variance);

const cases: readonly Expected[] = [
  { initializer: new i.RandomNormal({ seed: 1 }), variance: 0.0025, kurtosis: 3 },
  { initializer: new i.RandomNormal(2, 0.5, { seed: 2 }), mean: 2, variance: 0.25, kurtosis: 3 },
  truncated(new i.TruncatedNormal({ seed: 3 }), 0.0025 * cut.variance),
  truncated(new i.TruncatedNormal(-1, 2, { seed: 4 }), 4 * cut.variance, -1),
  uniform(new i.RandomUniform({ seed: 5 }), -0.05, 0.05),
  uniform(new i.RandomUniform(2, 5, { seed: 6 }), 2, 5),
  uniform(new i.GlorotUniform({ seed: 7 }), -limit(2 / 900), limit(2 / 900)),
  truncated(new i.GlorotNormal({ seed: 8 }), 2 / 900),
  uniform(new i.HeUniform({ seed: 9 }), -limit(2 / 400), limit(2 / 400)),
  truncated(new i.HeNormal({ seed: 10 }), 2 / 400),
  uniform(new i.LecunUniform({ seed: 11 }), -limit(1 / 400), limit(1 / 400)),
  truncated(new i.LecunNormal({ seed: 12 }), 1 / 400),
  {
    initializer: new i.VarianceScaling(3, 'fanOut', 'untruncatedNormal', { seed: 13 }),
    variance: 3 / 500,
    kurtosis: 3,
  },
  truncated(new i.VarianceScaling({ distribution: 'normal', seed: 14 }), 1 / 400),
  truncated(new i.VarianceScaling({ mode: 'fan_avg', seed: 15 }), 1 / 450),
];

describe('over 200,000 samples', () => {
  it.each(cases)('$initializer', ({ initializer, mean = 0, variance, kurtosis, low, high }) => {
    const values = Float64Array.from(initializer.call(shape).dataSync());
    expect(values.length).toBe(n);
    const actual = moments(values);
    // Five standard errors; those of skewness and kurtosis are at most those of a normal.
    const stddev = Math.sqrt(variance);
    expect(Math.abs(actual.mean - mean)).toBeLessThan((5 * stddev) / Math.sqrt(n));
    expect(Math.abs(actual.variance / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(actual.skewness)).toBeLessThan(5 * Math.sqrt(6 / n));
    expect(Math.abs(actual.kurtosis - kurtosis)).toBeLessThan(5 * Math.sqrt(24 / n));
    if (low === undefined || high === undefined) return;
    const room = 1e-6 * (high - low);
    const [least, most] = [Math.min, Math.max].map((extreme) =>
      values.reduce((a, b) => extreme(a, b)),
    );
    expect(least).toBeGreaterThanOrEqual(low - room);
    expect(most).toBeLessThanOrEqual(high + room);
    expect((most - least) / (high - low)).toBeGreaterThan(0.99);
  });
});

/** The largest distance of a matrix from the identity. */
const fromIdentity = (product: Tensor): number => {
  const size = product.shape[0];
  return Float64Array.from(product.dataSync()).reduce(
    (most, v, at) => Math.max(most, Math.abs(v - (at % (size + 1) === 0 ? 1 : 0))),
    0,
  );
};

describe('Orthogonal', () => {
  it.each([
    [[1, 1]],
    [[5, 3]],
    [[3, 5]],
    [[64, 64]],
    [[200, 130]],
    [[130, 300]],
    [[3, 3, 20, 32]],
    [[2, 2, 100]],
  ])('is orthogonal on %j', (dims) => {
    const q = new i.Orthogonal({ seed: 3 }).call(dims);
    expect(q.shape).toEqual(dims);
    const columns = dims[dims.length - 1];
    const matrix = reshape(q, [q.size / columns, columns]);
    const wide = matrix.shape[0] < columns;
    const product = matmul(matrix, matrix, wide ? { transposeB: true } : { transposeA: true });
    expect(fromIdentity(product)).toBeLessThan(3e-6);
  });

  it('is the Q of a random matrix whose R has a positive diagonal', () => {
    const [rows, columns] = [150, 100];
    const q = new i.Orthogonal({ seed: 9 }).call([rows, columns]);
    const a = normal([rows, columns], { seed: 9 });
    const r = matmul(q, a, { transposeA: true }).dataSync();
    for (let row = 0; row < columns; row++) {
      expect(r[row * columns + row]).toBeGreaterThan(0);
      for (let c = 0; c < row; c++) {
        if (Math.abs(r[row * columns + c]) > 1e-4) expect.fail(`R[${row}, ${c}] is not 0`);
      }
    }
  });

  it('has a gain, and works on nothing', () => {
    const q = new i.Orthogonal(2, { seed: 1 }).call([4, 4]);
    const product = matmul(q, transpose(q)).dataSync();
    expect(product[0]).toBeCloseTo(4, 5);
    expect(new i.Orthogonal().call([0, 3]).shape).toEqual([0, 3]);
  });

  it('draws the same from one seed, and something else without', () => {
    const draw = (seed?: number) =>
      new i.Orthogonal(1, seed === undefined ? {} : { seed }).call([4, 3]).dataSync();
    expect(draw(5)).toEqual(draw(5));
    expect(draw()).not.toEqual(draw());
  });
});
