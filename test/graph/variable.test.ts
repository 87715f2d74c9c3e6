// Variables: assignment in and outside of traces, versions seen from outside, swaps, failed steps.
import { describe, expect, it } from 'vitest';
import { compile, valueAndGrad } from '../../lib/graph/compile.js';
import { type Variable, variable } from '../../lib/graph/variable.js';
import { add, multiply, square } from '../../lib/ops/elementwise.js';
import { reshape, transpose } from '../../lib/ops/movement.js';
import { uniform } from '../../lib/ops/random.js';
import { mean, sum } from '../../lib/ops/reduce.js';
import { sparseSoftmaxCrossEntropy } from '../../lib/ops/softmax.js';
import '../../lib/ops/methods.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { DataError, ShapeError } from '../../lib/util/errors.js';

const read = (v: Variable): number[] => [...v.value.dataSync()];

describe('outside of traces', () => {
  it('assign, assignAdd, assignSub', () => {
    const v = variable([1, 2]);
    v.assign([3, 4]);
    v.assignAdd(1);
    v.assignSub(tensor([1, 2]));
    expect(read(v)).toEqual([3, 3]);
  });

  it('a derivative sees what is assigned while it is being made, as it does in a trace', () => {
    const run = (v: Variable) => () => {
      v.assign(multiply(v.value, 3));
      return sum(square(v.value));
    };
    const [v, w] = [variable([1, 2]), variable([1, 2])];
    const outside = valueAndGrad(run(v), [v]);
    const inside = compile(() => valueAndGrad(run(w), [w]))();
    for (const { value, grads } of [outside, inside]) {
      expect([...value.dataSync()]).toEqual([45]);
      expect([...grads[0].dataSync()]).toEqual([18, 36]);
    }
    expect([read(v), read(w)]).toEqual([
      [3, 6],
      [3, 6],
    ]);
  });

  it('keeps its dtype, and refuses another shape', () => {
    const v = variable(tensor([1, 2], { dtype: 'int32' }), { name: 'count' });
    v.assign([2.7, -1.2]);
    expect(v.value.dtype).toBe('int32');
    expect(read(v)).toEqual([2, -1]);
    expect(() => v.assign([1, 2, 3])).toThrow(ShapeError);
    expect(() => v.assign([1, 2, 3])).toThrow('assign: variable "count" has shape [2], got [3].');
  });

  it('a tensor read before an assignment keeps its value', () => {
    const v = variable([1, 2]);
    const before = v.value;
    const pending = multiply(v.value, 10);
    v.assign([5, 6]);
    expect([...before.dataSync()]).toEqual([1, 2]);
    expect([...pending.dataSync()]).toEqual([10, 20]);
  });

  it('two variables made of one tensor are two', () => {
    const t = tensor([1, 2]);
    const [a, b] = [variable(t), variable(t)];
    compile(() => a.assign(add(a.value, 1)))();
    expect([read(a), read(b), [...t.dataSync()]]).toEqual([
      [2, 3],
      [1, 2],
      [1, 2],
    ]);
  });

  it('assigning one variable to another copies the value of that moment', () => {
    const [a, b] = [variable([1]), variable([2])];
    a.assign(b.value);
    compile(() => b.assign(multiply(b.value, 10)))();
    compile(() => a.assign(add(a.value, 1)))();
    expect([read(a), read(b)]).toEqual([[3], [20]]);
  });
});

