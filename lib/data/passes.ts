// What a data set does to one pass over another: async generators, which close what they read when they end.
import { setImmediate } from 'node:timers/promises';
import type { MersenneTwister } from './mersenne.js';
import { stack } from './rows.js';

/** Elements, now or later. */
export type Elements<T> = Iterable<T> | AsyncIterable<T>;

const msPerTurn = 2;

/** The elements of a source; however fast it is, the event loop turns meanwhile. */
export async function* turning<T>(source: Elements<T>): AsyncGenerator<T> {
  let last = performance.now();
  for await (const element of source) {
    yield element;
    if (performance.now() - last < msPerTurn) continue;
    await setImmediate();
    last = performance.now();
  }
}

/** What `f` gives for each element, in order, with up to `parallel` calls under way. */
export async function* mapped<T, U>(
  source: AsyncIterable<T>,
  f: (element: T, index: number) => U | Promise<U>,
  parallel: number,
): AsyncGenerator<U> {
  const running: Promise<U>[] = [];
  let index = 0;
  for await (const element of source) {
    const i = index++;
    const result = (async () => f(element, i))();
    // Whoever comes to it in order hears of its failure.
    result.catch(() => {});
    running.push(result);
    if (running.length >= parallel) yield await (running.shift() as Promise<U>);
  }
  for (const result of running) yield await result;
}

export async function* filtered<T>(
  source: AsyncIterable<T>,
  keep: (element: T) => boolean | Promise<boolean>,
): AsyncGenerator<T> {
  for await (const element of source) if (await keep(element)) yield element;
}

/** `size` elements at a time; the last time what is left. */
export async function* groups<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const element of source) {
    group.push(element);
    if (group.length < size) continue;
    const whole = group;
    group = [];
    yield whole;
  }
  if (group.length > 0) yield group;
}

export async function* batches<T>(
  source: AsyncIterable<T>,
  size: number,
  dropRemainder: boolean,
): AsyncGenerator<unknown> {
  let index = 0;
  for await (const group of groups(source, size)) {
    if (group.length < size && dropRemainder) return;
    yield await stack(group, `batch ${index++}`);
  }
}

/** Elements in an order in which each of the next `size` is as likely. */
export async function* shuffled<T>(
  source: AsyncIterable<T>,
  size: number,
  random: MersenneTwister,
): AsyncGenerator<T> {
  const held: T[] = [];
  for await (const element of source) {
    if (held.length < size) {
      held.push(element);
      continue;
    }
    const i = random.upTo(size - 1);
    const drawn = held[i];
    held[i] = element;
    yield drawn;
  }
  await random.shuffle(held);
  yield* held;
}

export async function* repeated<T>(open: () => AsyncIterable<T>, times: number): AsyncGenerator<T> {
  for (let i = 0; i < times; i++) {
    let any = false;
    for await (const element of open()) {
      any = true;
      yield element;
    }
    if (!any) return;
  }
}

export async function* taken<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  if (count === 0) return;
  let left = count;
  for await (const element of source) {
    yield element;
    if (--left === 0) return;
  }
}

export async function* skipped<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const element of source) if (left-- <= 0) yield element;
}

/** Asks for up to `count` elements ahead of the one that is read. */
export async function* prefetched<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<T>>[] = [];
  const ask = (): void => {
    const next = iterator.next();
    // Whoever comes to it in order hears of its failure.
    next.catch(() => {});
    asked.push(next);
  };
  try {
    while (asked.length < count) ask();
    for (;;) {
      ask();
      const result = await (asked.shift() as Promise<IteratorResult<T>>);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Elements of several sources side by side, as long as each has one. */
export async function* zipped(
  sources: readonly AsyncIterable<unknown>[],
): AsyncGenerator<readonly unknown[]> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    for (;;) {
      const results = await Promise.all(iterators.map((iterator) => iterator.next()));
      if (results.some(({ done }) => done)) return;
      yield results.map(({ value }) => value);
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}
