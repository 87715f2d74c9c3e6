// Random kernels: element i of a stream takes word i mod 4 of Philox block ⌊i/4⌋, so what is drawn
// depends on seed, step, stream and position alone. Words are drawn in chunks.
import type { DataArray } from '../../../tensor/dtype.js';
import { sizeOf } from '../../../tensor/shape.js';
import type { Kernel } from '../kernel.js';
import { numberAttr } from './attrs.js';
import { normalQuantile } from './math.js';
import { chunkWords, drawWords } from './philox.js';

/** Writes elements `from` to `end` of y from the words of a chunk that starts at `from`. */
type DrawLoop = (words: Int32Array, y: DataArray, from: number, end: number) => void;

const unit = 2 ** -24;

const drawing =
  (loop: DrawLoop): Kernel =>
  ({ outputs: [{ shape }], attrs }) => {
    const n = sizeOf(shape);
    const range = { firstBlock: 0, stream: numberAttr(attrs, 'stream') };
    return (inputs, outputs) => {
      for (let from = 0; from < n; from += chunkWords) {
        range.firstBlock = from / 4;
        const words = drawWords(range, inputs[0]);
        loop(words, outputs[0], from, Math.min(from + chunkWords, n));
      }
    };
  };

/** Box–Muller pairs; an odd count drops the last sine. */
const drawNormals: DrawLoop = (words, y, from, end) => {
  for (let i = from, w = 0; i < end; i += 2, w += 2) {
    const radius = Math.sqrt(-2 * Math.log(((words[w] >>> 8) + 1) * unit));
    const angle = 2 * Math.PI * ((words[w + 1] >>> 8) * unit);
    y[i] = radius * Math.cos(angle);
    if (i + 1 < end) y[i + 1] = radius * Math.sin(angle);
  }
};

/** Φ(−2), the mass of the standard normal below the truncation. */
const tailMass = 0.02275013194817921;

const drawTruncatedNormals: DrawLoop = (words, y, from, end) => {
  for (let i = from; i < end; i++) {
    const fraction = ((words[i - from] >>> 8) + 0.5) * unit;
    y[i] = normalQuantile(tailMass + fraction * (1 - 2 * tailMass));
  }
};

const dropout: Kernel = ({ outputs: [{ shape }], attrs }) => {
  const n = sizeOf(shape);
  const range = { firstBlock: 0, stream: numberAttr(attrs, 'stream') };
  return (inputs, outputs) => {
    const x = inputs[0];
    const y = outputs[0];
    const rate = inputs[2][0];
    const threshold = Math.fround(rate) / unit;
    const scale = 1 / (1 - rate);
    for (let from = 0; from < n; from += chunkWords) {
      range.firstBlock = from / 4;
      const words = drawWords(range, inputs[1]);
      const end = Math.min(from + chunkWords, n);
      for (let i = from; i < end; i++) {
        y[i] = words[i - from] >>> 8 >= threshold ? x[i] * scale : 0;
      }
    }
  };
};

const advanceKey: Kernel = () => (inputs, outputs) => {
  const key = inputs[0];
  const next = outputs[0];
  const low = (key[2] + 1) | 0;
  next[3] = key[3] + (low === 0 ? 1 : 0);
  next[2] = low;
  next[1] = key[1];
  next[0] = key[0];
};

export const randomKernels: Record<string, Kernel> = {
  randomBits: drawing((words, y, from, end) => {
    for (let i = from; i < end; i++) y[i] = words[i - from];
  }),
  randomUniform: drawing((words, y, from, end) => {
    for (let i = from; i < end; i++) y[i] = (words[i - from] >>> 8) * unit;
  }),
  randomNormal: drawing(drawNormals),
  randomTruncatedNormal: drawing(drawTruncatedNormals),
  dropout,
  advanceKey,
};
