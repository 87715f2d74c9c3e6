// Adadelta: steps scaled by the ratio of recent changes to recent gradients.
import type { Variable } from '../graph/variable.js';
import { adadeltaUpdate } from '../ops/update-adaptive.js';
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

export interface AdadeltaOptions extends OptimizerOptions {
  /** Share of the old means in the new ones. Default 0.95. */
  readonly rho?: number;
  /** Under both roots. Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * a ← ρa + (1−ρ)g², δ = −g·√(d+ε)/√(a+ε), d ← ρd + (1−ρ)δ², w ← w + lr·δ. Default learning rate 0.001;
 * the paper's is 1. Zeiler 2012.
 */
export class Adadelta extends FusedOptimizer {
  readonly rho: number;
  readonly epsilon: number;

  /** `new Adadelta(1)` */
  constructor(learningRate?: LearningRate | AdadeltaOptions, rest?: AdadeltaOptions) {
    const options = toOptions<AdadeltaOptions>(new.target.name, learningRate, rest);
    checkOptions('Adadelta', options, [...optimizerOptionNames, 'rho', 'epsilon']);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.rho = options.rho ?? 0.95;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['accumulated_grad', 'accumulated_delta_var']);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { rho, epsilon } = this;
    this.run(targets, adadeltaUpdate, { learningRate, rho, oneMinusRho: 1 - rho, epsilon });
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rho: this.rho, epsilon: this.epsilon };
  }
}
optimizers.add('Adadelta', Adadelta);
