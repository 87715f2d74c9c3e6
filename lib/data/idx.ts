// Reads IDX files, the format of MNIST: a magic number, big-endian sizes, then the values. The header
// is checked against the file's size before anything is allocated, so a damaged file costs no memory.
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, gunzip, gunzipSync } from 'node:zlib';
import { FormatError } from '../util/errors.js';

export type IdxValues =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: IdxValues;
}

interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, count: number) => IdxValues;
}

type Reader = 'getInt8' | 'getInt16' | 'getInt32' | 'getFloat32' | 'getFloat64';

const bigEndian = (
  bytes: number,
  values: { from(source: { length: number }, map: (_: unknown, i: number) => number): IdxValues },
  get: Reader,
): ElementType => ({
  bytes,
  read: (view, count) => values.from({ length: count }, (_, i) => view[get](bytes * i)),
});

const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { bytes: 1, read: (v: DataView) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength) }],
  [0x09, bigEndian(1, Int8Array, 'getInt8')],
  [0x0b, bigEndian(2, Int16Array, 'getInt16')],
  [0x0c, bigEndian(4, Int32Array, 'getInt32')],
  [0x0d, bigEndian(4, Float32Array, 'getFloat32')],
  [0x0e, bigEndian(8, Float64Array, 'getFloat64')],
]);

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly count: number;
  /** Bytes before the values. */
  readonly length: number;
}

const longestHeader = 4 + 4 * 255;
// No gzip stream expands by more than this, so a longer claim in a header is false.
const mostExpansion = 1032;

const hex = (bytes: Uint8Array): string =>
  bytes.length === 0
    ? 'an empty file'
    : [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');

function parseHeader(bytes: Uint8Array, name: string): Header {
  const type = elementTypes.get(bytes[2]);
  const rank = bytes[3];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || !type) {
    throw new FormatError(
      `${name}: expected an IDX file (it begins with 00 00, a type of 08 to 0e, and the number of axes), got ${hex(bytes.subarray(0, 4))}. Check that the download is whole and is the file that its name says.`,
    );
  }
  const length = 4 + 4 * rank;
  if (bytes.length < length) {
    throw new FormatError(
      `${name}: expected a header of ${length} bytes for ${rank} axes, but the file ends after ${bytes.length}. Download it again.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { type, shape, count: shape.reduce((product, d) => product * d, 1), length };
}

function checkSize(header: Header, valueBytes: number, name: string): void {
  const expected = header.count * header.type.bytes;
  if (valueBytes === expected) return;
  throw new FormatError(
    `${name}: its header says [${header.shape.join(', ')}], which is ${expected} bytes of values, but there are ${valueBytes}. The file is damaged or cut short; download it again.`,
  );
}

function decode(header: Header, values: Uint8Array): IdxArray {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  return { shape: header.shape, data: header.type.read(view, header.count) };
}

/**
 * Parses the bytes of an IDX file, which may be gzipped.
 *
 * @param name stands in error messages, e.g. the file's path.
 * @throws FormatError if the bytes are not an IDX file or not all of one.
 */
export async function parseIdx(bytes: Uint8Array, name: string): Promise<IdxArray> {
  const whole = isGzip(bytes) ? await inflate(bytes, name) : bytes;
  const header = parseHeader(whole, name);
  checkSize(header, whole.length - header.length, name);
  return decode(header, new Uint8Array(whole.subarray(header.length)));
}

/**
 * Reads an IDX file, which may be gzipped; uint8 values are read in place, without a second copy.
 *
 * @throws FormatError if the file is not an IDX file or not all of one.
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = await readBytes(file, 0, Math.min(size, longestHeader));
    if (isGzip(start)) return await parseIdx(await readBytes(file, 0, size), path);
    const header = parseHeader(start, path);
    checkSize(header, size - header.length, path);
    return decode(header, await readBytes(file, header.length, size - header.length));
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) return bytes.subarray(0, done);
    done += bytesRead;
  }
  return bytes;
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function inflate(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  try {
    const start = gunzipSync(bytes.subarray(0, 2 * longestHeader), {
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    const header = parseHeader(start, name);
    const size = header.length + header.count * header.type.bytes;
    if (size > bytes.length * mostExpansion) {
      throw new FormatError(
        `${name}: its header says [${header.shape.join(', ')}], more than ${bytes.length} compressed bytes can hold. The file is damaged; download it again.`,
      );
    }
    return await promisify(gunzip)(bytes, { maxOutputLength: size });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${name}: cannot decompress it (${why}). Download it again.`, { cause });
  }
}
