// Adagrad: steps divided by the root of the sum of all squared gradients.
import type { Variable } from '../graph/variable.js';
import { adagradUpdate } from '../ops/update-adaptive.js';
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

export interface AdagradOptions extends OptimizerOptions {
  /** What the sums start with, 0 or more. Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Under the root. Default 1e-7. */
  readonly epsilon?: number;
}

/** a ← a + g², w ← w − lr·g/√(a+ε). Default learning rate 0.001. Duchi et al. 2011. */
export class Adagrad extends FusedOptimizer {
  readonly initialAccumulatorValue: number;
  readonly epsilon: number;

  /** `new Adagrad(0.1)` */
  constructor(learningRate?: LearningRate | AdagradOptions, rest?: AdagradOptions) {
    const options = toOptions<AdagradOptions>(new.target.name, learningRate, rest);
    checkOptions('Adagrad', options, [
      ...optimizerOptionNames,
      'initialAccumulatorValue',
      'epsilon',
    ]);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.initialAccumulatorValue = options.initialAccumulatorValue ?? 0.1;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['accumulator'], this.initialAccumulatorValue);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    this.run(targets, adagradUpdate, { learningRate, epsilon: this.epsilon });
  }

  override getConfig(): Record<string, unknown> {
    const { initialAccumulatorValue: initial_accumulator_value, epsilon } = this;
    return { ...super.getConfig(), initial_accumulator_value, epsilon };
  }
}
optimizers.add('Adagrad', Adagrad);
