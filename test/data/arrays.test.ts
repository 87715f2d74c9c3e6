// What keras.utils does to arrays, against Keras; and its mistakes.
import { describe, expect, it } from 'vitest';
import {
  Dataset,
  normalize,
  splitDataset,
  timeseriesDatasetFromArray,
  toCategorical,
} from '../../lib/data/index.js';
import { ConfigError, DataError, type Tensor, tensor } from '../../lib/index.js';
import { expectTensor, type GoldenArray, readGoldens, tensorOf } from '../support/golden.js';

type Options = Readonly<Record<string, number>>;

type Case =
  | { kind: 'categorical'; x: GoldenArray; classes: number | null; y: GoldenArray }
  | {
      kind: 'normalize';
      x: GoldenArray;
      options: { axis: number; order: number | 'inf' };
      y: GoldenArray;
    }
  | { kind: 'split'; count: number; options: Options; parts: number[][] }
  | {
      kind: 'series';
      x: GoldenArray;
      targets: GoldenArray | null;
      options: Options;
      batches: GoldenArray[][];
    };

const cases = readGoldens<Case>('data');
type Kind<K extends Case['kind']> = Case & { readonly kind: K };
const of = <K extends Case['kind']>(kind: K) => cases.filter((c): c is Kind<K> => c.kind === kind);

const camelCase = (options: Options): Record<string, number> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

async function all<T>(dataset: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of dataset) elements.push(element);
  return elements;
}

describe('toCategorical', () => {
  it.each(of('categorical'))('of $x.shape in $classes classes', async ({ x, classes, y }) => {
    await expectTensor('one-hot', toCategorical(tensorOf(x), classes ?? undefined), y);
    await expectTensor(
      'of floats',
      toCategorical(tensorOf(x).cast('float32'), classes ?? undefined),
      y,
    );
  });

  it('refuses what is no label', () => {
    expect(() => toCategorical([0, 3], 3)).toThrow(
      'toCategorical: expected labels of 0 … 2, got 3 at 1.',
    );
    expect(() => toCategorical([-1, 0])).toThrow(DataError);
    expect(() => toCategorical([0.5])).toThrow(/got 0\.5 at 0/);
  });
});

describe('normalize', () => {
  it.each(of('normalize'))('$options', async ({ x, options, y }) => {
    const order = options.order === 'inf' ? Number.POSITIVE_INFINITY : options.order;
    await expectTensor('normalized', normalize(tensorOf(x), { ...options, order }), y);
  });

  it('refuses orders that are no norm', () => {
    expect(() => normalize([1], { order: 0 })).toThrow(ConfigError);
  });
});

describe('splitDataset', () => {
  const numbers = (n: number) => Dataset.from(Array.from({ length: n }, (_, i) => i));

  it.each(of('split'))('$count, $options', async ({ count, options, parts }) => {
    const split = await splitDataset(numbers(count), camelCase(options));
    expect(await Promise.all(split.map(all))).toEqual(parts);
  });

  it('shuffles by its seed, and loses nothing', async () => {
    const options = { leftSize: 0.7, shuffle: true, seed: 4 };
    const parts = await Promise.all((await splitDataset(numbers(20), options)).map(all));
    expect(parts.map((part) => part.length)).toEqual([14, 6]);
    expect(parts.flat()).not.toEqual(await all(numbers(20)));
    expect(parts.flat().sort((a, b) => a - b)).toEqual(await all(numbers(20)));
    const again = await Promise.all((await splitDataset(numbers(20), options)).map(all));
    expect(again).toEqual(parts);
  });

  it('refuses sizes that do not fit', async () => {
    const fails = (options: object) => splitDataset(numbers(10), options).then(String, String);
    expect(await fails({})).toMatch(/give leftSize, rightSize or both/);
    expect(await fails({ leftSize: 10 })).toMatch(/leftSize must be a fraction.*below 10, got 10/);
    expect(await fails({ leftSize: 8, rightSize: 3 })).toMatch(/are 8 and 3 of 10 elements/);
    expect(await fails({ leftSize: 0.01 })).toMatch(/0 and 10 of 10 elements; neither part/);
  });
});

describe('timeseriesDatasetFromArray', () => {
  it.each(of('series'))('$options', async ({ x, targets, options, batches }) => {
    const given = { sequenceLength: 0, ...camelCase(options) };
    const data: Dataset<unknown> = targets
      ? timeseriesDatasetFromArray(tensorOf(x), tensorOf(targets), given)
      : timeseriesDatasetFromArray(tensorOf(x), null, given);
    expect(data.size).toBe(batches.length);
    for (const [i, batch] of (await all(data)).entries()) {
      const parts = (targets ? batch : [batch]) as Tensor[];
      for (const [k, part] of parts.entries()) {
        expect(part.dtype).toBe(batches[i][k].dtype);
        await expectTensor(`batch ${i}`, part, batches[i][k], { absolute: 0, relative: 0 });
      }
    }
  });

  it('shuffles windows with their targets, otherwise in each pass', async () => {
    const x = tensor(Array.from({ length: 20 }, (_, i) => [i]));
    const y = Array.from({ length: 20 }, (_, i) => i);
    const data = timeseriesDatasetFromArray(x, y, { sequenceLength: 2, shuffle: true, seed: 1 });
    const orders: number[][] = [];
    for (let pass = 0; pass < 2; pass++) {
      const [[windows, labels]] = await all(data);
      const [w, l] = [await windows.data(), [...(await labels.data())]];
      expect(l.map((_, i) => w[2 * i])).toEqual(l);
      orders.push(l);
    }
    expect(orders[0]).not.toEqual(orders[1]);
    expect([...orders[0]].sort((a, b) => a - b)).toEqual(y.slice(0, 19));
  });

  it('refuses windows that do not fit', () => {
    const make = (options: object) => () =>
      timeseriesDatasetFromArray([1, 2, 3], null, { sequenceLength: 2, ...options });
    expect(make({ sequenceLength: 4 })).toThrow(/a window takes 4 rows, but there are 3/);
    expect(make({ samplingRate: 0 })).toThrow(/samplingRate: expected a whole number from 1/);
    expect(make({ endIndex: 4 })).toThrow(/endIndex must be.*up to 3 rows, got 4/);
    expect(make({ sequenceLenght: 1 })).toThrow(/Did you mean "sequenceLength"/);
  });
});
