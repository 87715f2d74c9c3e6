// Lazy evaluation: the cache by structure, pending graphs, shared work, failures.
import { describe, expect, it } from 'vitest';
import { jsBackend } from '../../lib/backend/js/js.js';
import { currentBackend, useBackend } from '../../lib/backend/select.js';
import { grad } from '../../lib/graph/compile.js';
import { evaluate } from '../../lib/graph/evaluate.js';
import { add, exp, multiply, square, subtract } from '../../lib/ops/elementwise.js';
import { gather } from '../../lib/ops/movement.js';
import { uniform } from '../../lib/ops/random.js';
import { sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { DataError } from '../../lib/util/errors.js';
import '../../lib/ops/methods.js';

/** How many programs `fn` makes the backend load. */
function loadsOf(fn: () => void): number {
  const before = currentBackend();
  let loads = 0;
  useBackend({
    ...before,
    load: (program) => {
      loads++;
      return before.load(program);
    },
  });
  try {
    fn();
  } finally {
    useBackend(before);
  }
  return loads;
}

const pendingOf = (t: Tensor): number => (t.source.kind === 'op' ? t.source.node.pending : 0);

describe('data', () => {
  it('is a copy', async () => {
    const t = tensor([1, 2]);
    (await t.data())[0] = 9;
    t.dataSync()[1] = 9;
    expect([...(await t.data())]).toEqual([1, 2]);
  });

  it('comes nested, with booleans as booleans', async () => {
    expect(
      await tensor([
        [1, 2],
        [3, 4],
      ]).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor([[true], [false]]).toArraySync()).toEqual([[true], [false]]);
    expect(await sum(tensor([1, 2])).item()).toBe(3);
    expect(tensor([], { shape: [2, 0] }).toArraySync()).toEqual([[], []]);
  });
});

describe('a loop compiles once', () => {
  it('whatever its values and numbers', () => {
    const loads = loadsOf(() => {
      for (let i = 0; i < 50; i++) {
        const x = add(multiply(tensor([i, 1]), i), 0.5);
        expect(x.dataSync()[0]).toBeCloseTo(i * i + 0.5);
      }
    });
    expect(loads).toBe(1);
  });

  it('also with derivatives', () => {
    const loads = loadsOf(() => {
      for (let i = 0; i < 20; i++) {
        const slope = grad((x: Tensor) => sum(multiply(square(x), i)))(tensor([3]));
        expect(slope.dataSync()[0]).toBe(6 * i);
      }
    });
    expect(loads).toBe(1);
  });

  it('of 10,000 synchronous reads, in flat memory', () => {
    let t = tensor(new Float32Array(1000));
    const round = (): void => {
      for (let i = 0; i < 2500; i++) {
        t = add(t, 1);
        t.dataSync();
      }
    };
    round();
    const before = process.memoryUsage();
    for (let i = 0; i < 3; i++) round();
    const after = process.memoryUsage();
    expect(t.dataSync()[999]).toBe(10_000);
    // 10,000 results and their copies of 4 kB each are 80 MB.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(60e6);
    expect(pendingOf(add(t, 1))).toBe(1);
  });

  it('tells structures apart', () => {
    const x = tensor([3, 5]);
    const y = tensor([1, 1]);
    expect([...subtract(x, y).dataSync()]).toEqual([2, 4]);
    expect([...subtract(y, x).dataSync()]).toEqual([-2, -4]);
    expect([...subtract(x, x).dataSync()]).toEqual([0, 0]);
    expect([...subtract(tensor([3, 5]), tensor([1])).dataSync()]).toEqual([2, 4]);
    expect([...gather(x, 0).dataSync(), ...gather(x, 1).dataSync()]).toEqual([3, 5]);
    expect([...add(add(x, 1), 2).dataSync()]).toEqual([6, 8]);
    expect([...add(add(x, 2), 1).dataSync()]).toEqual([6, 8]);
  });

  it('on the backend of the moment', () => {
    const x = tensor([1, 2]);
    const before = currentBackend();
    expect([...exp(x).dataSync()][0]).toBeCloseTo(Math.E, 5);
    useBackend(jsBackend());
    try {
      expect([...exp(x).dataSync()][0]).toBeCloseTo(Math.E, 5);
    } finally {
      useBackend(before);
    }
  });
});

describe('pending graphs', () => {
  it('run by themselves past 1,000 nodes', () => {
    let t = tensor([0]);
    let longest = 0;
    for (let i = 0; i < 5000; i++) {
      t = add(t, 1);
      longest = Math.max(longest, pendingOf(t));
    }
    expect(longest).toBeLessThan(1000);
    expect([...t.dataSync()]).toEqual([5000]);
  });

  it('that double at each step are walked once', () => {
    let t = tensor([1]);
    for (let i = 0; i < 60; i++) t = add(t, t);
    expect([...t.dataSync()]).toEqual([2 ** 60]);
  });

  it('drop their inputs once they are evaluated', () => {
    const t = exp(tensor([0]));
    t.dataSync();
    expect(t.source.kind).toBe('value');
  });

  it('evaluate shares work', async () => {
    const shared = uniform([4]);
    const [a, b] = [add(shared, 1), add(shared, 2)];
    await evaluate(a, b);
    const difference = subtract(b, a).dataSync();
    for (const d of difference) expect(d).toBeCloseTo(1, 5);
  });

  it('several roots, some of them the same or there already', async () => {
    const x = tensor([1]);
    const y = add(x, 1);
    await evaluate(y, x, y, add(y, 1));
    expect([...y.dataSync()]).toEqual([2]);
  });
});

describe('a run that fails', () => {
  it('says so at each reading, and to what depends on it', async () => {
    const wrong = gather(tensor([1, 2]), tensor([5], { dtype: 'int32' }));
    const message = /gather: index 5 at position 0 is outside/;
    await expect(wrong.data()).rejects.toThrow(DataError);
    await expect(wrong.data()).rejects.toThrow(message);
    expect(() => wrong.dataSync()).toThrow(message);
    expect(() => add(wrong, 1).dataSync()).toThrow(message);
    expect([...add(tensor([1]), 1).dataSync()]).toEqual([2]);
  });
});
