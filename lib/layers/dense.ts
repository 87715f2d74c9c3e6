// Dense: every output unit sees every input feature.
import * as activations from '../activations/index.js';
import { type Constraint, type ConstraintLike, serializeConstraint } from '../constraints/index.js';
import type { Variable } from '../graph/variable.js';
import {
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import { dense } from '../ops/gemm.js';
import {
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { refuseOptions } from '../util/suggest.js';
import {
  type CallOptions,
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';
import { argument } from './layer-options.js';
import { rulesOf } from './weight-rules.js';

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
  readonly kernelRegularizer?: RegularizerLike;
  readonly biasRegularizer?: RegularizerLike;
  readonly kernelConstraint?: ConstraintLike;
  readonly biasConstraint?: ConstraintLike;
}

const denseOptionNames = [
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
] as const;

/** In Keras's configs, as null. */
const unsupported = ['quantizationConfig', 'loraRank', 'loraAlpha'] as const;

/** `activation(x · kernel + bias)`: `[batch, …, features] → [batch, …, units]`. */
export class Dense extends Layer {
  readonly units: number;
  readonly activation: activations.Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly kernelRegularizer: Regularizer | undefined;
  readonly biasRegularizer: Regularizer | undefined;
  readonly kernelConstraint: Constraint | undefined;
  readonly biasConstraint: Constraint | undefined;
  /** `[features, units]` */
  kernel!: Variable;
  /** `[units]` */
  bias: Variable | undefined;

  /** `new Dense(64, { activation: 'relu' })` */
  constructor(units: number | DenseOptions, rest: DenseOptions = {}) {
    const options =
      typeof units === 'number' ? { ...optionsAfter(new.target.name, rest), units } : units;
    super(options);
    checkLayerOptions('Dense', options, denseOptionNames, unsupported);
    refuseOptions('Dense', options, unsupported);
    if (options.units === undefined || !Number.isInteger(options.units) || options.units < 1) {
      throw new ConfigError(`Dense: units must be a whole number above 0, got ${options.units}.`);
    }
    this.units = options.units;
    this.activation = argument(this, 'activation', () => activations.get(options.activation));
    this.useBias = options.useBias ?? true;
    const kernel = rulesOf(this, options, 'kernel');
    this.kernelInitializer = kernel.initializer;
    this.kernelRegularizer = kernel.regularizer;
    this.kernelConstraint = kernel.constraint;
    const bias = rulesOf(this, options, 'bias', 'zeros');
    this.biasInitializer = bias.initializer;
    this.biasRegularizer = bias.regularizer;
    this.biasConstraint = bias.constraint;
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    const features = inputShape.at(-1);
    if (typeof features !== 'number' || inputShape.length < 2) throw this.wrongRank(inputShape);
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: [features, this.units],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    if (this.useBias) {
      this.bias = this.addWeight({
        name: 'bias',
        shape: [this.units],
        initializer: this.biasInitializer,
        regularizer: this.biasRegularizer,
        constraint: this.biasConstraint,
      });
    }
  }

  private wrongRank(shape: SymbolicShape): ShapeError {
    return new ShapeError(
      `Dense "${this.name}": expected input [batch, …, features], got ${formatShape(shape)}.`,
    );
  }

  override call(x: Tensor, _options: CallOptions): Tensor {
    if (x.rank < 2) throw this.wrongRank(x.shape);
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
      kernel_regularizer: serializeRegularizer(this.kernelRegularizer),
      bias_regularizer: serializeRegularizer(this.biasRegularizer),
      kernel_constraint: serializeConstraint(this.kernelConstraint),
      bias_constraint: serializeConstraint(this.biasConstraint),
    };
  }
}
layers.add('Dense', Dense);
