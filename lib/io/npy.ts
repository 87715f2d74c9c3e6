// NumPy's array files: a header that says type, order and shape, then the values. Everything in a header is
// checked against the size of the file before memory is taken, and pickled objects are never read.
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { evaluate } from '../graph/evaluate.js';
import { realized } from '../graph/run.js';
import type { DataArray, DType } from '../tensor/dtype.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import { allocateData, fromData, type Tensor } from '../tensor/tensor.js';
import { DataError, FormatError } from '../util/errors.js';
import { writeAtomically } from './atomic.js';

interface ElementType {
  readonly bytes: number;
  /** What it becomes here. */
  readonly dtype: DType;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

/** A half-precision number: all of them are float32 numbers. */
function float16(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const elementTypes: Readonly<Record<string, ElementType>> = {
  b1: { bytes: 1, dtype: 'bool', read: (v, at) => (v.getUint8(at) ? 1 : 0) },
  u1: { bytes: 1, dtype: 'uint8', read: (v, at) => v.getUint8(at) },
  i1: { bytes: 1, dtype: 'int32', read: (v, at) => v.getInt8(at) },
  u2: { bytes: 2, dtype: 'int32', read: (v, at, little) => v.getUint16(at, little) },
  i2: { bytes: 2, dtype: 'int32', read: (v, at, little) => v.getInt16(at, little) },
  u4: { bytes: 4, dtype: 'int32', read: (v, at, little) => v.getUint32(at, little) },
  i4: { bytes: 4, dtype: 'int32', read: (v, at, little) => v.getInt32(at, little) },
  u8: { bytes: 8, dtype: 'int32', read: (v, at, little) => Number(v.getBigUint64(at, little)) },
  i8: { bytes: 8, dtype: 'int32', read: (v, at, little) => Number(v.getBigInt64(at, little)) },
  f2: { bytes: 2, dtype: 'float32', read: (v, at, little) => float16(v.getUint16(at, little)) },
  f4: { bytes: 4, dtype: 'float32', read: (v, at, little) => v.getFloat32(at, little) },
  f8: { bytes: 8, dtype: 'float32', read: (v, at, little) => v.getFloat64(at, little) },
};

const descriptions: Readonly<Record<DType, string>> = {
  float32: '<f4',
  int32: '<i4',
  uint8: '|u1',
  bool: '|b1',
};

interface Header {
  readonly type: ElementType;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly count: number;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');
/** NumPy itself reads no longer ones. */
const longestHeader = 10_000;
const mostAxes = 64;
const bytesPerTurn = 2 ** 19;

/** Where bytes come from: a file, or a member of an archive that is in memory. */
export interface Bytes {
  readonly size: number;
  /** `length` bytes from `offset` on; fewer only at the end. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
}

/** The fields of the Python dictionary in a header; nothing but the three that there are is understood. */
const fields =
  /^\{\s*'descr':\s*'(?<order>[<>|=])(?<code>\w+)',\s*'fortran_order':\s*(?<fortran>True|False),\s*'shape':\s*\((?<shape>[\d,\sL]*)\),?\s*\}\s*$/;

function parseFields(text: string, where: string): Header {
  const found = fields.exec(text)?.groups;
  if (!found) {
    const descr = /'descr':\s*('[^']*'|\[)/.exec(text)?.[1];
    const why = descr ? `its type ${descr.slice(0, 20)} is not of plain numbers` : 'it is damaged';
    throw new FormatError(
      `${where}: its header cannot be read: ${why}. Save an array of numbers or bools.`,
    );
  }
  const type = elementTypes[found.code];
  if (!type) {
    const remedy = found.code.startsWith('O')
      ? 'pickled objects are never read'
      : 'convert it with astype first';
    throw new FormatError(
      `${where}: its type '${found.order}${found.code}' is none of bool, int, uint, float16, float32 and float64; ${remedy}.`,
    );
  }
  const shape = found.shape.split(',').flatMap((part) => {
    const digits = part.trim().replace(/L$/, '');
    return digits === '' ? [] : [Number(digits)];
  });
  const count = sizeOf(shape);
  if (shape.length > mostAxes || !Number.isSafeInteger(count * type.bytes)) {
    throw new FormatError(`${where}: its header claims the shape ${formatShape(shape)}.`);
  }
  return { type, little: found.order !== '>', fortran: found.fortran === 'True', shape, count };
}

/** The header and where the values begin. @throws FormatError for anything wrong in it */
async function readHeader(bytes: Bytes, where: string): Promise<Header & { begin: number }> {
  const start = Buffer.from(await bytes.read(0, 12));
  if (start.length < 10 || !start.subarray(0, 6).equals(magic)) {
    throw new FormatError(
      `${where}: expected a NumPy array file (.npy), which begins with \\x93NUMPY.`,
    );
  }
  const version = start[6];
  if (version < 1 || version > 3) {
    throw new FormatError(`${where}: expected version 1, 2 or 3 of the format, got ${version}.`);
  }
  const wide = version > 1;
  const length = wide ? start.subarray(8).readUInt32LE() : start.readUInt16LE(8);
  const textAt = wide ? 12 : 10;
  if (length > longestHeader || textAt + length > bytes.size) {
    throw new FormatError(`${where}: it claims a header of ${length} bytes.`);
  }
  const text = Buffer.from(await bytes.read(textAt, length));
  const header = parseFields(text.toString(version === 3 ? 'utf8' : 'latin1'), where);
  const begin = textAt + length;
  const expected = header.count * header.type.bytes;
  if (bytes.size - begin !== expected) {
    throw new FormatError(
      `${where}: its header says ${formatShape(header.shape)}, which is ${expected} bytes of values, but there are ${bytes.size - begin}. The file is damaged or cut short.`,
    );
  }
  return { ...header, begin };
}

/** Where the values of a file in Fortran's order, one after the other, belong in C's. */
function* fortranPlaces(shape: readonly number[]): Generator<number> {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const index = shape.map(() => 0);
  for (let place = 0; ; ) {
    yield place;
    let axis = 0;
    for (; axis < shape.length; axis++) {
      place += strides[axis];
      if (++index[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis === shape.length) return;
  }
}

function checkWhole(value: number, i: number, where: string): void {
  if (value >= -(2 ** 31) && value < 2 ** 31) return;
  throw new DataError(
    `${where}: element ${i} is ${value}, which int32 does not hold. Save it as float, or as int32 after scaling.`,
  );
}

/** The array that bytes hold; lets the event loop turn between slices. */
export async function parseNpy(bytes: Bytes, where: string): Promise<Tensor> {
  const { type, little, fortran, shape, count, begin } = await readHeader(bytes, where);
  const data: DataArray = allocateData(type.dtype, count);
  const places = fortran && shape.length > 1 ? fortranPlaces(shape) : undefined;
  const step = bytesPerTurn / type.bytes;
  for (let from = 0; from < count; from += step) {
    const values = Math.min(step, count - from);
    const slice = await bytes.read(begin + from * type.bytes, values * type.bytes);
    if (slice.length < values * type.bytes) {
      throw new FormatError(`${where}: the file ends early.`);
    }
    const view = new DataView(slice.buffer, slice.byteOffset, slice.byteLength);
    for (let i = 0; i < values; i++) {
      const value = type.read(view, i * type.bytes, little);
      if (type.dtype === 'int32') checkWhole(value, from + i, where);
      data[places ? (places.next().value as number) : from + i] = value;
    }
    await setImmediate();
  }
  return fromData(data, shape, type.dtype);
}

/** The array of a `.npy` file. */
export async function loadNpy(path: string): Promise<Tensor> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const buffer = Buffer.alloc(Math.max(Math.min(length, size - offset), 0));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    };
    return await parseNpy({ size, read }, `"${path}"`);
  } finally {
    await file.close();
  }
}

/** The parts of an array file: header and values. Shared memory is written from as it is. */
export async function npyParts(t: Tensor): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  await evaluate(t);
  const { data: held } = realized(t);
  const data = held instanceof Float64Array ? Float32Array.from(held) : held;
  const shape = t.shape.length === 1 ? `${t.shape[0]},` : t.shape.join(', ');
  const text = `{'descr': '${descriptions[t.dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const header = Buffer.alloc(length, ' ');
  magic.copy(header);
  header.set([1, 0], 6);
  header.writeUInt16LE(length - 10, 8);
  header.write(text, 10, 'latin1');
  header[length - 1] = 0x0a;
  const { buffer, byteOffset, byteLength } = data;
  return [header, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)];
}

/** Writes a `.npy` file, whole or not at all. */
export async function saveNpy(path: string, t: Tensor): Promise<void> {
  const parts = await npyParts(t);
  await writeAtomically(path, true, async (temporary) => {
    const file = await open(temporary, 'w');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}
