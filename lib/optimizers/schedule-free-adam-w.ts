// Schedule-free AdamW: averages of the weights take the place of a learning-rate schedule.
import type { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import { add, divide, minimum, multiply } from '../ops/elementwise.js';
import { scheduleFreeUpdate } from '../ops/update-adam.js';
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

export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** Weight of the average where gradients are taken. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Updates over which the learning rate grows to its value. Default 0. */
  readonly warmupSteps?: number;
}

/**
 * z ← z − lr·g/(√v̂+ε); x is the mean of all z, and the weights are y = (1−β₁)z + β₁x. Default learning
 * rate 0.0025. z starts at the weights, as in Keras, except where Keras builds the optimizer inside of
 * TensorFlow's `fit`, which loses that. Defazio et al. 2024.
 */
export class ScheduleFreeAdamW extends FusedOptimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly warmupSteps: number;

  /** `new ScheduleFreeAdamW(2.5e-3, { warmupSteps: 1000 })` */
  constructor(
    learningRate?: LearningRate | ScheduleFreeAdamWOptions,
    rest?: ScheduleFreeAdamWOptions,
  ) {
    const options = toOptions<ScheduleFreeAdamWOptions>(new.target.name, learningRate, rest);
    checkOptions('ScheduleFreeAdamW', options, [
      ...optimizerOptionNames,
      'beta1',
      'beta2',
      'epsilon',
      'warmupSteps',
    ]);
    super({ ...options, learningRate: options.learningRate ?? 0.0025 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-8;
    this.warmupSteps = options.warmupSteps ?? 0;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, 'momentum', variable.value);
      this.addSlot(variable, 'velocity');
    }
  }

  private warmed(learningRate: Tensor): Tensor {
    if (!(this.warmupSteps > 0)) return learningRate;
    const t = add(asFloat(this.updates()), 1);
    return multiply(learningRate, minimum(divide(t, this.warmupSteps), 1));
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { beta1, beta2, epsilon } = this;
    const rate = this.warmed(learningRate);
    this.run(targets, scheduleFreeUpdate, { learningRate: rate, beta1, beta2, epsilon });
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon, warmupSteps } = this;
    return {
      ...super.getConfig(),
      beta_1: beta1,
      beta_2: beta2,
      epsilon,
      warmup_steps: warmupSteps,
    };
  }
}
optimizers.add('ScheduleFreeAdamW', ScheduleFreeAdamW);
