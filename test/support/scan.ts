// A recurrent network through `scan` and through the same loop unrolled.
import type { Tree } from '../../lib/graph/compile.js';
import { lazyGradient } from '../../lib/graph/gradient.js';
import { type ScanOptions, scan } from '../../lib/graph/scan.js';
import { add, multiply, square, tanh } from '../../lib/ops/elementwise.js';
import { matmul } from '../../lib/ops/gemm.js';
import { gather, stack } from '../../lib/ops/movement.js';
import { mean, sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { seeded } from './random.js';
import '../../lib/ops/methods.js';

export const read = (...ts: Tensor[]): number[] => ts.flatMap((t) => [...t.dataSync()]);
export const float = (shape: readonly number[], seed = 1): Tensor =>
  tensor(Float32Array.from(seeded(seed).uniforms(shape.reduce((n, d) => n * d, 1))), { shape });

/** What scan means: the loop, unrolled. */
export function unrolled<C extends Tree>(
  fn: (carry: C, x: Tensor) => readonly [C, Tensor],
  init: C,
  xs: Tensor,
  { reverse = false }: ScanOptions = {},
): [C, Tensor] {
  const n = xs.shape[0];
  const ys: Tensor[] = new Array(n);
  let carry = init;
  for (let step = 0; step < n; step++) {
    const i = reverse ? n - 1 - step : step;
    [carry, ys[i]] = fn(carry, gather(xs, i));
  }
  return [carry, stack(ys)];
}

export type Loop = typeof unrolled;
export const loops: Loop = (fn, init, xs, options) => scan(fn, init, xs, options);

/** A recurrent layer and a running sum of squares, in a record. */
const network =
  (w: Tensor, u: Tensor, b: Tensor) =>
  (carry: { h: Tensor; total: Tensor }, x: Tensor): [{ h: Tensor; total: Tensor }, Tensor] => {
    const h = tanh(add(add(matmul(x, w), matmul(carry.h, u)), b));
    return [{ h, total: add(carry.total, sum(square(h))) }, multiply(h, carry.total)];
  };

export const parameters = [
  float([3, 4], 1),
  float([4, 4], 2),
  float([4], 3),
  float([2, 4], 4),
  float([5, 2, 3], 5),
];
const start = (h: Tensor) => ({ h, total: tensor(0.5) });

export const run =
  (through: Loop, options?: ScanOptions) =>
  (...[w, u, b, h, xs]: Tensor[]): Tensor[] => {
    const [last, ys] = through(network(w, u, b), start(h), xs, options);
    return [last.h, last.total, ys];
  };

export const lossOf =
  (through: Loop, options?: ScanOptions) =>
  (...ts: Tensor[]): Tensor =>
    run(
      through,
      options,
    )(...ts)
      .map((t) => mean(square(t)))
      .reduce((a, b) => add(a, b));

/** All gradients of a scalar function. */
export const gradients = (f: (...ts: Tensor[]) => Tensor, ts: Tensor[]): Tensor[] => [
  ...lazyGradient(f(...ts), ts),
];

export const directions: ScanOptions[] = [{ reverse: false }, { reverse: true }];
