// SpectralNormalization: holds the largest singular value of another layer's kernel at 1.
import { Variable } from '../graph/variable.js';
import { TruncatedNormal } from '../initializers/index.js';
import {
  add,
  divide,
  equal,
  minimum,
  multiply,
  rsqrt,
  square,
  stopGradient,
  subtract,
  where,
} from '../ops/elementwise.js';
import { matmul } from '../ops/gemm.js';
import { reshape } from '../ops/movement.js';
import { all, sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { type AnyLayer, type CallOptions, layers, type SymbolicShape } from './layer.js';
import { Wrapper, type WrapperOptions, wrapperOptions } from './wrapper.js';

export interface SpectralNormalizationOptions extends WrapperOptions {
  /** Steps towards the largest singular value at each call while training. Default 1. */
  readonly powerIterations?: number;
}

/** A vector of Euclidean length 1 in the direction of `v`. */
const unit = (v: Tensor): Tensor => multiply(v, minimum(rsqrt(sum(square(v))), 1e7));

/** The kernel or embeddings of a built layer. */
function kernelOf(layer: AnyLayer): Variable {
  const kernel: unknown = Reflect.get(layer, 'kernel') ?? Reflect.get(layer, 'embeddings');
  if (kernel instanceof Variable) return kernel;
  throw new ConfigError(
    `SpectralNormalization: ${layer.constructor.name} "${layer.name}" has neither a kernel nor embeddings to normalize.`,
  );
}

/**
 * Calls another layer after its kernel was divided by its largest singular value, which a few power
 * iterations estimate at every call while training. Miyato et al., https://arxiv.org/abs/1802.05957
 *
 * @example new SpectralNormalization(new Dense(64), { powerIterations: 2 })
 */
export class SpectralNormalization extends Wrapper {
  readonly powerIterations: number;
  /** `[1, outputs]`: the direction that the next call starts with. */
  vectorU!: Variable;
  private kernel: Variable | undefined;

  constructor(
    layer: AnyLayer | SpectralNormalizationOptions,
    rest: SpectralNormalizationOptions = {},
  ) {
    const options = wrapperOptions(layer, rest);
    super(options, {}, ['powerIterations']);
    this.powerIterations = options.powerIterations ?? 1;
    if (!Number.isInteger(this.powerIterations) || this.powerIterations < 1) {
      throw new ConfigError(
        `SpectralNormalization: powerIterations must be a whole number above 0, got ${options.powerIterations}.`,
      );
    }
  }

  override build(inputShape: SymbolicShape): void {
    super.build(inputShape);
    const kernel = kernelOf(this.layer);
    this.kernel = kernel;
    this.vectorU = this.addWeight({
      name: 'vector_u',
      shape: [1, kernel.shape.at(-1) ?? 1],
      initializer: new TruncatedNormal({ stddev: 0.02 }),
      trainable: false,
    });
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    if (options.training && this.kernel) this.normalize(this.kernel);
    return super.call(x, options);
  }

  private normalize(variable: Variable): void {
    const kernel = variable.value;
    const outputs = this.vectorU.size;
    const weights = reshape(kernel, [kernel.size / outputs, outputs]);
    let u = this.vectorU.value;
    let v = u;
    for (let i = 0; i < this.powerIterations; i++) {
      v = unit(matmul(u, weights, { transposeB: true }));
      u = unit(matmul(v, weights));
    }
    const sigma = matmul(matmul(v, weights), u, { transposeB: true });
    const zero = all(equal(kernel, 0));
    const normalized = where(zero, kernel, divide(kernel, reshape(sigma, [])));
    this.vectorU.assign(where(zero, this.vectorU.value, u));
    // The optimizer goes on from the normalized kernel, by the gradient there: the step to it counts
    // as none.
    variable.assign(add(stopGradient(normalized), subtract(kernel, stopGradient(kernel))));
  }

  /** As in Keras, the kernel counts as this layer's too, and comes first. */
  override get ownWeights(): readonly Variable[] {
    return [...(this.kernel ? [this.kernel] : []), ...super.ownWeights];
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      power_iterations: this.powerIterations,
    };
  }
}
layers.add('SpectralNormalization', SpectralNormalization);
