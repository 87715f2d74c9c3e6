// CIFAR from files and archives that are made here in its format: a few records in place of thousands.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cifar10, cifar10Classes, cifar100 } from '../../lib/data/index.js';
import { DataError, FormatError } from '../../lib/index.js';

/** Records whose pixel p of colour c is (record + 5·c + p) modulo 251. */
function records(labels: readonly (readonly number[])[], from: number): Buffer {
  const parts = labels.map((own, i) => {
    const image = Uint8Array.from({ length: 3072 }, (_, at) => {
      const [c, p] = [Math.floor(at / 1024), at % 1024];
      return (from + i + 5 * c + p) % 251;
    });
    return Buffer.from([...own, ...image]);
  });
  return Buffer.concat(parts);
}

function tar(files: Readonly<Record<string, Buffer>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('0', 156);
    header.write('ustar', 257);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const ten: Record<string, Buffer> = {};
for (let i = 1; i <= 5; i++) ten[`data_batch_${i}.bin`] = records([[i], [9 - i]], 2 * i);
ten['test_batch.bin'] = records([[0]], 0);
const hundred = {
  'train.bin': records(
    [
      [19, 99],
      [3, 42],
    ],
    0,
  ),
  'test.bin': records([[1, 2]], 7),
};

let root = '';
const at = (...names: string[]) => join(root, ...names);

async function write(folder: string, files: Readonly<Record<string, Buffer>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
}

const inside = (folder: string, files: Readonly<Record<string, Buffer>>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cifar-'));
  await write(at('a', 'cifar-10-batches-bin'), ten);
  const archive = gzipSync(tar(inside('cifar-10-batches-bin', ten)));
  await write(at('b'), { 'cifar-10-binary.tar.gz': archive });
  await write(at('c'), hundred);
});
afterAll(() => rm(root, { recursive: true }));

describe('cifar10', () => {
  it('reads a folder, the folder around it, an archive, and the folder around that', async () => {
    const places = [['a'], ['a', 'cifar-10-batches-bin'], ['b'], ['b', 'cifar-10-binary.tar.gz']];
    for (const place of places) {
      const { train, test } = await cifar10(at(...place));
      expect([train.x.shape, test.x.shape]).toEqual([
        [10, 32, 32, 3],
        [1, 32, 32, 3],
      ]);
      expect([train.x.dtype, train.y.dtype]).toEqual(['uint8', 'uint8']);
      expect([...(await train.y.data())]).toEqual([1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);
      const x = await train.x.data();
      // Record 3, row 2, column 7, green: 4 + 1 + 5 + 71.
      expect(x[3 * 3072 + (2 * 32 + 7) * 3 + 1]).toBe(81);
    }
    expect(cifar10Classes.length).toBe(10);
  });

  it('says what is missing or damaged', async () => {
    await expect(cifar10(at('c'))).rejects.toThrow(DataError);
    await expect(cifar10(at('c'))).rejects.toThrow(
      /expected data_batch_1\.bin, the folder cifar-10-batches-bin or/,
    );
    await write(at('cut'), { ...ten, 'data_batch_3.bin': ten['data_batch_3.bin'].subarray(1) });
    await expect(cifar10(at('cut'))).rejects.toThrow(
      /data_batch_3\.bin has 6145 bytes.*records of 3073/,
    );
    await write(at('label'), { ...ten, 'data_batch_2.bin': records([[1], [10]], 0) });
    await expect(cifar10(at('label'))).rejects.toThrow(
      /data_batch_2\.bin: record 1 has the label 10 of 10/,
    );
    const whole = tar(inside('x', ten));
    const archives: [Buffer, RegExp][] = [
      [Buffer.from('no gzip'), /cannot be decompressed/],
      [gzipSync(Buffer.alloc(1024, 'x')), /expected a tar archive/],
      [gzipSync(whole.subarray(0, 2000)), /cut short/],
      [
        gzipSync(tar({ 'x/data_batch_1.bin': ten['data_batch_1.bin'] })),
        /no file data_batch_2\.bin/,
      ],
    ];
    for (const [bytes, message] of archives) {
      await writeFile(at('x.tar.gz'), bytes);
      const error = await cifar10(at('x.tar.gz')).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(FormatError);
      expect(String(error)).toMatch(message);
    }
  });
});

describe('cifar100', () => {
  it('has fine and coarse labels', async () => {
    const fine = await cifar100(at('c'));
    const coarse = await cifar100(at('c'), { labelMode: 'coarse' });
    expect([...(await fine.train.y.data())]).toEqual([99, 42]);
    expect([...(await coarse.train.y.data()), ...(await coarse.test.y.data())]).toEqual([19, 3, 1]);
    expect((await fine.test.x.data())[2]).toBe(7 + 10);
    await expect(cifar100(at('c'), { labelMode: 'fin' as 'fine' })).rejects.toThrow(
      /Did you mean "fine"/,
    );
  });
});
