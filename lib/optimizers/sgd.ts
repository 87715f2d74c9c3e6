// Stochastic gradient descent, with momentum.
import type { Variable } from '../graph/variable.js';
import { momentumUpdate, sgdUpdate } from '../ops/update.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import {
  type LearningRate,
  Optimizer,
  type OptimizerOptions,
  optimizerOptionNames,
  optimizers,
  toOptions,
} from './optimizer.js';

export interface SGDOptions extends OptimizerOptions {
  /** Default 0: plain descent. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** w ← w − lr·g; with momentum m ← μm − lr·g, w ← w + m. Default learning rate 0.01. */
export class SGD extends Optimizer {
  readonly momentum: number;
  readonly nesterov: boolean;

  /** `new SGD(0.01, { momentum: 0.9 })` or `new SGD({ learningRate: 0.01 })` */
  constructor(learningRate?: LearningRate | SGDOptions, rest?: SGDOptions) {
    const options = toOptions<SGDOptions>(learningRate, rest);
    checkOptions('SGD', options, [...optimizerOptionNames, 'momentum', 'nesterov']);
    super({ ...options, learningRate: options.learningRate ?? 0.01 });
    this.momentum = options.momentum ?? 0;
    this.nesterov = options.nesterov ?? false;
    if (!(this.momentum >= 0 && this.momentum <= 1)) {
      throw new ConfigError(`SGD: momentum must be between 0 and 1, got ${this.momentum}.`);
    }
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    if (this.momentum === 0) return;
    for (const variable of variables) this.addSlot(variable, 'momentum');
  }

  protected override updateAll(
    grads: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    const weights = variables.map((v) => v.value);
    if (this.momentum === 0) {
      const updated = sgdUpdate(weights, grads, learningRate);
      for (const [i, variable] of variables.entries()) variable.assign(updated[i]);
      return;
    }
    const slots = variables.map((v) => this.slot(v, 'momentum'));
    const { momentum, nesterov } = this;
    const updated = momentumUpdate(
      weights,
      slots.map((s) => s.value),
      grads,
      { learningRate, momentum, nesterov },
    );
    for (const [i, variable] of variables.entries()) {
      variable.assign(updated.weights[i]);
      slots[i].assign(updated.momentums[i]);
    }
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.updateAll([gradient], [variable], learningRate);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}
optimizers.add('SGD', SGD);
