// LossScaleOptimizer: a loss scale that halves when gradients overflow, and doubles when they do not.
import type { Variable } from '../graph/variable.js';
import { add, divide, equal, isfinite, logicalAnd, multiply, where } from '../ops/elementwise.js';
import { all } from '../ops/reduce.js';
import { fromData, type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import { assignWhere } from './conditional.js';
import { Optimizer, optimizers } from './optimizer.js';
import type { LearningRate } from './options.js';

export interface LossScaleOptimizerOptions {
  /** Default 2¹⁵. */
  readonly initialScale?: number;
  /** Finite steps after which the scale doubles. Default 2000. */
  readonly dynamicGrowthSteps?: number;
  readonly name?: string;
}

const whole = (value: number): Tensor => fromData(Int32Array.of(value), [], 'int32');

/**
 * Scales the loss so that small gradients do not vanish, divides them again, and hands them to another
 * optimizer; a step whose gradients are not finite changes nothing but the scale.
 */
export class LossScaleOptimizer extends Optimizer {
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  private counter: Variable | undefined;
  private scale: Variable | undefined;

  /** `new LossScaleOptimizer(new Adam(), { initialScale: 1024 })` */
  constructor(innerOptimizer: Optimizer, options: LossScaleOptimizerOptions = {}) {
    checkOptions('LossScaleOptimizer', options, ['initialScale', 'dynamicGrowthSteps', 'name']);
    super({ ...options, learningRate: 0 });
    this.innerOptimizer = innerOptimizer;
    this.initialScale = options.initialScale ?? 2 ** 15;
    this.dynamicGrowthSteps = options.dynamicGrowthSteps ?? 2000;
    innerOptimizer.lossScaleFactor = null;
  }

  override build(variables: readonly Variable[]): void {
    this.dynamics();
    this.adopt(variables);
    this.innerOptimizer.build(variables);
  }

  private dynamics(): { counter: Variable; scale: Variable } {
    this.counter ??= this.addVariable('step_counter', whole(0));
    this.scale ??= this.addVariable('dynamic_scale', tensor(this.initialScale));
    return { counter: this.counter, scale: this.scale };
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }

  override get learningRate(): number {
    return this.innerOptimizer.learningRate;
  }

  override set learningRate(rate: LearningRate) {
    this.innerOptimizer.learningRate = rate;
  }

  override scaleLoss(loss: Tensor): Tensor {
    return multiply(loss, this.dynamics().scale.value);
  }

  override apply(grads: readonly (Tensor | null)[], variables?: readonly Variable[]): void {
    if (grads.length === 0) return;
    const [given, targets] = this.pairs(grads, variables);
    this.build(variables ?? targets);
    const { counter, scale } = this.dynamics();
    const finite = given.map((g) => all(isfinite(g))).reduce((a, b) => logicalAnd(a, b));
    const grown = equal(counter.value, whole(this.dynamicGrowthSteps - 1));
    const divided = given.map((g) => divide(g, scale.value));
    assignWhere(finite, [...targets, ...this.innerOptimizer.variables], () =>
      this.innerOptimizer.apply(divided, targets),
    );
    const factor = where(finite, where(grown, 2, 1), 0.5);
    scale.assign(multiply(scale.value, factor));
    const counted = where(grown, whole(0), add(counter.value, whole(1)));
    counter.assign(where(finite, counted, whole(0)));
  }

  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.innerOptimizer.updateStep(gradient, variable, learningRate);
  }

  override getConfig(): Record<string, unknown> {
    return {
      name: this.name,
      inner_optimizer: serialize('keras.optimizers', this.innerOptimizer),
      initial_scale: this.initialScale,
      dynamic_growth_steps: this.dynamicGrowthSteps,
    };
  }

  static override fromConfig(config: Record<string, unknown>): LossScaleOptimizer {
    const { inner_optimizer: inner, initial_scale, dynamic_growth_steps, name } = config;
    if (!isSerialized(inner)) {
      throw new ConfigError('LossScaleOptimizer: expected an optimizer as inner_optimizer.');
    }
    return new LossScaleOptimizer(deserialized(inner), {
      ...(typeof initial_scale === 'number' && { initialScale: initial_scale }),
      ...(typeof dynamic_growth_steps === 'number' && { dynamicGrowthSteps: dynamic_growth_steps }),
      ...(typeof name === 'string' && { name }),
    });
  }
}

const deserialized = ({ class_name, config }: SerializedObject): Optimizer =>
  optimizers.get(class_name).fromConfig(config);
optimizers.add('LossScaleOptimizer', LossScaleOptimizer);
