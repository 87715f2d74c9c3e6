// CTC by counting all alignments, gradients by differences, in training, and what it refuses.
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  compile,
  DataError,
  losses,
  ops,
  type Tensor,
  TraceError,
  tensor,
} from '../../lib/index.js';
import { Dense } from '../../lib/layers/index.js';
import { Sequential } from '../../lib/models/sequential.js';
import { expectClose } from '../support/close.js';
import { checkGradient, real } from '../support/gradcheck.js';
import { quiet } from '../support/models.js';
import { seeded } from '../support/random.js';

const ints = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  tensor(Int32Array.from(values), { shape });

/** What a row of frames reads as: repeated classes once, then without the class 0. */
const reading = (frames: readonly number[]): string =>
  frames.filter((c, i) => c !== 0 && c !== frames[i - 1]).join();

/** Sums of the likelihoods of all rows of `frames` classes, by what they read as. */
function likelihoods(logits: readonly (readonly number[])[]): Map<string, number> {
  const sums = new Map<string, number>();
  const walk = (path: readonly number[], likelihood: number): void => {
    if (path.length === logits.length) {
      const text = reading(path);
      sums.set(text, (sums.get(text) ?? 0) + likelihood);
      return;
    }
    const row = logits[path.length].map(Math.exp);
    const total = row.reduce((a, b) => a + b);
    for (const [c, e] of row.entries()) walk([...path, c], (likelihood * e) / total);
  };
  walk([], 1);
  return sums;
}

const [frames, classes] = [5, 4];
const random = seeded(8);
const rows = Array.from({ length: frames }, () => [...random.uniforms(classes, -2, 2)]);
const logits = tensor([rows]);
const all = likelihoods(rows);

describe('CTC', () => {
  it.each([[[1]], [[1, 2]], [[2, 2]], [[3, 1, 3]], [[1, 1, 1]], [[1, 2, 3, 1, 2]]])(
    'sums all alignments of %j',
    (labels) => {
      const loss = new losses.CTC().apply(ints(labels, [1, labels.length]), logits);
      expectClose(loss.dataSync(), [-Math.log(all.get(labels.join()) ?? 0)], { relative: 1e-5 });
    },
  );

  it('finds the likeliest of all readings, if the search is wide', () => {
    const best = [...all].sort(([, a], [, b]) => b - a).slice(0, 6);
    const options = { strategy: 'beamSearch', beamWidth: 1000, topPaths: 6 } as const;
    const [paths, scores] = ops.ctcDecode(logits, ints([frames]), options);
    const read = Array.from({ length: 6 }, (_, i) =>
      Array.from(paths.dataSync().subarray(i * frames, (i + 1) * frames))
        .filter((label) => label >= 0)
        .join(),
    );
    expect(read).toEqual(best.map(([text]) => text));
    expectClose(
      scores.dataSync(),
      best.map(([, p]) => Math.log(p)),
      { relative: 1e-5 },
    );
  });

  it('has the gradient of central differences', () => {
    const labels = ints([1, 2, 0, 3, 3, 1], [2, 3]);
    checkGradient((x) => ops.ctcLoss(labels, x, ints([2, 3]), ints([4, 6])), [real([2, 6, 4])]);
  });

  it('is finite for logits without bounds, and without labels', () => {
    const odd = tensor([
      [
        [0, -Infinity],
        [0, -1e30],
      ],
    ]);
    const loss = ops.ctcLoss(ints([1], [1, 1]), odd, ints([1]), ints([2]));
    expect(loss.dataSync()[0]).toBeGreaterThan(700);
    const empty = ops.ctcLoss(ints([], [1, 0]), tensor([rows]), ints([0]), ints([frames]));
    expectClose(empty.dataSync(), [-Math.log(all.get('') ?? 0)], { relative: 1e-5 });
    const [none] = ops.ctcDecode(tensor([], { shape: [2, 0, 3] }), ints([0, 0]));
    expect(none.shape).toEqual([1, 2, 0]);
  });

  it('trains a model to read', async () => {
    const x = tensor(Float32Array.from(seeded(2).uniforms(8 * 12 * 6)), { shape: [8, 12, 6] });
    const y = ints(seeded(3).integers(8 * 3, 1, 4), [8, 3]);
    const model = new Sequential([new Dense(16, { activation: 'tanh' }), new Dense(5)]);
    model.compile({ optimizer: 'adam', loss: 'ctc' });
    model.optimizer.learningRate = 0.03;
    const { history } = await model.fit(x, y, { ...quiet, epochs: 150, batchSize: 8 });
    expect(history.loss.at(-1)).toBeLessThan(0.3);
    const [labels] = ops.ctcDecode(await model.predict(x), ints(Array(8).fill(12)));
    expect(Array.from(labels.slice(0, 1).dataSync()).filter((_, i) => i % 12 < 3)).toEqual(
      Array.from(y.dataSync()),
    );
  });

  it('decodes greedily in a traced function, and tells that a search cannot be', async () => {
    const lengths = ints([frames]);
    const greedy = compile((x: Tensor) => ops.ctcDecode(x, lengths)[0]);
    expect(greedy(logits).dataSync()).toEqual(ops.ctcDecode(logits, lengths)[0].dataSync());
    const search = compile(
      (x: Tensor) => ops.ctcDecode(x, lengths, { strategy: 'beam_search' })[0],
    );
    expect(() => search(logits)).toThrow(TraceError);
  });

  it('refuses what does not fit', async () => {
    const [y, n, t] = [ints([1], [1, 1]), ints([1]), ints([frames])];
    const decode = (options: object) => () => ops.ctcDecode(logits, t, options);
    const search = { strategy: 'beam_search' };
    expect(() => new losses.CTC().apply(ints([1]), logits)).toThrow('ctc: expected labels [batch,');
    expect(() => ops.ctcLoss(y, tensor(rows), n, t)).toThrow(
      'ctcLoss: expected logits [batch, frames, classes], got [5, 4]',
    );
    expect(() => ops.ctcLoss(ints([1, 1], [2, 1]), logits, n, t)).toThrow(
      'ctcLoss: expected target [1, 1], got [2, 1]',
    );
    expect(() => ops.ctcLoss(y, logits, ints([1, 1]), t)).toThrow('expected targetLength [1]');
    expect(() => ops.ctcLoss(y, logits, n, y)).toThrow('expected outputLength [1]');
    expect(() => ops.ctcLoss(y, logits, n, t, 4)).toThrow(
      'ctcLoss: maskIndex must be one of 4 classes, got 4',
    );
    await expect(ops.ctcLoss(ints([4], [1, 1]), logits, n, t).data()).rejects.toThrow(DataError);
    expect(decode({ strategy: 'best' })).toThrow(ConfigError);
    expect(decode({ beams: 3 })).toThrow('ctcDecode');
    expect(decode({ ...search, topPaths: 0 })).toThrow('topPaths must be a whole number of 1 or');
    expect(decode({ ...search, beamWidth: 2, topPaths: 3 })).toThrow('at most beamWidth');
    expect(() => ops.ctcDecode(logits, ints([9]), search as object)).toThrow(
      'ctcDecode: row 0 has 5 frames, got 9 as its length',
    );
    expect(() =>
      ops.ctcDecode(logits, ints([1]), { strategy: 'beam_search', topPaths: 9 }),
    ).toThrow('4 rows of labels are possible, fewer than the 9 of topPaths');
  });
});
