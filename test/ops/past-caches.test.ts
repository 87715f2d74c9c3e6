// Outputs of 32 MiB and more are written past the caches: they must be those of calls on fewer rows, and
// the same bits for every number of threads.
import { afterAll, describe, expect, it } from 'vitest';
import { backend } from '../../lib/backend/select.js';
import { setNumThreads } from '../../lib/doctor.js';
import { grad } from '../../lib/graph/compile.js';
import { multiply } from '../../lib/ops/elementwise.js';
import { layerNormalization, normalizeBatch } from '../../lib/ops/normalization.js';
import { sum } from '../../lib/ops/reduce.js';
import { logSoftmax, softmax, sparseSoftmaxCrossEntropy } from '../../lib/ops/softmax.js';
import '../../lib/ops/methods.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);
// A matcher would print eight million numbers.
const sameBits = (a: ArrayBufferView, b: ArrayBufferView) => bytesOf(a).equals(bytesOf(b));

/** Operands of more than 32 MiB. */
function operandsOf(rows: number, columns: number) {
  const values = Float32Array.from(
    { length: rows * columns },
    (_, i) => ((i * 7919) % 10_007) / 1000 - 5,
  );
  const labels = Int32Array.from({ length: rows }, (_, i) => (i * 31) % columns);
  const weights = Float32Array.from({ length: columns }, (_, i) => 1 + (i % 3));
  const x = (from: number, to: number) =>
    tensor(values.subarray(from * columns, to * columns), { shape: [to - from, columns] });
  const weighted = (t: Tensor) => sum(multiply(t, tensor(weights)));
  const given = () => ({ scale: tensor(weights), offset: tensor(weights), epsilon: 1e-3 });
  return { values, labels, weights, x, weighted, given };
}

// Rows that end in mid-line, and a number of them that leaves a rest: alone, in groups, and narrow.
describe.runIf(backend() === 'native').each([
  [8403, 1001],
  [129_101, 65],
  [840_007, 10],
])('outputs of %i × %i, past the caches', (rows, columns) => {
  afterAll(() => setNumThreads(0));
  const { labels, x, weighted, given } = operandsOf(rows, columns);

  it.each<[string, (t: Tensor, from: number, to: number) => Tensor]>([
    ['softmax', (t) => softmax(t)],
    ['logSoftmax', (t) => logSoftmax(t)],
    ['softmaxGrad', (t) => grad((a: Tensor) => weighted(softmax(a)))(t)],
    [
      'sparseSoftmaxCrossEntropyGrad',
      (t, from, to) =>
        grad((a: Tensor) => sum(sparseSoftmaxCrossEntropy(a, tensor(labels.slice(from, to)))))(t),
    ],
    ['layerNorm', (t) => layerNormalization(t, -1, given())],
    ['layerNormGrad', (t) => grad((a: Tensor) => weighted(layerNormalization(a, -1, given())))(t)],
  ])('%s: rows are those of a small call', (_, fn) => {
    setNumThreads(1);
    const whole = fn(x(0, rows), 0, rows).dataSync();
    for (const from of [0, 4100, rows - 50]) {
      const part = fn(x(from, from + 50), from, from + 50).dataSync();
      expect(sameBits(whole.subarray(from * columns, (from + 50) * columns), part)).toBe(true);
    }
    setNumThreads(2);
    expect(sameBits(fn(x(0, rows), 0, rows).dataSync(), whole)).toBe(true);
  });
});

describe.runIf(backend() === 'native')('outputs past the caches', () => {
  const [rows, columns] = [8403, 1001];
  const { values, weights, x, weighted, given } = operandsOf(rows, columns);

  it('batchNorm and its gradient hold every element', () => {
    const { y, mean, variance } = normalizeBatch(x(0, rows), -1, given());
    const [m, v] = [mean.dataSync(), variance.dataSync()];
    const expected = values.map((value, i) => {
      const c = i % columns;
      return ((value - m[c]) / Math.sqrt(v[c] + 1e-3)) * weights[c] + weights[c];
    });
    const actual = y.dataSync();
    expect(expected.every((value, i) => Math.abs(actual[i] - value) < 2e-5)).toBe(true);
    // Σy of a channel does not depend on x: the gradient of weighted sums vanishes.
    const dx = grad((a: Tensor) => weighted(normalizeBatch(a, -1, given()).y))(x(0, rows));
    expect(dx.dataSync().every((g) => Math.abs(g) < 1e-5)).toBe(true);
  });
});
