// Rectifiers as layers: ReLU with its limits, LeakyReLU, ELU.
import * as activations from '../activations/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { checkLayerOptions, Layer, type LayerOptions, layers } from './layer.js';

function checkNotNegative(where: string, option: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return;
  throw new ConfigError(`${where}: ${option} must be a number ≥ 0, got ${value}.`);
}

export interface ReLUOptions extends LayerOptions {
  /** The largest output; null (default): no limit. */
  readonly maxValue?: number | null;
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number;
  /** Inputs up to here count as negative. Default 0. */
  readonly threshold?: number;
}

/**
 * `x` above the threshold (at most `maxValue`), `negativeSlope · (x − threshold)` below:
 * `new ReLU()`, `new ReLU(6)`, `new ReLU({ negativeSlope: 0.1 })`.
 */
export class ReLU extends Layer {
  readonly maxValue: number | undefined;
  readonly negativeSlope: number;
  readonly threshold: number;

  constructor(maxValue: number | null | ReLUOptions = {}, rest: ReLUOptions = {}) {
    const options =
      typeof maxValue === 'object' && maxValue !== null
        ? maxValue
        : { ...optionsAfter(new.target.name, rest), maxValue };
    super(options);
    checkLayerOptions('ReLU', options, ['maxValue', 'negativeSlope', 'threshold']);
    this.maxValue = options.maxValue ?? undefined;
    const { negativeSlope = 0, threshold = 0 } = options;
    this.negativeSlope = negativeSlope;
    this.threshold = threshold;
    if (this.maxValue !== undefined) checkNotNegative('ReLU', 'maxValue', this.maxValue);
    checkNotNegative('ReLU', 'negativeSlope', negativeSlope);
    checkNotNegative('ReLU', 'threshold', threshold);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    const { maxValue = null, negativeSlope, threshold } = this;
    return activations.relu(x, { maxValue, negativeSlope, threshold });
  }

  override getConfig(): Record<string, unknown> {
    const { maxValue = null, negativeSlope, threshold } = this;
    return {
      ...super.getConfig(),
      max_value: maxValue,
      negative_slope: negativeSlope,
      threshold,
    };
  }
}
layers.add('ReLU', ReLU);

export interface LeakyReLUOptions extends LayerOptions {
  /** Default 0.3. */
  readonly negativeSlope?: number;
  /** Keras's old name of it. */
  readonly alpha?: number;
}

/** `x` where x > 0, else `negativeSlope · x`: `new LeakyReLU(0.2)`. */
export class LeakyReLU extends Layer {
  readonly negativeSlope: number;

  constructor(negativeSlope: number | LeakyReLUOptions = {}, rest: LeakyReLUOptions = {}) {
    const options =
      typeof negativeSlope === 'number'
        ? { ...optionsAfter(new.target.name, rest), negativeSlope }
        : negativeSlope;
    super(options);
    checkLayerOptions('LeakyReLU', options, ['negativeSlope', 'alpha']);
    const { alpha, negativeSlope: slope = 0.3 } = options;
    this.negativeSlope = alpha ?? slope;
    checkNotNegative('LeakyReLU', 'negativeSlope', this.negativeSlope);
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return activations.leakyRelu(x, this.negativeSlope);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), negative_slope: this.negativeSlope };
  }
}
layers.add('LeakyReLU', LeakyReLU);

export interface ELUOptions extends LayerOptions {
  /** Default 1. */
  readonly alpha?: number;
}

/** `x` where x > 0, else `alpha · (eˣ − 1)`. Clevert et al. 2015. */
export class ELU extends Layer {
  readonly alpha: number;

  constructor(alpha: number | ELUOptions = {}, rest: ELUOptions = {}) {
    const options =
      typeof alpha === 'number' ? { ...optionsAfter(new.target.name, rest), alpha } : alpha;
    super(options);
    checkLayerOptions('ELU', options, ['alpha']);
    this.alpha = options.alpha ?? 1;
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return activations.elu(x, this.alpha);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}
layers.add('ELU', ELU);
