// DepthwiseConv1D and DepthwiseConv2D: every channel is convolved for itself.
import type { Variable } from '../../graph/variable.js';
import { fusedDepthwise } from '../../ops/convolve.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkLayerOptions, layers, type SymbolicShape } from '../layer.js';
import { rulesOf, serializeRules, type WeightRules } from '../weight-rules.js';
import { ConvolutionLayer, countOf } from './base.js';
import {
  type DepthwiseArguments,
  type DepthwiseOptions,
  depthwiseOptionNames,
  optionsFrom,
  refuseGroups,
} from './options.js';

/** Options of DepthwiseConv1D and DepthwiseConv2D. */
export interface DepthwiseConvOptions extends DepthwiseOptions {
  /** In old configs, where it is 1. */
  readonly groups?: number;
}

abstract class DepthwiseConv extends ConvolutionLayer {
  readonly depthMultiplier: number;
  readonly depthwiseRules: WeightRules;
  /** `[kernelSize…, channels, depthMultiplier]` */
  kernel!: Variable;

  constructor(className: string, axes: number, args: DepthwiseArguments<DepthwiseConvOptions>) {
    const options = optionsFrom<DepthwiseConvOptions>(className, ['kernelSize', 'strides'], args);
    super(axes, options);
    checkLayerOptions(className, options, depthwiseOptionNames, ['groups']);
    refuseGroups(className, options.groups);
    this.depthMultiplier = countOf(className, 'depthMultiplier', options.depthMultiplier ?? 1);
    this.depthwiseRules = rulesOf(this, options, 'depthwise');
  }

  override build(inputShape: SymbolicShape): void {
    const channels = this.channelsOf(inputShape);
    this.checkFits(inputShape);
    const shape = [...this.kernelSize, channels, this.depthMultiplier];
    this.kernel = this.addRuled('kernel', shape, this.depthwiseRules);
    this.addBias(channels * this.depthMultiplier);
  }

  override call(x: Tensor): Tensor {
    this.checkChannels(x.shape, this.kernel.shape[this.axes]);
    this.checkFits(x.shape);
    const { fused, after } = this.splitActivation;
    const epilogue = { bias: this.bias?.value, activation: fused };
    return after(fusedDepthwise(this.className, x, this.kernel.value, this.window, epilogue));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      depth_multiplier: this.depthMultiplier,
      ...serializeRules('depthwise', this.depthwiseRules),
    };
  }
}

/**
 * Convolution of every channel over time for itself: `[batch, steps, channels] →
 * [batch, steps', channels · depthMultiplier]`.
 *
 * @example new DepthwiseConv1D(3, { depthMultiplier: 2 })
 */
export class DepthwiseConv1D extends DepthwiseConv {
  constructor(...args: DepthwiseArguments<DepthwiseConvOptions>) {
    super('DepthwiseConv1D', 1, args);
  }
}
layers.add('DepthwiseConv1D', DepthwiseConv1D);

/**
 * Convolution of every channel of images for itself: `[batch, height, width, channels] →
 * [batch, height', width', channels · depthMultiplier]`.
 *
 * @example new DepthwiseConv2D(3, { padding: 'same' })
 */
export class DepthwiseConv2D extends DepthwiseConv {
  constructor(...args: DepthwiseArguments<DepthwiseConvOptions>) {
    super('DepthwiseConv2D', 2, args);
  }
}
layers.add('DepthwiseConv2D', DepthwiseConv2D);
