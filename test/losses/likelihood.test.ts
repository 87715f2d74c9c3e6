// The likelihoods that Keras does not have, against their formulas in double precision.
import { describe, expect, it } from 'vitest';
import { ShapeError, tensor } from '../../lib/index.js';
import { Dense } from '../../lib/layers/dense.js';
import {
  GaussianNegativeLogLikelihood,
  gaussianNegativeLogLikelihood,
  Quantile,
  quantile,
} from '../../lib/losses/index.js';
import { Sequential } from '../../lib/models/sequential.js';
import { Adam } from '../../lib/optimizers/adam.js';
import { expectClose, expectTensor } from '../support/close.js';
import { checkGradient, real } from '../support/gradcheck.js';
import { seeded } from '../support/random.js';

const random = seeded(5);
const rows = 4;
const n = 3;
const y = random.uniforms(rows * n, -2, 2);
const p = random.uniforms(rows * 2 * n, -2, 2);

/** −ln of the normal density, meaned over the n targets of a row. */
const gaussian = (row: number, full: boolean): number => {
  let total = 0;
  for (let i = 0; i < n; i++) {
    const mu = Math.fround(p[row * 2 * n + i]);
    const variance = Math.exp(Math.fround(p[row * 2 * n + n + i]));
    const distance = (Math.fround(y[row * n + i]) - mu) ** 2 / (2 * variance);
    total += 0.5 * Math.log(full ? 2 * Math.PI * variance : variance) + distance;
  }
  return total / n;
};

describe('gaussianNegativeLogLikelihood', () => {
  const yTrue = tensor(Float32Array.from(y), { shape: [rows, n] });
  const yPred = tensor(Float32Array.from(p), { shape: [rows, 2 * n] });

  it.each([true, false])('is the formula, full: %s', (full) => {
    const expected = Array.from({ length: rows }, (_, row) => gaussian(row, full));
    expectTensor(gaussianNegativeLogLikelihood(yTrue, yPred, { full }), [rows], expected);
    const mean = expected.reduce((a, b) => a + b) / rows;
    expectTensor(new GaussianNegativeLogLikelihood({ full }).apply(yTrue, yPred), [], [mean]);
  });

  it('takes targets of rank one for one mean and one variance', () => {
    const value = gaussianNegativeLogLikelihood(
      tensor([1, 2]),
      tensor([
        [1, 0],
        [0, Math.log(4)],
      ]),
    );
    const half = 0.5 * Math.log(2 * Math.PI);
    expectTensor(value, [2], [half, half + 0.5 * Math.log(4) + 4 / 8]);
  });

  it('has the right gradient', () => {
    checkGradient((t, q) => gaussianNegativeLogLikelihood(t, q), [real([3, 2]), real([3, 4])]);
  });

  it.each([[[rows, 2 * n - 1]], [[rows, n]], [[rows - 1, 2 * n]]])(
    'refuses predictions %j',
    (shape) => {
      const wrong = tensor(new Float32Array(shape[0] * shape[1]), { shape });
      expect(() => gaussianNegativeLogLikelihood(yTrue, wrong)).toThrow(ShapeError);
      expect(() => gaussianNegativeLogLikelihood(yTrue, wrong)).toThrow(
        'targets [4, 3] need predictions with twice their last axis',
      );
    },
  );

  it('learns the mean and the variance of noise', async () => {
    const noise = Float32Array.from(seeded(9).uniforms(512), (v) => 3 + v);
    const mean = noise.reduce((a, b) => a + b) / noise.length;
    const variance = noise.reduce((a, v) => a + (v - mean) ** 2, 0) / noise.length;
    const model = new Sequential([new Dense(2, { inputShape: [1] })]);
    model.compile({ optimizer: new Adam(0.1), loss: new GaussianNegativeLogLikelihood() });
    const x = tensor(new Float32Array(512), { shape: [512, 1] });
    await model.fit(x, tensor(noise, { shape: [512, 1] }), {
      epochs: 200,
      batchSize: 512,
      verbose: 0,
    });
    const [mu, s] = model.predictSync(tensor([[0]])).dataSync();
    expectClose([mu, Math.exp(s)], [mean, variance], { relative: 2e-2 });
  });
});

describe('quantile', () => {
  const pinball = (tau: number, e: number): number => Math.max(tau * e, (tau - 1) * e);

  it('means the pinball loss over the last axis', () => {
    const yTrue = tensor([
      [1, 2],
      [3, 4],
    ]);
    const yPred = tensor([
      [2, 0],
      [3, 5],
    ]);
    const expected = [
      (pinball(0.25, -1) + pinball(0.25, 2)) / 2,
      (pinball(0.25, 0) + pinball(0.25, -1)) / 2,
    ];
    expectTensor(quantile(yTrue, yPred, { quantile: 0.25 }), [2], expected);
    expectTensor(
      new Quantile({ quantile: 0.25, reduction: 'sum' }).apply(yTrue, yPred),
      [],
      [expected[0] + expected[1]],
    );
  });

  it.each([[tensor([1, 3])], [tensor([[1], [3]])]])('has a column per quantile', (yTrue) => {
    const yPred = tensor([
      [0, 1, 2],
      [3, 5, 1],
    ]);
    const taus = [0.1, 0.5, 0.9];
    const rowsOf = [
      [1, 0, -1],
      [0, -2, 2],
    ];
    const expected = rowsOf.map((es) => es.reduce((a, e, i) => a + pinball(taus[i], e), 0) / 3);
    expectTensor(quantile(yTrue, yPred, { quantile: taus }), [2], expected);
  });

  it('has the right gradient', () => {
    const f = (e: number | number[]) => (t: Parameters<typeof quantile>[0], q: typeof t) =>
      quantile(t, q, { quantile: e });
    checkGradient(f(0.3), [real([3, 2], 1, 2), real([3, 2], 2, 3)], { order: 1 });
    checkGradient(f([0.3, 0.9]), [real([3, 1], 1, 2), real([3, 2], 0, 1)], { order: 1 });
  });

  it('refuses quantiles and shapes that cannot be', () => {
    expect(() => new Quantile({ quantile: 1 })).toThrow(
      'Quantile: quantile must be a number above 0 and below 1, got 1.',
    );
    expect(() => new Quantile({ quantile: [] })).toThrow('at least one, got []');
    expect(() => quantile(tensor([1]), tensor([[1, 2]]), { quantile: [0.5] })).toThrow(
      'quantile: 1 quantiles need predictions [..., 1]',
    );
  });
});
