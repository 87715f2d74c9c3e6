// What all convolution layers share: their window, bias and activation, and the checks of shapes.
import * as activations from '../../activations/index.js';
import type { Variable } from '../../graph/variable.js';
import { spanOf } from '../../ops/convolution.js';
import { type Padding, paddingNamed } from '../../ops/convolve.js';
import type { ConvActivation } from '../../ops/fused-activation.js';
import { perAxis } from '../../ops/windows.js';
import { serializeRegularizer } from '../../regularizers/index.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { ConfigError } from '../../util/errors.js';
import { type DataFormat, dataFormatOf } from '../data-format.js';
import { titleOf } from '../input-spec.js';
import { Layer, type SymbolicShape } from '../layer.js';
import { argument } from '../layer-options.js';
import * as spatial from '../spatial-input.js';
import { rulesOf, serializeRules, type WeightRules } from '../weight-rules.js';
import type { ConvolutionOptions } from './options.js';

/** Sigmoid stays apart, so that losses find the logits behind it. */
const fusedNames: ReadonlyMap<activations.Activation, ConvActivation> = new Map([
  [activations.relu, 'relu'],
  [activations.tanh, 'tanh'],
  [activations.relu6, 'relu6'],
]);

/** The activation that the kernel applies, and the one that is called after it. */
export interface SplitActivation {
  readonly fused: ConvActivation;
  readonly after: activations.Activation;
}

/** @throws ConfigError unless `value` is a whole number above 0. */
export function countOf(where: string, option: string, value: number | undefined): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new ConfigError(`${where}: ${option} must be a whole number above 0, got ${value}.`);
}

/** A convolution over `axes` spatial axes. */
export abstract class ConvolutionLayer extends Layer {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly biasRules: WeightRules;
  /** One value for each channel of the output. */
  bias: Variable | undefined;

  constructor(
    /** Number of spatial axes. */
    readonly axes: number,
    options: ConvolutionOptions,
    { causal = false }: { readonly causal?: boolean } = {},
  ) {
    super(options);
    const where = this.className;
    this.kernelSize = perAxis(where, 'kernelSize', options.kernelSize, axes);
    this.strides = perAxis(where, 'strides', options.strides ?? 1, axes);
    this.padding = paddingNamed(where, options.padding ?? 'valid', causal);
    this.dataFormat = dataFormatOf(where, options.dataFormat);
    this.dilationRate = perAxis(where, 'dilationRate', options.dilationRate ?? 1, axes);
    this.activation = argument(this, 'activation', () => activations.get(options.activation));
    this.useBias = options.useBias ?? true;
    this.biasRules = rulesOf(this, options, 'bias', 'zeros');
  }

  /** Keras's layers of one kernel refuse strides together with dilation. */
  protected refuseDilatedStrides(): void {
    const { strides, dilationRate } = this;
    if (Math.max(...strides) === 1 || Math.max(...dilationRate) === 1) return;
    throw new ConfigError(
      `${titleOf(this)}: strides [${strides}] above 1 do not go with a dilationRate [${dilationRate}] above 1. Set one of them to 1.`,
    );
  }

  /** The number of channels of an input, which must be known. */
  protected channelsOf(inputShape: SymbolicShape): number {
    spatial.checkAxes(this, this.axes, inputShape);
    const channels = inputShape[spatial.channelAxisOf(this.dataFormat, inputShape.length)];
    if (typeof channels === 'number') return channels;
    return spatial.refuseInput(
      this,
      `input ${spatial.layoutOf(this.dataFormat, this.axes)} with a known number of channels`,
      formatShape(inputShape),
      'Give the input a shape with channels.',
    );
  }

  /** @throws ShapeError for an input of another rank or number of channels than the layer was built for. */
  protected checkChannels(shape: Shape, channels: number): void {
    spatial.checkAxes(this, this.axes, shape);
    spatial.checkChannels(this, shape, channels);
  }

  /** @throws ShapeError for an input that is smaller than what the kernel spans. */
  protected checkFits(shape: SymbolicShape): void {
    if (this.padding !== 'valid') return;
    const { kernelSize, dilationRate } = this;
    const spans = kernelSize.map((size, i) => spanOf(size, dilationRate[i]));
    const dilated = spans.some((span, i) => span > kernelSize[i]);
    const name = `a kernel of ${formatShape(kernelSize)}${dilated ? ` (dilated to ${formatShape(spans)})` : ''}`;
    spatial.checkFits(this, shape, { name, spans, smaller: 'a smaller kernel' });
  }

  protected addRuled(name: string, shape: Shape, rules: WeightRules): Variable {
    return this.addWeight({ name, shape, ...rules });
  }

  /** Makes the bias, if there is one. */
  protected addBias(channels: number): void {
    if (this.useBias) this.bias = this.addRuled('bias', [channels], this.biasRules);
  }

  protected get splitActivation(): SplitActivation {
    const fused = fusedNames.get(this.activation);
    return fused
      ? { fused, after: activations.linear }
      : { fused: 'linear', after: this.activation };
  }

  /** The options of `ops.conv` and its relatives. */
  protected get window() {
    const { strides, padding, dataFormat, dilationRate } = this;
    return { strides, padding, dataFormat, dilationRate };
  }

  abstract override call(x: Tensor): Tensor;

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      kernel_size: this.kernelSize,
      strides: this.strides,
      padding: this.padding,
      data_format: this.dataFormat,
      dilation_rate: this.dilationRate,
      activation: activations.nameOf(this.activation),
      use_bias: this.useBias,
      ...serializeRules('bias', this.biasRules),
      activity_regularizer: serializeRegularizer(this.activityRegularizer),
    };
  }
}
