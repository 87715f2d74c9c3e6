// @ts-check
// What the HDF5 library sees of the file system: one file, or one part of a file. Links and data sets in a
// hostile file name others, and would have it read those.
import { readSync } from 'node:fs';

/**
 * @typedef {{ nfd: number, position: number, offset?: number }} Stream
 * @typedef {object} FileSystem
 * @property {(path: string, flags: number, mode?: number) => Stream} open
 * @property {new (code: number) => Error} ErrnoError
 * @property {(stream: Stream, buffer: Int8Array, at: number, bytes: number, position?: number) => number} read
 * @property {(stream: Stream, buffer: Int8Array, at: number, bytes: number, position?: number) => number} write
 */

/** The library's ENOENT. */
const noSuchFile = 44;

/** @type {{ path: string, offset: number } | undefined} */
let allowed;

/** @type {string | undefined} */
let failedWrite;

/** @type {{ begin: number, bytes: Uint8Array, taken: number } | undefined} */
let direct;

/**
 * What `read` makes the library read into its memory from `begin` on goes into an array of its own instead, which
 * saves a copy: undefined if the library did not read all of it in one piece.
 * @param {number} begin
 * @param {number} length
 * @param {() => void} read
 */
export function readDirectly(begin, length, read) {
  const target = { begin, bytes: new Uint8Array(length), taken: 0 };
  direct = target;
  try {
    read();
  } finally {
    direct = undefined;
  }
  return target.taken === length ? target.bytes : undefined;
}

/** Why the system did not take what the library wrote, if it did not: `ENOSPC`. */
export const writeFailure = () => failedWrite;

/**
 * From now on the library may open this file, by its absolute path, and takes `offset` for its beginning.
 * @param {string} path
 * @param {number} offset
 */
export function allow(path, offset) {
  allowed = { path, offset };
}

/**
 * Puts the file system of the library under this control.
 * @param {unknown} module
 */
export function confine(module) {
  const { FS: fs } = /** @type {{ FS: FileSystem }} */ (module);
  const { open, read, write } = fs;
  fs.open = (path, flags, mode) => {
    if (allowed?.path !== path) throw new fs.ErrnoError(noSuchFile);
    const stream = open(path, flags, mode);
    stream.offset = allowed.offset;
    return stream;
  };
  fs.write = (stream, buffer, at, bytes, position) => {
    // What it prints of errors.
    if (stream.nfd <= 2) return bytes;
    try {
      return write(stream, buffer, at, bytes, position);
    } catch (error) {
      failedWrite = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw error;
    }
  };
  fs.read = (stream, buffer, at, bytes, position) => {
    const from = position ?? stream.position;
    const n = readAt(stream, buffer, at, bytes, from + (stream.offset ?? 0));
    if (position === undefined) stream.position += n;
    return n;
  };
  /** @type {(stream: Stream, buffer: Int8Array, at: number, bytes: number, position: number) => number} */
  function readAt(stream, buffer, at, bytes, position) {
    if (direct?.begin !== at || direct.bytes.length !== bytes)
      return read(stream, buffer, at, bytes, position);
    direct.taken = readSync(stream.nfd, direct.bytes, 0, bytes, position);
    return direct.taken;
  }
}
