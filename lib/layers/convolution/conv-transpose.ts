// Conv1DTranspose, Conv2DTranspose and Conv3DTranspose: convolution the other way round, from few places
// to many.
import type { Variable } from '../../graph/variable.js';
import { convTranspose } from '../../ops/convolve.js';
import { add } from '../../ops/elementwise.js';
import { reshape } from '../../ops/movement.js';
import { type PerAxis, perAxis } from '../../ops/windows.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { titleOf } from '../input-spec.js';
import { checkLayerOptions, layers, type SymbolicShape } from '../layer.js';
import { rulesOf, serializeRules, type WeightRules } from '../weight-rules.js';
import { ConvolutionLayer, countOf } from './base.js';
import {
  type KernelArguments,
  type KernelOptions,
  kernelOptionNames,
  optionsFrom,
  refuseGroups,
} from './options.js';

/** Options of Conv1DTranspose, Conv2DTranspose and Conv3DTranspose. */
export interface ConvTransposeLayerOptions extends KernelOptions {
  /** Added to the output's sizes, less than the strides. Default: what makes it `strides` times as large. */
  readonly outputPadding?: PerAxis | null;
  /** In old configs, where it is 1. */
  readonly groups?: number;
}

abstract class ConvTranspose extends ConvolutionLayer {
  readonly filters: number;
  readonly outputPadding: readonly number[] | null;
  readonly kernelRules: WeightRules;
  /** `[kernelSize…, filters, channels]` */
  kernel!: Variable;

  constructor(className: string, axes: number, args: KernelArguments<ConvTransposeLayerOptions>) {
    const options = optionsFrom<ConvTransposeLayerOptions>(
      className,
      ['filters', 'kernelSize', 'strides'],
      args,
    );
    super(axes, options);
    checkLayerOptions(className, options, [...kernelOptionNames, 'outputPadding'], ['groups']);
    refuseGroups(className, options.groups);
    this.filters = countOf(className, 'filters', options.filters);
    const { outputPadding = null } = options;
    this.outputPadding =
      outputPadding === null ? null : perAxis(className, 'outputPadding', outputPadding, axes, 0);
    this.kernelRules = rulesOf(this, options, 'kernel');
    this.refuseDilatedStrides();
    if (this.outputPadding?.some((n, i) => n >= this.strides[i])) {
      throw new ConfigError(
        `${titleOf(this)}: outputPadding [${this.outputPadding}] must be less than the strides [${this.strides}]. Use larger strides, or none of it.`,
      );
    }
  }

  override build(inputShape: SymbolicShape): void {
    const shape = [...this.kernelSize, this.filters, this.channelsOf(inputShape)];
    this.kernel = this.addRuled('kernel', shape, this.kernelRules);
    this.addBias(this.filters);
  }

  override call(x: Tensor): Tensor {
    const { window, outputPadding, axes, filters, bias } = this;
    this.checkChannels(x.shape, this.kernel.shape[axes + 1]);
    const y = convTranspose(x, this.kernel.value, { ...window, outputPadding });
    if (!bias) return this.activation(y);
    const last = this.dataFormat === 'channels_last';
    const shape = last ? [filters] : [filters, ...this.kernelSize.map(() => 1)];
    return this.activation(add(y, reshape(bias.value, shape)));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      filters: this.filters,
      output_padding: this.outputPadding,
      ...serializeRules('kernel', this.kernelRules),
    };
  }
}

/**
 * Transposed convolution over time: `[batch, steps, channels] → [batch, steps · strides, filters]`.
 *
 * @example new Conv1DTranspose(16, 4, { strides: 2, padding: 'same' })
 * @throws ConfigError for strides together with dilation, or an outputPadding not below the strides.
 */
export class Conv1DTranspose extends ConvTranspose {
  constructor(...args: KernelArguments<ConvTransposeLayerOptions>) {
    super('Conv1DTranspose', 1, args);
  }
}
layers.add('Conv1DTranspose', Conv1DTranspose, ['Convolution1DTranspose']);

/**
 * Transposed convolution over images: `[batch, height, width, channels]` to `strides` times the height
 * and width, and `filters` channels.
 *
 * @example new Conv2DTranspose(16, 4, { strides: 2, padding: 'same' })
 * @throws ConfigError for strides together with dilation, or an outputPadding not below the strides.
 */
export class Conv2DTranspose extends ConvTranspose {
  constructor(...args: KernelArguments<ConvTransposeLayerOptions>) {
    super('Conv2DTranspose', 2, args);
  }
}
layers.add('Conv2DTranspose', Conv2DTranspose, ['Convolution2DTranspose']);

/**
 * Transposed convolution over volumes: `[batch, depth, height, width, channels]` to `strides` times the
 * sizes, and `filters` channels.
 *
 * @example new Conv3DTranspose(4, 2, { strides: 2 })
 * @throws ConfigError for strides together with dilation, or an outputPadding not below the strides.
 */
export class Conv3DTranspose extends ConvTranspose {
  constructor(...args: KernelArguments<ConvTransposeLayerOptions>) {
    super('Conv3DTranspose', 3, args);
  }
}
layers.add('Conv3DTranspose', Conv3DTranspose, ['Convolution3DTranspose']);
