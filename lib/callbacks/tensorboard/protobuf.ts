// Protocol buffers as bytes, by hand: the few kinds of fields that event files have.

/** An encoded field, or several one after the other. */
export type Bytes = Uint8Array;

const utf8 = new TextEncoder();

export const join = (parts: readonly Bytes[]): Bytes => Buffer.concat(parts);

/** Seven bits at a time, the lowest first; for whole numbers from 0 up to 2⁵³. */
function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

const key = (field: number, wireType: number): Bytes => varint(field * 8 + wireType);

/** A whole number, or an enum. */
export const integer = (field: number, value: number): Bytes =>
  join([key(field, 0), varint(value)]);

export function double(field: number, value: number): Bytes {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return join([key(field, 1), bytes]);
}

/** Bytes, or a message. */
export const bytes = (field: number, value: Bytes): Bytes =>
  join([key(field, 2), varint(value.length), value]);

export const text = (field: number, value: string): Bytes => bytes(field, utf8.encode(value));

export const message = (field: number, ...parts: readonly Bytes[]): Bytes =>
  bytes(field, join(parts));
