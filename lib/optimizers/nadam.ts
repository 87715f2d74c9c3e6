// Nadam: Adam with Nesterov's momentum.
import type { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import { add, multiply, power, subtract } from '../ops/elementwise.js';
import { nadamUpdate } from '../ops/update-adam.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { FusedOptimizer, type Targets } from './fused.js';
import { optimizers } from './optimizer.js';
import {
  type LearningRate,
  type OptimizerOptions,
  optimizerOptionNames,
  toOptions,
} from './options.js';

export interface NadamOptions extends OptimizerOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * With uₜ = β₁(1 − 0.96ᵗ/2): w ← w − lr·m̂/(√v̂+ε), m̂ = uₜ₊₁m/(1−u₁…uₜ₊₁) + (1−uₜ)g/(1−u₁…uₜ). Default
 * learning rate 0.001. Dozat 2015.
 */
export class Nadam extends FusedOptimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** u₁…uₜ */
  private product: Variable | undefined;

  /** `new Nadam(1e-3)` */
  constructor(learningRate?: LearningRate | NadamOptions, rest?: NadamOptions) {
    const options = toOptions<NadamOptions>(new.target.name, learningRate, rest);
    checkOptions('Nadam', options, [...optimizerOptionNames, 'beta1', 'beta2', 'epsilon']);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity']);
    // Keras gives it no name.
    this.product ??= this.addVariable('variable', tensor(1), 'variable');
  }

  protected override updateAll(
    gradients: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    const product = this.productSoFar();
    const t = add(asFloat(this.updates()), 1);
    const u = multiply(this.beta1, subtract(1, multiply(0.5, power(0.96, t))));
    product.assign(multiply(product.value, u));
    super.updateAll(gradients, variables, learningRate);
  }

  private productSoFar(): Variable {
    if (this.product) return this.product;
    throw new StateError(`${this.name}: build the optimizer before it updates a variable.`);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { beta1, beta2, epsilon } = this;
    const product = this.productSoFar().value;
    this.run(targets, nadamUpdate, { learningRate, beta1, beta2, epsilon, product });
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon };
  }
}
optimizers.add('Nadam', Nadam);
