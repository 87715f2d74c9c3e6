// The penalty on rows or columns that are not orthogonal to each other.
import { absolute, divide, minimum, multiply, rsqrt, square } from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import { sum } from '../ops/reduce.js';
import { formatShape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { toNamed } from '../util/options.js';
import { factorOption, Regularizer, regularizers } from './regularizer.js';

/** Options of `OrthogonalRegularizer`. */
export interface OrthogonalRegularizerOptions {
  /** Default 0.01. */
  readonly factor?: number;
  /** What should be orthogonal. Default 'rows'. */
  readonly mode?: 'rows' | 'columns';
}

/** Smallest norm that vectors are divided by. */
const epsilon = 1e-7;

const normalized = (x: Tensor, axis: number): Tensor =>
  multiply(x, minimum(rsqrt(sum(square(x), axis, { keepDims: true })), 1 / epsilon));

/** Ones, but zeros on the diagonal. */
const offDiagonal = (size: number): Tensor =>
  tensor(
    Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 0 : 1)),
    { shape: [size, size] },
  );

/** `factor` times the mean |cosine| between two different rows, or columns, of a matrix. */
export class OrthogonalRegularizer extends Regularizer {
  readonly factor: number;
  readonly mode: 'rows' | 'columns';
  /** `new OrthogonalRegularizer(0.01, 'columns')` or with an object. */
  constructor(factor?: number | OrthogonalRegularizerOptions, mode?: 'rows' | 'columns') {
    super();
    const name = 'OrthogonalRegularizer';
    const given = toNamed<OrthogonalRegularizerOptions>(name, [factor, mode], ['factor', 'mode']);
    this.factor = factorOption(name, 'factor', given.factor, 0.01);
    this.mode = given.mode ?? 'rows';
    if (this.mode !== 'rows' && this.mode !== 'columns') {
      throw new ConfigError(`${name}: mode must be 'rows' or 'columns', got '${this.mode}'.`);
    }
  }
  override call(x: Tensor): Tensor {
    if (x.rank !== 2) {
      throw new ShapeError(
        `OrthogonalRegularizer: expected a matrix, got ${formatShape(x.shape)}.`,
      );
    }
    const rows = this.mode === 'rows';
    const vectors = normalized(x, rows ? 1 : 0);
    const products = matmul(vectors, vectors, rows ? { transposeB: true } : { transposeA: true });
    const size = products.shape[0];
    const pairs = (size * (size - 1)) / 2;
    const total = sum(absolute(multiply(products, offDiagonal(size))));
    return divide(multiply(total, 0.5 * this.factor), pairs);
  }
  override getConfig(): Record<string, unknown> {
    return { factor: this.factor, mode: this.mode };
  }
}
regularizers.add('OrthogonalRegularizer', OrthogonalRegularizer);
