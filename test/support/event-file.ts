// Reading event files, independently of what writes them: TFRecords, and the protocol buffers in them.
import { readFileSync } from 'node:fs';

/** A field of a message: its number, and a whole number or bytes. */
interface Field {
  readonly number: number;
  readonly value: number | Buffer;
}

function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    if (at > message.length) throw new Error('a field is cut off');
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const wireType = key & 7;
    const value =
      wireType === 0 ? varint() : take(wireType === 1 ? 8 : wireType === 5 ? 4 : varint());
    yield { number: key >>> 3, value };
  }
}

const all = (message: Buffer, number: number): Buffer[] =>
  [...fieldsOf(message)].flatMap((f) => (f.number === number ? [f.value as Buffer] : []));
const one = (message: Buffer, ...path: readonly number[]): Buffer | undefined =>
  path.reduce<Buffer | undefined>((inner, n) => inner && all(inner, n)[0], message);
const whole = (message: Buffer | undefined, number: number): number =>
  Number(message && [...fieldsOf(message)].find((f) => f.number === number)?.value) || 0;

/** One value of a summary. */
export interface SummaryValue {
  readonly step: number;
  readonly tag: string;
  readonly plugin: string;
  readonly shape: readonly number[];
  /** Numbers, or the strings of a string tensor. */
  readonly values: readonly (number | Buffer)[];
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
}

/** What is in an event file. */
export interface EventFileContent {
  readonly version: string | undefined;
  readonly times: readonly number[];
  readonly values: readonly SummaryValue[];
  readonly nodes: readonly GraphNode[];
}

/** CRC-32C bit by bit. */
function crc32c(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (0x82f63b78 * (crc & 1));
  }
  return ~crc >>> 0;
}

function checked(data: Buffer, masked: number): Buffer {
  const rotated = (masked - 0xa282ead8) >>> 0;
  const crc = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  if (crc !== crc32c(data)) throw new Error('a checksum is wrong');
  return data;
}

function* recordsOf(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; ) {
    const head = checked(file.subarray(at, at + 8), file.readUInt32LE(at + 8));
    const length = Number(head.readBigUInt64LE());
    const end = at + 12 + length;
    yield checked(file.subarray(at + 12, end), file.readUInt32LE(end));
    at = end + 4;
  }
}

function summaryValue(value: Buffer, step: number): SummaryValue {
  const tensor = one(value, 8) ?? Buffer.alloc(0);
  const type = whole(tensor, 1);
  const content = one(tensor, 4) ?? Buffer.alloc(0);
  const size = type === 2 ? 8 : 4;
  const numbers = Array.from({ length: content.length / size }, (_, i) =>
    size === 8 ? content.readDoubleLE(i * size) : content.readFloatLE(i * size),
  );
  return {
    step,
    tag: String(one(value, 1)),
    plugin: String(one(value, 9, 1, 1)),
    shape: all(one(tensor, 2) ?? Buffer.alloc(0), 2).map((dim) => whole(dim, 1)),
    values: type === 7 ? all(tensor, 8) : numbers,
  };
}

/** Reads an event file whole; throws if a checksum is wrong or a record is cut off. */
export function readEventFile(path: string): EventFileContent {
  const events = [...recordsOf(readFileSync(path))];
  const graphs = events.flatMap((event) => all(event, 4));
  return {
    version: events[0] && one(events[0], 3)?.toString(),
    times: events.map((event) => one(event, 1)?.readDoubleLE() ?? 0),
    values: events.flatMap((event) =>
      all(event, 5).flatMap((summary) =>
        all(summary, 1).map((v) => summaryValue(v, whole(event, 2))),
      ),
    ),
    nodes: graphs.flatMap((graph) =>
      all(graph, 1).map((node) => ({
        name: String(one(node, 1)),
        op: String(one(node, 2)),
        inputs: all(node, 3).map(String),
      })),
    ),
  };
}
