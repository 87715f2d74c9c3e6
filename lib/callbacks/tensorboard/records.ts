// TFRecord files: each record between its length and checksums (masked CRC-32C, little endian).
// https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
import { appendFile, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join as joinPath } from 'node:path';
import { type Bytes, double, integer, join, message, text } from './protobuf.js';

/** CRC-32C of single bytes: the reversed polynomial of Castagnoli. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(data: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Rotated and shifted, so that the checksum of data with checksums in it is no special case. */
function maskedChecksum(data: Bytes): Bytes {
  const crc = crc32c(data);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return bytes;
}

export function frame(record: Bytes): Bytes {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(record.length));
  return join([length, maskedChecksum(length), record, maskedChecksum(record)]);
}

let writers = 0;

/** An Event with some content, at a time in seconds. */
const event = (time: number, step: number, ...content: readonly Bytes[]): Bytes =>
  join([double(1, time), ...(step > 0 ? [integer(2, step)] : []), ...content]);

/** An event file that grows; what is written is in it when the promise resolves. */
export class EventFile {
  private readonly path: string;
  private begun = false;

  /** @param folder is made when the first event is written */
  constructor(private readonly folder: string) {
    const seconds = Math.floor(Date.now() / 1000);
    const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${writers++}.v2`;
    this.path = joinPath(folder, name);
  }

  /** Appends one event for each content: a field of Event (`summary`, `graph_def`). */
  async write(step: number, contents: readonly Bytes[]): Promise<void> {
    const time = Date.now() / 1000;
    const events = contents.map((content) => event(time, step, content));
    if (!this.begun) {
      this.begun = true;
      await mkdir(this.folder, { recursive: true });
      const writer = message(10, text(1, 'neurone'));
      events.unshift(event(Math.floor(time), 0, text(3, 'brain.Event:2'), writer));
    }
    await appendFile(this.path, join(events.map(frame)));
  }
}
