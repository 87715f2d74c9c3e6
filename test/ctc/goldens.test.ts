// CTC against what Keras 3 on TensorFlow computed (scripts/goldens/ctc.py): losses, gradients, decoding.
import { describe, it } from 'vitest';
import { compile, grad, losses, ops, type Tensor, tensor } from '../../lib/index.js';
import { expectTensor, type GoldenArray, readGoldens, tensorOf } from '../support/golden.js';

interface Case {
  readonly kind: 'loss' | 'decode';
  readonly label: string;
  readonly options: {
    readonly mask_index?: number | null;
    readonly strategy?: 'greedy' | 'beam_search';
    readonly beam_width?: number;
    readonly top_paths?: number;
    readonly merge_repeated?: boolean;
  };
  readonly labels: GoldenArray;
  readonly logits: GoldenArray;
  readonly lengths?: readonly number[];
  readonly frames: readonly number[];
  readonly value: GoldenArray;
  readonly gradient: GoldenArray;
  readonly paths: GoldenArray;
  readonly scores: GoldenArray;
}

const ints = (values: readonly number[]): Tensor => tensor(Int32Array.from(values));
const casesOf = (kind: Case['kind']) =>
  readGoldens<Case>('ctc')
    .filter((golden) => golden.kind === kind)
    .map((golden) => [golden.label, golden] as const);

describe('ctcLoss', () => {
  it.each(casesOf('loss'))('%s', async (_, { labels, logits, lengths, frames, ...golden }) => {
    const [y, x] = [labels, logits].map(tensorOf);
    const { mask_index = 0 } = golden.options;
    const loss = (t: Tensor): Tensor =>
      lengths
        ? ops.ctcLoss(y, t, ints(lengths), ints(frames), mask_index ?? 0)
        : new losses.CTC({ reduction: null }).apply(y, t);
    await expectTensor('value', loss(x), golden.value, { relative: 1e-5 });
    const gradient = compile((t: Tensor) => grad((u: Tensor) => ops.sum(loss(u)))(t));
    // Of labels that do not fit, Keras takes differences of numbers near 700, in float32.
    const fits = Math.max(...loss(x).dataSync()) < 700;
    await expectTensor('gradient', gradient(x), golden.gradient, { absolute: fits ? 2e-6 : 6e-5 });
  });
});

describe('ctcDecode', () => {
  it.each(casesOf('decode'))('%s', async (_, { logits, frames, options, paths, scores }) => {
    const [labels, likelihoods] = ops.ctcDecode(tensorOf(logits), ints(frames), {
      strategy: options.strategy,
      beamWidth: options.beam_width,
      topPaths: options.top_paths,
      mergeRepeated: options.merge_repeated,
      maskIndex: options.mask_index,
    });
    await expectTensor('labels', labels, paths);
    await expectTensor('scores', likelihoods, scores, { relative: 1e-5, absolute: 1e-5 });
  });
});
