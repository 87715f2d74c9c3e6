// Optimizers whose update is one op over all weights.
import type { Variable } from '../graph/variable.js';
import type { Update, WeightDecay } from '../ops/update.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { toSnakeCase } from '../util/registry.js';
import { Optimizer } from './optimizer.js';

/** What is updated at once. */
export interface Targets {
  readonly variables: readonly Variable[];
  readonly gradients: readonly Tensor[];
  readonly decay?: WeightDecay | undefined;
}

/** An optimizer that calls `run` with its op and scalars. */
export abstract class FusedOptimizer extends Optimizer {
  /** Updates `targets` by one call of `run`. */
  protected abstract fusedUpdate(targets: Targets, learningRate: Tensor): void;

  /** Runs an op over the targets and the slots that it names, and assigns what comes out. */
  protected run<Slot extends string, Scalar extends string>(
    { variables, gradients, decay }: Targets,
    update: Update<Slot, Scalar>,
    scalars: Readonly<Record<Scalar, TensorLike>>,
  ): void {
    const slots = update.slots.map(
      (name) => [name, variables.map((v) => this.slot(v, toSnakeCase(name)))] as const,
    );
    const updated = update({
      weights: variables.map((v) => v.value),
      gradients,
      slots: Object.fromEntries(
        slots.map(([name, list]) => [name, list.map((slot) => slot.value)]),
      ) as Record<Slot, Tensor[]>,
      scalars,
      decay,
      step: this.updates(),
    });
    for (const [i, variable] of variables.entries()) variable.assign(updated.weights[i]);
    for (const [name, list] of slots) {
      for (const [i, slot] of list.entries()) slot.assign(updated.slots[name][i]);
    }
  }

  protected override updateAll(
    gradients: readonly Tensor[],
    variables: readonly Variable[],
    learningRate: Tensor,
  ): void {
    if (this.updateStep !== FusedOptimizer.prototype.updateStep) {
      // A subclass has an update of its own.
      super.updateAll(gradients, variables, learningRate);
      return;
    }
    const decay = this.weightDecay(variables, learningRate);
    this.fusedUpdate({ variables, gradients, decay }, learningRate);
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.fusedUpdate({ variables: [variable], gradients: [gradient] }, learningRate);
  }
}
