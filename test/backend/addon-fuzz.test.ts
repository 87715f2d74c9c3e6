// The addon called with garbage: it throws or works, and never ends the process. Words of programs
// are changed at random; what still loads is run.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeProgram } from '../../lib/backend/encode.js';
import type { Addon } from '../../lib/backend/native.js';
import { backend, nativeLoad } from '../../lib/backend/select.js';
import type { Program } from '../../lib/graph/program.js';
import { addonPrograms } from '../support/model-programs.js';

/** Numbers that are wrong in some way almost everywhere. */
const odd = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2, 3, 0.5, 8, 9, 63, 64, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -(2 ** 40)),
  fc.integer({ min: -4, max: 128 }),
);

/** A place in a program of any length. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const wordAt = (at: number, words: Float64Array): number => Math.floor(at * words.length);

const detached = (): Float32Array => {
  const array = new Float32Array(16);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

/** Values of every type, and arrays of them. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  odd,
  fc.constantFrom(undefined, null, true, 'text', 10n, Symbol.iterator),
  fc.constantFrom(
    {},
    [],
    () => {},
    new Map(),
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
  ),
  fc
    .integer({ min: 0, max: 64 })
    .chain((n) =>
      fc.constantFrom(
        new Float32Array(n),
        new Float64Array(n),
        new Int32Array(n),
        new Uint8Array(n),
        new BigInt64Array(n),
        new Float64Array(n).fill(Number.NaN),
        new Uint8Array(new ArrayBuffer(n + 1), 1),
      ),
    ),
  fc.constant(0).map(detached),
  fc.array(fc.constantFrom<unknown>(new Float32Array(8), new Int32Array(1), 1, null, undefined)),
  fc.constantFrom<unknown>(
    new Array(2 ** 31),
    new Proxy([], { get: () => 2 ** 31 }),
    new Proxy([], {
      get: () => {
        throw new Error('trap');
      },
    }),
  ),
);

describe.runIf(backend() === 'native')('native', () => {
  let addon: Addon;
  let programs: readonly Program[];
  let kernels: ReadonlyMap<string, number>;
  /** What runs may still be using. */
  const held: unknown[] = [];

  beforeAll(async () => {
    addon = nativeLoad().addon!;
    kernels = new Map(addon.kernels.map((name, i) => [name, i]));
    programs = await addonPrograms();
  });

  const call = (name: string, args: readonly unknown[]): unknown => {
    const fn: unknown = Reflect.get(addon, name);
    if (typeof fn !== 'function') return undefined;
    try {
      return Reflect.apply(fn, addon, args);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return undefined;
    }
  };

  it('every function refuses or takes arguments of any kind', () => {
    const names = Object.keys(addon).filter(
      (name) => typeof Reflect.get(addon, name) === 'function',
    );
    expect(names.length).toBeGreaterThan(8);
    const args = fc.array(anything, { maxLength: 11 });
    fc.assert(
      fc.property(fc.constantFrom(...names), args, (name, given) => {
        held.push(given);
        call(name, given);
      }),
      { numRuns: 4000, seed: 1 },
    );
    addon.setThreads(0);
    addon.hold(false);
  });

  it('tickets and programs that do not exist', () => {
    for (const ticket of [1e9, 2 ** 40, -1, 0.5, Number.NaN]) {
      expect(() => addon.wait(ticket)).toThrow();
      expect(() => addon.notifyAfter(ticket)).toThrow();
    }
    addon.unload(4e9);
    addon.abort(1e9);
    expect(
      call('runNow', [4e9, [], [], [], [], [], [], new Float64Array(2), new Float64Array(5)]),
    ).toBe(undefined);
  });

  /** Runs a program on large buffers of bytes that no kernel would choose. */
  function run(id: number, words: Float64Array, fill: number, queued: boolean): void {
    const [, , , , inputs, feeds, states, outputs, bindings] = words;
    const buffers = (n: number) =>
      Array.from({ length: n }, () => new Uint8Array(2 ** 16).fill(fill));
    const rows = Array.from({ length: feeds }, () => undefined);
    const numbers = new Float64Array(2 + feeds + bindings + states);
    numbers[0] = 2;
    const state = buffers(states);
    const args = [
      id,
      buffers(inputs),
      state,
      state,
      buffers(outputs),
      buffers(feeds),
      rows,
      numbers,
    ];
    const result = new Float64Array(5);
    held.push(args, result);
    if (held.length > 200) held.splice(0, 100);
    if (!queued) {
      call('runNow', [...args, result]);
      return;
    }
    const ticket = call('enqueue', [...args, result]);
    if (typeof ticket === 'number') addon.wait(ticket);
  }

  const load = (words: Float64Array): number | undefined => {
    const id = call('load', [words]);
    return typeof id === 'number' ? id : undefined;
  };

  it('programs as they are run', () => {
    for (const program of programs) {
      const words = encodeProgram(program, kernels);
      const id = load(words);
      expect(id, program.name).toBeTypeOf('number');
      for (const fill of [0, 1, 127, 255]) run(id!, words, fill, fill % 2 === 1);
      addon.unload(id!);
    }
  });

  it('programs with some words changed', () => {
    // A wrong number, the word at another place, or the same word a little off.
    const value = fc.oneof(
      odd.map((word) => () => word),
      place.map((other) => (_: number, words: Float64Array) => words[wordAt(other, words)]),
      fc.constantFrom(-2, -1, 1, 2).map((delta) => (word: number) => word + delta),
    );
    const changes = fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 3 });
    const cases = fc.tuple(fc.nat(), changes, fc.constantFrom(0, 1, 127, 255), fc.boolean());
    let loaded = 0;
    fc.assert(
      fc.property(cases, ([which, changed, fill, queued]) => {
        const words = encodeProgram(programs[which % programs.length], kernels);
        for (const [at, changedFrom] of changed) {
          const i = wordAt(at, words);
          words[i] = changedFrom(words[i], words);
        }
        const id = load(words);
        if (id === undefined) return;
        loaded++;
        run(id, words, fill, queued);
        addon.unload(id);
      }),
      { numRuns: 12_000, seed: 2 },
    );
    expect(loaded).toBeGreaterThan(100);
  });

  it('programs cut off, doubled and made of noise', () => {
    const noise = fc.array(odd, { maxLength: 200 }).map((words) => Float64Array.from(words));
    fc.assert(
      fc.property(noise, fc.nat(), (words, at) => {
        load(words);
        const whole = encodeProgram(programs[at % programs.length], kernels);
        expect(load(whole.slice(0, at % whole.length))).toBeUndefined();
        load(Float64Array.from([...whole.subarray(0, at % whole.length), ...words]));
      }),
      { numRuns: 1000, seed: 3 },
    );
  });

  it('unloading a program that is queued', () => {
    const words = encodeProgram(programs[0], kernels);
    for (let i = 0; i < 50; i++) {
      const id = load(words)!;
      const before = held.length;
      run(id, words, 1, true);
      addon.unload(id);
      addon.unload(id);
      expect(held.length).not.toBe(before);
    }
  });

  it('the engine still works', async () => {
    const { classifier, inputs, labelsOf, quiet } = await import('../support/models.js');
    const x = inputs(64);
    const { history } = await classifier().fit(x, labelsOf(x), { ...quiet, epochs: 2 });
    expect(history.loss.every(Number.isFinite)).toBe(true);
  });
});
