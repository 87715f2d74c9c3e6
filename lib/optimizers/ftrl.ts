// Ftrl: follow the regularized leader, for sparse weights.
import type { Variable } from '../graph/variable.js';
import { ftrlUpdate } from '../ops/update-adaptive.js';
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

export interface FtrlOptions extends OptimizerOptions {
  /** How the step falls with the accumulator, 0 or less. Default −0.5. */
  readonly learningRatePower?: number;
  /** What the accumulators start with. Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Default 0. */
  readonly l1RegularizationStrength?: number;
  /** Default 0. */
  readonly l2RegularizationStrength?: number;
  /** A penalty on the size of weights in the gradient itself. Default 0. */
  readonly l2ShrinkageRegularizationStrength?: number;
  /** Default 0. */
  readonly beta?: number;
}

const ownNames = [
  'learningRatePower',
  'initialAccumulatorValue',
  'l1RegularizationStrength',
  'l2RegularizationStrength',
  'l2ShrinkageRegularizationStrength',
  'beta',
] as const;

/**
 * a' = a + g², z ← z + g + 2s·w − (a'ᵖ − aᵖ)/lr·w, w ← (clip(z, ±l1) − z) / (a'ᵖ/lr + 2·l2 + β/lr), with
 * p = −learningRatePower and s the shrinkage. Default learning rate 0.001. McMahan et al. 2013.
 */
export class Ftrl extends FusedOptimizer {
  readonly learningRatePower: number;
  readonly initialAccumulatorValue: number;
  readonly l1RegularizationStrength: number;
  readonly l2RegularizationStrength: number;
  readonly l2ShrinkageRegularizationStrength: number;
  readonly beta: number;

  /** `new Ftrl(0.1, { l1RegularizationStrength: 0.01 })` */
  constructor(learningRate?: LearningRate | FtrlOptions, rest?: FtrlOptions) {
    const options = toOptions<FtrlOptions>(new.target.name, learningRate, rest);
    checkOptions('Ftrl', options, [...optimizerOptionNames, ...ownNames]);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.learningRatePower = options.learningRatePower ?? -0.5;
    this.initialAccumulatorValue = options.initialAccumulatorValue ?? 0.1;
    this.l1RegularizationStrength = options.l1RegularizationStrength ?? 0;
    this.l2RegularizationStrength = options.l2RegularizationStrength ?? 0;
    this.l2ShrinkageRegularizationStrength = options.l2ShrinkageRegularizationStrength ?? 0;
    this.beta = options.beta ?? 0;
    this.check();
  }

  private check(): void {
    if (!(this.learningRatePower <= 0)) {
      throw new ConfigError(
        `Ftrl: expected a learningRatePower of 0 or less, got ${this.learningRatePower}.`,
      );
    }
    for (const name of ownNames.slice(1, 5)) {
      if (this[name] >= 0) continue;
      throw new ConfigError(`Ftrl: expected 0 or more as ${name}, got ${this[name]}.`);
    }
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      this.addSlot(variable, 'accumulator', this.initialAccumulatorValue);
      this.addSlot(variable, 'linear');
    }
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    this.run(targets, ftrlUpdate, {
      learningRate,
      power: -this.learningRatePower,
      l1: this.l1RegularizationStrength,
      l2: this.l2RegularizationStrength,
      shrinkage: this.l2ShrinkageRegularizationStrength,
      beta: this.beta,
    });
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      learning_rate_power: this.learningRatePower,
      initial_accumulator_value: this.initialAccumulatorValue,
      l1_regularization_strength: this.l1RegularizationStrength,
      l2_regularization_strength: this.l2RegularizationStrength,
      l2_shrinkage_regularization_strength: this.l2ShrinkageRegularizationStrength,
      beta: this.beta,
    };
  }
}
optimizers.add('Ftrl', Ftrl);
