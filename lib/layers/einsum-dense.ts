// EinsumDense: a dense layer whose product is written as an equation.
import * as activations from '../activations/index.js';
import { type Constraint, type ConstraintLike, serializeConstraint } from '../constraints/index.js';
import type { Variable } from '../graph/variable.js';
import {
  type Initializer,
  type InitializerLike,
  serializeInitializer,
  VarianceScaling,
} from '../initializers/index.js';
import { einsum } from '../ops/einsum.js';
import { add } from '../ops/elementwise.js';
import { reshape } from '../ops/movement.js';
import {
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { refuseOptions } from '../util/suggest.js';
import {
  type EinsumEquation,
  type EinsumShapes,
  einsumShapes,
  parseEquation,
} from './einsum-equation.js';
import { checkInput, titleOf } from './input-spec.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';
import { argument } from './layer-options.js';
import { rulesOf } from './weight-rules.js';

export interface EinsumDenseOptions extends LayerOptions {
  /** `ab,bc->ac`: input, kernel, output. `...` may stand for axes at one end of input and output. */
  readonly equation?: string;
  /** Without the batch axis (and the axes under `...`); null where the input's size stays. */
  readonly outputShape?: number | SymbolicShape;
  /** Default: linear. */
  readonly activation?: string | activations.Activation | null;
  /** Letters of the output along which there is a bias. Default: none. */
  readonly biasAxes?: string | null;
  /** Default: glorotUniform, with the fans that the equation tells. */
  readonly kernelInitializer?: InitializerLike;
  /** Default: zeros. */
  readonly biasInitializer?: InitializerLike;
  readonly kernelRegularizer?: RegularizerLike;
  readonly biasRegularizer?: RegularizerLike;
  readonly kernelConstraint?: ConstraintLike;
  readonly biasConstraint?: ConstraintLike;
}

const optionNames = [
  'equation',
  'outputShape',
  'activation',
  'biasAxes',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'kernelConstraint',
  'biasConstraint',
] as const;

/** In Keras's configs, as null. */
const unsupported = [
  'quantizationConfig',
  'gptqUnpackedColumnSize',
  'loraRank',
  'loraAlpha',
] as const;

/** An initializer for a kernel whose axes are inputs or outputs as the equation says. */
const withFans =
  (initializer: Initializer, { inputAxes, outputAxes }: EinsumShapes) =>
  (shape: Shape): Tensor => {
    const fan = (axes: readonly number[]) => sizeOf(axes.map((axis) => shape[axis]));
    return reshape(initializer.call([fan(inputAxes), fan(outputAxes)]), shape);
  };

/**
 * `activation(einsum(equation, x, kernel) + bias)`.
 *
 * @example new EinsumDense('abc,cd->abd', [null, 64], { biasAxes: 'd' }) // Dense(64) over time steps
 * @example new EinsumDense('...x,xy->...y', 64)
 */
export class EinsumDense extends Layer {
  readonly equation: string;
  readonly outputShape: SymbolicShape;
  readonly activation: activations.Activation;
  readonly biasAxes: string | undefined;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly kernelRegularizer: Regularizer | undefined;
  readonly biasRegularizer: Regularizer | undefined;
  readonly kernelConstraint: Constraint | undefined;
  readonly biasConstraint: Constraint | undefined;
  /** One axis for each letter of the equation's second term. */
  kernel!: Variable;
  bias: Variable | undefined;
  private readonly parsed: EinsumEquation;
  private rank = 0;

  constructor(
    equation: string | EinsumDenseOptions,
    outputShape: number | SymbolicShape = [],
    rest: EinsumDenseOptions = {},
  ) {
    const options =
      typeof equation === 'string'
        ? { ...optionsAfter(new.target.name, rest), equation, outputShape }
        : equation;
    super(options);
    checkLayerOptions('EinsumDense', options, optionNames, unsupported);
    refuseOptions('EinsumDense', options, unsupported);
    this.parsed = parseEquation(options.equation);
    this.equation = this.parsed.text;
    this.outputShape = sizesOf(options.outputShape);
    this.activation = argument(this, 'activation', () => activations.get(options.activation));
    this.biasAxes = options.biasAxes ?? undefined;
    const kernel = rulesOf(this, options, 'kernel');
    this.kernelInitializer = kernel.initializer;
    this.kernelRegularizer = kernel.regularizer;
    this.kernelConstraint = kernel.constraint;
    const bias = rulesOf(this, options, 'bias', 'zeros');
    this.biasInitializer = bias.initializer;
    this.biasRegularizer = bias.regularizer;
    this.biasConstraint = bias.constraint;
  }

  override build(inputShape: SymbolicShape): void {
    const { parsed, outputShape, biasAxes, kernelInitializer } = this;
    const shapes = einsumShapes(titleOf(this), parsed, inputShape, outputShape, biasAxes);
    const scaled = kernelInitializer instanceof VarianceScaling;
    this.rank = inputShape.length;
    this.kernel = this.addWeight({
      name: 'kernel',
      shape: shapes.kernel,
      initializer: scaled ? withFans(kernelInitializer, shapes) : kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    if (!shapes.bias) return;
    this.bias = this.addWeight({
      name: 'bias',
      shape: shapes.bias,
      initializer: this.biasInitializer,
      regularizer: this.biasRegularizer,
      constraint: this.biasConstraint,
    });
  }

  override call(x: Tensor): Tensor {
    checkInput(this, x.shape, { rank: this.rank });
    const product = einsum(this.equation, x, this.kernel.value);
    return this.activation(this.bias ? add(product, this.bias.value) : product);
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      output_shape: this.outputShape,
      equation: this.equation,
      activation: activations.nameOf(this.activation),
      bias_axes: this.biasAxes ?? null,
      kernel_initializer: serializeInitializer(this.kernelInitializer),
      bias_initializer: serializeInitializer(this.biasInitializer),
      kernel_regularizer: serializeRegularizer(this.kernelRegularizer),
      bias_regularizer: serializeRegularizer(this.biasRegularizer),
      activity_regularizer: serializeRegularizer(this.activityRegularizer),
      kernel_constraint: serializeConstraint(this.kernelConstraint),
      bias_constraint: serializeConstraint(this.biasConstraint),
    };
  }
}
layers.add('EinsumDense', EinsumDense);

function sizesOf(outputShape: number | SymbolicShape | undefined): SymbolicShape {
  const sizes = typeof outputShape === 'number' ? [outputShape] : outputShape;
  if (Array.isArray(sizes) && sizes.every((d) => d === null || (Number.isInteger(d) && d > 0)))
    return [...sizes];
  throw new ConfigError(
    `EinsumDense: outputShape must be whole numbers above 0, or null for the input's size, got ${JSON.stringify(outputShape)}.`,
  );
}
