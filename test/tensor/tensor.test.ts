// tensor(): what it takes and refuses, and that nothing changes a tensor. Reading: data, slices, console.log.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compile, grad, valueAndGrad } from '../../lib/graph/compile.js';
import { evaluate } from '../../lib/graph/evaluate.js';
import { variable } from '../../lib/graph/variable.js';
import { add, multiply } from '../../lib/ops/elementwise.js';
import { arange, concatenate, reshape, slice, take } from '../../lib/ops/movement.js';
import { normal, setRandomSeed, uniform } from '../../lib/ops/random.js';
import { argmax, sum } from '../../lib/ops/reduce.js';
import { takeAlongAxis } from '../../lib/ops/sort.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, DTypeError, ShapeError, TraceError } from '../../lib/util/errors.js';
import '../../lib/ops/methods.js';

const read = (t: Tensor): number[] => [...t.dataSync()];
/** What TypeScript would not let through. */
const wrong = (x: unknown): never => x as never;

describe('tensor', () => {
  it('takes typed arrays within arrays', () => {
    const rows = tensor([new Uint8Array([1, 2]), new Uint8Array([3, 4])]);
    expect([rows.shape, rows.dtype, read(rows)]).toEqual([[2, 2], 'uint8', [1, 2, 3, 4]]);
    const mixed = tensor([[1.5, 2], new Float32Array([3, 4])]);
    expect([mixed.shape, mixed.dtype, read(mixed)]).toEqual([[2, 2], 'float32', [1.5, 2, 3, 4]]);
    expect(() => tensor([new Float32Array(2), new Float32Array(3)])).toThrow(/ragged/);
    expect(() => tensor([new Float32Array(2), 3])).toThrow(ShapeError);
  });

  it('takes no options in any form', () => {
    for (const options of [null, undefined, {}, { shape: undefined, dtype: undefined }]) {
      expect(tensor([1, 2], wrong(options)).shape).toEqual([2]);
    }
  });

  it.each<[string, () => unknown, new (m: string) => Error, RegExp]>([
    ['a string', () => tensor(wrong('ab')), DTypeError, /expected a number at depth 0.*got string/],
    ['nothing', () => tensor(wrong(undefined)), DTypeError, /got undefined/],
    ['null', () => tensor(wrong([1, null])), DTypeError, /at depth 1.*got null/],
    ['a date', () => tensor(wrong(new Date())), DTypeError, /got Date/],
    ['64-bit integers', () => tensor(wrong(new BigInt64Array(2))), DTypeError, /got BigInt64Array/],
    ['tensors', () => tensor(wrong([tensor(1)])), DTypeError, /got a tensor; ops\.stack/],
    ['an array too deep', () => tensor([1, [2]]), ShapeError, /got an array/],
    ['an unknown option', () => tensor([1], wrong({ dtpye: 1 })), ConfigError, /mean "dtype"/],
    [
      'a shape by position',
      () => tensor([1], wrong([1])),
      ConfigError,
      /got an array.*shape, dtype/,
    ],
    ['a shape that is a number', () => tensor([1], { shape: wrong(1) }), ShapeError, /got 1\./],
    ['an unknown dtype', () => tensor([1], { dtype: wrong('f64') }), DTypeError, /"f64"/],
  ])('refuses %s', (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  it('changes with nothing that it was made of, or gave', () => {
    const values = new Float32Array([1, 2, 3, 4]);
    const shape = [2, 2];
    const t = tensor(values, { shape });
    const others = [reshape(t, shape), normal(shape), slice(t, [0, 0], shape)];
    values[0] = 9;
    shape[0] = 4;
    t.dataSync()[1] = 9;
    expect(() => (t.shape as number[]).push(1)).toThrow(TypeError);
    for (const made of [t, ...others]) expect(made.shape).toEqual([2, 2]);
    expect(read(t)).toEqual([1, 2, 3, 4]);
  });

  it('is written in one line', () => {
    expect(inspect(tensor(new Float32Array(1000)))).toBe('Tensor(float32 [1000])');
  });
});

describe('reading', () => {
  it('slices rows, from the end too, and refuses what is no number of rows', async () => {
    const t = arange(0, 6).reshape([3, 2]);
    expect(await t.slice().toArray()).toEqual(await t.toArray());
    expect(await t.slice(-1).toArray()).toEqual([[4, 5]]);
    expect(t.slice(1, Number.POSITIVE_INFINITY).shape).toEqual([2, 2]);
    expect(() => t.slice(0.5)).toThrow(/whole numbers of rows, got 0.5/);
    expect(() => t.slice(wrong([0, 1]))).toThrow(/ops\.slice/);
  });

  it('item is for one element', async () => {
    expect(await tensor([[3]]).item()).toBe(3);
    expect(() => tensor([1, 2]).item()).toThrow(ShapeError);
  });

  it('evaluate gives back the tensors, and refuses others', async () => {
    const x = add(tensor([1]), 1);
    const [a, b] = await evaluate(x, multiply(x, 2));
    expect([a, read(a), read(b)]).toEqual([x, [2], [4]]);
    await expect(evaluate(wrong([x]))).rejects.toThrow(/got an array; spread it as argument 1/);
    await expect(evaluate(x, wrong(3))).rejects.toThrow(ConfigError);
  });
});

describe('traced functions', () => {
  it.each<[string, (t: Tensor) => unknown]>([
    ['data()', (t) => t.data()],
    ['toArray()', (t) => t.toArray()],
    ['item()', (t) => t.item()],
    ['dataSync()', (t) => t.dataSync()],
  ])('throw at %s, also where nobody awaits it', (_, peek) => {
    const fn = compile((x: Tensor) => {
      peek(x);
      return x;
    });
    expect(() => fn(tensor([1]))).toThrow(TraceError);
    expect(() => fn(tensor([1]))).toThrow(/ops\.where .* ops\.scan/);
  });

  it('must not be async', () => {
    const peek = wrong(async (x: Tensor) => (await x.data())[0]);
    expect(() => compile<[Tensor], Tensor>(peek)(tensor([1]))).toThrow(TraceError);
    expect(() => compile<[Tensor], Tensor>(peek)(tensor([1]))).toThrow(/must not be async/);
    expect(() => grad(peek)(tensor([1]))).toThrow(/must not be async/);
  });

  it('take and return tensors, numbers and booleans', () => {
    const fn = compile((x: Tensor, keep: Tensor) => multiply(x, keep));
    expect(read(fn(tensor([1, 2]), wrong(true)))).toEqual([1, 2]);
    expect(read(fn(tensor([1, 2]), wrong(false)))).toEqual([0, 0]);
    expect(() => fn(tensor([1]), wrong('no'))).toThrow(
      /tensors, in arrays or records, got a string/,
    );
    expect(() => compile(wrong(() => 'no'))()).toThrow(ConfigError);
    expect(() => compile(wrong(() => ({ f: () => 1 })))()).toThrow(/got a function/);
  });

  it('are functions, and derivatives are of scalars', () => {
    const w = variable([1, 2]);
    for (const fn of [() => compile(wrong(3)), () => grad(wrong(3))])
      expect(fn).toThrow(ConfigError);
    expect(() => valueAndGrad(wrong(3), [w])).toThrow(/valueAndGrad: expected a function/);
    expect(() => valueAndGrad(() => sum(w), wrong(undefined))).toThrow(/a list of variables/);
    expect(() => valueAndGrad(() => sum(w), wrong([tensor(1)]))).toThrow(/grad\(fn\)\(x\)/);
    expect(() => grad(wrong(() => 3))(tensor([1]))).toThrow(/returns a scalar tensor, got number/);
    expect(() => grad((x) => sum(x))(tensor([1], { dtype: 'int32' }))).toThrow(DTypeError);
    expect(() => variable([1], wrong({ trainabel: false }))).toThrow(/mean "trainable"/);
  });
});

describe('defaults of Keras', () => {
  const x = tensor([
    [1, 5, 2],
    [9, 0, 3],
  ]);

  it('joins along the first axis', () => {
    expect(concatenate([x, x]).shape).toEqual([4, 3]);
  });

  it('takes and finds in all elements in a row', () => {
    expect(read(argmax(x))).toEqual([3]);
    expect(read(argmax(x, -1))).toEqual([1, 0]);
    expect(read(take(x, tensor([3, 0], { dtype: 'int32' })))).toEqual([9, 1]);
    expect(take(x, tensor([1], { dtype: 'int32' }), 0).shape).toEqual([1, 3]);
    const order = tensor([3, 0], { dtype: 'int32' });
    expect(read(takeAlongAxis(x, order))).toEqual([9, 1]);
  });

  it('refuses options that it does not know', () => {
    expect(() => sum(x, 0, wrong({ keepdims: true }))).toThrow(/mean "keepDims"/);
    expect(() => uniform([2], wrong(5))).toThrow(/got 5/);
    expect(() => normal([2], wrong({ std: 5 }))).toThrow(/unknown option "std"/);
    expect(() => normal(wrong(3))).toThrow(/a list of whole numbers ≥ 0, got 3/);
  });

  it('seeds are whole numbers', () => {
    for (const seed of ['1', Number.NaN, 1.5, null, undefined]) {
      expect(() => setRandomSeed(wrong(seed))).toThrow(ConfigError);
    }
  });
});
