// Dense: every output unit sees every input feature.
import * as activations from '../activations/index.js';
import type { Variable } from '../graph/variable.js';
import {
  get as getInitializer,
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import { dense } from '../ops/gemm.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { refuseOptions } from '../util/suggest.js';
import {
  type CallOptions,
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';

export interface DenseOptions extends LayerOptions {
  readonly units?: number;
  /** Default: linear. */
  readonly activation?: string | activations.Activation | null;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default: glorotUniform. */
  readonly kernelInitializer?: InitializerLike;
  /** Default: zeros. */
  readonly biasInitializer?: InitializerLike;
}

const denseOptionNames = [
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
] as const;

/** In Keras's configs, as null. */
const unsupported = [
  'kernelRegularizer',
  'biasRegularizer',
  'activityRegularizer',
  'kernelConstraint',
  'biasConstraint',
  'quantizationConfig',
  'loraRank',
] as const;

/** `activation(x · kernel + bias)`: `[batch, …, features] → [batch, …, units]`. */
export class Dense extends Layer {
  readonly units: number;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  /** `[features, units]` */
  kernel!: Variable;
  /** `[units]` */
  bias: Variable | undefined;

  /** `new Dense(64, { activation: 'relu' })` */
  constructor(units: number | DenseOptions, rest: DenseOptions = {}) {
    const options = typeof units === 'number' ? { ...rest, units } : units;
    super(options);
    checkLayerOptions('Dense', options, [...denseOptionNames, ...unsupported]);
    refuseOptions('Dense', options, unsupported);
    if (options.units === undefined || !Number.isInteger(options.units) || options.units < 1) {
      throw new ConfigError(`Dense: units must be a whole number above 0, got ${options.units}.`);
    }
    this.units = options.units;
    this.activation = activations.get(options.activation);
    this.useBias = options.useBias ?? true;
    this.kernelInitializer = getInitializer(options.kernelInitializer ?? 'glorotUniform');
    this.biasInitializer = getInitializer(options.biasInitializer ?? 'zeros');
  }

  override build(inputShape: SymbolicShape): void {
    const features = inputShape.at(-1);
    if (typeof features !== 'number' || inputShape.length < 2) {
      throw new ShapeError(
        `Dense "${this.name}": expected input [batch, …, features], got ${formatShape(inputShape)}.`,
      );
    }
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [features, this.units],
      initializer: this.kernelInitializer,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: 'bias',
        shape: [this.units],
        initializer: this.biasInitializer,
      });
    }
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    const features = this.kernel.shape[0];
    if (x.shape.at(-1) !== features) {
      throw new ShapeError(
        `Dense "${this.name}": expected input of ${features} features (last axis), got ${formatShape(x.shape)}. Check the data, or the units of the layer before it.`,
      );
    }
    const { kernel, bias, activation } = this;
    // Sigmoid and softmax stay apart, so that losses find the logits behind them.
    if (activation === activations.relu) return dense(x, kernel.value, bias?.value, 'relu');
    if (activation === activations.tanh) return dense(x, kernel.value, bias?.value, 'tanh');
    return activation(dense(x, kernel.value, bias?.value));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: activations.nameOf(this.activation),
      use_bias: this.useBias,
      kernel_initializer: serializeInitializer(this.kernelInitializer),
      bias_initializer: serializeInitializer(this.biasInitializer),
      kernel_regularizer: null,
      bias_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
    };
  }
}
layers.add('Dense', Dense);
