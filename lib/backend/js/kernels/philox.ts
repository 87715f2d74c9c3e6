// Philox 4×32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3" (SC'11). Bit for bit the same as the native backend's.
import type { DataArray } from '../../../tensor/dtype.js';
import { wasmModule } from '../wasm/module.js';

/** High word of the unsigned product of two 32-bit words, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const carry = ((Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff)) >>> 16;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + carry) | 0;
}

/** Which random numbers: words of blocks `firstBlock`… of one stream, at the step and seed of `key`. */
export interface PhiloxRange {
  firstBlock: number;
  readonly stream: number;
}

/** Fills `words` in plain JS, four to a block; key is (seedLow, seedHigh, stepLow, stepHigh). */
export function philox(words: Int32Array, range: PhiloxRange, key: DataArray): void {
  for (let at = 0, block = range.firstBlock; at < words.length; at += 4, block++) {
    let c0 = block | 0;
    let c1 = range.stream | 0;
    let c2 = key[2] | 0;
    let c3 = key[3] | 0;
    let k0 = key[0] | 0;
    let k1 = key[1] | 0;
    for (let round = 0; round < 10; round++) {
      const high0 = multiplyHigh(0xd2511f53, c0);
      const low0 = Math.imul(0xd2511f53, c0);
      const high1 = multiplyHigh(0xcd9e8d57, c2);
      const low1 = Math.imul(0xcd9e8d57, c2);
      c0 = high1 ^ c1 ^ k0;
      c1 = low1;
      c2 = high0 ^ c3 ^ k1;
      c3 = low0;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    words[at] = c0;
    words[at + 1] = c1;
    words[at + 2] = c2;
    words[at + 3] = c3;
  }
}

/** Words that drawWords() gives at a time. */
export const chunkWords = 4096;

let chunk: Int32Array | undefined;

/** An array that begins with the first `chunkWords` words of a range, until the next call. */
export function drawWords(range: PhiloxRange, key: DataArray): Int32Array {
  const wasm = wasmModule();
  if (wasm) {
    const { firstBlock, stream } = range;
    wasm.philox(0, chunkWords / 4, firstBlock, stream, key[2], key[3], key[0], key[1]);
    return wasm.words;
  }
  chunk ??= new Int32Array(chunkWords);
  philox(chunk, range, key);
  return chunk;
}
