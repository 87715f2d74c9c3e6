// Adamax: Adam by the largest recent gradient in place of the mean square.
import type { Variable } from '../graph/variable.js';
import { adamaxUpdate } from '../ops/update-adam.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import { FusedOptimizer, type Targets } from './fused.js';
import { optimizers } from './optimizer.js';
import {
  type LearningRate,
  type OptimizerOptions,
  optimizerOptionNames,
  toOptions,
} from './options.js';

export interface AdamaxOptions extends OptimizerOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the norm. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * m ← m + (g−m)(1−β₁), u ← max(β₂u, |g|), w ← w − lr·m/((1−β₁ᵗ)(u+ε)). Default learning rate 0.001.
 * Kingma & Ba 2014, section 7.1.
 */
export class Adamax extends FusedOptimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;

  /** `new Adamax(2e-3)` */
  constructor(learningRate?: LearningRate | AdamaxOptions, rest?: AdamaxOptions) {
    const options = toOptions<AdamaxOptions>(new.target.name, learningRate, rest);
    checkOptions('Adamax', options, [...optimizerOptionNames, 'beta1', 'beta2', 'epsilon']);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'norm']);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { beta1, beta2, epsilon } = this;
    const oneMinusBeta1 = 1 - beta1;
    this.run(targets, adamaxUpdate, { learningRate, beta1, beta2, epsilon, oneMinusBeta1 });
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon };
  }
}
optimizers.add('Adamax', Adamax);
