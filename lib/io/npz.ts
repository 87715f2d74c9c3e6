// NumPy's archives of arrays: zip files of `.npy` files, stored or deflated.
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { Zip, type ZipInputFile } from 'fflate';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { writeAtomically } from './atomic.js';
import { npyParts, parseNpy } from './npy.js';
import { readDirectory, readMember } from './zip.js';

/** The arrays of an archive by name. */
export async function loadNpz(path: string): Promise<Record<string, Tensor>> {
  const file = await open(path);
  try {
    const archive = { file, bytes: (await file.stat()).size, where: `"${path}"` };
    const arrays: [string, Tensor][] = [];
    for (const member of (await readDirectory(archive)).values()) {
      if (!member.name.endsWith('.npy')) continue;
      const content = await readMember(archive, member);
      const bytes = {
        size: content.length,
        read: async (at: number, length: number) => content.subarray(at, at + length),
      };
      arrays.push([member.name.slice(0, -4), await parseNpy(bytes, `"${path}", ${member.name}`)]);
    }
    return Object.fromEntries(arrays);
  } finally {
    await file.close();
  }
}

export interface SaveNpzOptions {
  /** Deflate the arrays, as `numpy.savez_compressed`. Default false. */
  readonly compressed?: boolean;
}

/** fflate's archives end at 4 GiB. */
const largest = 2 ** 32 - 2 ** 20;

interface Packed {
  readonly input: ZipInputFile;
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

async function pack(name: string, t: Tensor, compressed: boolean): Promise<Packed> {
  const parts = await npyParts(t);
  const size = parts[0].length + parts[1].length;
  if (size > largest) {
    throw new ConfigError(
      `saveNpz: "${name}" has ${size} bytes, but an archive of ours holds less than 4 GiB; use saveNpy.`,
    );
  }
  const pieces = compressed ? [await promisify(deflateRaw)(Buffer.concat(parts))] : parts;
  const crc = parts.reduce((sum, part) => crc32(part, sum), 0);
  const input = { filename: `${name}.npy`, size, crc, compression: compressed ? 8 : 0 };
  return { input, pieces };
}

async function writeArchive(
  file: FileHandle,
  arrays: Readonly<Record<string, Tensor>>,
  compressed: boolean,
): Promise<void> {
  let made: Uint8Array[] = [];
  let written = 0;
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    made.push(piece);
  });
  const flush = async (): Promise<void> => {
    for (const piece of made) await file.writeFile(piece);
    written += made.reduce((sum, { length }) => sum + length, 0);
    made = [];
    if (written > largest)
      throw new ConfigError('saveNpz: the archive would be larger than 4 GiB.');
  };
  for (const [name, t] of Object.entries(arrays)) {
    const { input, pieces } = await pack(name, t, compressed);
    zip.add(input);
    for (const [i, piece] of pieces.entries()) {
      input.ondata?.(null, piece, i === pieces.length - 1);
    }
    await flush();
  }
  zip.end();
  await flush();
}

/** Writes an `.npz` file, whole or not at all. */
export async function saveNpz(
  path: string,
  arrays: Readonly<Record<string, Tensor>>,
  options: SaveNpzOptions = {},
): Promise<void> {
  checkOptions('saveNpz', options, ['compressed']);
  for (const name of Object.keys(arrays)) {
    if (name !== '' && !name.split(/[/\\]/).includes('..') && !/^([/\\]|[A-Za-z]:)/.test(name)) {
      continue;
    }
    throw new ConfigError(`saveNpz: ${JSON.stringify(name)} is no name of an array.`);
  }
  await writeAtomically(path, true, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      await writeArchive(file, arrays, options.compressed ?? false);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}
