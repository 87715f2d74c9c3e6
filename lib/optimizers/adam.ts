// Adam: steps scaled by running moments of the gradient.
import type { Variable } from '../graph/variable.js';
import { adamUpdate } from '../ops/update.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import {
  type LearningRate,
  Optimizer,
  type OptimizerOptions,
  optimizerOptionNames,
  optimizers,
  toOptions,
} from './optimizer.js';

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment, default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7, as in Keras. */
  readonly epsilon?: number;
}

/** Adam with Keras's defaults: learning rate 0.001. Kingma & Ba 2014. */
export class Adam extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;

  /** `new Adam(1e-3, { beta1: 0.9 })` or `new Adam({ learningRate: 1e-3 })` */
  constructor(learningRate?: LearningRate | AdamOptions, rest?: AdamOptions) {
    const options = toOptions<AdamOptions>(learningRate, rest);
    checkOptions('Adam', options, [...optimizerOptionNames, 'beta1', 'beta2', 'epsilon']);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, 'momentum');
      this.addSlot(variable, 'velocity');
    }
  }

  protected override updateAll(
    grads: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    const momentums = variables.map((v) => this.slot(v, 'momentum'));
    const velocities = variables.map((v) => this.slot(v, 'velocity'));
    const { beta1, beta2, epsilon } = this;
    const updated = adamUpdate(
      variables.map((v) => v.value),
      momentums.map((m) => m.value),
      velocities.map((v) => v.value),
      grads,
      { learningRate, beta1, beta2, epsilon, step: this.iterations.value },
    );
    for (const [i, variable] of variables.entries()) {
      variable.assign(updated.weights[i]);
      momentums[i].assign(updated.momentums[i]);
      velocities[i].assign(updated.velocities[i]);
    }
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.updateAll([gradient], [variable], learningRate);
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon, amsgrad: false };
  }
}
optimizers.add('Adam', Adam);
