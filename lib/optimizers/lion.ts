// Lion: steps of one size in the direction of the momentum's sign.
import type { Variable } from '../graph/variable.js';
import { lionUpdate } from '../ops/update-descent.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { FusedOptimizer, type Targets } from './fused.js';
import { optimizers } from './optimizer.js';
import {
  type LearningRate,
  type OptimizerOptions,
  optimizerOptionNames,
  toOptions,
} from './options.js';

export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the direction of a step, in (0, 1]. Default 0.9. */
  readonly beta1?: number;
  /** Share of the old momentum in the new one. Default 0.99. */
  readonly beta2?: number;
}

/**
 * w ← w − lr·sign(β₁m + (1−β₁)g), m ← β₂m + (1−β₂)g. Default learning rate 0.001. Chen et al. 2023.
 */
export class Lion extends FusedOptimizer {
  readonly beta1: number;
  readonly beta2: number;

  /** `new Lion(1e-4, { weightDecay: 0.1 })` */
  constructor(learningRate?: LearningRate | LionOptions, rest?: LionOptions) {
    const options = toOptions<LionOptions>(new.target.name, learningRate, rest);
    checkOptions('Lion', options, [...optimizerOptionNames, 'beta1', 'beta2']);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.99;
    if (!(this.beta1 > 0 && this.beta1 <= 1)) {
      throw new ConfigError(`Lion: beta1 must be above 0 and at most 1, got ${this.beta1}.`);
    }
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum']);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { beta1, beta2 } = this;
    this.run(targets, lionUpdate, { learningRate, beta1, beta2 });
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), beta_1: this.beta1, beta_2: this.beta2 };
  }
}
optimizers.add('Lion', Lion);
