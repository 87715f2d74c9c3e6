import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseIdx, readIdx } from '../../lib/data/idx.js';
import { FormatError } from '../../lib/util/errors.js';

function idx(type: number, shape: readonly number[], values: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, type, shape.length]);
  for (const [axis, size] of shape.entries()) bytes.writeUInt32BE(size, 4 + 4 * axis);
  bytes.set(values, 4 + 4 * shape.length);
  return new Uint8Array(bytes);
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('IDX files', () => {
  it('gives back what was written, from bytes and files, plain and gzipped', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (shape, zipped) => {
          const count = shape.reduce((a, b) => a * b, 1);
          const values = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 256);
          const plain = idx(0x08, shape, values);
          const bytes = zipped ? gzipSync(plain) : plain;
          const expected = { shape, data: values };
          expect(await parseIdx(bytes, 'x')).toEqual(expected);
          expect(await readIdx(await file('roundtrip', bytes))).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads every element type, big-endian', async () => {
    const view = new DataView(new ArrayBuffer(8));
    const bytes = (size: number) => new Uint8Array(view.buffer.slice(0, size));
    view.setInt8(0, -3);
    expect((await parseIdx(idx(0x09, [1], bytes(1)), 'x')).data).toEqual(Int8Array.of(-3));
    view.setInt16(0, -300);
    expect((await parseIdx(idx(0x0b, [1], bytes(2)), 'x')).data).toEqual(Int16Array.of(-300));
    view.setInt32(0, -70000);
    expect((await parseIdx(idx(0x0c, [1], bytes(4)), 'x')).data).toEqual(Int32Array.of(-70000));
    view.setFloat32(0, 1.5);
    expect((await parseIdx(idx(0x0d, [1], bytes(4)), 'x')).data).toEqual(Float32Array.of(1.5));
    view.setFloat64(0, Math.PI);
    expect((await parseIdx(idx(0x0e, [1], bytes(8)), 'x')).data).toEqual(Float64Array.of(Math.PI));
  });

  const whole = idx(0x08, [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6));
  const damaged: readonly [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /expected an IDX file.*got an empty file/],
    ['another format', new TextEncoder().encode('<html>'), /expected an IDX file.*got 3c 68 74 6d/],
    ['an unknown element type', idx(0x0a, [1], new Uint8Array(1)), /expected an IDX file/],
    ['a cut header', whole.slice(0, 9), /header of 12 bytes for 2 axes.*ends after 9/],
    ['cut values', whole.slice(0, -1), /\[2, 3\], which is 6 bytes of values, but there are 5/],
    ['bytes too many', Uint8Array.of(...whole, 0), /6 bytes of values, but there are 7/],
    ['a false size', idx(0x08, [2 ** 32 - 1, 2 ** 32 - 1], new Uint8Array(1)), /there are 1/],
    ['a cut gzip', gzipSync(whole).subarray(0, -9), /cannot decompress/],
    ['a gzip of more than it says', gzipSync(Uint8Array.of(...whole, 0)), /cannot decompress/],
    [
      'a gzip with a false size',
      gzipSync(idx(0x08, [2 ** 32 - 1, 99], new Uint8Array(1))),
      /more than \d+ compressed bytes can hold/,
    ],
  ];
  it.each(damaged)('refuses %s', async (_, bytes, message) => {
    const path = await file('damaged', bytes);
    for (const read of [parseIdx(bytes, path), readIdx(path)]) {
      const error = await read.catch((e: unknown) => e);
      expect(error).toBeInstanceOf(FormatError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toContain(path);
    }
  });
});
