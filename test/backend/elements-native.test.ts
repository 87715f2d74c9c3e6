// The native elementwise, reduction and movement kernels on every instruction set: every case of the
// kernel tests, also in place, and random shapes with axes around the sizes at which the kernels change
// their way, against the JS kernels in double precision. Always the same bits for any number of threads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ValueInfo } from '../../lib/backend/js/kernel.js';
import type { Addon } from '../../lib/backend/native.js';
import { backend } from '../../lib/backend/select.js';
import type { Attrs } from '../../lib/graph/program.js';
import { type DataArray, type DType, viewOf } from '../../lib/tensor/dtype.js';
import type { Shape } from '../../lib/tensor/shape.js';
import { runKernel, type Value } from '../support/kernel.js';
import { type Isa, loadIsa, NativeKernel } from '../support/native-kernel.js';
import { count, f32, i32, random, uniforms, value } from './kernels/case.js';
import { check } from './kernels/check.js';
import { elementwiseCases } from './kernels/elementwise.js';
import { movementCases } from './kernels/movement.js';
import { reduceAndProductCases } from './kernels/reduce.js';

const cases = [...elementwiseCases, ...movementCases, ...reduceAndProductCases].filter(
  ({ outputs }) => outputs.length === 1,
);

/** Elements before and after each output, which a kernel must leave alone. */
const margin = 64;

function allocate({ dtype, shape }: ValueInfo): { inner: DataArray; outer: DataArray } {
  const length = count(shape) + 2 * margin;
  const outer = viewOf(dtype, new ArrayBuffer(4 * length), 0, length).fill(77);
  return { inner: outer.subarray(margin, length - margin), outer };
}

/** Runs a case on the addon, with one thread and with three. */
const runOn =
  (addon: Addon): typeof runKernel =>
  async (kernel, inputs, outputs, attrs = {}, { inPlace = [] } = {}) => {
    const call = new NativeKernel(addon, kernel, inputs, outputs[0], attrs);
    const run = (threads: number) => {
      const operands = inputs.map((input) => {
        const { inner } = allocate(input);
        inner.set(input.data);
        return inner;
      });
      const { inner, outer } = allocate(outputs[0]);
      const y = inPlace[0] === undefined ? inner : operands[inPlace[0]];
      call.runInto(y, operands, threads);
      const around = [...outer.subarray(0, margin), ...outer.subarray(outer.length - margin)];
      expect(new Set(around), `${kernel} writes outside of its output`).toEqual(new Set([77]));
      return y;
    };
    try {
      const y = run(1);
      expect(run(3), 'other bits with 3 threads').toEqual(y);
      return [y];
    } finally {
      call.unload();
    }
  };

async function agree(
  addon: Addon,
  kernel: string,
  inputs: readonly Value[],
  shape: Shape,
  attrs: Attrs = {},
  dtype: DType = inputs[0].dtype,
): Promise<void> {
  const outputs = [{ dtype, shape }];
  const reference = await runKernel(kernel, inputs, outputs, attrs, { float64: true });
  const expected = reference.map((array) => Array.from(array));
  const test = { kernel, title: '', inputs, outputs, attrs, expected, scale: 16 };
  await check(test, {}, runOn(addon));
}

const dtypes = fc.constantFrom<DType>('float32', 'int32', 'uint8', 'bool');
const seeds = fc.nat(1000);
/** Short axes, long ones, and vectors' lengths and their neighbours. */
const axis = fc.constantFrom<number[]>(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40, 67);
const shapes = fc
  .array(axis, { minLength: 1, maxLength: 5 })
  .filter((shape) => count(shape) < 30_000);
const picks = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });

const some = (dtype: DType, shape: Shape, seed: number): Value =>
  value(
    dtype,
    shape,
    uniforms(count(shape), seed).map((u) => (dtype === 'bool' ? u * 2 : u * 200)),
  );

/** `shape` with the axes that `ones` picks of size 1. */
const narrowed = (shape: Shape, ones: readonly boolean[]) =>
  shape.map((size, i) => (ones[i] ? 1 : size));

