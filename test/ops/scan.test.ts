// scan against the same loop unrolled: values, gradients, draws, state, errors.
import { describe, expect, it } from 'vitest';
import { compile, grad } from '../../lib/graph/compile.js';
import { scan } from '../../lib/graph/scan.js';
import { add, multiply, square, subtract, tanh } from '../../lib/ops/elementwise.js';
import { dense } from '../../lib/ops/gemm.js';
import { arange, concatenate, reshape } from '../../lib/ops/movement.js';
import { sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { checkGradient, real } from '../support/gradcheck.js';
import {
  directions,
  float,
  gradients,
  type Loop,
  loops,
  lossOf,
  parameters,
  read,
  run,
  unrolled,
} from '../support/scan.js';
import '../../lib/ops/methods.js';

describe.each(directions)('scan %o equals the loop', (options) => {
  it('in values', () => {
    expectClose(
      read(...run(loops, options)(...parameters)),
      read(...run(unrolled, options)(...parameters)),
    );
  });

  it('in gradients', () => {
    const [actual, expected] = [loops, unrolled].map((through) =>
      gradients(lossOf(through, options), parameters),
    );
    for (const [i, g] of actual.entries()) {
      expectClose(read(g), read(expected[i]), { relative: 1e-4 });
    }
  });

  it('in second derivatives', () => {
    const second = (through: Loop) =>
      gradients((...ts) => {
        const first = gradients(lossOf(through, options), ts);
        return first.map((g) => sum(square(g))).reduce((a, b) => add(a, b));
      }, parameters);
    const [actual, expected] = [second(loops), second(unrolled)];
    for (const [i, g] of actual.entries()) {
      expectClose(read(g), read(expected[i]), { relative: 1e-3 });
    }
  });

  it('compiled', () => {
    const values = compile((...ts: Tensor[]) => run(loops, options)(...ts));
    expectClose(read(...values(...parameters)), read(...run(unrolled, options)(...parameters)));
    const grads = compile((...ts: Tensor[]) => gradients(lossOf(loops, options), ts));
    const expected = gradients(lossOf(unrolled, options), parameters);
    expectClose(read(...grads(...parameters)), read(...expected), { relative: 1e-4 });
  });

  it('has the gradient of central differences', () => {
    const shapes = parameters.map(({ shape }) => real(shape));
    checkGradient(run(loops, options), shapes, { seed: 3 });
  });
});

describe('lengths', () => {
  const sums = (carry: Tensor, x: Tensor): [Tensor, Tensor] => [add(carry, x), multiply(carry, x)];

  it.each([0, 1, 2, 7])('%i', (n) => {
    const xs = float([n, 3]);
    const [last, ys] = scan(sums, tensor([1, 2, 3]), xs);
    expect(ys.shape).toEqual([n, 3]);
    if (n === 0) expect(read(last, ys)).toEqual([1, 2, 3]);
    else expectClose(read(last, ys), read(...unrolled(sums, tensor([1, 2, 3]), xs)));
    const g = grad((t: Tensor, init: Tensor) => {
      const [a, b] = scan(sums, init, t);
      return add(sum(square(a)), sum(b));
    })(xs, tensor([1, 2, 3]));
    expect(g.map((t) => t.shape)).toEqual([[n, 3], [3]]);
    if (n === 0) expect(read(g[1])).toEqual([2, 4, 6]);
  });

  it('without xs', () => {
    const [last, ys] = scan((c: Tensor) => [multiply(c, 2), c], tensor(1), null, { length: 5 });
    expect(read(last, ys)).toEqual([32, 1, 2, 4, 8, 16]);
  });

  it('without a carry, and without ys', () => {
    const [nothing, ys] = scan((c, x: Tensor) => [c, square(x)], null, tensor([1, 2, 3]));
    expect(nothing).toBeNull();
    expect(read(ys)).toEqual([1, 4, 9]);
    const [total, none] = scan(
      (c: Tensor, x: Tensor) => [add(c, x), undefined],
      tensor(0),
      tensor([1, 2]),
    );
    expect(read(total)).toEqual([3]);
    expect(none).toBeUndefined();
  });

  it('several xs, of several dtypes', () => {
    const xs = { value: tensor([1, 2, 3]), keep: tensor([true, false, true]), index: arange(3) };
    const [last, ys] = scan(
      (c: Tensor, x: typeof xs) => [add(c, multiply(x.value, x.keep)), [x.index, x.keep]],
      tensor(0),
      xs,
    );
    expect(read(last)).toEqual([4]);
    expect(ys.map((t) => t.dtype)).toEqual(['int32', 'bool']);
    expect(read(...ys)).toEqual([0, 1, 2, 1, 0, 1]);
  });
});

describe('bodies', () => {
  it('whose carry is the slice, or stays', () => {
    const [last, ys] = scan(
      (c: Tensor[], x: Tensor) => [[x, c[1], c[0]], c[0]],
      [tensor(0), tensor(7), tensor(8)],
      tensor([1, 2, 3]),
    );
    expect(read(...last, ys)).toEqual([3, 7, 2, 0, 1, 2]);
  });

  it('with an int32 carry', () => {
    const fn = (c: { n: Tensor; s: Tensor }, x: Tensor) =>
      [{ n: add(c.n, tensor(1, { dtype: 'int32' })), s: multiply(c.s, x) }, c.n] as const;
    const init = { n: tensor(0, { dtype: 'int32' }), s: tensor(1) };
    const [last, ns] = scan((c: typeof init, x: Tensor) => fn(c, x), init, tensor([2, 3, 4]));
    expect(read(last.n, last.s, ns)).toEqual([3, 24, 0, 1, 2]);
    const g = grad((xs: Tensor) => scan((c: typeof init, x: Tensor) => fn(c, x), init, xs)[0].s);
    expectClose(read(g(tensor([2, 3, 4]))), [12, 8, 6]);
  });

  it('inside of another scan', () => {
    const inner = (row: Tensor, w: Tensor) =>
      scan((c: Tensor, x: Tensor) => [tanh(add(multiply(c, w), x)), c], tensor(0), row);
    const outer = (m: Tensor, w: Tensor) => {
      const [last, ys] = scan(
        (c: Tensor, row: Tensor) => {
          const [a, b] = inner(row, w);
          return [add(c, a), multiply(b, c)];
        },
        tensor(1),
        m,
      );
      return [last, ys];
    };
    checkGradient(outer, [real([3, 4]), real([])]);
  });

  it('of dense layers, with the weights gradient after the loop', () => {
    const f = (x: Tensor, w: Tensor, b: Tensor) =>
      scan(
        (h: Tensor, t: Tensor) => [dense(concatenate([h, t], -1), w, b, 'tanh'), null],
        x,
        float([3, 2, 2]),
      )[0];
    checkGradient(f, [real([2, 2]), real([4, 2]), real([2])]);
  });

  it('with a constant part, computed once', () => {
    const f = (w: Tensor, xs: Tensor) =>
      scan(
        (c: Tensor, x: Tensor) => [add(c, multiply(x, sum(square(w)))), reshape(w, [2, 2])],
        tensor(0),
        xs,
      );
    checkGradient(f, [real([4]), real([3])]);
  });

  it('with a gradient in it', () => {
    const descend = (rate: Tensor, x: Tensor) =>
      scan(
        (c: Tensor) => [
          subtract(c, multiply(rate, grad((t: Tensor) => sum(multiply(square(t), t)))(c))),
          c,
        ],
        x,
        null,
        { length: 3 },
      );
    expectClose(read(descend(tensor(0.1), tensor([1]))[1]), [1, 0.7, 0.553]);
    checkGradient(descend, [real([], 0.05, 0.1), real([2])]);
  });
});
