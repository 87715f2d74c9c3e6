// Gradient checks: ⟨v, J u⟩ by central differences against ⟨Jᵀ v, u⟩ by our own derivatives, both in
// double precision on the JS backend.
import { expect } from 'vitest';
import { jsBackend } from '../../lib/backend/js/js.js';
import { currentBackend, useBackend } from '../../lib/backend/select.js';
import { lazyGradient } from '../../lib/graph/gradient.js';
import '../../lib/graph/evaluate.js';
import { add, multiply } from '../../lib/ops/elementwise.js';
import { sum } from '../../lib/ops/reduce.js';
import { byteSize, viewOf } from '../../lib/tensor/dtype.js';
import { type Shape, sizeOf } from '../../lib/tensor/shape.js';
import { setAllocator, type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { seeded } from './random.js';

/** Runs `fn` with all float32 values held and computed in double precision. */
export function inFloat64<T>(fn: () => T): T {
  const before = currentBackend();
  useBackend(jsBackend({ float64: true }));
  setAllocator((dtype, length) =>
    dtype === 'float32'
      ? new Float64Array(length)
      : viewOf(dtype, new ArrayBuffer(length * byteSize(dtype)), 0, length),
  );
  try {
    return fn();
  } finally {
    useBackend(before);
    setAllocator((dtype, length) =>
      viewOf(dtype, new ArrayBuffer(length * byteSize(dtype)), 0, length),
    );
  }
}

/** An operand of a checked function: a shape and where its values lie. */
export interface Operand {
  readonly shape: Shape;
  readonly low: number;
  readonly high: number;
  /** Least distance of any two values: keeps ties and kinks away from finite differences. */
  readonly apart?: number;
}

/** A float operand, uniform in [low, high). */
export const real = (shape: Shape, low = -1, high = 1): Operand => ({ shape, low, high });

/** A float operand whose values differ from each other (in any order) by `apart` at least. */
export const distinct = (shape: Shape, apart = 0.1): Operand => {
  const half = (sizeOf(shape) * apart) / 2;
  return { shape, low: -half, high: half, apart };
};

function valuesOf({ shape, low, high, apart }: Operand, seed: number): Float64Array {
  const random = seeded(seed);
  const n = sizeOf(shape);
  if (apart === undefined) return Float64Array.from(random.uniforms(n, low, high));
  // Offset by a third: no value, and no half of a sum of two, is 0.
  return Float64Array.from(random.permutation(n), (i) => low + (i + 1 / 3) * apart);
}

type Checked = (...xs: Tensor[]) => Tensor | readonly Tensor[];

export interface CheckOptions {
  readonly seed?: number;
  /** How often to differentiate: 2 also checks the gradient's own gradient. Default 2. */
  readonly order?: 1 | 2;
  /** Allowed relative error; default 1e-6. */
  readonly tolerance?: number;
}

const weighted = (ys: readonly Tensor[], weights: readonly Float64Array[]): Tensor =>
  ys
    .map((y, i) => sum(multiply(y, tensor(weights[i], { shape: y.shape }))))
    .reduce((a, b) => add(a, b));

const outputsOf = (fn: Checked, xs: readonly Tensor[]): readonly Tensor[] => [fn(...xs)].flat();

/** Compares the derivative of Σ vᵢ·yᵢ along one direction with central differences. */
function checkOnce(
  fn: Checked,
  points: readonly Float64Array[],
  shapes: readonly Shape[],
  seed: number,
  tolerance: number,
  order: number,
): void {
  const random = seeded(seed);
  const at = (shift: number, directions: readonly Float64Array[]): Tensor[] =>
    points.map((x, i) =>
      tensor(
        x.map((value, j) => value + shift * directions[i][j]),
        { shape: shapes[i] },
      ),
    );
  const directions = points.map((x) => Float64Array.from(random.uniforms(x.length)));
  const xs = at(0, directions);
  const weights = outputsOf(fn, xs).map((y) => Float64Array.from(random.uniforms(y.size)));
  const scalar = (...ts: Tensor[]): Tensor => weighted(outputsOf(fn, ts), weights);

  const h = 1e-5;
  const above = scalar(...at(h, directions)).dataSync()[0];
  const below = scalar(...at(-h, directions)).dataSync()[0];
  const numeric = (above - below) / (2 * h);

  const grads = lazyGradient(scalar(...xs), xs);
  let analytic = 0;
  let scale = 1;
  for (const [i, g] of grads.entries()) {
    expect(g.shape, `shape of gradient ${i}`).toEqual(shapes[i]);
    for (const [j, value] of g.dataSync().entries()) {
      analytic += value * directions[i][j];
      scale += Math.abs(value * directions[i][j]);
    }
  }
  const error = Math.abs(analytic - numeric) / scale;
  if (!(error <= tolerance)) {
    expect.fail(`derivative of order ${order}: ${analytic}, central differences say ${numeric}`);
  }
}

/** Checks the gradients of `fn` at seeded points, in several directions. */
export function checkGradient(
  fn: Checked,
  operands: readonly Operand[],
  options: CheckOptions = {},
): void {
  const { seed = 1, order = 2, tolerance = 1e-6 } = options;
  inFloat64(() => {
    const shapes = operands.map(({ shape }) => shape);
    for (let i = 0; i < 2; i++) {
      const points = operands.map((operand, j) => valuesOf(operand, 1000 * seed + 10 * i + j));
      checkOnce(fn, points, shapes, seed + i, tolerance, 1);
      if (order === 1) continue;
      const gradient = (...xs: Tensor[]): readonly Tensor[] => {
        const ys = outputsOf(fn, xs);
        const random = seeded(seed + 77);
        const weights = ys.map((y) => Float64Array.from(random.uniforms(y.size)));
        return lazyGradient(weighted(ys, weights), xs);
      };
      checkOnce(gradient, points, shapes, seed + i, tolerance, 2);
    }
  });
}
