// Learning rates as callbacks see them: of one optimizer, or of each of several in a MultiOptimizer.

import type { Optimizer } from '../optimizers/optimizer.js';
import type { LogValue } from './callback.js';

/** An optimizer that has others, one per group of variables. */
interface Compound {
  readonly optimizers: readonly Optimizer[];
}

const isCompound = (optimizer: object): optimizer is Compound =>
  'optimizers' in optimizer && Array.isArray(optimizer.optimizers);

/** The optimizers that have rates of their own; `label` stands before "learning rate" in messages. */
export const optimizersOf = (
  optimizer: Optimizer,
): readonly { readonly optimizer: Optimizer; readonly key: string; readonly label: string }[] =>
  isCompound(optimizer)
    ? optimizer.optimizers.map((inner) => ({
        optimizer: inner,
        key: `learning_rate_${inner.name}`,
        label: `${inner.name} `,
      }))
    : [{ optimizer, key: 'learning_rate', label: '' }];

/** Adds the rates to logs: `learning_rate`, or `learning_rate_<name>` for each of several. */
export function logRates(optimizer: Optimizer, logs: Record<string, LogValue>): void {
  for (const { optimizer: inner, key } of optimizersOf(optimizer)) logs[key] = inner.learningRate;
}

/** Sets a rate; if it follows a schedule, scales what the schedule gives to that rate. */
export function setRate(optimizer: Optimizer, rate: number): void {
  const { learningRateFactor: factor } = optimizer;
  if (!factor) {
    optimizer.learningRate = rate;
    return;
  }
  const present = optimizer.learningRate;
  const [scale] = factor.value.dataSync();
  factor.assign((scale * rate) / present);
}
