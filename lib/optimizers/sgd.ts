// Stochastic gradient descent, with momentum.
import type { Variable } from '../graph/variable.js';
import { momentumUpdate, nesterovUpdate, sgdUpdate } from '../ops/update-descent.js';
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

export interface SGDOptions extends OptimizerOptions {
  /** In [0, 1]; default 0: plain descent. */
  readonly momentum?: number;
  /** Look ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
}

/** w ← w − lr·g; with momentum m ← μm − lr·g, w ← w + m. Default learning rate 0.01. */
export class SGD extends FusedOptimizer {
  readonly momentum: number;
  readonly nesterov: boolean;

  /** `new SGD(0.01, { momentum: 0.9 })` or `new SGD({ learningRate: 0.01 })` */
  constructor(learningRate?: LearningRate | SGDOptions, rest?: SGDOptions) {
    const options = toOptions<SGDOptions>(new.target.name, learningRate, rest);
    checkOptions('SGD', options, [...optimizerOptionNames, 'momentum', 'nesterov']);
    super({ ...options, learningRate: options.learningRate ?? 0.01 });
    this.momentum = options.momentum ?? 0;
    this.nesterov = options.nesterov ?? false;
    if (!(this.momentum >= 0 && this.momentum <= 1)) {
      throw new ConfigError(`SGD: momentum must be between 0 and 1, got ${this.momentum}.`);
    }
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    if (this.momentum !== 0) this.addSlots(variables, ['momentum']);
  }

  protected override fusedUpdate(targets: Targets, learningRate: Tensor): void {
    const { momentum, nesterov } = this;
    if (momentum === 0) this.run(targets, sgdUpdate, { learningRate });
    else this.run(targets, nesterov ? nesterovUpdate : momentumUpdate, { learningRate, momentum });
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), momentum: this.momentum, nesterov: this.nesterov };
  }
}
optimizers.add('SGD', SGD);