describe('in a step', () => {
  it('is read as the step has made it so far', () => {
    const v = variable([1, 2]);
    const step = compile((x: Tensor) => {
      const before = v.value;
      v.assign(add(v.value, x));
      v.assign(multiply(v.value, 2));
      return [before, v.value];
    });
    const [before, after] = step(tensor([10, 20]));
    expect([...before.dataSync()]).toEqual([1, 2]);
    expect([...after.dataSync()]).toEqual([22, 44]);
    expect(read(v)).toEqual([22, 44]);
    step(tensor([0, 0]));
    expect(read(v)).toEqual([44, 88]);
  });

  it('a tensor read before a step keeps its value', () => {
    const v = variable([1]);
    const step = compile(() => v.assign(add(v.value, 1)));
    const versions = [v.value];
    for (let i = 0; i < 4; i++) {
      step();
      if (i % 2) versions.push(v.value);
    }
    expect(versions.map((t) => t.dataSync()[0])).toEqual([1, 3, 5]);
  });

  it('an output that is the new state is not changed by later steps', () => {
    const v = variable([1, 1]);
    const step = compile(() => {
      v.assign(add(v.value, 1));
      return v.value;
    });
    const results = [step(), step(), step()];
    expect(results.map((t) => t.dataSync()[0])).toEqual([2, 3, 4]);
  });

  it.each([2, 3])('%i variables change places', (n) => {
    const all = Array.from({ length: n }, (_, i) => variable([i, i + 0.5]));
    const rotate = compile(() => {
      const old = all.map((v) => v.value);
      for (const [i, v] of all.entries()) v.assign(old[(i + 1) % n]);
    });
    rotate();
    expect(all.map((v) => read(v)[0])).toEqual([...all.keys()].map((i) => (i + 1) % n));
    for (let i = 1; i < n; i++) rotate();
    expect(all.map((v) => read(v)[0])).toEqual([...all.keys()]);
  });

  it('a swap of computed values', () => {
    const [a, b] = [variable([1]), variable([10])];
    compile(() => {
      const [x, y] = [a.value, b.value];
      a.assign(add(x, y));
      b.assign(multiply(x, y));
    })();
    expect([read(a), read(b)]).toEqual([[11], [10]]);
  });

  it('one variable takes the old value of another, which changes', () => {
    const [a, b] = [variable([1]), variable([10])];
    const step = compile(() => {
      a.assign(b.value);
      b.assign(add(b.value, 1));
    });
    step();
    step();
    expect([read(a), read(b)]).toEqual([[11], [12]]);
  });

  it('a variable and its own transpose', () => {
    const v = variable([
      [1, 2],
      [3, 4],
    ]);
    compile(() => v.assign(transpose(v.value)))();
    expect(read(v)).toEqual([1, 3, 2, 4]);
    compile(() => v.assign(reshape(reshape(v.value, [4]), [2, 2])))();
    expect(read(v)).toEqual([1, 3, 2, 4]);
  });

  it('two variables get the same tensor, and an argument', () => {
    const [a, b, c] = [variable([0]), variable([0]), variable([0])];
    const step = compile((x: Tensor) => {
      const twice = multiply(x, 2);
      a.assign(twice);
      b.assign(twice);
      c.assign(x);
      return twice;
    });
    const out = step(tensor([4]));
    expect([read(a), read(b), read(c), [...out.dataSync()]]).toEqual([[8], [8], [4], [8]]);
    compile(() => a.assign(add(a.value, 1)))();
    expect([read(a), read(b), [...out.dataSync()]]).toEqual([[9], [8], [8]]);
  });

  it('a variable bound by two programs', () => {
    const v = variable([1]);
    const grow = compile(() => v.assign(multiply(v.value, 2)));
    const shrink = compile(() => v.assign(add(v.value, -1)));
    grow();
    grow();
    shrink();
    grow();
    expect(read(v)).toEqual([6]);
  });
});

describe('a step that fails', () => {
  const make = () => {
    const w = variable([
      [0.1, 0.2],
      [0.3, 0.4],
    ]);
    const count = variable(tensor(0, { dtype: 'int32' }));
    const step = compile((x: Tensor, labels: Tensor) => {
      const loss = () => mean(sparseSoftmaxCrossEntropy(x.matmul(w), labels));
      count.assign(add(count.value, tensor(1, { dtype: 'int32' })));
      const { value, grads } = valueAndGrad(loss, [w]);
      w.assign(w.value.sub(grads[0].mul(0.5)));
      w.assign(add(w.value, multiply(uniform([2, 2]), 0.001)));
      return value;
    });
    return { w, count, step };
  };
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const labels = (...values: number[]) => tensor(Int32Array.from(values));

  it('says which label, and changes no state', async () => {
    const { w, count, step } = make();
    await step(x, labels(0, 1, 0)).data();
    const before = [read(w), read(count)];
    const failed = step(x, labels(0, 2, 1));
    await expect(failed.data()).rejects.toThrow(DataError);
    expect(() => failed.dataSync()).toThrow(
      /the label of row 1 is 2, expected 0 … 1 for 2 classes/,
    );
    expect([read(w), read(count)]).toEqual(before);
  });

  it('as if it had never been: random draws repeat too', () => {
    const [clean, hurt] = [make(), make()];
    for (const { step } of [clean, hurt]) step(x, labels(0, 1, 0));
    expect(() => hurt.step(x, labels(0, -1, 1)).dataSync()).toThrow(DataError);
    for (const { step } of [clean, hurt]) step(x, labels(1, 1, 0));
    const difference = sum(square(clean.w.value.sub(hurt.w.value))).dataSync()[0];
    // The two compiled functions draw from keys of their own; the draws are at most 0.001.
    expect(difference).toBeLessThan(1e-4);
    expect(read(hurt.count)).toEqual([2]);
  });
});
