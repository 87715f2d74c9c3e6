// Lamb: Adam's direction, with steps as long as each weight tensor allows.
import type { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import {
  add,
  divide,
  greater,
  logicalAnd,
  multiply,
  power,
  sqrt,
  square,
  subtract,
  where,
} from '../ops/elementwise.js';
import { sum } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import { Optimizer, optimizers } from './optimizer.js';
import {
  type LearningRate,
  type OptimizerOptions,
  optimizerOptionNames,
  toOptions,
} from './options.js';

export interface LambOptions extends OptimizerOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

const norm = (x: Tensor): Tensor => sqrt(sum(square(x)));

/** ‖w‖/‖u‖, or 1 where either is 0. */
function trustRatio(weight: Tensor, update: Tensor): Tensor {
  const [ofWeight, ofUpdate] = [norm(weight), norm(update)];
  const both = logicalAnd(greater(ofWeight, 0), greater(ofUpdate, 0));
  return where(both, divide(ofWeight, ofUpdate), 1);
}

/** u = m̂/(√v̂+ε), w ← w − lr·(‖w‖/‖u‖)·u. Default learning rate 0.001. You et al. 2020. */
export class Lamb extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;

  /** `new Lamb(1e-3)` */
  constructor(learningRate?: LearningRate | LambOptions, rest?: LambOptions) {
    const options = toOptions<LambOptions>(new.target.name, learningRate, rest);
    checkOptions('Lamb', options, [...optimizerOptionNames, 'beta1', 'beta2', 'epsilon']);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta1 = options.beta1 ?? 0.9;
    this.beta2 = options.beta2 ?? 0.999;
    this.epsilon = options.epsilon ?? 1e-7;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    this.addSlots(variables, ['momentum', 'velocity']);
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const { beta1, beta2, epsilon } = this;
    const t = add(asFloat(this.updates()), 1);
    const m = this.slot(variable, 'momentum');
    const v = this.slot(variable, 'velocity');
    m.assignAdd(multiply(subtract(gradient, m.value), 1 - beta1));
    v.assignAdd(multiply(subtract(square(gradient), v.value), 1 - beta2));
    const mean = divide(m.value, subtract(1, power(beta1, t)));
    const spread = divide(v.value, subtract(1, power(beta2, t)));
    const update = divide(mean, add(sqrt(spread), epsilon));
    const rate = multiply(trustRatio(variable.value, update), learningRate);
    variable.assignSub(multiply(rate, update));
  }

  override getConfig(): Record<string, unknown> {
    const { beta1, beta2, epsilon } = this;
    return { ...super.getConfig(), beta_1: beta1, beta_2: beta2, epsilon };
  }
}
optimizers.add('Lamb', Lamb);
