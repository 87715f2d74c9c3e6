// Orthogonal matrices from random ones, by Gram–Schmidt in panels of columns: within a panel in double
// precision, between panels by matrix products on the engine. The result is the Q of the one QR
// decomposition whose R has a positive diagonal, which is what Keras makes of its QR.
import { multiply, subtract } from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import { concatenate, reshape, sliceAxis, transpose } from '../ops/movement.js';
import { normal } from '../ops/random.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { numberOption, toNamed } from '../util/options.js';
import { initializers } from './initializer.js';
import { Seeded, type SeedOption } from './random.js';

/** Columns that are made orthogonal to each other one by one. */
const panelWidth = 64;

/** Σ x·y, in four partial sums: a single one waits 4 cycles for each addition. */
function dot(x: Float64Array, y: Float64Array): number {
  const whole = x.length - (x.length % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    s0 += x[i] * y[i];
    s1 += x[i + 1] * y[i + 1];
    s2 += x[i + 2] * y[i + 2];
    s3 += x[i + 3] * y[i + 3];
  }
  for (let i = whole; i < x.length; i++) s0 += x[i] * y[i];
  return s0 + s1 + (s2 + s3);
}

/** Takes from `x` its part along `unit`. */
function removePart(x: Float64Array, unit: Float64Array): void {
  const product = dot(x, unit);
  for (let i = 0; i < x.length; i++) x[i] -= product * unit[i];
}

function normalize(x: Float64Array): void {
  const scale = 1 / Math.sqrt(dot(x, x));
  for (let i = 0; i < x.length; i++) x[i] *= scale;
}

/** The columns of [m, n], orthonormal, by modified Gram–Schmidt. */
function orthonormalColumns(panel: Tensor): Tensor {
  const [m, n] = panel.shape;
  const data = transpose(panel).dataSync();
  const columns = Array.from(
    { length: n },
    (_, j) => new Float64Array(data.subarray(j * m, (j + 1) * m)),
  );
  const flat = new Float32Array(m * n);
  for (const [j, column] of columns.entries()) {
    for (let i = 0; i < j; i++) removePart(column, columns[i]);
    normalize(column);
    flat.set(column, j * m);
  }
  return transpose(tensor(flat, { shape: [n, m] }));
}

/** The Q of a matrix [m, n] with m ≥ n: panel by panel, each of them twice against rounding. */
function orthonormal(a: Tensor): Tensor {
  const n = a.shape[1];
  let done: Tensor | undefined;
  for (let from = 0; from < n; from += panelWidth) {
    let panel = sliceAxis(a, 1, from, Math.min(n, from + panelWidth));
    for (let pass = 0; done && pass < 2; pass++) {
      const parts = matmul(done, matmul(done, panel, { transposeA: true }));
      panel = orthonormalColumns(subtract(panel, parts));
    }
    if (!done) panel = orthonormalColumns(panel);
    done = done ? concatenate([done, panel], 1) : panel;
  }
  return done ?? a;
}

/** Options of `Orthogonal`. */
export interface OrthogonalOptions extends SeedOption {
  /** What the matrix is multiplied by. Default 1. */
  readonly gain?: number;
}

/**
 * A random matrix whose columns are orthonormal, or its rows where there are fewer of them; of a weight
 * with more axes, all but the last one are the rows. Saxe et al. 2014.
 */
export class Orthogonal extends Seeded {
  readonly gain: number;
  /** `new Orthogonal(0.5, { seed: 1 })` or all in one object. */
  constructor(gain?: number | OrthogonalOptions, rest?: SeedOption) {
    const given = toNamed<OrthogonalOptions>('Orthogonal', [gain, rest], ['gain'], ['seed']);
    super(given);
    this.gain = numberOption('Orthogonal', 'gain', given.gain, 1);
  }
  override call(shape: Shape): Tensor {
    if (shape.length < 2) {
      throw new ShapeError(
        `Orthogonal: expected a shape of 2 axes or more, got ${formatShape(shape)}.`,
      );
    }
    const columns = shape[shape.length - 1];
    const rows = shape.slice(0, -1).reduce((n, d) => n * d, 1);
    const tall = [Math.max(rows, columns), Math.min(rows, columns)];
    const q = orthonormal(normal(tall, { seed: this.seed }));
    return multiply(reshape(rows < columns ? transpose(q) : q, shape), this.gain);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), gain: this.gain };
  }
}
initializers.add('Orthogonal', Orthogonal, ['OrthogonalInitializer']);
