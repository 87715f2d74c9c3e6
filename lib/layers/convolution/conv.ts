// Conv1D, Conv2D and Conv3D: every filter sees all channels, or those of its group.
import type { Variable } from '../../graph/variable.js';
import { fusedConv } from '../../ops/convolve.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { refuseOptions } from '../../util/suggest.js';
import { titleOf } from '../input-spec.js';
import { checkLayerOptions, layers, type SymbolicShape } from '../layer.js';
import { countChannels, refuseInput } from '../spatial-input.js';
import { rulesOf, serializeRules, type WeightRules } from '../weight-rules.js';
import { ConvolutionLayer, countOf } from './base.js';
import {
  type KernelArguments,
  type KernelOptions,
  kernelOptionNames,
  optionsFrom,
} from './options.js';

/** Options of Conv1D, Conv2D and Conv3D. */
export interface ConvLayerOptions extends KernelOptions {
  /** Parts of the channels that are convolved apart, each to as many filters. Default 1. */
  readonly groups?: number;
}

/** In Keras's configs, as null. */
const unsupported = ['quantizationConfig', 'loraRank', 'loraAlpha'] as const;

abstract class Conv extends ConvolutionLayer {
  readonly filters: number;
  readonly groups: number;
  readonly kernelRules: WeightRules;
  /** `[kernelSize…, channels / groups, filters]` */
  kernel!: Variable;

  constructor(className: string, axes: number, args: KernelArguments<ConvLayerOptions>) {
    const options = optionsFrom<ConvLayerOptions>(
      className,
      ['filters', 'kernelSize', 'strides'],
      args,
    );
    super(axes, options, { causal: axes === 1 });
    checkLayerOptions(className, options, [...kernelOptionNames, 'groups'], unsupported);
    refuseOptions(className, options, unsupported);
    this.filters = countOf(className, 'filters', options.filters);
    this.groups = countOf(className, 'groups', options.groups ?? 1);
    this.kernelRules = rulesOf(this, options, 'kernel');
    if (this.filters % this.groups !== 0) {
      throw new ConfigError(
        `${titleOf(this)}: ${this.groups} groups do not divide ${this.filters} filters. Take a multiple of ${this.groups} filters, or other groups.`,
      );
    }
    this.refuseDilatedStrides();
  }

  override build(inputShape: SymbolicShape): void {
    const channels = this.channelsOf(inputShape);
    const { filters, groups } = this;
    if (channels % groups !== 0) {
      refuseInput(
        this,
        `a number of channels that ${groups} groups divide`,
        `${formatShape(inputShape)}, which has ${countChannels(channels)}`,
        'Change the groups, or the filters of the layer before it.',
      );
    }
    this.checkFits(inputShape);
    const shape = [...this.kernelSize, channels / groups, filters];
    this.kernel = this.addRuled('kernel', shape, this.kernelRules);
    this.addBias(filters);
  }

  override call(x: Tensor): Tensor {
    const { groups, window } = this;
    this.checkChannels(x.shape, this.kernel.shape[this.axes] * groups);
    this.checkFits(x.shape);
    const { fused, after } = this.splitActivation;
    const epilogue = { bias: this.bias?.value, activation: fused };
    const y = fusedConv(this.className, x, this.kernel.value, { ...window, groups }, epilogue);
    return after(y);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      filters: this.filters,
      groups: this.groups,
      ...serializeRules('kernel', this.kernelRules),
    };
  }
}

/**
 * Convolution over time: `[batch, steps, channels] → [batch, steps', filters]`. With padding `causal` no
 * output sees a later step.
 *
 * @example new Conv1D(32, 3, { padding: 'causal', dilationRate: 2 })
 * @throws ConfigError for strides together with dilation, or groups that do not divide the filters.
 */
export class Conv1D extends Conv {
  constructor(...args: KernelArguments<ConvLayerOptions>) {
    super('Conv1D', 1, args);
  }
}
layers.add('Conv1D', Conv1D, ['Convolution1D']);

/**
 * Convolution over images: `[batch, height, width, channels] → [batch, height', width', filters]`.
 *
 * @example new Conv2D(32, 3, { padding: 'same', activation: 'relu' })
 * @throws ConfigError for strides together with dilation, or groups that do not divide the filters.
 */
export class Conv2D extends Conv {
  constructor(...args: KernelArguments<ConvLayerOptions>) {
    super('Conv2D', 2, args);
  }
}
layers.add('Conv2D', Conv2D, ['Convolution2D']);

/**
 * Convolution over volumes: `[batch, depth, height, width, channels] → [batch, …, filters]`.
 *
 * @example new Conv3D(8, [1, 3, 3])
 * @throws ConfigError for strides together with dilation, or groups that do not divide the filters.
 */
export class Conv3D extends Conv {
  constructor(...args: KernelArguments<ConvLayerOptions>) {
    super('Conv3D', 3, args);
  }
}
layers.add('Conv3D', Conv3D, ['Convolution3D']);
