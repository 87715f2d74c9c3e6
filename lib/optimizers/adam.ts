// Adam: steps scaled by running moments of the gradient.
import type { Variable } from '../graph/variable.js';
import { adamUpdate, amsgradUpdate } from '../ops/update-adam.js';
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

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment, default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7, as in Keras. */
  readonly epsilon?: number;
  /** Divide by the largest second moment so far. Default false. Reddi et al. 2018. */
  readonly amsgrad?: boolean;
}

export const adamOptionNames = [
  ...optimizerOptionNames,
  'beta1',
  'beta2',
  'epsilon',
  'amsgrad',
] as const;

/**
 * m ← m + (g−m)(1−β₁), v ← v + (g²−v)(1−β₂), w ← w − lr·√(1−β₂ᵗ)/(1−β₁ᵗ)·m/(√v+ε), with Keras's
 * defaults: learning rate 0.001. Kingma & Ba 2014.
 */
export class Adam extends FusedOptimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsgrad: boolean;

  /** `new Adam(1e-3, { beta1: 0.9 })` or `new Adam({ learningRate: 1e-3 })` */
  constructor(learningRate?: LearningRate | AdamOptions, rest?: AdamOptions) {
    const options = toOptions<AdamOptions>(new.target.name, learningRate, rest);
    checkOptions(new.target.name, options, adamOptionNames);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
    this.amsgrad = options.amsgrad ?? false;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity']);
    if (this.amsgrad) this.addSlots(variables, ['velocity_hat']);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { beta1, beta2, epsilon } = this;
    const rests = { oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2 };
    const scalars = { learningRate, beta1, beta2, epsilon, ...rests };
    if (this.amsgrad) this.run(targets, amsgradUpdate, scalars);
    else this.run(targets, adamUpdate, scalars);
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon, amsgrad } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon, amsgrad };
  }
}
optimizers.add('Adam', Adam);
