// `Dataset`: elements that are read one after the other, and as often as wanted, without all being in memory.
import '../graph/evaluate.js';
import '../ops/methods.js';
import { currentSeed, nextDraw } from '../ops/random.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor, TypedArrayInput } from '../tensor/tensor.js';
import { ConfigError, DataError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { handOver, handsOver } from './lent.js';
import { generatorOf } from './mersenne.js';
import * as passes from './passes.js';
import { type Batched, countRows, isRowSource, type RowSource, rowsOf } from './rows.js';

export type { Elements } from './passes.js';
export type { Batched, RowSource } from './rows.js';

export interface MapOptions {
  /** Calls under way at the same time; their results stay in order. Default 1. */
  readonly parallel?: number;
}

export interface BatchOptions {
  /** Leave out a last batch that is smaller than the others. Default false. */
  readonly dropRemainder?: boolean;
}

export interface ShuffleOptions {
  /** Default: follows from `setRandomSeed`. */
  readonly seed?: number;
  /** Another order in each pass. Default true. */
  readonly reshuffleEachIteration?: boolean;
}

/** What a row of a source of rows is: a tensor's row is a tensor. */
type RowOf<S> = S extends Tensor | { readonly data: TypedArrayInput; readonly shape: Shape }
  ? Tensor
  : S extends TypedArrayInput
    ? number
    : S extends readonly (infer E)[]
      ? E
      : never;

/** A whole number from `least` on. @throws ConfigError for anything else */
export function checkCount(where: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ConfigError(`${where}: expected a whole number from ${least} on, got ${value}.`);
}

const isIterable = (source: unknown): source is passes.Elements<unknown> =>
  typeof source === 'object' &&
  source !== null &&
  (Symbol.iterator in source || Symbol.asyncIterator in source);

/** Rows `[x, y, …]` or `{ name: x, … }` of sources that have as many. */
function besides(parts: { readonly [name: string]: unknown }, list: boolean): Dataset<unknown> {
  const sources = Object.entries(parts).map(([name, part]): [string, RowSource] => {
    if (isRowSource(part)) return [name, part];
    throw new DataError(
      `Dataset.from: expected a tensor or an array as ${name}, got ${part === null ? 'null' : typeof part}.`,
    );
  });
  const [[first, one], ...more] = sources;
  const count = countRows(one, `Dataset.from: ${first}`);
  for (const [name, part] of more) {
    const rows = countRows(part, `Dataset.from: ${name}`);
    if (rows === count) continue;
    throw new DataError(`Dataset.from: ${first} has ${count} rows, but ${name} has ${rows}.`);
  }
  async function* open(): AsyncGenerator<unknown> {
    const all = await Promise.all(sources.map(([name, part]) => rowsOf(part, name)));
    for (let i = 0; i < count; i++) {
      const row = all.map((rows) => rows.row(i));
      yield list ? row : Object.fromEntries(sources.map(([name], at) => [name, row[at]]));
    }
  }
  return new Dataset(() => passes.turning(open()), count);
}

/**
 * Elements that are read in passes: `for await (const element of dataset)`. Every pass begins anew, and
 * nothing is computed or kept but what the pass needs. Methods make a new data set of an old one.
 *
 * A data set of batches goes to `fit`, `evaluate`, `predict` and `validationData`: its elements are
 * `[x, y]`, `[x, y, sampleWeight]`, `{ x, y, sampleWeight }`, or x alone.
 *
 * @example
 * const data = Dataset.from(x, y).shuffle(1000).map(([x, y]) => [x.div(255), y]).batch(32).prefetch(2);
 * await model.fit(data, null, { epochs: 5 });
 */
export class Dataset<T> implements AsyncIterable<T> {
  /** How many elements a pass has, if that is known; Infinity if it never ends. */
  readonly size: number | undefined;
  private readonly open: () => AsyncIterable<T>;

  /**
   * @param open begins a pass
   * @param size how many elements a pass has, if that is known
   */
  constructor(open: () => AsyncIterable<T>, size?: number) {
    this.open = open;
    this.size = size;
  }

  /**
   * A data set of rows, or of whatever an iterable yields.
   *
   * Tensors, typed arrays (with a shape as `{ data, shape }`) and arrays give their rows along the first
   * axis; with several of them (`from(x, y)`, or by name: `from({ x, y })`) an element has a row of each.
   * An iterable is read in each pass; of a generator, which can be read but once, give the function.
   *
   * @throws DataError for sources with different numbers of rows, and for what has no elements
   */
  static from<T>(source: () => passes.Elements<T>): Dataset<T>;
  static from<S extends RowSource>(source: S): Dataset<RowOf<S>>;
  static from<X extends RowSource, Y extends RowSource>(x: X, y: Y): Dataset<[RowOf<X>, RowOf<Y>]>;
  static from<X extends RowSource, Y extends RowSource, W extends RowSource>(
    x: X,
    y: Y,
    sampleWeight: W,
  ): Dataset<[RowOf<X>, RowOf<Y>, RowOf<W>]>;
  static from<T>(source: passes.Elements<T>): Dataset<T>;
  static from<R extends { readonly [name: string]: RowSource }>(
    parts: R,
  ): Dataset<{ readonly [K in keyof R]: RowOf<R[K]> }>;
  static from(source: unknown, ...more: unknown[]): Dataset<unknown> {
    const given = more.filter((part) => part !== undefined && part !== null);
    if (given.length > 0) {
      const names = ['x', 'y', 'sampleWeight'];
      return besides(
        Object.fromEntries([source, ...given].map((part, i) => [names[i], part])),
        true,
      );
    }
    if (typeof source === 'function') {
      return new Dataset(() => passes.turning(source() as passes.Elements<unknown>));
    }
    if (isRowSource(source)) {
      return besides({ x: source }, true).map((row) => (row as readonly unknown[])[0]);
    }
    if (isIterable(source)) return new Dataset(() => passes.turning(source));
    if (typeof source === 'object' && source !== null && Object.keys(source).length > 0) {
      return besides({ ...source }, false);
    }
    throw new DataError(
      `Dataset.from: expected tensors, arrays, an iterable or a function that gives one, got ${source === null ? 'null' : typeof source}.`,
    );
  }

  /** Elements of several data sets side by side, as many as the shortest has. */
  static zip<A, B>(a: Dataset<A>, b: Dataset<B>): Dataset<[A, B]>;
  static zip<A, B, C>(a: Dataset<A>, b: Dataset<B>, c: Dataset<C>): Dataset<[A, B, C]>;
  static zip(...datasets: Dataset<unknown>[]): Dataset<readonly unknown[]> {
    const sizes = datasets.map(({ size }) => size);
    const known = sizes.every((size) => size !== undefined);
    return new Dataset(
      () => passes.zipped(datasets),
      known ? Math.min(...(sizes as number[])) : undefined,
    );
  }

  /** A data set of the same elements in another order or number: they are seen by nobody in between. */
  private passingOn(open: () => AsyncIterable<T>, size: number | undefined): Dataset<T> {
    const made = new Dataset(open, size);
    return handsOver(this) ? handOver(made) : made;
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return this.open()[Symbol.asyncIterator]();
  }

  /** What `f(element, index)` gives for each element; it may be async, with `parallel` calls at a time. */
  map<U>(f: (element: T, index: number) => U | Promise<U>, options: MapOptions = {}): Dataset<U> {
    checkOptions('Dataset.map', options, ['parallel']);
    const parallel = checkCount('Dataset.map: parallel', options.parallel ?? 1, 1);
    return new Dataset(() => passes.mapped(this, f, parallel), this.size);
  }

  /** The elements for which `keep` is true. */
  filter(keep: (element: T) => boolean | Promise<boolean>): Dataset<T> {
    return new Dataset(() => passes.filtered(this, keep));
  }

  /**
   * `size` elements at a time, stacked along a new first axis: each part of an element for itself.
   *
   * @throws DataError (in the pass) for elements that are not numbers; ShapeError if they are not alike
   */
  batch(size: number, options: BatchOptions = {}): Dataset<Batched<T>> {
    checkOptions('Dataset.batch', options, ['dropRemainder']);
    checkCount('Dataset.batch: size', size, 1);
    const { dropRemainder = false } = options;
    const whole = dropRemainder ? Math.floor : Math.ceil;
    return new Dataset(
      () => passes.batches(this, size, dropRemainder) as AsyncGenerator<Batched<T>>,
      this.size === undefined ? undefined : whole(this.size / size),
    );
  }

  /**
   * Elements in random order: each is drawn from the next `bufferSize` ones, which are in memory. Of as
   * many as there are elements every order is as likely. Each pass has another order, which follows from
   * the seed and the number of the pass.
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    checkOptions('Dataset.shuffle', options, ['seed', 'reshuffleEachIteration']);
    checkCount('Dataset.shuffle: bufferSize', bufferSize, 1);
    const { reshuffleEachIteration = true } = options;
    const seed = options.seed ?? currentSeed() + nextDraw();
    let pass = 0;
    return this.passingOn(() => {
      const random = generatorOf(seed, reshuffleEachIteration ? pass++ : 0);
      return passes.shuffled(this, bufferSize, random);
    }, this.size);
  }

  /** All elements `times` times, by default without end: then `fit` needs `stepsPerEpoch`. */
  repeat(times = Number.POSITIVE_INFINITY): Dataset<T> {
    if (times !== Number.POSITIVE_INFINITY) checkCount('Dataset.repeat: times', times, 0);
    const size = this.size === 0 || times === 0 ? 0 : this.size;
    return this.passingOn(() => passes.repeated(() => this, times), size && size * times);
  }

  /** The first `count` elements. */
  take(count: number): Dataset<T> {
    checkCount('Dataset.take: count', count, 0);
    const { size } = this;
    return this.passingOn(() => passes.taken(this, count), size && Math.min(size, count));
  }

  /** All elements but the first `count`. */
  skip(count: number): Dataset<T> {
    checkCount('Dataset.skip: count', count, 0);
    const { size } = this;
    return this.passingOn(() => passes.skipped(this, count), size && Math.max(size - count, 0));
  }

  /** Prepares up to `count` elements while the one before is in use. */
  prefetch(count: number): Dataset<T> {
    checkCount('Dataset.prefetch: count', count, 1);
    return this.passingOn(() => passes.prefetched(this, count), this.size);
  }

  /** Keeps the elements of the first whole pass in memory; later passes read them there. */
  cache(): Dataset<T> {
    let kept: readonly T[] | undefined;
    const source = this;
    async function* open(): AsyncGenerator<T> {
      if (kept) return yield* kept;
      const elements: T[] = [];
      for await (const element of source) {
        elements.push(element);
        yield element;
      }
      kept = elements;
    }
    return new Dataset(() => passes.turning(open()), this.size);
  }
}
