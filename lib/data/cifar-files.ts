// The binary version of CIFAR: records of one or two labels and 3,072 bytes, the colours one after the other.
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { fromData } from '../tensor/tensor.js';
import { DataError, FormatError } from '../util/errors.js';
import type { Labelled, LabelledSplits } from './labelled.js';
import { filesInTar } from './tar.js';

/** How one of the two sets lies in its files. */
export interface CifarFormat {
  readonly name: 'cifar10' | 'cifar100';
  readonly folder: string;
  readonly archive: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Bytes of labels in a record, and which of them is the label. */
  readonly labelBytes: number;
  readonly label: number;
  readonly classes: number;
}

const side = 32;
const pixels = side * side;
const imageBytes = 3 * pixels;
/** What the archives unpack to is 184 MB. */
const largestArchive = 2 ** 28;
const recordsPerTurn = 512;

type Read = (file: string) => Promise<Uint8Array>;

/** Bytes of a file, from a folder or an archive. */
async function reader(path: string, { name, folder, archive, train }: CifarFormat): Promise<Read> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return archiveReader(path);
  for (const place of [path, join(path, folder)]) {
    if (existsSync(join(place, train[0]))) return (file) => readFile(join(place, file));
  }
  if (existsSync(join(path, archive))) return archiveReader(join(path, archive));
  throw new DataError(
    `${name}: expected ${train[0]}, the folder ${folder} or the archive ${archive} in "${path}", found none. Download the binary version of the set there.`,
  );
}

async function archiveReader(path: string): Promise<Read> {
  const packed = await readFile(path);
  const unpacked = await promisify(gunzip)(packed, { maxOutputLength: largestArchive }).catch(
    (cause: Error) => {
      throw new FormatError(
        `"${path}" cannot be decompressed (${cause.message}). Download it again.`,
        { cause },
      );
    },
  );
  const files = filesInTar(unpacked, `"${path}"`);
  return async (file) => {
    for (const [name, bytes] of files) if (name.endsWith(`/${file}`)) return bytes;
    throw new FormatError(`"${path}": it has no file ${file}. It must be the binary version.`);
  };
}

/** The records of files one after the other: x `[n, 32, 32, 3]`, y `[n]`. */
async function readPart(
  files: readonly string[],
  read: Read,
  format: CifarFormat,
): Promise<Labelled> {
  const record = format.labelBytes + imageBytes;
  const parts: Uint8Array[] = [];
  for (const file of files) {
    const bytes = await read(file);
    if (bytes.length === 0 || bytes.length % record !== 0) {
      throw new FormatError(
        `${format.name}: ${file} has ${bytes.length} bytes, which is no number of records of ${record}. Download it again.`,
      );
    }
    parts.push(bytes);
  }
  const count = parts.reduce((sum, { length }) => sum + length / record, 0);
  const x = new Uint8Array(count * imageBytes);
  const y = new Uint8Array(count);
  let n = 0;
  for (const [i, bytes] of parts.entries()) {
    for (let at = 0; at < bytes.length; at += record, n++) {
      y[n] = bytes[at + format.label];
      if (y[n] >= format.classes) {
        throw new FormatError(
          `${format.name}: ${files[i]}: record ${at / record} has the label ${y[n]} of ${format.classes}.`,
        );
      }
      const from = at + format.labelBytes;
      for (let p = 0, to = n * imageBytes; p < pixels; p++) {
        x[to++] = bytes[from + p];
        x[to++] = bytes[from + pixels + p];
        x[to++] = bytes[from + 2 * pixels + p];
      }
      if (n % recordsPerTurn === 0) await setImmediate();
    }
  }
  return { x: fromData(x, [count, side, side, 3], 'uint8'), y: fromData(y, [count], 'uint8') };
}

/** Both parts of a set. */
export async function readCifar(path: string, format: CifarFormat): Promise<LabelledSplits> {
  const read = await reader(path, format);
  const train = await readPart(format.train, read, format);
  return { train, test: await readPart(format.test, read, format) };
}
