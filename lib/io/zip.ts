// Reads the directory of a zip file, with every offset and size in it checked against the file. (fflate writes
// ours; it reads whole files into memory, and neither their checksums nor their directories.)
import { createWriteStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw } from 'node:zlib';
import { FormatError } from '../util/errors.js';

/** A file in the archive. */
export interface Member {
  readonly name: string;
  /** Where its bytes begin. */
  readonly offset: number;
  /** How many bytes it takes in the archive. */
  readonly stored: number;
  /** How many bytes it has. */
  readonly size: number;
  readonly crc: number;
  readonly deflated: boolean;
}

/** An open archive. */
export interface Archive {
  readonly file: FileHandle;
  readonly bytes: number;
  /** How messages begin. */
  readonly where: string;
}

const endBytes = 22;
const maxComment = 65535;
const maxMembers = 1 << 16;
/** Deflate makes at most so much of a byte. */
const maxExpansion = 1032;
const large = 0xffffffff;

const damaged = ({ where }: Archive, what: string): FormatError =>
  new FormatError(`${where}: damaged zip file: ${what}.`);

async function readAt(archive: Archive, offset: number, bytes: number): Promise<Buffer> {
  if (!(offset >= 0 && bytes >= 0 && offset + bytes <= archive.bytes)) {
    throw damaged(archive, `it refers to bytes beyond its end`);
  }
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await archive.file.read(buffer, 0, bytes, offset);
  if (bytesRead < bytes) throw damaged(archive, 'it ends early');
  return buffer;
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly members: number;
}

async function findDirectory(archive: Archive): Promise<Directory> {
  const tailBytes = Math.min(archive.bytes, endBytes + maxComment);
  const tail = await readAt(archive, archive.bytes - tailBytes, tailBytes);
  const at = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (at < 0 || at + endBytes > tail.length) throw damaged(archive, 'it has no directory');
  const end = {
    members: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  if (end.offset !== large && end.members !== 0xffff) return end;
  if (at < 20 || tail.toString('latin1', at - 20, at - 16) !== 'PK\x06\x07') return end;
  const wide = await readAt(archive, Number(tail.readBigUInt64LE(at - 12)), 56);
  return {
    members: Number(wide.readBigUInt64LE(32)),
    bytes: Number(wide.readBigUInt64LE(40)),
    offset: Number(wide.readBigUInt64LE(48)),
  };
}

/** Names that would lead out of a folder that the archive is unpacked in. */
const leadsOut = (name: string): boolean =>
  /^([/\\]|[A-Za-z]:)/.test(name) || name.split(/[/\\]/).includes('..') || name.includes('\0');

/** Sizes of 64 bits, in the order in which they stand in the extra field of a member. */
function wideSizes(extra: Buffer, given: readonly number[]): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    return given.map((value) => {
      if (value !== large || next + 8 > extra.length) return value;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    });
  }
  return [...given];
}

interface Header {
  readonly member: Omit<Member, 'offset'>;
  readonly header: number;
  readonly next: number;
}

function readHeader(archive: Archive, directory: Buffer, at: number): Header {
  if (at + 46 > directory.length || directory.toString('latin1', at, at + 4) !== 'PK\x01\x02') {
    throw damaged(archive, 'its directory ends early');
  }
  const [flags, method] = [directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10)];
  const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
  const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
  const next = extraEnd + directory.readUInt16LE(at + 32);
  const name = directory.toString('utf8', at + 46, nameEnd);
  const [size, stored, header] = wideSizes(directory.subarray(nameEnd, extraEnd), [
    directory.readUInt32LE(at + 24),
    directory.readUInt32LE(at + 20),
    directory.readUInt32LE(at + 42),
  ]);
  const quoted = JSON.stringify(name);
  if (leadsOut(name))
    throw new FormatError(`${archive.where}: its member ${quoted} leads out of it.`);
  if (flags & 1) throw new FormatError(`${archive.where}: its member ${quoted} is encrypted.`);
  if (method !== 0 && method !== 8)
    throw damaged(archive, `${quoted} is compressed by method ${method}`);
  const deflated = method === 8;
  if (deflated ? size > stored * maxExpansion : size !== stored) {
    throw damaged(archive, `${quoted} claims ${size} bytes, but takes ${stored}`);
  }
  const crc = directory.readUInt32LE(at + 16);
  return { member: { name, stored, size, crc, deflated }, header, next };
}

