// compile(): one trace per signature, trees of arguments, captured tensors, random draws, derivatives.
import { describe, expect, it } from 'vitest';
import { compile, grad, valueAndGrad } from '../../lib/graph/compile.js';
import { lazyGradient } from '../../lib/graph/gradient.js';
import { type Variable, variable } from '../../lib/graph/variable.js';
import { add, cast, exp, multiply, square, where } from '../../lib/ops/elementwise.js';
import { normal } from '../../lib/ops/random.js';
import { sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ShapeError, TraceError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import '../../lib/ops/methods.js';

const read = (t: Tensor | Variable): number[] => [...('value' in t ? t.value : t).dataSync()];

describe('compile', () => {
  it('traces once per shapes and dtypes', () => {
    let traces = 0;
    const twice = compile((x: Tensor) => {
      traces++;
      return add(x, x);
    });
    for (let i = 0; i < 3; i++) expect(read(twice(tensor([i, 1])))).toEqual([2 * i, 2]);
    expect(traces).toBe(1);
    twice(tensor([1, 2, 3]));
    twice(tensor([[1, 2]]));
    expect(read(twice(tensor([1, 2], { dtype: 'int32' })))).toEqual([2, 4]);
    expect(traces).toBe(4);
    twice(tensor([7, 7]));
    expect(traces).toBe(4);
  });

  it('takes and returns trees', () => {
    const fn = compile((batch: { x: Tensor; rest: Tensor[] }, scale: Tensor) => ({
      scaled: multiply(batch.x, scale),
      sums: batch.rest.map((t) => sum(t)),
      nothing: null,
    }));
    const out = fn({ x: tensor([1, 2]), rest: [tensor([3]), tensor([4, 5])] }, tensor(10));
    expect(read(out.scaled)).toEqual([10, 20]);
    expect(out.sums.map((t) => read(t)[0])).toEqual([3, 9]);
    expect(out.nothing).toBeNull();
    const other = fn({ x: tensor([1, 2]), rest: [] }, tensor(1));
    expect(other.sums).toEqual([]);
  });

  it('returns arguments, captured tensors and constants as they are', () => {
    const outside = tensor([5, 6]);
    const fn = compile((x: Tensor) => [x, outside, tensor([7]), x]);
    expect(fn(tensor([1, 2])).map(read)).toEqual([[1, 2], [5, 6], [7], [1, 2]]);
    expect(fn(tensor([3, 4])).map(read)).toEqual([[3, 4], [5, 6], [7], [3, 4]]);
  });

  it('captures what was pending when it was traced', () => {
    const pending = exp(tensor([0, 0]));
    const fn = compile((x: Tensor) => add(x, pending));
    expect(read(fn(tensor([1, 2])))).toEqual([2, 3]);
    expect(read(fn(tensor([5, 5])))).toEqual([6, 6]);
    expect(read(pending)).toEqual([1, 1]);
  });

  it('takes pending arguments', () => {
    const fn = compile((x: Tensor) => add(x, 1));
    expect(read(fn(fn(exp(tensor([0])))))).toEqual([3]);
  });

  it('a compiled function inside another is part of it', () => {
    const v = variable([1]);
    const inner = compile((x: Tensor) => {
      v.assign(add(v.value, x));
      return v.value;
    });
    const outer = compile((x: Tensor) => add(inner(x), inner(x)));
    expect(read(outer(tensor([10])))).toEqual([32]);
    expect(read(v)).toEqual([21]);
  });

  it('runs in order, however many are queued', () => {
    const step = compile((x: Tensor) => add(x, 1));
    let t = tensor([0]);
    for (let i = 0; i < 20_000; i++) t = step(t);
    expect(read(t)).toEqual([20_000]);
  });

  it('draws other random numbers at each run, and for each compiled function', () => {
    const make = () => compile((x: Tensor) => add(x, normal([3])));
    const [a, b] = [make(), make()];
    const zero = tensor([0, 0, 0]);
    const draws = [a(zero), a(zero), b(zero), b(zero)].map((t) => read(t).join());
    expect(new Set(draws).size).toBe(4);
  });

  it('refuses data() while tracing, and says what to use', () => {
    const messages = [/ops\.where .* ops\.scan/];
    expect(() => compile((x: Tensor) => tensor(x.dataSync()))(tensor([1]))).toThrow(TraceError);
    expect(() => compile((x: Tensor) => tensor(add(x, 1).dataSync()))(tensor([1]))).toThrow(
      messages[0],
    );
  });

  it('recovers from a function that throws', () => {
    const fn = compile((x: Tensor) => add(x, tensor([1, 2, 3])));
    expect(() => fn(tensor([1, 2]))).toThrow(ShapeError);
    expect(read(fn(tensor([1, 2, 3])))).toEqual([2, 4, 6]);
    expect(read(add(tensor([1]), 1))).toEqual([2]);
  });

  it('a tensor of one trace that leaks into another has no value there', () => {
    const leaked: Tensor[] = [];
    compile((x: Tensor) => leaked.push(add(x, 1)) && x)(tensor([1]));
    expect(() => read(leaked[0])).toThrow(TraceError);
    expect(() => compile((x: Tensor) => add(x, leaked[0]))(tensor([1]))).toThrow(TraceError);
  });
});

describe('derivatives', () => {
  const cube = (x: Tensor): Tensor => sum(multiply(x, square(x)));

  it('grad outside and inside a trace', () => {
    const x = tensor([1, 2, -3]);
    const expected = [3, 12, 27];
    expectClose(read(grad(cube)(x)), expected);
    expectClose(read(compile((t: Tensor) => grad(cube)(t))(x)), expected);
  });

  it('grad of grad', () => {
    const second = grad((x: Tensor) => sum(grad(cube)(x)));
    expectClose(read(second(tensor([1, 2, -3]))), [6, 12, -18]);
    expectClose(read(compile((t: Tensor) => second(t))(tensor([1, 2, -3]))), [6, 12, -18]);
    const third = grad((x: Tensor) => sum(second(x)));
    expectClose(read(third(tensor([1, 5]))), [6, 6]);
  });

  it('grad of a compiled function', () => {
    expectClose(read(compile((x: Tensor) => grad(compile(cube))(x))(tensor([2]))), [12]);
  });

  it('of several arguments', () => {
    const grads = grad((x: Tensor, y: Tensor) => sum(multiply(x, exp(y))))(
      tensor([2]),
      tensor([0]),
    );
    expect(grads.map(read)).toEqual([[1], [2]]);
  });

  it('of one tensor in several places: each has its own', () => {
    const f = (a: Tensor, b: Tensor) => sum(multiply(square(a), b));
    const x = tensor([1, 2, 3]);
    const both = grad(f)(x, x).map((g) => [...g.dataSync()]);
    expect(both).toEqual([
      [2, 8, 18],
      [1, 4, 9],
    ]);
    const twice = compile((t: Tensor) => grad((u: Tensor) => f(u, u))(t));
    expect([...twice(x).dataSync()]).toEqual([3, 12, 27]);
  });

  it('of an intermediate tensor', () => {
    const x = tensor([3]);
    const h = square(x);
    expectClose(read(lazyGradient(sum(square(h)), [h])[0]), [18]);
  });

  it('valueAndGrad of variables, outside and inside a trace', () => {
    const [w, b] = [variable([2, 3]), variable([1])];
    const loss = () => sum(add(multiply(w.value, w.value), b.value));
    const check = ({ value, grads }: { value: Tensor; grads: readonly Tensor[] }) => {
      expect([read(value), ...grads.map(read)]).toEqual([[15], [4, 6], [2]]);
    };
    check(valueAndGrad(loss, [w, b]));
    check(compile(() => valueAndGrad(loss, [w, b]))());
  });

  it('gradient descent', () => {
    const w = variable([4, -2]);
    const step = compile(() => {
      const { value, grads } = valueAndGrad(() => sum(square(w.value)), [w]);
      w.assign(w.value.sub(grads[0].mul(0.25)));
      return value;
    });
    const losses = [step(), step(), step()].map((t) => read(t)[0]);
    expect(losses).toEqual([20, 5, 1.25]);
    expect(read(w)).toEqual([0.5, -0.25]);
  });

  it('refuses what is no scalar or no float', () => {
    expect(() => grad((x: Tensor) => x)(tensor([1, 2]))).toThrow(
      'grad: expected a function that returns a scalar, got shape [2]. Take its mean or sum.',
    );
    expect(() => grad((x: Tensor) => sum(x))(tensor([1], { dtype: 'int32' }))).toThrow(/float32/);
  });

  it('passes through where and stops at whole numbers', () => {
    const f = (x: Tensor) =>
      sum(where(cast(x, 'bool'), multiply(x, cast(cast(x, 'int32'), 'float32')), 7));
    expectClose(read(grad(f)(tensor([2.5, 0]))), [2, 0]);
  });
});
