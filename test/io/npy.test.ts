// NumPy's files: those that NumPy wrote, ours against its bytes, and damaged ones.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConfigError,
  DataError,
  FormatError,
  loadNpy,
  loadNpz,
  NeuroneError,
  saveNpy,
  saveNpz,
  tensor,
} from '../../lib/index.js';
import { expectTensor, type GoldenArray, readGoldens, tensorOf } from '../support/golden.js';

interface FileCase {
  readonly label: string;
  readonly file: string;
  readonly same: boolean;
  readonly y: GoldenArray;
}

interface ArchiveCase {
  readonly label: string;
  readonly archive: string;
  readonly arrays: Readonly<Record<string, GoldenArray>>;
}

const cases = readGoldens<FileCase | ArchiveCase>('npy');
const files = cases.filter((c): c is FileCase => 'file' in c);
const archives = cases.filter((c): c is ArchiveCase => 'archive' in c);

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npy-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, 'x.npy');
  await writeFile(path, bytes);
  return path;
}

const exact = { absolute: 0, relative: 0 };

describe('.npy', () => {
  it.each(files)('$label', async ({ file: base64, same, y }) => {
    const bytes = Buffer.from(base64, 'base64');
    const t = await loadNpy(await file(bytes));
    expect(t.dtype).toBe(y.dtype);
    await expectTensor('values', t, y, exact);
    await saveNpy(join(folder, 'ours.npy'), t);
    const ours = await readFile(join(folder, 'ours.npy'));
    if (same) expect(ours.equals(bytes)).toBe(true);
    await expectTensor('ours', await loadNpy(join(folder, 'ours.npy')), y, exact);
  });

  it('survives any shape and type, and more values than a slice has', async () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
    const dtypes = fc.constantFrom('float32', 'int32', 'uint8', 'bool');
    await fc.assert(
      fc.asyncProperty(shapes, dtypes, async (shape, dtype) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const t = tensor(
          Int32Array.from({ length: size }, (_, i) => i % 200),
          { shape, dtype },
        );
        await saveNpy(join(folder, 'any.npy'), t);
        const back = await loadNpy(join(folder, 'any.npy'));
        expect([back.shape, back.dtype]).toEqual([shape, dtype]);
        expect(await back.data()).toEqual(await t.data());
      }),
      { numRuns: 40 },
    );
    const long = tensor(Float32Array.from({ length: 300_001 }, (_, i) => i / 7));
    await saveNpy(join(folder, 'long.npy'), long);
    const [a, b] = [await long.data(), await (await loadNpy(join(folder, 'long.npy'))).data()];
    expect(a.every((value, i) => Object.is(value, b[i]))).toBe(true);
  });

  const npy = (text: string, values = 0, version = 1): Buffer => {
    const header = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0\0\0${text}\n`, 'latin1');
    header.writeUInt16LE(text.length + 1, 8);
    return Buffer.concat([header, Buffer.alloc(values)]);
  };
  const fields = (descr: string, shape: string) =>
    `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`;

  const hostile: readonly [string, Buffer, RegExp][] = [
    ['another format', Buffer.from('no array at all'), /expected a NumPy array file/],
    ['an empty file', Buffer.alloc(0), /expected a NumPy array file/],
    [
      'a version to come',
      npy(fields("'<f4'", '(1,)'), 4, 4),
      /version 1, 2 or 3 of the format, got 4/,
    ],
    ['pickled objects', npy(fields("'|O'", '(1,)'), 8), /'\|O'.*pickled objects are never read/],
    ['complex numbers', npy(fields("'<c8'", '(1,)'), 8), /'<c8' is none of.*astype/],
    ['text', npy(fields("'<U3'", '(1,)'), 12), /'<U3' is none of/],
    ['records', npy(fields("[('a', '<f4')]", '(1,)'), 4), /its type \[ is not of plain numbers/],
    ['code', npy("__import__('os').system('true')"), /its header cannot be read: it is damaged/],
    [
      'a shape beyond everything',
      npy(fields("'<f4'", '(99999999999999999999, 9)')),
      /claims the shape/,
    ],
    [
      'a shape of gigabytes',
      npy(fields("'<f8'", '(1000000, 100000)'), 8),
      /800000000000 bytes of values, but there are 8/,
    ],
    ['a negative shape', npy(fields("'<f4'", '(-1,)'), 4), /header cannot be read/],
    ['values too few', npy(fields("'<f4'", '(3,)'), 11), /12 bytes of values, but there are 11/],
    ['values too many', npy(fields("'<f4'", '(3,)'), 13), /12 bytes of values, but there are 13/],
    ['a header longer than the file', npy('').fill(255, 8, 10), /claims a header of 65535 bytes/],
    ['axes without end', npy(fields("'<f4'", `(${'1, '.repeat(65)})`), 4), /claims the shape/],
  ];
  it.each(hostile)('refuses %s', async (_, bytes, message) => {
    const path = await file(bytes);
    const error = await loadNpy(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(path);
  });

  it('refuses whole numbers that int32 does not hold', async () => {
    const bytes = npy(fields("'<i8'", '(2,)'), 16);
    bytes.writeBigInt64LE(2n ** 31n, bytes.length - 8);
    const error = await loadNpy(await file(bytes)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(/element 1 is 2147483648, which int32 does not hold/);
  });

  it('a file that cannot be written leaves nothing', async () => {
    await expect(saveNpy(join(folder, 'no', 'x.npy'), tensor([1]))).rejects.toThrow(NeuroneError);
  });
});

describe('.npz', () => {
  it.each(archives)('of $label', async ({ archive, arrays }) => {
    const path = join(folder, 'x.npz');
    const bytes = Buffer.from(archive, 'base64');
    await writeFile(path, bytes);
    const read = await loadNpz(path);
    expect(Object.keys(read)).toEqual(Object.keys(arrays));
    for (const [name, y] of Object.entries(arrays)) {
      expect(read[name].dtype).toBe(y.dtype);
      await expectTensor(name, read[name], y, exact);
    }
    for (const compressed of [false, true]) {
      const given = Object.fromEntries(
        Object.entries(arrays).map(([name, y]) => [name, tensorOf(y)]),
      );
      await saveNpz(join(folder, 'ours.npz'), given, { compressed });
      const ours = await readFile(join(folder, 'ours.npz'));
      // What is in the archive is byte for byte what NumPy put in its own.
      const [a, b] = [unzipSync(ours), unzipSync(bytes)];
      expect(Object.keys(a)).toEqual(Object.keys(b));
      for (const name of Object.keys(b)) expect(Buffer.from(a[name]).equals(b[name])).toBe(true);
      const back = await loadNpz(join(folder, 'ours.npz'));
      for (const [name, y] of Object.entries(arrays))
        await expectTensor(name, back[name], y, exact);
    }
  });

  it('deflates only if asked to, and detects damage', async () => {
    const x = tensor(new Float32Array(10_000));
    const path = join(folder, 'z.npz');
    await saveNpz(path, { x });
    expect((await readFile(path)).length).toBeGreaterThan(40_000);
    await saveNpz(path, { x }, { compressed: true });
    const bytes = await readFile(path);
    expect(bytes.length).toBeLessThan(1000);
    bytes[60] ^= 255;
    await writeFile(path, bytes);
    await expect(loadNpz(path)).rejects.toThrow(FormatError);
  });

  it('refuses names that are none, and unknown options', async () => {
    const x = tensor([1]);
    for (const name of ['', '../x', '/x']) {
      await expect(saveNpz(join(folder, 'n.npz'), { [name]: x })).rejects.toThrow(ConfigError);
    }
    const options: object = { compress: true };
    await expect(saveNpz(join(folder, 'n.npz'), { x }, options)).rejects.toThrow(
      /Did you mean "compressed"/,
    );
  });
});