/** All members of an archive by name. @throws FormatError for anything wrong in its directory */
export async function readDirectory(archive: Archive): Promise<ReadonlyMap<string, Member>> {
  const { offset, bytes, members } = await findDirectory(archive);
  if (members > maxMembers) throw damaged(archive, `it claims ${members} members`);
  const directory = await readAt(archive, offset, bytes);
  const all = new Map<string, Member>();
  for (let i = 0, at = 0; i < members; i++) {
    const { member, header, next } = readHeader(archive, directory, at);
    const local = await readAt(archive, header, 30);
    if (local.toString('latin1', 0, 4) !== 'PK\x03\x04') {
      throw damaged(archive, `${JSON.stringify(member.name)} is not where its directory says`);
    }
    const begin = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    if (begin + member.stored > archive.bytes) throw damaged(archive, 'it ends early');
    if (all.has(member.name)) {
      throw damaged(archive, `${JSON.stringify(member.name)} is in it twice`);
    }
    all.set(member.name, { ...member, offset: begin });
    at = next;
  }
  return all;
}

/** Read and summed up in one go: less than a millisecond's work. */
const pieceBytes = 1 << 20;

const wrongSum = (archive: Archive, { name }: Member): FormatError =>
  damaged(
    archive,
    `the checksum of ${JSON.stringify(name)} is wrong: some of its bytes have changed`,
  );

/** Reads a member that is not compressed, and throws if its checksum is wrong. */
export async function checkMember(archive: Archive, member: Member): Promise<void> {
  const { offset, size, crc } = member;
  const buffer = Buffer.alloc(Math.min(pieceBytes, size));
  let sum = 0;
  for (let at = 0; at < size; ) {
    const length = Math.min(pieceBytes, size - at);
    const { bytesRead } = await archive.file.read(buffer, 0, length, offset + at);
    if (bytesRead === 0) throw damaged(archive, 'it ends early');
    sum = crc32(buffer.subarray(0, bytesRead), sum);
    at += bytesRead;
  }
  if (sum !== crc) throw wrongSum(archive, member);
}

/** Unpacks a compressed member of any size into a new file, and throws if it is not what the archive says. */
export async function unpackMember(archive: Archive, member: Member, path: string): Promise<void> {
  const { offset, stored, size, crc } = member;
  let sum = 0;
  let bytes = 0;
  const check = new Transform({
    transform(piece: Buffer, _encoding, done) {
      sum = crc32(piece, sum);
      bytes += piece.length;
      done(bytes > size ? new Error('too long') : null, piece);
    },
  });
  const packed = archive.file.createReadStream({
    start: offset,
    end: offset + stored - 1,
    autoClose: false,
  });
  const whole = await pipeline(packed, createInflateRaw(), check, createWriteStream(path)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      // Those of zlib begin with Z_; the system's are about the disk.
      if (error.code !== undefined && !error.code.startsWith('Z_')) throw error;
      return false;
    },
  );
  if (!whole || bytes !== size || sum !== crc) throw wrongSum(archive, member);
}

/** The bytes of a member, unpacked and checked. */
export async function readMember(archive: Archive, member: Member): Promise<Buffer> {
  const { offset, stored, size, crc, deflated } = member;
  const raw = await readAt(archive, offset, stored);
  const content = deflated
    ? await promisify(inflateRaw)(raw, { maxOutputLength: Math.max(size, 1) }).catch(
        () => undefined,
      )
    : raw;
  if (content?.length === size && crc32(content) === crc) return content;
  throw wrongSum(archive, member);
}
