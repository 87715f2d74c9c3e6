// The base of optimizers: what happens around an update: clipping, decay, accumulation, averages,
// constraints. The order of it all is Keras's.
import { untraced } from '../graph/compile.js';
import type { Variable } from '../graph/variable.js';
import { asFloat } from '../ops/convert.js';
import {
  add,
  divide,
  equal,
  mod,
  multiply,
  notEqual,
  subtract,
  where,
} from '../ops/elementwise.js';
import type { WeightDecay } from '../ops/update.js';
import type { Tensor } from '../tensor/tensor.js';
import { StateError } from '../util/errors.js';
import { camelKeys, Registry, toSnakeCase } from '../util/registry.js';
import { clipGradients } from './clipping.js';
import { assignWhere } from './conditional.js';
import { knownConfig, type LearningRate, type OptimizerOptions } from './options.js';
import { pairGradients } from './pairs.js';
import { RateKeeper, whole } from './rate.js';

/** All optimizers by name. */
export const optimizers = new Registry<{
  fromConfig(config: Record<string, unknown>): Optimizer;
}>('optimizer');

/** Whether `count` is a multiple of `n`. */
const isMultiple = (count: Tensor, n: number): Tensor => equal(mod(count, whole(n)), whole(0));

/**
 * An optimizer. A subclass makes its slots in `buildSlots` and changes one variable in `updateStep`,
 * with ops: its update runs natively like ours. All else that the options ask for happens around it.
 */
export abstract class Optimizer extends RateKeeper {
  /** Whether averages of the weights are kept. */
  readonly useEma: boolean;
  /** @see OptimizerOptions.lossScaleFactor */
  lossScaleFactor: number | null;
  private readonly excluded = new Set<Variable>();
  private excludedNames: RegExp | undefined;

  constructor(options: OptimizerOptions & { readonly learningRate: LearningRate }) {
    super(options.name ?? toSnakeCase(new.target.name), options);
    this.useEma = this.common.useEma;
    this.lossScaleFactor = options.lossScaleFactor ?? null;
  }

  /** Makes the slots for `variables`, once. */
  build(variables: readonly Variable[]): void {
    const { useEma, gradientAccumulationSteps } = this.common;
    const around = [
      ...(useEma ? ['average'] : []),
      ...(gradientAccumulationSteps ? ['gradient_accumulator'] : []),
    ];
    const fresh = this.adopt(variables);
    if (fresh.length === 0) return;
    untraced(() => {
      for (const name of around) this.addSlots(fresh, [name]);
      this.buildSlots(fresh);
    });
  }

  /** Makes what the optimizer keeps for each variable, with `addSlots`. */
  protected buildSlots(_variables: readonly Variable[]): void {}

  /** The moving average of a weight, with `useEma`. */
  averageOf(variable: Variable): Variable {
    return this.slot(variable, 'average');
  }

  /**
   * Leaves variables out of weight decay. Call it before the optimizer is built.
   *
   * @param varNames patterns, any of which is found in the path of a variable to leave out
   */
  excludeFromWeightDecay(
    varList: readonly Variable[] = [],
    varNames: readonly string[] = [],
  ): void {
    if (this.built.length > 0) {
      throw new StateError(
        `${this.name}: excludeFromWeightDecay must be called before the optimizer is built.`,
      );
    }
    this.excluded.clear();
    for (const variable of varList) this.excluded.add(variable);
    this.excludedNames = varNames.length > 0 ? new RegExp(varNames.join('|')) : undefined;
  }

  /** The name that `excludeFromWeightDecay` looks at. */
  protected decayName(variable: Variable): string {
    return variable.path;
  }

  /** Whether no exclusion names the variable. */
  protected mayDecay(variable: Variable): boolean {
    return !this.excluded.has(variable) && !this.excludedNames?.test(this.decayName(variable));
  }

  /** Weight decay of one variable, before the learning rate; null for none. */
  protected decayOf(variable: Variable): number | null {
    return this.mayDecay(variable) ? this.common.weightDecay : null;
  }

  /** What the weights lose, if any does. */
  protected weightDecay(
    variables: readonly Variable[],
    learningRate: Tensor,
  ): WeightDecay | undefined {
    const applies = variables.map((variable) => this.decayOf(variable) !== null);
    const { weightDecay } = this.common;
    if (weightDecay === null || !applies.includes(true)) return undefined;
    return { factor: multiply(weightDecay, learningRate), applies };
  }

  /** The loss as it is to be differentiated. */
  scaleLoss(loss: Tensor): Tensor {
    return this.lossScaleFactor === null ? loss : multiply(loss, this.lossScaleFactor);
  }

