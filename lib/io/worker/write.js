// @ts-check
// Writes HDF5, and zip files around it.
import { closeSync, fsyncSync, openSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { strToU8, Zip, ZipPassThrough } from 'fflate';
import { File, Module } from 'h5wasm/node';
import { allow } from './confine.js';
import { readPieces } from './read.js';

/** @typedef {import('../protocol.js').Entry} Entry */
/** @typedef {import('../protocol.js').Request} Request */

/** HDF5's names of element types. */
const types = { float32: '<f', int32: '<i', int64: '<q', uint8: '<B' };

/** @type {File | undefined} */
let file;
let filePath = '';

/** Has what was written reach the disk, so that no rename can overtake it. @param {string} path */
function sync(path) {
  const id = openSync(path, 'r+');
  fsyncSync(id);
  closeSync(id);
}

/**
 * Starts a new file.
 * @param {string} path
 */
export function create(path) {
  filePath = resolve(path);
  allow(filePath, 0);
  file = new File(filePath, 'w');
}

/** @param {boolean} lasting whether it is to be on the disk */
export function close(lasting) {
  if (!file) return;
  file.close();
  file = undefined;
  if (lasting) sync(filePath);
}

/**
 * Writes a group, or a data set.
 * @param {Entry} entry
 */
export function write({ path, attributes = {}, data }) {
  if (!file) throw new Error('no file is open');
  if (data) {
    const { type, shape, values } = data;
    file.create_dataset({
      name: path,
      shape: [...shape],
      dtype: types[type],
      data: type === 'int64' ? BigInt64Array.from(values, BigInt) : values,
    });
  } else if (path !== '') {
    Module.create_group(file.file_id, path, false);
  }
  const object = path === '' ? file : file.get(path);
  if (!object || !('create_attribute' in object)) throw new Error(`"${path}" was not written`);
  for (const [name, value] of Object.entries(attributes)) {
    // A list of nothing has no type of its own; Keras's is of floats.
    if (value.length === 0) object.create_attribute(name, new Float64Array(0), [0]);
    else if (typeof value === 'string') object.create_attribute(name, value, [], 'S');
    else object.create_attribute(name, [...value], [value.length], 'S');
  }
}

/**
 * Writes a zip file of texts and one file, none of them compressed, as Keras does.
 * @param {Extract<Request, { op: 'zip' }>} request
 */
export function zip({ path, texts, file: inner, assets }) {
  const { size } = statSync(inner.path);
  if (size >= 2 ** 32 - 1) {
    throw new Error(
      `the weights have ${size} bytes, but a zip file of ours holds less than 4 GiB; save to a .h5 file instead`,
    );
  }
  const id = openSync(path, 'w');
  try {
    const archive = new Zip((error, piece) => {
      if (error) throw error;
      for (let at = 0; at < piece.length; ) at += writeSync(id, piece, at);
    });
    /** @param {Readonly<Record<string, string>>} members */
    const add = (members) => {
      for (const [name, text] of Object.entries(members)) {
        const member = new ZipPassThrough(name);
        archive.add(member);
        member.push(strToU8(text), true);
      }
    };
    add(texts);
    const member = new ZipPassThrough(inner.name);
    archive.add(member);
    // The archive keeps no piece, but what it is given must not change before it is written: it is written at once.
    readPieces(inner.path, { offset: 0, bytes: size }, (piece) => member.push(piece));
    member.push(new Uint8Array(0), true);
    add(assets);
    archive.end();
    fsyncSync(id);
  } finally {
    closeSync(id);
  }
}
