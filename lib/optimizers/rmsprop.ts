// RMSprop: steps divided by the root of the mean square of recent gradients.
import type { Variable } from '../graph/variable.js';
import {
  rmspropCenteredMomentumUpdate,
  rmspropCenteredUpdate,
  rmspropMomentumUpdate,
  rmspropUpdate,
} from '../ops/update-adaptive.js';
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

export interface RMSpropOptions extends OptimizerOptions {
  /** Share of the old mean of squares in the new one. Default 0.9. */
  readonly rho?: number;
  /** Default 0: none. */
  readonly momentum?: number;
  /** Under the root. Default 1e-7. */
  readonly epsilon?: number;
  /** Divide by the root of the variance instead. Default false. */
  readonly centered?: boolean;
}

/** v ← ρv + (1−ρ)g², w ← w − lr·g/√(v+ε). Default learning rate 0.001. Hinton 2012. */
export class RMSprop extends FusedOptimizer {
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;

  /** `new RMSprop(1e-3, { rho: 0.9 })` */
  constructor(learningRate?: LearningRate | RMSpropOptions, rest?: RMSpropOptions) {
    const options = toOptions<RMSpropOptions>(new.target.name, learningRate, rest);
    checkOptions('RMSprop', options, [
      ...optimizerOptionNames,
      'rho',
      'momentum',
      'epsilon',
      'centered',
    ]);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.rho = options.rho ?? 0.9;
    this.momentum = options.momentum ?? 0;
    this.epsilon = options.epsilon ?? 1e-7;
    this.centered = options.centered ?? false;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['velocity']);
    if (this.momentum > 0) this.addSlots(variables, ['momentum']);
    if (this.centered) this.addSlots(variables, ['average_gradient']);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { rho, momentum, epsilon, centered } = this;
    const scalars = { learningRate, rho, oneMinusRho: 1 - rho, momentum, epsilon };
    if (momentum > 0) {
      if (centered) this.run(targets, rmspropCenteredMomentumUpdate, scalars);
      else this.run(targets, rmspropMomentumUpdate, scalars);
    } else if (centered) this.run(targets, rmspropCenteredUpdate, scalars);
    else this.run(targets, rmspropUpdate, scalars);
  }

  override getConfig(): Record<string, unknown> {
    const { rho, momentum, epsilon, centered } = this;
    return { ...super.getConfig(), rho, momentum, epsilon, centered };
  }
}
optimizers.add('RMSprop', RMSprop);
