// Hashes of byte strings to 64 bits: the fingerprint of FarmHash (Pike and Alakuijala, the variant that
// never changes) and SipHash-2-4 (Aumasson and Bernstein, https://www.aumasson.jp/siphash/siphash.pdf).
// TensorFlow's buckets are their remainders.

const wrap = (x: bigint): bigint => BigInt.asUintN(64, x);
const times = (a: bigint, b: bigint): bigint => wrap(a * b);
const plus = (...terms: readonly bigint[]): bigint => wrap(terms.reduce((a, b) => a + b));
const rotateRight = (x: bigint, by: bigint): bigint => wrap((x >> by) | (x << (64n - by)));
const rotateLeft = (x: bigint, by: bigint): bigint => rotateRight(x, 64n - by);
const foldHigh = (x: bigint): bigint => x ^ (x >> 47n);

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

/** Reads little-endian words. */
class Words {
  private readonly view: DataView;
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  long(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }
  int(at: number): bigint {
    return BigInt(this.view.getUint32(at, true));
  }
}

type Pair = readonly [bigint, bigint];

function mixPair(u: bigint, v: bigint, factor: bigint): bigint {
  const a = foldHigh(times(u ^ v, factor));
  return times(foldHigh(times(v ^ a, factor)), factor);
}

function upTo16(bytes: Uint8Array, words: Words): bigint {
  const n = bytes.length;
  const length = BigInt(n);
  const factor = plus(K2, length * 2n);
  if (n >= 8) {
    const a = plus(words.long(0), K2);
    const b = words.long(n - 8);
    const c = plus(times(rotateRight(b, 37n), factor), a);
    const d = times(plus(rotateRight(a, 25n), b), factor);
    return mixPair(c, d, factor);
  }
  if (n >= 4) return mixPair(plus(length, words.int(0) << 3n), words.int(n - 4), factor);
  if (n === 0) return K2;
  const y = BigInt(bytes[0] + (bytes[n >> 1] << 8));
  const z = BigInt(n + (bytes[n - 1] << 2));
  return times(foldHigh(times(y, K2) ^ times(z, K0)), K2);
}

/** The two halves of what strings of 17 to 64 bytes are mixed from. */
function ends(a: bigint, b: bigint, c: bigint, d: bigint, extra: bigint): Pair {
  return [
    plus(rotateRight(plus(a, b), 43n), rotateRight(c, 30n), d),
    plus(a, rotateRight(plus(b, extra), 18n), c),
  ];
}

function upTo64(n: number, words: Words): bigint {
  const factor = plus(K2, BigInt(n) * 2n);
  const first = n > 32 ? K2 : K1;
  const a = times(words.long(0), first);
  const c = times(words.long(n - 8), factor);
  const [y, x] = ends(a, words.long(8), c, times(words.long(n - 16), K2), K2);
  const z = mixPair(y, x, factor);
  if (n <= 32) return z;
  const e = times(words.long(16), factor);
  const g = times(plus(y, words.long(n - 32)), factor);
  const h = times(plus(z, words.long(n - 24)), factor);
  const [p, q] = ends(e, words.long(24), g, h, a);
  return mixPair(p, q, factor);
}

/** 32 bytes at `at` with two seeds. */
function weak(words: Words, at: number, seedA: bigint, seedB: bigint): Pair {
  const a = plus(seedA, words.long(at));
  const z = words.long(at + 24);
  const b = rotateRight(plus(seedB, a, z), 21n);
  const sum = plus(a, words.long(at + 8), words.long(at + 16));
  return [plus(sum, z), plus(b, rotateRight(sum, 44n), a)];
}

interface State {
  x: bigint;
  y: bigint;
  z: bigint;
  v: Pair;
  w: Pair;
}

/** Takes in the 64 bytes at `at`. */
function absorb(s: State, words: Words, at: number, factor: bigint, more: bigint): State {
  const turned = times(rotateRight(plus(s.x, s.y, s.v[0], words.long(at + 8)), 37n), factor);
  const x = turned ^ times(s.w[1], more);
  const turnedY = times(rotateRight(plus(s.y, s.v[1], words.long(at + 48)), 42n), factor);
  const y = plus(turnedY, times(s.v[0], more), words.long(at + 40));
  const z = times(rotateRight(plus(s.z, s.w[0]), 33n), factor);
  const v = weak(words, at, times(s.v[1], factor), plus(x, s.w[0]));
  const w = weak(words, at + 32, plus(z, s.w[1]), plus(y, words.long(at + 16)));
  return { x: z, y, z: x, v, w };
}

function beyond64(n: number, words: Words): bigint {
  const seed = 81n;
  const y = plus(times(seed, K1), 113n);
  let s: State = {
    x: plus(times(seed, K2), words.long(0)),
    y,
    z: times(foldHigh(plus(times(y, K2), 113n)), K2),
    v: [0n, 0n],
    w: [0n, 0n],
  };
  const end = Math.floor((n - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) s = absorb(s, words, at, K1, 1n);
  const factor = plus(K1, (s.z & 0xffn) << 1n);
  const w0 = plus(s.w[0], BigInt((n - 1) & 63));
  const v0 = plus(s.v[0], w0);
  s = { ...s, v: [v0, s.v[1]], w: [plus(w0, v0), s.w[1]] };
  s = absorb(s, words, n - 64, factor, 9n);
  return mixPair(
    plus(mixPair(s.v[0], s.w[0], factor), times(foldHigh(s.y), K0), s.z),
    plus(mixPair(s.v[1], s.w[1], factor), s.x),
    factor,
  );
}

/** FarmHash's 64-bit fingerprint. */
export function fingerprint64(bytes: Uint8Array): bigint {
  const words = new Words(bytes);
  const n = bytes.length;
  if (n <= 16) return upTo16(bytes, words);
  return n <= 64 ? upTo64(n, words) : beyond64(n, words);
}

type SipState = [bigint, bigint, bigint, bigint];

function sipRounds(v: SipState, rounds: number): void {
  for (let i = 0; i < rounds; i++) {
    v[0] = plus(v[0], v[1]);
    v[2] = plus(v[2], v[3]);
    v[1] = rotateLeft(v[1], 13n) ^ v[0];
    v[3] = rotateLeft(v[3], 16n) ^ v[2];
    v[0] = plus(rotateLeft(v[0], 32n), v[3]);
    v[2] = plus(v[2], v[1]);
    v[1] = rotateLeft(v[1], 17n) ^ v[2];
    v[3] = rotateLeft(v[3], 21n) ^ v[0];
    v[2] = rotateLeft(v[2], 32n);
  }
}

/** SipHash-2-4 with a key of two words. */
export function sipHash64(bytes: Uint8Array, [k0, k1]: readonly [bigint, bigint]): bigint {
  const v: SipState = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const padded = new Uint8Array(Math.floor(bytes.length / 8) * 8 + 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 255;
  const words = new Words(padded);
  for (let at = 0; at < padded.length; at += 8) {
    const word = words.long(at);
    v[3] ^= word;
    sipRounds(v, 2);
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  sipRounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/** The key of SipHash: none for FarmHash. */
export type Salt = readonly [number, number] | undefined;

const encoder = new TextEncoder();

/** The bucket of a token among `buckets`, as TensorFlow hashes strings (numbers by their digits). */
export function bucketOf(token: string | number, buckets: number, salt: Salt): number {
  const bytes = encoder.encode(String(token));
  const hash = salt
    ? sipHash64(bytes, [wrap(BigInt(salt[0])), wrap(BigInt(salt[1]))])
    : fingerprint64(bytes);
  return Number(hash % BigInt(buckets));
}