  /**
   * Updates variables by their gradients, and counts the step. Variables without a gradient (null) stay
   * as they are.
   *
   * @param variables default: those that `valueAndGrad` took the gradients of
   */
  apply(grads: readonly (Tensor | null)[], variables?: readonly Variable[]): void {
    if (grads.length === 0) return;
    const [given, targets] = this.pairs(grads, variables);
    this.build(variables ?? targets);
    const { lossScaleFactor } = this;
    this.update(
      lossScaleFactor === null ? given : given.map((g) => divide(g, lossScaleFactor)),
      targets,
    );
    if (this.common.useEma) this.average();
    for (const target of targets) {
      if (target.constraint) target.assign(target.constraint.call(target.value));
    }
    this.countStep();
  }

  /** Counts a call of `apply`. */
  protected countStep(): void {
    this.iterations.assignAdd(whole(1));
  }

  /** Keras's older form of `apply`. */
  applyGradients(gradsAndVariables: Iterable<readonly [Tensor | null, Variable]>): void {
    const pairs = [...gradsAndVariables];
    this.apply(
      pairs.map(([g]) => g),
      pairs.map(([, variable]) => variable),
    );
  }

  /** Gradients with their variables, without those that have none. */
  protected pairs(
    grads: readonly (Tensor | null)[],
    variables: readonly Variable[] | undefined,
  ): [Tensor[], Variable[]] {
    return pairGradients(this.name, grads, variables);
  }

  /** Clips and updates, at once or when enough gradients have come together. */
  private update(grads: readonly Tensor[], targets: readonly Variable[]): void {
    const { gradientAccumulationSteps: steps } = this.common;
    const learningRate = this.decayedRate();
    if (steps === null) {
      this.updateAll(clipGradients(grads, this.common), targets, learningRate);
      return;
    }
    const due = isMultiple(add(this.iterations.value, whole(1)), steps);
    const accumulators = targets.map((v) => this.slot(v, 'gradient_accumulator'));
    const sums = grads.map((g, i) => add(g, accumulators[i].value));
    const means = sums.map((g) => divide(g, steps));
    assignWhere(due, [...targets, ...this.state()], () =>
      this.updateAll(clipGradients(means, this.common), targets, learningRate),
    );
    for (const [i, accumulator] of accumulators.entries()) accumulator.assign(sums[i]);
    for (const variable of this.built) {
      const accumulator = this.slot(variable, 'gradient_accumulator');
      accumulator.assign(where(due, 0, accumulator.value));
    }
  }

  /** What an update may change besides weights. */
  private state(): Variable[] {
    const around = new Set<Variable | undefined>([this.iterations]);
    around.add(this.rateVariable);
    for (const variable of this.built) {
      around.add(this.slotIfAny(variable, 'average'));
      around.add(this.slot(variable, 'gradient_accumulator'));
    }
    return this.owned.filter((variable) => !around.has(variable));
  }

  /** Moves the averages, and puts them in the weights' place when it is time. */
  private average(): void {
    const { emaMomentum, emaOverwriteFrequency } = this.common;
    const updates = this.updates();
    const momentum = multiply(asFloat(notEqual(updates, whole(0))), emaMomentum);
    const due = emaOverwriteFrequency && isMultiple(add(updates, whole(1)), emaOverwriteFrequency);
    for (const variable of this.built) {
      const average = this.averageOf(variable);
      const { value } = variable;
      average.assign(
        add(multiply(momentum, average.value), multiply(subtract(1, momentum), value)),
      );
      if (due) variable.assign(where(due, average.value, value));
    }
  }

  /** Ends training: with `useEma` puts the averages in the weights' place. */
  finalizeVariableValues(variables: readonly Variable[]): void {
    if (!this.common.useEma) return;
    for (const variable of variables) {
      const average = this.slotIfAny(variable, 'average');
      if (average) variable.assign(average.value);
    }
  }

  /** Decays and updates all variables; by default one after the other. */
  protected updateAll(
    grads: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    for (const variable of variables) {
      const decay = this.decayOf(variable);
      if (decay === null) continue;
      const { value } = variable;
      variable.assign(subtract(value, multiply(multiply(value, decay), learningRate)));
    }
    for (const [i, variable] of variables.entries()) {
      this.updateStep(grads[i], variable, learningRate);
    }
  }

  /** Assigns one variable and its slots, given its gradient. */
  abstract updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void;

  /** Keras's config of it. */
  getConfig(): Record<string, unknown> {
    const { common } = this;
    return {
      name: this.name,
      learning_rate: this.rateConfig(),
      weight_decay: common.weightDecay,
      clipnorm: common.clipnorm,
      global_clipnorm: common.globalClipnorm,
      clipvalue: common.clipvalue,
      use_ema: common.useEma,
      ema_momentum: common.emaMomentum,
      ema_overwrite_frequency: common.emaOverwriteFrequency,
      loss_scale_factor: this.lossScaleFactor,
      gradient_accumulation_steps: common.gradientAccumulationSteps,
      ...(common.decay > 0 && { decay: common.decay }),
    };
  }

  static fromConfig(
    this: new (
      options: never,
    ) => Optimizer,
    config: Record<string, unknown>,
  ): Optimizer {
    return new this(camelKeys(knownConfig(config)) as never);
  }
}
