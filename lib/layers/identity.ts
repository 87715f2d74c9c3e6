// Layers that give back what they get: Identity, and ActivityRegularization, which penalizes it.
import { L1L2 } from '../regularizers/index.js';
import type { Tensor } from '../tensor/tensor.js';
import { optionsAfter } from '../util/options.js';
import { checkLayerOptions, Layer, type LayerOptions, layers, type Structure } from './layer.js';

/** Its input, whatever it is: a placeholder. */
export class Identity<S extends Structure = Tensor> extends Layer<S, S> {
  constructor(options: LayerOptions = {}) {
    super(options);
    checkLayerOptions('Identity', options);
    this.supportsMasking = true;
  }

  override call(x: S): S {
    return x;
  }
}
layers.add('Identity', Identity);

export interface ActivityRegularizationOptions extends LayerOptions {
  /** Default 0. */
  readonly l1?: number;
  /** Default 0. */
  readonly l2?: number;
}

/** Its input; adds `(l1·Σ|x| + l2·Σx²) / batch` to the loss. */
export class ActivityRegularization extends Layer {
  readonly l1: number;
  readonly l2: number;

  constructor(
    l1OrOptions: number | ActivityRegularizationOptions = {},
    rest: ActivityRegularizationOptions = {},
  ) {
    const options =
      typeof l1OrOptions === 'number'
        ? { ...optionsAfter(new.target.name, rest), l1: l1OrOptions }
        : l1OrOptions;
    checkLayerOptions('ActivityRegularization', options, ['l1', 'l2']);
    const { l1 = 0, l2 = 0, ...base } = options;
    super({ ...base, activityRegularizer: new L1L2({ l1, l2 }) });
    this.l1 = l1;
    this.l2 = l2;
    this.supportsMasking = true;
  }

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): Record<string, unknown> {
    const { activity_regularizer: _, ...base } = super.getConfig();
    return { ...base, l1: this.l1, l2: this.l2 };
  }
}
layers.add('ActivityRegularization', ActivityRegularization);
