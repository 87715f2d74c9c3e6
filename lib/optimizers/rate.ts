// The learning rate of an optimizer: a number in a variable, or what a schedule makes of the step.
import { untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import { add, divide, mod, multiply, subtract } from '../ops/elementwise.js';
import { LearningRateSchedule, type ScheduleFunction, schedules } from '../schedules/index.js';
import { fromData, type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, StateError } from '../util/errors.js';
import { isSerialized, serialize } from '../util/serialize.js';
import {
  type CommonOptions,
  commonOptions,
  type LearningRate,
  type OptimizerOptions,
} from './options.js';
import { SlotKeeper } from './slots.js';

type Rate = Variable | LearningRateSchedule | ScheduleFunction;

/** @internal A whole number. */
export const whole = (value: number): Tensor => fromData(Int32Array.of(value), [], 'int32');

/** @internal Keeps the step count and the learning rate. */
export abstract class RateKeeper extends SlotKeeper {
  /** Number of calls of `apply` so far, int32. */
  readonly iterations: Variable;
  protected readonly common: CommonOptions;
  private rate: Rate;
  private factor: Variable | undefined;

  constructor(name: string, options: OptimizerOptions & { readonly learningRate: LearningRate }) {
    super(name);
    this.common = commonOptions(name, options);
    this.iterations = this.addVariable('iteration', whole(0));
    this.rate = this.toRate(options.lr ?? options.learningRate);
  }

  /**
   * What a schedule's rate is multiplied by, a scalar; 1 until something sets it, as ReduceLROnPlateau
   * does. Not there if the rate is a number, which can be set itself.
   */
  get learningRateFactor(): Variable | undefined {
    if (this.rate instanceof Variable) return undefined;
    this.factor ??= untraced(
      () => new Variable(tensor(1), { name: 'learning_rate_factor', trainable: false }),
    );
    this.factor.path = `${this.name}/learning_rate_factor`;
    return this.factor;
  }

  private toRate(rate: LearningRate): Rate {
    if (typeof rate === 'function' || rate instanceof LearningRateSchedule) return rate;
    this.refuseNaN(rate);
    if (typeof rate === 'number') return this.addVariable('learning_rate', tensor(rate));
    if (isSerialized(rate)) return schedules.get(rate.class_name).fromConfig(rate.config);
    throw new ConfigError(`${this.name}: expected a number or a schedule as learningRate.`);
  }

  private refuseNaN(rate: LearningRate): void {
    if (!Number.isNaN(rate)) return;
    throw new ConfigError(
      `${this.name}: expected a number or a schedule as learningRate, got NaN.`,
    );
  }

  /** The learning rate of the coming step, before `decay`. */
  get learningRate(): number {
    if (this.rate instanceof Variable) return this.rate.value.dataSync()[0];
    return untraced(() => this.currentRate()).dataSync()[0];
  }

  /**
   * Changes it. A number takes effect at the next step, without compiling anything again; a schedule in
   * place of a number, when the model is compiled next.
   *
   * @throws StateError for a number in place of a schedule.
   */
  set learningRate(rate: LearningRate) {
    this.refuseNaN(rate);
    const { rate: before } = this;
    if (typeof rate !== 'number') {
      if (before instanceof Variable) this.forget(before);
      this.rate = this.toRate(rate);
    } else if (before instanceof Variable) {
      before.assign(tensor(rate));
    } else {
      throw new StateError(
        `${this.name}: the learning rate follows a schedule; it cannot be set. Make the optimizer with a number to set it.`,
      );
    }
  }

  private currentRate(): Tensor {
    const { rate } = this;
    if (rate instanceof Variable) return rate.value;
    const step = this.iterations.value;
    const scheduled = rate instanceof LearningRateSchedule ? rate.call(step) : rate(step);
    return this.learningRateFactor ? multiply(scheduled, this.learningRateFactor.value) : scheduled;
  }

  /** The rate of an update: with the old `decay` in it. */
  protected decayedRate(): Tensor {
    const rate = this.currentRate();
    const { decay } = this.common;
    if (decay === 0) return rate;
    return divide(rate, add(1, multiply(decay, asFloat(this.iterations.value))));
  }

  /** Updates so far, int32: steps, or every `gradientAccumulationSteps`th of them. */
  protected updates(): Tensor {
    const { gradientAccumulationSteps: steps } = this.common;
    const count = this.iterations.value;
    if (steps === null) return count;
    const done = subtract(count, mod(count, whole(steps)));
    return divide(asFloat(done), steps).cast('int32');
  }

  /** The variable that a rate is in, if it is a number. */
  protected get rateVariable(): Variable | undefined {
    return this.rate instanceof Variable ? this.rate : undefined;
  }

  /** The rate in Keras's config. */
  protected rateConfig(): unknown {
    return this.rate instanceof LearningRateSchedule
      ? serialize('keras.optimizers.schedules', this.rate)
      : this.learningRate;
  }
}
