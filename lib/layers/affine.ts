// What the normalization layers share: epsilon, and a scale gamma and an offset beta with one value
// of each per feature.
import { type Constraint, type ConstraintLike, serializeConstraint } from '../constraints/index.js';
import type { Variable } from '../graph/variable.js';
import {
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import {
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { Layer, type LayerOptions, type SymbolicShape } from './layer.js';
import { rulesOf } from './weight-rules.js';

/** Options of gamma, beta and epsilon. */
export interface AffineOptions extends LayerOptions {
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number;
  /** Whether there is an offset beta. Default true. */
  readonly center?: boolean;
  /** Whether there is a scale gamma. Default true. */
  readonly scale?: boolean;
  /** Default: zeros. */
  readonly betaInitializer?: InitializerLike;
  /** Default: ones. */
  readonly gammaInitializer?: InitializerLike;
  readonly betaRegularizer?: RegularizerLike;
  readonly gammaRegularizer?: RegularizerLike;
  readonly betaConstraint?: ConstraintLike;
  readonly gammaConstraint?: ConstraintLike;
}

/** The names of those options, without those of every layer. */
export const affineOptionNames = [
  'epsilon',
  'center',
  'scale',
  'betaInitializer',
  'gammaInitializer',
  'betaRegularizer',
  'gammaRegularizer',
  'betaConstraint',
  'gammaConstraint',
] as const;

/** A layer with gamma, beta and epsilon. */
export abstract class AffineLayer extends Layer {
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  readonly betaInitializer: Initializer;
  readonly gammaInitializer: Initializer;
  readonly betaRegularizer: Regularizer | undefined;
  readonly gammaRegularizer: Regularizer | undefined;
  readonly betaConstraint: Constraint | undefined;
  readonly gammaConstraint: Constraint | undefined;
  /** The scale, if there is one. */
  gamma: Variable | undefined;
  /** The offset, if there is one. */
  beta: Variable | undefined;

  constructor(options: AffineOptions) {
    super(options);
    this.epsilon = options.epsilon ?? 1e-3;
    this.center = options.center ?? true;
    this.scale = options.scale ?? true;
    const beta = rulesOf(this, options, 'beta', 'zeros');
    this.betaInitializer = beta.initializer;
    this.betaRegularizer = beta.regularizer;
    this.betaConstraint = beta.constraint;
    const gamma = rulesOf(this, options, 'gamma', 'ones');
    this.gammaInitializer = gamma.initializer;
    this.gammaRegularizer = gamma.regularizer;
    this.gammaConstraint = gamma.constraint;
    this.supportsMasking = true;
  }

  /** Makes gamma and beta, as far as they are wanted. */
  protected addAffine(shape: Shape, { scale = this.scale, center = this.center } = {}): void {
    if (scale) {
      this.gamma = this.addWeight({
        name: 'gamma',
        shape,
        initializer: this.gammaInitializer,
        regularizer: this.gammaRegularizer,
        constraint: this.gammaConstraint,
      });
    }
    if (!center) return;
    this.beta = this.addWeight({
      name: 'beta',
      shape,
      initializer: this.betaInitializer,
      regularizer: this.betaRegularizer,
      constraint: this.betaConstraint,
    });
  }

  /** What the ops of ops/normalization.ts want to know. */
  protected get affine(): { scale?: Tensor; offset?: Tensor; epsilon: number } {
    return {
      epsilon: this.epsilon,
      ...(this.gamma && { scale: this.gamma.value }),
      ...(this.beta && { offset: this.beta.value }),
    };
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      beta_initializer: serializeInitializer(this.betaInitializer),
      gamma_initializer: serializeInitializer(this.gammaInitializer),
      beta_regularizer: serializeRegularizer(this.betaRegularizer),
      gamma_regularizer: serializeRegularizer(this.gammaRegularizer),
      beta_constraint: serializeConstraint(this.betaConstraint),
      gamma_constraint: serializeConstraint(this.gammaConstraint),
    };
  }
}

/** The size of an axis of the input of `layer`, which must be known. */
export function sizeOfAxis(layer: Layer, inputShape: SymbolicShape, axis: number): number {
  const size = inputShape.at(axis);
  if (axis < inputShape.length && axis >= -inputShape.length && typeof size === 'number') {
    return size;
  }
  throw new ShapeError(
    `${layer.constructor.name} "${layer.name}": expected input whose axis ${axis} has a known size, got ${formatShape(inputShape)}. Change the axis, or give the input a shape.`,
  );
}
