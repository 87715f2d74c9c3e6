// AdamW: Adam with decay of the weights apart from the gradient.
import { ConfigError } from '../util/errors.js';
import { Adam, type AdamOptions } from './adam.js';
import { optimizers } from './optimizer.js';
import { type LearningRate, toOptions } from './options.js';

export interface AdamWOptions extends AdamOptions {
  /** Default 0.004; weights lose this share of themselves, times the learning rate, before an update. */
  readonly weightDecay?: number;
}

/** w ← w − w·decay·lr, then Adam. Default learning rate 0.001. Loshchilov & Hutter 2019. */
export class AdamW extends Adam {
  /** `new AdamW(1e-3, { weightDecay: 0.01 })` */
  constructor(learningRate?: LearningRate | AdamWOptions, rest?: AdamWOptions) {
    const options = toOptions<AdamWOptions>(new.target.name, learningRate, rest);
    if (options.weightDecay === null) {
      throw new ConfigError('AdamW: expected a number as weightDecay, got null. Adam has none.');
    }
    super({ ...options, weightDecay: options.weightDecay ?? 0.004 });
  }
}
optimizers.add('AdamW', AdamW);
