// Masking: which time steps count, by their values.
import { notEqual, where } from '../ops/elementwise.js';
import { squeeze } from '../ops/movement.js';
import { any } from '../ops/reduce.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { checkInput } from './input-spec.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';
import { setMask } from './structure.js';

export interface MaskingOptions extends LayerOptions {
  /** Default 0. */
  readonly maskValue?: number;
}

/**
 * Masks the time steps of `[batch, time, features]` whose features all are `maskValue`: they become
 * 0, and layers that know masks skip them.
 */
export class Masking extends Layer {
  readonly maskValue: number;

  constructor(maskValue: number | MaskingOptions = {}, rest: MaskingOptions = {}) {
    const options =
      typeof maskValue === 'number'
        ? { ...optionsAfter(new.target.name, rest), maskValue }
        : maskValue;
    super(options);
    checkLayerOptions('Masking', options, ['maskValue']);
    this.maskValue = options.maskValue ?? 0;
    if (typeof this.maskValue !== 'number') {
      throw new ConfigError(`Masking: maskValue must be a number, got ${typeof this.maskValue}.`);
    }
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    checkInput(this, inputShape, { minRank: 2 });
  }

  override call(x: Tensor): Tensor {
    const counts = any(notEqual(x, this.maskValue), -1, { keepDims: true });
    const out = where(counts, x, 0);
    setMask(out, squeeze(counts, -1));
    return out;
  }

  /** Of its own: the input's mask has no part in it. */
  override computeMask(x: Tensor): Tensor {
    return any(notEqual(x, this.maskValue), -1);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mask_value: this.maskValue };
  }
}
layers.add('Masking', Masking);
