// Data sets: what each method does to the elements, passes that begin anew, ends, errors, and training.
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Dataset } from '../../lib/data/index.js';
import { setRandomSeed, type Tensor, tensor } from '../../lib/index.js';
import { line, quiet } from '../support/models.js';

async function all<T>(dataset: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of dataset) elements.push(element);
  return elements;
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const numbers = (n: number) => Dataset.from(upTo(n));

/** Counts passes, elements that were asked for, and ends. */
function watched(n: number) {
  const seen = { begun: 0, asked: 0, closed: 0 };
  async function* open() {
    seen.begun++;
    try {
      for (let i = 0; i < n; i++) {
        seen.asked++;
        yield i;
      }
    } finally {
      seen.closed++;
    }
  }
  return { seen, data: Dataset.from(open) };
}

describe('Dataset.from', () => {
  it('gives rows of tensors, typed arrays and arrays, side by side and by name', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const rows = await all(Dataset.from(x, [7, 8, 9], Float32Array.of(0.5, 1, 2)));
    expect(rows.length).toBe(3);
    expect(await rows[1][0].toArray()).toEqual([3, 4]);
    expect(rows[1].slice(1)).toEqual([8, 1]);
    const named = await all(Dataset.from({ x, y: { data: new Uint8Array(6), shape: [3, 2] } }));
    expect(Object.keys(named[0])).toEqual(['x', 'y']);
    expect([named[2].y.dtype, named[2].y.shape]).toEqual(['uint8', [2]]);
    expect(await all(Dataset.from(x).map((row) => row.shape))).toEqual([[2], [2], [2]]);
  });

  it('reads iterables and functions anew in each pass', async () => {
    const data = Dataset.from(new Set([1, 2]));
    expect([await all(data), await all(data)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const { data: generated, seen } = watched(2);
    expect([await all(generated), await all(generated), seen.begun]).toEqual([[0, 1], [0, 1], 2]);
  });

  it('refuses what has no rows, or not as many', () => {
    expect(() => Dataset.from([1, 2], [1])).toThrow('Dataset.from: x has 2 rows, but y has 1.');
    expect(() => Dataset.from(tensor(3))).toThrow('Dataset.from: x: expected rows, got a scalar.');
    expect(() => Dataset.from('abc' as never)).toThrow(/expected tensors.*got string/);
    expect(() => Dataset.from([1], 'a' as never)).toThrow(/tensor or an array as y, got string/);
  });
});

describe('elements', () => {
  it('map keeps the order, with as many calls at a time as allowed', async () => {
    let [running, most] = [0, 0];
    const data = numbers(10).map(
      async (x, i) => {
        most = Math.max(most, ++running);
        await setTimeout(((7 * x) % 5) * 2);
        running--;
        return x * 10 + i;
      },
      { parallel: 3 },
    );
    expect(await all(data)).toEqual(upTo(10).map((x) => 11 * x));
    expect(most).toBe(3);
  });

  it('an error of map comes in its turn, and closes the source', async () => {
    for (const parallel of [1, 4]) {
      const { data, seen } = watched(10);
      const failing = data
        .map(
          (x) => {
            if (x === 2) throw new RangeError('two');
            return x;
          },
          { parallel },
        )
        .prefetch(2);
      const got: number[] = [];
      const read = async () => {
        for await (const x of failing) got.push(x);
      };
      await expect(read()).rejects.toThrow(RangeError);
      expect([got, seen.closed]).toEqual([[0, 1], 1]);
    }
  });

  it('filter, take, skip, repeat and zip', async () => {
    expect(await all(numbers(6).filter((x) => x % 2 === 1))).toEqual([1, 3, 5]);
    expect(await all(numbers(6).skip(1).take(3))).toEqual([1, 2, 3]);
    expect(await all(numbers(2).repeat(3))).toEqual([0, 1, 0, 1, 0, 1]);
    expect(await all(numbers(2).repeat().take(5))).toEqual([0, 1, 0, 1, 0]);
    expect(await all(numbers(0).repeat())).toEqual([]);
    const { data, seen } = watched(9);
    expect(await all(Dataset.zip(data, numbers(2)))).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(seen.closed).toBe(1);
  });

  it('knows its size where it can', () => {
    const sizes = [
      numbers(7).batch(3).size,
      numbers(7).batch(3, { dropRemainder: true }).size,
      numbers(7).skip(9).size,
      numbers(7).take(3).repeat(2).size,
      numbers(7).repeat().size,
      Dataset.zip(numbers(7), numbers(4)).size,
      numbers(7).filter(Boolean).size,
      watched(3).data.size,
    ];
    expect(sizes).toEqual([3, 2, 0, 6, Number.POSITIVE_INFINITY, 4, undefined, undefined]);
  });

  it('take closes the source without asking for more', async () => {
    const { data, seen } = watched(9);
    expect(await all(data.take(2))).toEqual([0, 1]);
    expect(seen).toEqual({ begun: 1, asked: 2, closed: 1 });
  });

  it('prefetch asks ahead, no further than it should', async () => {
    const { data, seen } = watched(100);
    const iterator = data.prefetch(3)[Symbol.asyncIterator]();
    await iterator.next();
    await setTimeout(5);
    expect(seen.asked).toBe(4);
    await iterator.return?.();
    expect(seen).toEqual({ begun: 1, asked: 4, closed: 1 });
  });

  it('cache keeps a whole pass, and not a part of one', async () => {
    const { data, seen } = watched(3);
    const cached = data.cache();
    expect(await all(cached.take(2))).toEqual([0, 1]);
    expect(await all(cached)).toEqual([0, 1, 2]);
    expect(await all(cached)).toEqual([0, 1, 2]);
    expect(seen.begun).toBe(2);
  });
});

describe('shuffle', () => {
  it('has another order in each pass, which follows from the seed', async () => {
    const data = () => numbers(50).shuffle(50, { seed: 3 });
    const one = data();
    const [first, second] = [await all(one), await all(one)];
    expect([...first].sort((a, b) => a - b)).toEqual(upTo(50));
    expect(first).not.toEqual(second);
    const again = data();
    expect([await all(again), await all(again)]).toEqual([first, second]);
    const fixed = numbers(50).shuffle(50, { seed: 3, reshuffleEachIteration: false });
    expect([await all(fixed), await all(fixed)]).toEqual([first, first]);
    setRandomSeed(1);
    const random = await all(numbers(50).shuffle(50));
    setRandomSeed(1);
    expect(await all(numbers(50).shuffle(50))).toEqual(random);
  });

  it('draws from no more elements than its buffer has, each as likely', async () => {
    const order = await all(numbers(100).shuffle(10, { seed: 1 }));
    for (const [i, x] of order.entries()) expect(x).toBeLessThanOrEqual(i + 10);
    const first = new Int32Array(4);
    for (let seed = 0; seed < 400; seed++) {
      const [x] = await all(numbers(4).shuffle(4, { seed }).take(1));
      first[x]++;
    }
    for (const count of first) expect(Math.abs(count - 100)).toBeLessThan(35); // 4 standard deviations
  });
});

describe('batch', () => {
  it('stacks numbers, arrays, tensors and structures of them', async () => {
    const samples = [0, 1, 2].map((i) => ({
      x: [tensor([[i, i]]), Float32Array.of(i)] as const,
      y: i,
      flag: i > 0,
    }));
    const [two, one] = await all(Dataset.from(samples).batch(2));
    expect([two.x[0].shape, two.x[1].shape, two.y.shape]).toEqual([[2, 1, 2], [2, 1], [2]]);
    expect([two.y.dtype, two.flag.dtype]).toEqual(['float32', 'bool']);
    expect(await two.x[0].toArray()).toEqual([[[0, 0]], [[1, 1]]]);
    expect(await one.y.toArray()).toEqual([2]);
    expect((await all(Dataset.from(samples).batch(2, { dropRemainder: true }))).length).toBe(1);
  });

  it('refuses samples that are not alike, or no numbers', async () => {
    const ragged = Dataset.from([[1, 2], [3], [4, 5]]).batch(3);
    await expect(all(ragged)).rejects.toThrow(
      'batch 0: samples of one batch must be alike: sample 0 is float32 [2], but sample 1 is float32 [1].',
    );
    await expect(all(Dataset.from(['a', 'b']).batch(2))).rejects.toThrow(
      'batch 0: expected numbers, arrays or tensors, but sample 0 holds string.',
    );
    const uneven: { x: number; y?: number }[] = [{ x: 1, y: 2 }, { x: 3 }];
    await expect(all(Dataset.from(uneven).batch(2))).rejects.toThrow(
      /sample 0 has the parts x, y, but sample 1 has others/,
    );
  });

  it('refuses sizes that are none, and unknown options', () => {
    expect(() => numbers(3).batch(0)).toThrow(
      'Dataset.batch: size: expected a whole number from 1 on, got 0.',
    );
    expect(() => numbers(3).take(-1)).toThrow(/Dataset\.take: count/);
    expect(() => numbers(3).map((x) => x, { paralel: 2 } as object)).toThrow(
      /Did you mean "parallel"/,
    );
  });
});

describe('models', () => {
  it('train, evaluate and predict from data sets', async () => {
    const x = tensor(upTo(12).map((i) => [i / 12]));
    const y = tensor(upTo(12).map((i) => [i / 6 + 1]));
    const model = line();
    const validation = Dataset.from(x, y).batch(5);
    const data = Dataset.from(x, y).shuffle(12, { seed: 5 }).batch(4).prefetch(1);
    const options = { ...quiet, epochs: 3, validationData: validation };
    const { history } = await model.fit(data, null, options);
    expect(history.loss.length).toBe(3);
    const expected = await model.evaluate(x, y, quiet);
    const evaluated = await model.evaluate(validation, null, quiet);
    expect(evaluated.loss).toBeCloseTo(expected.loss, 5);
    expect(history.val_loss[2]).toBeCloseTo(expected.loss, 5);
    const predicted = (await model.predict(validation)) as Tensor;
    expect(predicted.shape).toEqual([12, 1]);
    const endless = Dataset.from(x, y).repeat().batch(4);
    const { epoch } = await model.fit(endless, null, { ...quiet, epochs: 2, stepsPerEpoch: 2 });
    expect(epoch).toEqual([0, 1]);
  });

  it('let the event loop turn, however fast the elements come', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    for await (const _ of numbers(1_000_000).map((x) => x + 1)) void _;
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
  });
});
