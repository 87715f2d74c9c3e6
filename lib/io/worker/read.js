// @ts-check
// Reads HDF5: first what there is, with every size checked against the file; then the data asked for.
import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { Attribute, Dataset, File, Module } from 'h5wasm/node';
import { allow, readDirectly } from './confine.js';

/** @typedef {import('../protocol.js').Attributes} Attributes */
/** @typedef {import('../protocol.js').Found} Found */
/** @typedef {import('../protocol.js').FoundData} FoundData */
/** @typedef {import('../protocol.js').Part} Part */
/** @typedef {import('../protocol.js').Values} Values */
/** @typedef {import('h5wasm/node').Metadata} Metadata */

const maxDepth = 32;
const maxObjects = 1 << 15;
/** So many objects are reported at a time. */
const reported = 16;
const pieceBytes = 1 << 22;
/** Deflate makes at most so much of a byte; a data set that claims more lies. */
const maxExpansion = 1032;

/** @type {File | undefined} */
let file;
let fileBytes = 0;

/**
 * Calls `take` with a part of a file, piece by piece.
 * @param {string} path
 * @param {{ offset: number, bytes: number }} part
 * @param {(piece: Uint8Array) => void} take
 */
export function readPieces(path, { offset, bytes }, take) {
  const id = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(Math.min(pieceBytes, bytes));
    for (let at = 0; at < bytes; ) {
      const n = readSync(id, buffer, 0, Math.min(buffer.length, bytes - at), offset + at);
      if (n === 0) throw new Error(`ends ${bytes - at} bytes early`);
      take(buffer.subarray(0, n));
      at += n;
    }
  } finally {
    closeSync(id);
  }
}

/**
 * Opens a file, or an uncompressed part of one, and lists what is in it.
 * @param {Part} part
 * @returns {Found}
 */
export function open(part) {
  fileBytes = part.bytes;
  const path = resolve(part.path);
  allow(path, part.offset);
  file = new File(path, 'r');
  return list(file);
}

export function close() {
  file?.close();
  file = undefined;
}

/**
 * @param {File} from
 * @returns {Found}
 */
function list(from) {
  /** @type {{ path: string, attributes: Attributes }[]} */
  const groups = [{ path: '', attributes: attributesOf(from.file_id, '/') }];
  /** @type {FoundData[]} */
  const data = [];
  const open = [{ path: '', depth: 0 }];
  let objects = 0;
  for (let group = open.pop(); group; group = open.pop()) {
    if (group.depth === maxDepth) throw new Error(`has groups nested deeper than ${maxDepth}`);
    for (const name of Module.get_names(from.file_id, group.path || '/', false)) {
      objects++;
      if (objects % reported === 0) parentPort?.postMessage({ listed: reported });
      if (objects > maxObjects) throw new Error(`has more than ${maxObjects} groups and data sets`);
      const path = group.path === '' ? name : `${group.path}/${name}`;
      const type = Module.get_type(from.file_id, `/${path}`);
      if (type === Module.H5G_GROUP) {
        groups.push({ path, attributes: attributesOf(from.file_id, path) });
        open.push({ path, depth: group.depth + 1 });
      } else if (type === Module.H5G_DATASET) {
        data.push(describe(from.file_id, path));
      } else {
        data.push({ path, shape: [], unreadable: 'a link or a type' });
      }
    }
  }
  return { groups, data };
}

/**
 * Throws unless the elements can be in the file.
 * @param {Metadata} metadata
 * @param {number} expansion how many bytes one in the file may become
 * @param {string} what
 */
function checkBytes(metadata, expansion, what) {
  const bytes = metadata.total_size * metadata.size;
  if (bytes >= 0 && bytes <= fileBytes * expansion) return;
  throw new Error(
    `${what} has shape [${metadata.shape}], which cannot be in a file of ${fileBytes} bytes`,
  );
}

/**
 * The attributes that are text.
 * @param {bigint} id
 * @param {string} path
 * @returns {Attributes}
 */
function attributesOf(id, path) {
  /** @type {Record<string, string | string[]>} */
  const attributes = {};
  for (const name of Module.get_attribute_names(id, path)) {
    const metadata = Module.get_attribute_metadata(id, path, name);
    if (metadata.type !== Module.H5T_class_t.H5T_STRING.value || !metadata.shape) continue;
    checkBytes(metadata, 1, `attribute ${JSON.stringify(name)} of "${path}"`);
    attributes[name] = /** @type {string | string[]} */ (new Attribute(id, path, name).value);
  }
  return attributes;
}

/**
 * What the elements are, in words, if they are not numbers that can be read.
 * @param {Metadata} metadata
 */
function unreadable({ type, size, shape, virtual_sources }) {
  const { H5T_INTEGER, H5T_FLOAT, H5T_ENUM } = Module.H5T_class_t;
  if (virtual_sources) return 'kept in other files';
  if (!shape) return 'nothing';
  if (type === H5T_FLOAT.value) return size === 4 || size === 8 ? undefined : `float${size * 8}`;
  if (type === H5T_INTEGER.value || type === H5T_ENUM.value) return undefined;
  return 'not numbers';
}

/**
 * @param {bigint} id
 * @param {string} path
 * @returns {FoundData}
 */
function describe(id, path) {
  const metadata = Module.get_dataset_metadata(id, path);
  const filtered = Module.get_dataset_filters(id, path).length > 0;
  checkBytes(metadata, filtered ? maxExpansion : 1, `data set "${path}"`);
  return { path, shape: metadata.shape ?? [], unreadable: unreadable(metadata) };
}

/** Below that the library's own way takes no longer. */
const directBytes = 1 << 16;

/**
 * The elements of a large float32 data set that lies in the file in one piece; undefined for others.
 * @param {bigint} id
 * @param {string} path
 */
function readLarge(id, path) {
  const { type, size, littleEndian, chunks, total_size } = Module.get_dataset_metadata(id, path);
  const bytes = total_size * size;
  const isFloat32 = type === Module.H5T_class_t.H5T_FLOAT.value && size === 4 && littleEndian;
  if (!isFloat32 || chunks || bytes < directBytes) return undefined;
  const memory = Module._malloc(bytes);
  if (memory === 0) throw new Error(`there is no memory for ${bytes} bytes`);
  try {
    const found = readDirectly(memory, bytes, () => {
      Module.get_dataset_data(id, path, null, null, null, BigInt(memory));
    });
    return found && new Float32Array(found.buffer);
  } finally {
    Module._free(memory);
  }
}

/** @param {BigInt64Array | BigUint64Array} values */
function narrow(values) {
  const narrowed = Int32Array.from(values, Number);
  if (narrowed.every((value, i) => BigInt(value) === values[i])) return narrowed;
  return Float64Array.from(values, Number);
}

/**
 * All elements of a data set, numbers of at most 53 bits.
 * @param {string} path
 * @returns {Values}
 */
export function read(path) {
  if (!file) throw new Error('no file is open');
  const large = readLarge(file.file_id, path);
  if (large) return large;
  // One element, of no axes, comes as a number.
  const values = new Dataset(file.file_id, path).value;
  if (typeof values === 'number') return Float64Array.of(values);
  if (typeof values === 'bigint') return Float64Array.of(Number(values));
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return narrow(values);
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  if (values instanceof Int32Array || values instanceof Uint8Array) return values;
  if (ArrayBuffer.isView(values)) return Float64Array.from(/** @type {Int16Array} */ (values));
  throw new Error(`data set "${path}" has no numbers`);
}
