// Adafactor: second moments of matrices kept as the means of their rows and of their columns.
import type { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import {
  add,
  divide,
  maximum,
  minimum,
  multiply,
  power,
  rsqrt,
  sqrt,
  square,
  subtract,
} from '../ops/elementwise.js';
import { expandDims } from '../ops/movement.js';
import { mean } from '../ops/reduce.js';
import { filled, type Tensor } from '../tensor/tensor.js';
import { checkOptions } from '../util/suggest.js';
import { Optimizer, optimizers } from './optimizer.js';
import {
  type LearningRate,
  type OptimizerOptions,
  optimizerOptionNames,
  toOptions,
} from './options.js';

export interface AdafactorOptions extends OptimizerOptions {
  /** β₂ of update t is 1 − t to this power. Default −0.8. */
  readonly beta2Decay?: number;
  /** Added to squared gradients. Default 1e-30. */
  readonly epsilon1?: number;
  /** The least scale of a weight. Default 1e-3. */
  readonly epsilon2?: number;
  /** Largest root mean square of an update. Default 1. */
  readonly clipThreshold?: number;
  /** In Keras the rate is at most 1/√t with it, and without it too. Default true. */
  readonly relativeStep?: boolean;
}

const ownNames = ['beta2Decay', 'epsilon1', 'epsilon2', 'clipThreshold', 'relativeStep'] as const;

const rms = (x: Tensor): Tensor => sqrt(mean(square(x)));

/**
 * u = g/√v, w ← w − max(ε₂, rms(w))·min(lr, 1/√t)·u/max(1, rms(u)/threshold), with v = r·c/mean(r) from
 * the means r, c over the last axis and the last but one; vectors keep v itself. Default learning rate
 * 0.001. Shazeer & Stern 2018.
 */
export class Adafactor extends Optimizer {
  readonly beta2Decay: number;
  readonly epsilon1: number;
  readonly epsilon2: number;
  readonly clipThreshold: number;
  readonly relativeStep: boolean;

  /** `new Adafactor(1e-3)` */
  constructor(learningRate?: LearningRate | AdafactorOptions, rest?: AdafactorOptions) {
    const options = toOptions<AdafactorOptions>(new.target.name, learningRate, rest);
    checkOptions('Adafactor', options, [...optimizerOptionNames, ...ownNames]);
    super({ ...options, learningRate: options.learningRate ?? 0.001 });
    this.beta2Decay = options.beta2Decay ?? -0.8;
    this.epsilon1 = options.epsilon1 ?? 1e-30;
    this.epsilon2 = options.epsilon2 ?? 1e-3;
    this.clipThreshold = options.clipThreshold ?? 1;
    this.relativeStep = options.relativeStep ?? true;
  }

  protected override buildSlots(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const { shape, name } = variable;
      // Keras makes placeholders of vectors too, outside of the optimizer's scope; files count them.
      const factored = shape.length >= 2;
      const path = factored ? `${this.name}/${name}` : name;
      const rows = factored ? shape.slice(0, -1) : [];
      const columns = factored ? [...shape.slice(0, -2), ...shape.slice(-1)] : [];
      for (const [slot, of] of [['r', rows] as const, ['c', columns] as const]) {
        this.keepSlot(variable, slot, this.addVariable(name, filled(0, of), path));
      }
      this.addSlot(variable, 'velocity');
    }
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    const t = add(asFloat(this.updates()), 1);
    const rate = minimum(learningRate, rsqrt(t));
    const scale = multiply(maximum(this.epsilon2, rms(variable.value)), rate);
    const decay = subtract(1, power(t, this.beta2Decay));
    const squares = add(square(gradient), this.epsilon1);
    const velocity = this.slot(variable, 'velocity');
    velocity.assign(
      variable.shape.length >= 2
        ? this.factored(variable, squares, decay)
        : mixed(velocity.value, squares, decay),
    );
    const update = divide(gradient, sqrt(velocity.value));
    const clipped = divide(update, maximum(1, divide(rms(update), this.clipThreshold)));
    variable.assignSub(multiply(scale, clipped));
  }

  /** The second moments that the means of rows and columns stand for. */
  private factored(variable: Variable, squares: Tensor, decay: Tensor): Tensor {
    const rows = this.slot(variable, 'r');
    const columns = this.slot(variable, 'c');
    rows.assign(mixed(rows.value, mean(squares, -1), decay));
    columns.assign(mixed(columns.value, mean(squares, -2), decay));
    const share = divide(rows.value, mean(rows.value, -1, { keepDims: true }));
    return multiply(expandDims(share, -1), expandDims(columns.value, -2));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      beta_2_decay: this.beta2Decay,
      epsilon_1: this.epsilon1,
      epsilon_2: this.epsilon2,
      clip_threshold: this.clipThreshold,
      relative_step: this.relativeStep,
    };
  }
}

/** β·old + (1−β)·new */
const mixed = (old: Tensor, fresh: Tensor, beta: Tensor): Tensor =>
  add(multiply(beta, old), multiply(subtract(1, beta), fresh));
optimizers.add('Adafactor', Adafactor);