describe.runIf(backend() === 'native').each<Isa>(['baseline', 'avx2', 'avx512'])('%s', (isa) => {
  const addon = loadIsa(isa);
  const holds = <T>(values: fc.Arbitrary<T>, body: (value: T) => Promise<void>, numRuns = 60) =>
    fc.assert(fc.asyncProperty(values, body), { numRuns, seed: 1 });

  it('case by case', async () => {
    for (const test of cases)
      for (const inPlace of [[], ...(test.inPlace ?? [])]) {
        await check(test, { inPlace }, runOn(addon)).catch((cause) => {
          throw new Error(`${test.kernel} ${test.title}`, { cause });
        });
      }
  });

  it('broadcast operands of any shape', async () => {
    const call = fc.record({
      shape: shapes,
      a: picks,
      b: picks,
      c: picks,
      seed: seeds,
      dtype: dtypes,
    });
    await holds(call, async ({ shape, a, b, c, seed, dtype }) => {
      // Every axis is that of one operand at least.
      const whole = narrowed(
        shape,
        shape.map((_, i) => a[i] && b[i]),
      );
      const [x, y] = [narrowed(shape, a), narrowed(shape, b)];
      await agree(addon, 'multiply', [random(x, seed), random(y, seed + 1)], whole);
      await agree(
        addon,
        'less',
        [some(dtype, x, seed), some(dtype, y, seed + 1)],
        whole,
        {},
        'bool',
      );
      const condition = some('bool', narrowed(whole, c), seed + 2);
      const branches = [some(dtype, x, seed), some(dtype, y, seed + 1)];
      await agree(addon, 'where', [condition, ...branches], whole, {}, dtype);
      await agree(addon, 'broadcastTo', [some(dtype, x, seed)], shape);
    });
  });

  it('reductions over any axes', async () => {
    const call = fc.record({ shape: shapes, goes: picks, seed: seeds });
    await holds(call, async ({ shape, goes, seed }) => {
      const axes = shape.flatMap((_, i) => (goes[i] ? [i] : []));
      const kept = shape.filter((_, i) => !goes[i]);
      const attrs = { axes, keepDims: 0 };
      const x = random(shape, seed);
      const ints = i32(
        shape,
        x.data.map((v) => v * 1e9),
      );
      const odd = f32(
        shape,
        x.data.map((v) => (v > 1.99 ? Number.NaN : v)),
      );
      await agree(addon, 'sum', [x], kept, attrs);
      await agree(addon, 'sum', [ints], kept, attrs);
      await agree(addon, 'max', [odd], kept, attrs);
      await agree(addon, 'min', [ints], kept, attrs);
      await agree(addon, 'any', [some('bool', shape, seed)], kept, attrs);
    });
  });

  it('sums of many rows, in parts', async () => {
    for (const [rows, columns] of [
      [1024, 33],
      [5000, 3],
      [3001, 100],
      [1500, 512],
      [2100, 1030],
    ]) {
      const x = random([rows, columns], columns);
      await agree(addon, 'sum', [x], [columns], { axes: [0], keepDims: 0 });
    }
  });

  it('transposes, slices and joins of any shape', async () => {
    const call = fc.record({ shape: shapes, order: picks, picks, dtype: dtypes, seed: seeds });
    await holds(call, async ({ shape, order, picks: backwards, dtype, seed }) => {
      const x = some(dtype, shape, seed);
      const axes = [...shape.keys()];
      const last = axes.filter((i) => order[i]);
      for (const permutation of [[...axes.filter((i) => !order[i]), ...last], axes.toReversed()]) {
        const turned = permutation.map((i) => shape[i]);
        await agree(addon, 'transpose', [x], turned, { permutation });
      }
      const strides = axes.map((i) => (backwards[i] ? -1 : 1));
      const begin = axes.map((i) => (backwards[i] ? shape[i] - 1 : Math.floor(shape[i] / 3)));
      const left = shape.map((n, i) => (backwards[i] ? n : n - Math.floor(n / 3)));
      await agree(addon, 'slice', [x], left, { begin, strides });
      const at = seed % shape.length;
      const more = some(dtype, shape.with(at, 3), seed + 1);
      const joined = shape.with(at, 2 * shape[at] + 3);
      await agree(addon, 'concat', [x, more, x], joined, { axis: at });
    });
  });

  it('gathers rows of any length', async () => {
    const call = fc.record({
      outer: axis,
      n: axis,
      inner: axis,
      many: axis,
      dtype: dtypes,
      seed: seeds,
    });
    await holds(call, async ({ outer, n, inner, many, dtype, seed }) => {
      const indices = i32(
        [many],
        uniforms(many, seed).map((u) => Math.floor(u * n)),
      );
      const table = some(dtype, [outer, n, inner], seed);
      await agree(addon, 'gather', [table, indices], [outer, many, inner], { axis: 1 });
    });
  });
});
