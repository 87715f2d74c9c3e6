// The file of BackupAndRestore: a JSON header, raw arrays, and a checksum of all that. It replaces the
// one before only when it is whole and on the disk.
//
//   8 bytes "NEURONE1" · uint32 length of the header · header · arrays one after the other · uint32 CRC-32
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { byteSize, type DType, isDType } from '../tensor/dtype.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { allocateData, fromData, type Tensor } from '../tensor/tensor.js';
import { zlib } from '../util/builtin.js';
import { FormatError } from '../util/errors.js';

const magic = 'NEURONE1';
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

interface ArrayInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What is in a backup: anything that JSON can hold, and named tensors. */
export interface Backup {
  readonly state: unknown;
  readonly tensors: readonly (readonly [name: string, tensor: Tensor])[];
}

/** JSON knows no NaN and infinities, which metrics can be. */
const encodeNumber = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value;

const decodeNumber = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'number' in value ? Number(value.number) : value;

async function encode({ state, tensors }: Backup): Promise<Buffer> {
  const arrays = tensors.map(([name, { dtype, shape }]): ArrayInfo => ({ name, dtype, shape }));
  const header = Buffer.from(JSON.stringify({ state, arrays }, encodeNumber));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const parts: Buffer[] = [Buffer.from(magic), length, header];
  for (const [, tensor] of tensors) {
    const data = await tensor.data();
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  const content = Buffer.concat(parts);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(zlib().crc32(content));
  return Buffer.concat([content, checksum]);
}

const isArrayInfo = (info: unknown): info is ArrayInfo =>
  typeof info === 'object' &&
  info !== null &&
  'name' in info &&
  'dtype' in info &&
  isDType(info.dtype) &&
  'shape' in info &&
  Array.isArray(info.shape) &&
  info.shape.every((d) => Number.isInteger(d) && d >= 0);

function decode(path: string, file: Buffer): Backup {
  const wrong = (what: string): FormatError =>
    new FormatError(
      `${path}: not a whole backup: ${what}. Delete it to begin anew, or put back the one before.`,
    );
  const start = magic.length + 4;
  if (file.length < start + 4 || file.toString('latin1', 0, magic.length) !== magic) {
    throw wrong('it does not begin as one');
  }
  const content = file.subarray(0, -4);
  if (zlib().crc32(content) !== file.readUInt32LE(content.length))
    throw wrong('its checksum is wrong');
  let at = start + file.readUInt32LE(magic.length);
  const { state, arrays } = JSON.parse(file.toString('utf8', start, at), decodeNumber);
  if (!Array.isArray(arrays) || !arrays.every(isArrayInfo)) throw wrong('its header is wrong');
  const tensors = arrays.map(({ name, dtype, shape }) => {
    const size = sizeOf(shape);
    const end = at + size * byteSize(dtype);
    if (end > content.length) throw wrong('its arrays are cut off');
    const data = allocateData(dtype, size);
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(content.subarray(at, end));
    at = end;
    return [name, fromData(data, shape, dtype)] as const;
  });
  return { state, tensors };
}

async function syncFolder(folder: string): Promise<void> {
  // Without this the renaming itself may be lost when the machine stops; not every system has it.
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Writes a backup. Killed at any moment, it leaves the former file or the new one at `path`. */
export async function writeBackup(path: string, backup: Backup): Promise<void> {
  if (!littleEndian) throw new FormatError('backups are written on little-endian machines only.');
  const content = await encode(backup);
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

/**
 * Reads a backup; undefined if there is none.
 *
 * @throws FormatError for a file that is none, or not whole
 */
export async function readBackup(path: string): Promise<Backup | undefined> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return decode(path, file);
}
