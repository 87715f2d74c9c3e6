// The base of optimizers: slots, the step count, the learning rate, and gradients made into updates.
import { gradientTarget, untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { multiply } from '../ops/elementwise.js';
import { broadcastTo } from '../ops/movement.js';
import { LearningRateSchedule, type ScheduleFunction, schedules } from '../schedules/index.js';
import { fromData, literal, type Tensor, tensor } from '../tensor/tensor.js';
import { ConfigError, StateError } from '../util/errors.js';
import { camelKeys, Registry, toSnakeCase } from '../util/registry.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';

/** A number, or how it follows from the step. */
export type LearningRate = number | LearningRateSchedule | ScheduleFunction | SerializedObject;

export interface OptimizerOptions {
  readonly learningRate?: LearningRate;
  /** Keras's old name of `learningRate`. */
  readonly lr?: LearningRate;
  readonly name?: string;
}

export const optimizerOptionNames = ['learningRate', 'lr', 'name'] as const;

/** Options that every optimizer of Keras has in its config, at the only values that we know. */
const fixedConfig = {
  weight_decay: null,
  clipnorm: null,
  global_clipnorm: null,
  clipvalue: null,
  use_ema: false,
  ema_momentum: 0.99,
  ema_overwrite_frequency: null,
  loss_scale_factor: null,
  gradient_accumulation_steps: null,
} as const;

/** All optimizers by name. */
export const optimizers = new Registry<{
  fromConfig(config: Record<string, unknown>): Optimizer;
}>('optimizer');

/**
 * An optimizer. A subclass makes its slots in `buildSlots` and changes one variable in `updateStep`,
 * with ops: its update runs natively like ours.
 */
export abstract class Optimizer {
  readonly name: string;
  /** Number of updates so far, int32. */
  readonly iterations: Variable;
  /**
   * What a schedule's rate is multiplied by, a scalar; 1 until something sets it, as ReduceLROnPlateau
   * does. Not there if the rate is a number, which can be set itself.
   */
  readonly learningRateFactor: Variable | undefined;
  private readonly rate: Variable | LearningRateSchedule | ScheduleFunction;
  private readonly slotsOf = new Map<Variable, Map<string, Variable>>();
  /** The variables that it has slots for, in order. */
  readonly built: Variable[] = [];

  constructor(options: OptimizerOptions & { readonly learningRate: LearningRate }) {
    this.name = options.name ?? toSnakeCase(new.target.name);
    this.iterations = untraced(
      () =>
        new Variable(fromData(Int32Array.of(0), [], 'int32'), {
          name: 'iterations',
          trainable: false,
        }),
    );
    this.iterations.path = `${this.name}/iterations`;
    this.rate = this.toRate(options.lr ?? options.learningRate);
    if (this.rate instanceof Variable) return;
    this.learningRateFactor = untraced(
      () => new Variable(tensor(1), { name: 'learning_rate_factor', trainable: false }),
    );
    this.learningRateFactor.path = `${this.name}/learning_rate_factor`;
  }

  private toRate(rate: LearningRate): Variable | LearningRateSchedule | ScheduleFunction {
    if (typeof rate === 'function' || rate instanceof LearningRateSchedule) return rate;
    if (typeof rate === 'number') {
      const variable = untraced(
        () => new Variable(tensor(rate), { name: 'learning_rate', trainable: false }),
      );
      variable.path = `${this.name}/learning_rate`;
      return variable;
    }
    if (isSerialized(rate)) return schedules.get(rate.class_name).fromConfig(rate.config);
    throw new ConfigError(`${this.name}: expected a number or a schedule as learningRate.`);
  }

  /** The learning rate of the coming step. */
  get learningRate(): number {
    if (this.rate instanceof Variable) return this.rate.value.dataSync()[0];
    return untraced(() => this.currentRate()).dataSync()[0];
  }

  /** Changes it, without compiling anything again. */
  set learningRate(rate: number) {
    if (!(this.rate instanceof Variable)) {
      throw new StateError(
        `${this.name}: the learning rate follows a schedule; it cannot be set. Make the optimizer with a number to set it.`,
      );
    }
    this.rate.assign(tensor(rate));
  }

  private currentRate(): Tensor {
    const { rate } = this;
    if (rate instanceof Variable) return rate.value;
    const step = this.iterations.value;
    const scheduled = rate instanceof LearningRateSchedule ? rate.call(step) : rate(step);
    return this.learningRateFactor ? multiply(scheduled, this.learningRateFactor.value) : scheduled;
  }

  /** Makes the slots for `variables`, once. */
  build(variables: readonly Variable[]): void {
    const fresh = variables.filter((variable) => !this.slotsOf.has(variable));
    for (const variable of fresh) {
      this.slotsOf.set(variable, new Map());
      this.built.push(variable);
    }
    if (fresh.length > 0) untraced(() => this.buildSlots(fresh));
  }

  /** Makes what the optimizer keeps for each variable, with `addSlot`. */
  protected buildSlots(_variables: readonly Variable[]): void {}

  /** Adds a slot of the variable's shape. */
  protected addSlot(variable: Variable, name: string, initial = 0): Variable {
    const value = broadcastTo(literal(initial), variable.shape);
    const slot = new Variable(value, { name, trainable: false });
    slot.path = `${this.name}/${variable.path.replaceAll('/', '_')}_${name}`;
    this.slotsOf.get(variable)?.set(name, slot);
    return slot;
  }

  /** The slot that `addSlot` made. */
  protected slot(variable: Variable, name: string): Variable {
    const slot = this.slotsOf.get(variable)?.get(name);
    if (!slot)
      throw new StateError(`${this.name}: variable "${variable.path}" has no slot "${name}".`);
    return slot;
  }

  /** All that it keeps: the step count, the learning rate, the slots. */
  get variables(): readonly Variable[] {
    const rate = this.rate instanceof Variable ? [this.rate] : [];
    const slots = [...this.slotsOf.values()].flatMap((of) => [...of.values()]);
    return [this.iterations, ...rate, ...slots];
  }

  /**
   * Updates variables by their gradients.
   *
   * @param variables default: those that `valueAndGrad` took the gradients of
   */
  apply(grads: readonly Tensor[], variables?: readonly Variable[]): void {
    const targets = variables ?? grads.map((g) => this.targetOf(g));
    if (targets.length !== grads.length) {
      throw new ConfigError(
        `${this.name}: got ${grads.length} gradients for ${targets.length} variables.`,
      );
    }
    this.build(targets);
    if (targets.length > 0) this.updateAll(grads, targets, this.currentRate());
    for (const target of targets) {
      if (target.constraint) target.assign(target.constraint.call(target.value));
    }
    this.iterations.assignAdd(fromData(Int32Array.of(1), [], 'int32'));
  }

  private targetOf(g: Tensor): Variable {
    const target = gradientTarget(g);
    if (target) return target;
    throw new ConfigError(
      `${this.name}: apply(grads) needs gradients as valueAndGrad returned them; else give the variables too.`,
    );
  }

  /** Updates all variables; by default one after the other. */
  protected updateAll(
    grads: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    for (const [i, variable] of variables.entries()) {
      this.updateStep(grads[i], variable, learningRate);
    }
  }

  /** Assigns one variable and its slots, given its gradient. */
  abstract updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    const { rate } = this;
    const learning_rate =
      rate instanceof LearningRateSchedule
        ? serialize('keras.optimizers.schedules', rate)
        : this.learningRate;
    return { name: this.name, learning_rate, ...fixedConfig };
  }

  static fromConfig(
    this: new (
      options: never,
    ) => Optimizer,
    config: Record<string, unknown>,
  ): Optimizer {
    // Null and false are the defaults of Keras's options; without use_ema its momentum says nothing.
    const given = Object.entries(config).filter(
      ([key, value]) =>
        value !== null && value !== false && !(key === 'ema_momentum' && !config.use_ema),
    );
    return new this(camelKeys(Object.fromEntries(given)) as never);
  }
}

/** Positional learning rate or options, as constructors take them. */
export function toOptions<O extends OptimizerOptions>(
  first: LearningRate | O | undefined,
  rest: O | undefined,
): O {
  const isRate =
    typeof first === 'number' ||
    typeof first === 'function' ||
    first instanceof LearningRateSchedule ||
    isSerialized(first);
  if (!isRate) return { ...(first as O | undefined) } as O;
  return { ...rest, learningRate: first } as O;
}
