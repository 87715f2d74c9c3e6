// Reads the files of a tar archive that is in memory.
import { FormatError } from '../util/errors.js';

const block = 512;

const text = (bytes: Uint8Array, from: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, length)
    .toString('latin1')
    .split('\0')[0];

/**
 * The files of an archive by name, as views of its bytes.
 *
 * @param where stands in error messages
 * @throws FormatError for what is no archive, or not all of one
 */
export function filesInTar(bytes: Uint8Array, where: string): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + block <= bytes.length && bytes[at] !== 0; ) {
    if (text(bytes, at + 257, 5) !== 'ustar') {
      throw new FormatError(`${where}: expected a tar archive. Download it again.`);
    }
    const size = Number.parseInt(text(bytes, at + 124, 12).trim(), 8);
    const begin = at + block;
    if (!(size >= 0 && begin + size <= bytes.length)) {
      throw new FormatError(`${where}: the tar archive is cut short. Download it again.`);
    }
    const type = String.fromCharCode(bytes[at + 156]);
    if (type === '0' || type === '\0') {
      files.set(text(bytes, at, 100), bytes.subarray(begin, begin + size));
    }
    at = begin + Math.ceil(size / block) * block;
  }
  return files;
}
