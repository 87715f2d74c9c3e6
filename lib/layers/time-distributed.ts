// TimeDistributed: one layer for every time step.
import { withPath } from '../ops/define.js';
import { reshape, sliceAxis, stack } from '../ops/movement.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import * as convolution from './convolution/index.js';
import { Activation } from './core.js';
import { Dense } from './dense.js';
import * as image from './image/index.js';
import { checkInput, titleOf } from './input-spec.js';
import { type AnyLayer, type CallOptions, layers, type SymbolicShape } from './layer.js';
import * as pooling from './pooling/index.js';
import { Wrapper, type WrapperOptions } from './wrapper.js';

/** Layers that treat every sample alone and alike, so that all steps can be one batch. */
const perSample: readonly object[] = [
  Dense,
  Activation,
  ...Object.values(convolution),
  ...Object.values(pooling).filter((Class) => Class !== pooling.GlobalAveragePooling1D),
  ...Object.values(image),
];

/**
 * Applies a layer to every time step, with the same weights:
 * `[batch, time, …] → [batch, time, …]`. The layer sees `[batch, …]`, and `[batch]` of a mask
 * `[batch, time]`.
 *
 * @example new TimeDistributed(new Dense(8))
 */
export class TimeDistributed extends Wrapper {
  constructor(layer: AnyLayer | WrapperOptions, rest: WrapperOptions = {}) {
    super(layer, rest);
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    checkInput(this, inputShape, { minRank: 3 });
    super.build([inputShape[0], ...inputShape.slice(2)]);
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    checkInput(this, x.shape, { minRank: 3 });
    this.checkMask(x, options.mask);
    if (perSample.includes(this.layer.constructor)) return this.allAtOnce(x, options);
    const { training, mask } = options;
    const steps = Array.from({ length: x.shape[1] }, (_, i) =>
      this.step(stepOf(x, i), { training, mask: mask && stepOf(mask, i) }),
    );
    return stack(steps, 1);
  }

  private allAtOnce(x: Tensor, { training }: CallOptions): Tensor {
    const [batch, time, ...rest] = x.shape;
    const out = this.step(reshape(x, [batch * time, ...rest]), { training });
    return reshape(out, [batch, time, ...out.shape.slice(1)]);
  }

  /** As in Keras, the inner layer's function alone: its activity regularizer has no part in it. */
  private step(x: Tensor, options: CallOptions): Tensor {
    return withPath(this.layer.name, () => this.single(this.layer.call(x, options)));
  }

  private checkMask(x: Tensor, mask: Tensor | undefined): void {
    if (!mask || (mask.shape[0] === x.shape[0] && mask.shape[1] === x.shape[1])) return;
    throw new ShapeError(
      `${titleOf(this)}: expected a mask [${x.shape[0]}, ${x.shape[1]}, …] for input ${formatShape(x.shape)}, got ${formatShape(mask.shape)}.`,
    );
  }
}
layers.add('TimeDistributed', TimeDistributed);

/** `[batch, …]` at one step of `[batch, time, …]`. */
const stepOf = (x: Tensor, i: number): Tensor =>
  reshape(sliceAxis(x, 1, i, i + 1), [x.shape[0], ...x.shape.slice(2)]);
