// Reading the frames of a CTC model back into labels: the likeliest class of each frame, or a search over
// the likeliest beginnings.

import { cast } from '../ops/convert.js';
import { atPath, recordable } from '../ops/define.js';
import { less, logicalAnd, negative, notEqual, where } from '../ops/elementwise.js';
import { arange, expandDims, pad, sliceAxis } from '../ops/movement.js';
import { argmax, max, sum } from '../ops/reduce.js';
import { argsort, takeAlongAxis } from '../ops/sort.js';
import { fromData, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type BeamSearch, searchBeams } from './beam.js';
import { blankOf, checkShape, logitsOf } from './loss.js';

export interface CtcDecodeOptions {
  /** The likeliest class of each frame, or a search for the likeliest rows of labels. Default `greedy`. */
  readonly strategy?: 'greedy' | 'beam_search' | 'beamSearch';
  /** How many beginnings a search keeps. Default 100. */
  readonly beamWidth?: number;
  /** How many rows of labels a search returns, the likeliest first. Default 1. */
  readonly topPaths?: number;
  /** Whether a label in neighbouring frames is read once, of `greedy`. Default true. */
  readonly mergeRepeated?: boolean;
  /** The class that stands for no label; a negative one counts from the end; null: the last. Default 0. */
  readonly maskIndex?: number | null;
}

const optionNames = ['strategy', 'beamWidth', 'topPaths', 'mergeRepeated', 'maskIndex'];

function greedy(logits: Tensor, lengths: Tensor, blank: number, merge: boolean): [Tensor, Tensor] {
  const frames = logits.shape[1];
  const counts = less(arange(0, frames), expandDims(lengths, 1));
  const labels = argmax(logits, -1);
  const before = pad(
    sliceAxis(labels, 1, 0, Math.max(0, frames - 1)),
    [
      [0, 0],
      [Math.min(1, frames), 0],
    ],
    -1,
  );
  const isLabel = logicalAnd(counts, notEqual(labels, blank));
  const kept = merge ? logicalAnd(isLabel, notEqual(labels, before)) : isLabel;
  // Those that are kept come to the front, in their order.
  const order = argsort(where(kept, 0, 1).cast('int32'));
  const read = takeAlongAxis(where(kept, labels, -1), order, -1);
  const score = negative(sum(where(counts, max(logits, -1), 0), -1, { keepDims: true }));
  return [expandDims(read, 0), score];
}

/** Checks the widths of a search. */
function checkSearch({ beamWidth, topPaths }: Pick<BeamSearch, 'beamWidth' | 'topPaths'>): void {
  for (const [name, value] of Object.entries({ beamWidth, topPaths })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new ConfigError(`ctcDecode: ${name} must be a whole number of 1 or more, got ${value}.`);
  }
  if (topPaths <= beamWidth) return;
  throw new ConfigError(
    `ctcDecode: topPaths must be at most beamWidth, got ${topPaths} and ${beamWidth}.`,
  );
}

/**
 * Labels that a CTC model's logits stand for, as Keras's `ops.ctc_decode`.
 *
 * @param inputs logits `[batch, frames, classes]`
 * @param sequenceLengths how many frames of each row count, `[batch]`
 * @returns `[labels, scores]`: int32 `[paths, batch, frames]`, −1 behind the last label, and `[batch, paths]`:
 *   of `greedy` minus the sum of the largest logits, of a search log-likelihoods. A search reads the logits as
 *   numbers, and so cannot be part of a traced function.
 * @throws ShapeError if shapes do not fit; ConfigError for options that make no sense; TraceError for a search
 *   in a trace
 */
export const ctcDecode = recordable(
  'ctcDecode',
  (
    inputs: TensorLike,
    sequenceLengths: TensorLike,
    options: CtcDecodeOptions = {},
  ): [Tensor, Tensor] => {
    checkOptions('ctcDecode', options, optionNames);
    const { strategy = 'greedy', beamWidth = 100, topPaths = 1, mergeRepeated = true } = options;
    const logits = logitsOf('ctcDecode', inputs);
    const lengths = cast(sequenceLengths, 'int32');
    const [batch, frames, classes] = logits.shape;
    checkShape('ctcDecode', 'sequenceLengths', lengths, [batch]);
    const blank = blankOf(
      'ctcDecode',
      options.maskIndex === null ? -1 : (options.maskIndex ?? 0),
      classes,
    );
    if (strategy === 'greedy') return greedy(logits, lengths, blank, mergeRepeated);
    if (strategy !== 'beam_search' && strategy !== 'beamSearch') {
      throw new ConfigError(
        `ctcDecode: strategy must be greedy or beam_search, got ${JSON.stringify(strategy)}.`,
      );
    }
    checkSearch({ beamWidth, topPaths });
    const until = lengths.dataSync();
    const long = until.findIndex((n) => n > frames);
    if (long >= 0) {
      throw new ShapeError(
        `ctcDecode: row ${long} has ${frames} frames, got ${until[long]} as its length${atPath()}.`,
      );
    }
    const data = logits.dataSync();
    const labels = new Int32Array(topPaths * batch * frames).fill(-1);
    const scores = new Float32Array(batch * topPaths);
    for (let row = 0; row < batch; row++) {
      const from = row * frames * classes;
      const own = data.subarray(from, from + until[row] * classes);
      const paths = searchBeams(own, { classes, blank, beamWidth, topPaths });
      for (const [i, path] of paths.entries()) {
        labels.set(path.labels, (i * batch + row) * frames);
        scores[row * topPaths + i] = path.score;
      }
    }
    return [
      fromData(labels, [topPaths, batch, frames], 'int32'),
      fromData(scores, [batch, topPaths], 'float32'),
    ];
  },
);
