// SeparableConv1D and SeparableConv2D: every channel is convolved for itself, then a kernel of size 1
// mixes them.
import type { Variable } from '../../graph/variable.js';
import { fusedConv, fusedDepthwise } from '../../ops/convolve.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkLayerOptions, layers, type SymbolicShape } from '../layer.js';
import { rulesOf, serializeRules, type WeightRules } from '../weight-rules.js';
import { ConvolutionLayer, countOf } from './base.js';
import {
  type DepthwiseOptions,
  depthwiseOptionNames,
  type KernelArguments,
  type KernelOptions,
  optionsFrom,
  refuseGroups,
} from './options.js';

/** Options of SeparableConv1D and SeparableConv2D; the depthwise ones are of the kernel that comes first. */
export interface SeparableConvOptions extends DepthwiseOptions {
  /** Channels of the output. */
  readonly filters?: number;
  /** Default: glorotUniform. */
  readonly pointwiseInitializer?: KernelOptions['kernelInitializer'];
  readonly pointwiseRegularizer?: KernelOptions['kernelRegularizer'];
  readonly pointwiseConstraint?: KernelOptions['kernelConstraint'];
  /** In old configs, where it is 1. */
  readonly groups?: number;
  /** In old configs, without effect. */
  readonly kernelInitializer?: unknown;
  /** In old configs, without effect. */
  readonly kernelRegularizer?: unknown;
  /** In old configs, without effect. */
  readonly kernelConstraint?: unknown;
}

const separableOptionNames = [
  ...depthwiseOptionNames,
  'filters',
  'pointwiseInitializer',
  'pointwiseRegularizer',
  'pointwiseConstraint',
] as const;

/** In Keras's configs, where they say nothing. */
const unlisted = ['groups', 'kernelInitializer', 'kernelRegularizer', 'kernelConstraint'] as const;

abstract class SeparableConv extends ConvolutionLayer {
  readonly filters: number;
  readonly depthMultiplier: number;
  readonly depthwiseRules: WeightRules;
  readonly pointwiseRules: WeightRules;
  /** `[kernelSize…, channels, depthMultiplier]` */
  depthwiseKernel!: Variable;
  /** `[1…, channels · depthMultiplier, filters]` */
  pointwiseKernel!: Variable;

  constructor(className: string, axes: number, args: KernelArguments<SeparableConvOptions>) {
    const options = optionsFrom<SeparableConvOptions>(
      className,
      ['filters', 'kernelSize', 'strides'],
      args,
    );
    super(axes, options);
    checkLayerOptions(className, options, separableOptionNames, unlisted);
    refuseGroups(className, options.groups);
    this.filters = countOf(className, 'filters', options.filters);
    this.depthMultiplier = countOf(className, 'depthMultiplier', options.depthMultiplier ?? 1);
    this.depthwiseRules = rulesOf(this, options, 'depthwise');
    this.pointwiseRules = rulesOf(this, options, 'pointwise');
  }

  override build(inputShape: SymbolicShape): void {
    const channels = this.channelsOf(inputShape);
    this.checkFits(inputShape);
    const { kernelSize, depthMultiplier, filters } = this;
    const depthwise = [...kernelSize, channels, depthMultiplier];
    const pointwise = [...kernelSize.map(() => 1), channels * depthMultiplier, filters];
    this.depthwiseKernel = this.addRuled('depthwise_kernel', depthwise, this.depthwiseRules);
    this.pointwiseKernel = this.addRuled('pointwise_kernel', pointwise, this.pointwiseRules);
    this.addBias(filters);
  }

  override call(x: Tensor): Tensor {
    this.checkChannels(x.shape, this.depthwiseKernel.shape[this.axes]);
    this.checkFits(x.shape);
    const { className, dataFormat, depthwiseKernel, pointwiseKernel } = this;
    const between = fusedDepthwise(className, x, depthwiseKernel.value, this.window);
    const { fused, after } = this.splitActivation;
    const epilogue = { bias: this.bias?.value, activation: fused };
    const options = { dataFormat, groups: 1 };
    return after(fusedConv(className, between, pointwiseKernel.value, options, epilogue));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      filters: this.filters,
      depth_multiplier: this.depthMultiplier,
      ...serializeRules('depthwise', this.depthwiseRules),
      ...serializeRules('pointwise', this.pointwiseRules),
    };
  }
}

/**
 * Depthwise convolution over time, then one of size 1 that mixes the channels:
 * `[batch, steps, channels] → [batch, steps', filters]`.
 *
 * @example new SeparableConv1D(32, 3, { padding: 'same' })
 */
export class SeparableConv1D extends SeparableConv {
  constructor(...args: KernelArguments<SeparableConvOptions>) {
    super('SeparableConv1D', 1, args);
  }
}
layers.add('SeparableConv1D', SeparableConv1D, ['SeparableConvolution1D']);

/**
 * Depthwise convolution of images, then one of size 1 that mixes the channels:
 * `[batch, height, width, channels] → [batch, height', width', filters]`.
 *
 * @example new SeparableConv2D(32, 3, { padding: 'same', activation: 'relu' })
 */
export class SeparableConv2D extends SeparableConv {
  constructor(...args: KernelArguments<SeparableConvOptions>) {
    super('SeparableConv2D', 2, args);
  }
}
layers.add('SeparableConv2D', SeparableConv2D, ['SeparableConvolution2D']);
