// scan inside of compiled steps: state, failures, draws and errors.
import { describe, expect, it } from 'vitest';
import { compile, valueAndGrad } from '../../lib/graph/compile.js';
import { lazyGradient } from '../../lib/graph/gradient.js';
import { scan } from '../../lib/graph/scan.js';
import { variable } from '../../lib/graph/variable.js';
import { add, multiply } from '../../lib/ops/elementwise.js';
import { gather, reshape, stack } from '../../lib/ops/movement.js';
import { dropout, uniform } from '../../lib/ops/random.js';
import { sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { DataError, ShapeError, TraceError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { type Loop, loops, lossOf, parameters, read, unrolled } from '../support/scan.js';
import '../../lib/ops/methods.js';

describe('in a step', () => {
  it('reads and trains variables', () => {
    const step = (through: Loop) => {
      const [w, u] = [variable(parameters[0]), variable(parameters[1])];
      const fn = compile((xs: Tensor) => {
        const { value, grads } = valueAndGrad(
          () => lossOf(through)(w.value, u.value, parameters[2], parameters[3], xs),
          [w, u],
        );
        w.assign(w.value.sub(grads[0]));
        u.assign(u.value.sub(grads[1]));
        return value;
      });
      return read(fn(parameters[4]), fn(parameters[4]), w.value, u.value);
    };
    expectClose(step(loops), step(unrolled), { relative: 1e-4 });
  });

  it('becomes the state itself', () => {
    const v = variable([1, 1]);
    const step = compile((xs: Tensor) => {
      v.assign(scan((c: Tensor, x: Tensor) => [add(multiply(c, 2), x), null], v.value, xs)[0]);
    });
    step(
      tensor([
        [1, 0],
        [0, 1],
      ]),
    );
    step(
      tensor([
        [1, 0],
        [0, 1],
      ]),
    );
    expect(read(v.value)).toEqual([26, 21]);
  });

  it('a failure in the body stops it, names the op, and changes no state', () => {
    const v = variable([0]);
    const step = compile((indices: Tensor) => {
      const table = tensor([1, 2, 3]);
      const [last] = scan(
        (c: Tensor, i: Tensor) => [add(c, gather(table, i)), null],
        tensor(0),
        indices,
      );
      v.assign(reshape(last, [1]));
      return last;
    });
    const indices = (...values: number[]) => tensor(Int32Array.from(values));
    expect(read(step(indices(0, 2)))).toEqual([4]);
    const failed = step(indices(1, 3));
    expect(() => failed.dataSync()).toThrow(DataError);
    expect(() => failed.dataSync()).toThrow(/gather: index 3 at position 0/);
    expect(read(v.value)).toEqual([4]);
  });
});

describe('draws', () => {
  it('differ between iterations, runs and calls, and repeat for a seed', () => {
    const draw = compile(() => scan((c) => [c, uniform([2])], null, null, { length: 3 })[1]);
    const [a, b] = [read(draw()), read(draw())];
    expect(new Set([...a, ...b]).size).toBe(12);
    const lazy = (seed?: number) =>
      read(scan((c) => [c, uniform([2], { seed })], null, null, { length: 3 })[1]);
    expect(new Set([...lazy(), ...lazy()]).size).toBe(12);
    expect(new Set(lazy(5)).size).toBe(6);
    expect(lazy(5)).toEqual(lazy(5));
  });

  it('of nested scans differ', () => {
    const inner = () => scan((c) => [c, uniform([])], null, null, { length: 3 })[1];
    const [, ys] = scan((c) => [c, inner()], null, null, { length: 3 });
    expect(new Set(read(ys)).size).toBe(9);
  });

  it('dropout has other masks in each iteration, the same in the gradient', () => {
    const f = compile((xs: Tensor) => {
      const [, ys] = scan((c: Tensor, x: Tensor) => [c, dropout(x, 0.5)], tensor(0), xs);
      return [ys, ...lazyGradient(sum(ys), [xs])];
    });
    const [ys, g] = f(tensor(new Float32Array(256).fill(1), { shape: [4, 64] })).map((t) =>
      t.dataSync(),
    );
    expect([...g]).toEqual([...ys]);
    expect(ys.filter((y) => y !== 0).length / 256).toBeCloseTo(0.5, 0);
    const masks = [0, 1, 2, 3].map((i) => ys.subarray(i * 64, (i + 1) * 64).join());
    expect(new Set(masks).size).toBe(4);
  });
});

describe('errors', () => {
  const one = tensor([1, 2]);
  const cases: readonly [string, () => unknown, string][] = [
    [
      'a carry of another shape',
      () => scan((c: Tensor, x: Tensor) => [stack([c, x]), null], tensor(0), one),
      'scan: carry 0 began as float32 [], but fn returned float32 [2].',
    ],
    [
      'a carry of another dtype',
      () => scan((c: Tensor, x: Tensor) => [add(c, x), null], tensor(0, { dtype: 'int32' }), one),
      'scan: carry 0 began as int32 [], but fn returned float32 [].',
    ],
    [
      'a carry of another structure',
      () => scan((c: Tensor[]) => [[...c, c[0]], null], [tensor(0)], one),
      'scan: fn must return [carry, y] with a carry built like init (1 tensors), got one of 2.',
    ],
    [
      'xs of different lengths',
      () => scan((c: Tensor) => [c, c], tensor(0), [one, tensor([1, 2, 3])]),
      'scan: xs 1 has 3 elements along its leading axis, but the first of xs says 2.',
    ],
    [
      'another length',
      () => scan((c: Tensor) => [c, c], tensor(0), one, { length: 3 }),
      'scan: xs 0 has 2 elements along its leading axis, but length says 3.',
    ],
    [
      'no length',
      () => scan((c: Tensor) => [c, c], tensor(0), null),
      'scan: expected xs, or a length.',
    ],
    [
      'a negative length',
      () => scan((c: Tensor) => [c, c], tensor(0), null, { length: -1 }),
      'scan: expected a length that is a whole number ≥ 0, got -1.',
    ],
    [
      'scalar xs',
      () => scan((c: Tensor) => [c, c], tensor(0), tensor(1)),
      'scan: xs 0 is a scalar and has no axis to go along.',
    ],
  ];
  it.each(cases)('%s', (_, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });

  it('leave nothing behind', () => {
    expect(() => scan((c: Tensor) => [stack([c, c]), null], tensor(0), one)).toThrow(ShapeError);
    expect(read(add(one, 1))).toEqual([2, 3]);
  });

  it('data() and assign in the body', () => {
    const v = variable([1]);
    const reading = (c: Tensor): [Tensor, Tensor] => [c, tensor(c.dataSync())];
    const assigning = (c: Tensor): [Tensor, Tensor] => {
      v.assign([2]);
      return [c, c];
    };
    expect(() => scan(reading, tensor(0), one)).toThrow(TraceError);
    expect(() => scan(assigning, tensor(0), one)).toThrow(/cannot change in the body of a scan/);
  });
});
