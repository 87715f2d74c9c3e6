// Random ops. Numbers are a function of a key (seed and step) and a stream, so a mask is computed
// again in the backward pass instead of being stored, and every backend draws the same bits.
import { type Shape, wholeShape } from '../tensor/shape.js';
import { fromData, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { asFloat, asTensor } from './convert.js';
import { call, defineOp, type Op, scope } from './define.js';
import { add, floor, multiply } from './elementwise.js';
import { concatenate, sliceAxis } from './movement.js';

function defineDraw(name: string, dtype: 'float32' | 'int32') {
  return defineOp({
    name,
    kind: 'random',
    rows: 'mixes',
    kernelAttrs: ['stream'],
    infer: (_, attrs) => [{ shape: attrs.shape as Shape, dtype }],
  });
}

const bitsOp = defineDraw('randomBits', 'int32');
const uniformOp = defineDraw('randomUniform', 'float32');
const normalOp = defineDraw('randomNormal', 'float32');
const truncatedOp = defineDraw('randomTruncatedNormal', 'float32');

const dropoutOp: Op = defineOp({
  name: 'dropout',
  kind: 'random',
  rows: 'mixes',
  infer: ([x]) => [x],
  inPlace: () => 0,
  vjp: ({ inputs: [, key, rate], grads: [dy], attrs }) => [
    dy && call(dropoutOp, [dy, key, rate], attrs),
  ],
});

const advanceOp = defineOp({
  name: 'advanceKey',
  kind: 'update',
  rows: 'mixes',
  infer: ([key]) => [key],
  inPlace: () => 0,
});

/** The key of the next step. */
export const advanceKey = (key: Tensor): Tensor => call(advanceOp, [key]);

let globalSeed = Math.floor(Math.random() * 2 ** 32);
let draws = 0;

/** @internal The seed that models and initializers start from. */
export const currentSeed = (): number => globalSeed;

/** @internal A number that differs at each call and follows from the seed. */
export const nextDraw = (): number => draws++;

/**
 * Makes everything random from here on a function of `seed`: initializers, shuffling, dropout.
 *
 * @param seed a whole number, of which the lowest 32 bits count
 * @throws ConfigError for anything else.
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError(
      `setRandomSeed: expected a whole number, got ${typeof seed === 'number' ? seed : typeof seed}.`,
    );
  }
  globalSeed = seed >>> 0;
  draws = 0;
}

/** @internal The key `(seed, 0, step low, step high)`. */
export const keyOf = (seed: number, step: number): Tensor =>
  fromData(Int32Array.of(seed | 0, 0, step | 0, Math.floor(step / 2 ** 32)), [4], 'int32');

/** Options of a draw. */
export interface DrawOptions {
  /** Makes the draw repeatable; default: the next of the global seed. */
  readonly seed?: number | undefined;
  /** @internal Which draw of the seed it is, outside of traces (whose key counts). Default 0. */
  readonly step?: number | undefined;
}

const drawOptions = ['seed', 'step'];

/** A key and stream for one draw: of the trace, of a seed of its own, or of the global seed. */
function drawFrom({ seed, step = 0 }: DrawOptions): { key: Tensor; stream: number } {
  const source = scope.random;
  if (source) {
    const key = source.key(seed);
    const stream = source.stream(scope.path);
    if (seed === undefined) return { key, stream };
    // A seed of the draw's own replaces the model's; the step, and a loop's iteration, stay.
    const own = fromData(Int32Array.of(seed | 0), [1], 'int32');
    return { key: concatenate([own, sliceAxis(key, 0, 1, 4)]), stream };
  }
  if (seed !== undefined) return { key: keyOf(seed, step), stream: 0 };
  return { key: keyOf(globalSeed, nextDraw()), stream: 1 };
}

const draw =
  (op: typeof uniformOp) =>
  (shape: Shape, options: DrawOptions): Tensor => {
    const { key, stream } = drawFrom(options);
    return call(op, [key], { stream, shape: wholeShape(shape, op.name) });
  };

const drawUniform = draw(uniformOp);
const drawNormal = draw(normalOp);
const drawTruncated = draw(truncatedOp);

/** 32 random bits per element, int32. */
export const bits = (shape: Shape, options: DrawOptions = {}): Tensor =>
  draw(bitsOp)(shape, options);

/** Uniform on [minval, maxval). */
export const uniform = (
  shape: Shape,
  options: DrawOptions & { minval?: number; maxval?: number } = {},
): Tensor => {
  checkOptions('uniform', options, [...drawOptions, 'minval', 'maxval']);
  const { minval = 0, maxval = 1 } = options;
  const u = drawUniform(shape, options);
  return minval === 0 && maxval === 1 ? u : add(multiply(u, maxval - minval), minval);
};

/** Normal with a mean and a standard deviation. */
export const normal = (
  shape: Shape,
  options: DrawOptions & { mean?: number; stddev?: number } = {},
): Tensor => {
  checkOptions('normal', options, [...drawOptions, 'mean', 'stddev']);
  const { mean = 0, stddev = 1 } = options;
  return add(multiply(drawNormal(shape, options), stddev), mean);
};

/** Normal, restricted to two standard deviations around the mean. */
export const truncatedNormal = (
  shape: Shape,
  options: DrawOptions & { mean?: number; stddev?: number } = {},
): Tensor => {
  checkOptions('truncatedNormal', options, [...drawOptions, 'mean', 'stddev']);
  const { mean = 0, stddev = 1 } = options;
  return add(multiply(drawTruncated(shape, options), stddev), mean);
};

/** Whole numbers from minval up to, not including, maxval; float32. */
export const randint = (
  shape: Shape,
  minval: number,
  maxval: number,
  options: DrawOptions = {},
): Tensor => floor(uniform(shape, { ...options, minval, maxval }));

/** Zeroes a fraction `rate` of the elements and scales the rest by 1 / (1 − rate). */
export function dropout(x: TensorLike, rate: number | Tensor, options: DrawOptions = {}): Tensor {
  checkOptions('dropout', options, drawOptions);
  const { key, stream } = drawFrom(options);
  return call(dropoutOp, [asFloat(x), key, asTensor(rate)], { stream });
}
