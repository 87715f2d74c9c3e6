// PReLU: a rectifier whose slope below 0 is learnt.
import { type Constraint, type ConstraintLike, serializeConstraint } from '../constraints/index.js';
import type { Variable } from '../graph/variable.js';
import {
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import { multiply, negative, relu, subtract } from '../ops/elementwise.js';
import {
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ShapeError } from '../util/errors.js';
import { checkInput, titleOf } from './input-spec.js';
import {
  checkLayerOptions,
  Layer,
  type LayerOptions,
  layers,
  type SymbolicShape,
} from './layer.js';
import { rulesOf } from './weight-rules.js';

export interface PReLUOptions extends LayerOptions {
  /** Default: zeros. */
  readonly alphaInitializer?: InitializerLike;
  readonly alphaRegularizer?: RegularizerLike;
  readonly alphaConstraint?: ConstraintLike;
  /** Axes (from 1) along which one slope serves all: `[1, 2]` for one slope per channel of images. */
  readonly sharedAxes?: number | readonly number[] | null;
}

/**
 * `x` where x > 0, else `alpha · x`, with a learnt alpha for every feature. He et al. 2015.
 *
 * @example new PReLU({ sharedAxes: [1, 2] })
 */
export class PReLU extends Layer {
  readonly alphaInitializer: Initializer;
  readonly alphaRegularizer: Regularizer | undefined;
  readonly alphaConstraint: Constraint | undefined;
  readonly sharedAxes: readonly number[] | undefined;
  /** The input's shape without the batch axis; 1 along shared axes. */
  alpha!: Variable;
  private rank = 0;

  constructor(options: PReLUOptions = {}) {
    super(options);
    checkLayerOptions('PReLU', options, [
      'alphaInitializer',
      'alphaRegularizer',
      'alphaConstraint',
      'sharedAxes',
    ]);
    const alpha = rulesOf(this, options, 'alpha', 'zeros');
    this.alphaInitializer = alpha.initializer;
    this.alphaRegularizer = alpha.regularizer;
    this.alphaConstraint = alpha.constraint;
    const { sharedAxes } = options;
    this.sharedAxes = typeof sharedAxes === 'number' ? [sharedAxes] : (sharedAxes ?? undefined);
    this.supportsMasking = true;
  }

  override build(inputShape: SymbolicShape): void {
    checkInput(this, inputShape, { minRank: 2 });
    const shape = inputShape.slice(1);
    for (const axis of this.sharedAxes ?? []) {
      // Keras counts from axis − 1, so that −1 means the last axis but one.
      const at = axis - 1 < 0 ? axis - 1 + shape.length : axis - 1;
      if (!(at in shape)) {
        throw new ShapeError(
          `${titleOf(this)}: sharedAxes: there is no axis ${axis} in ${formatShape(inputShape)}.`,
        );
      }
      shape[at] = 1;
    }
    if (!shape.every((d) => typeof d === 'number')) {
      throw new ShapeError(
        `${titleOf(this)}: expected known sizes along the axes that have slopes of their own, got ${formatShape(inputShape)}. Name the others in sharedAxes.`,
      );
    }
    this.rank = inputShape.length;
    this.alpha = this.addWeight({
      name: 'alpha',
      shape,
      initializer: this.alphaInitializer,
      regularizer: this.alphaRegularizer,
      constraint: this.alphaConstraint,
    });
  }

  override call(x: Tensor): Tensor {
    const sizes = this.alpha.shape.map((d, i) => [i + 1, d === 1 ? undefined : d]);
    checkInput(this, x.shape, { rank: this.rank, axes: Object.fromEntries(sizes) });
    return subtract(relu(x), multiply(this.alpha.value, relu(negative(x))));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      alpha_initializer: serializeInitializer(this.alphaInitializer),
      alpha_regularizer: serializeRegularizer(this.alphaRegularizer),
      alpha_constraint: serializeConstraint(this.alphaConstraint),
      shared_axes: this.sharedAxes ?? null,
    };
  }
}
layers.add('PReLU', PReLU);
