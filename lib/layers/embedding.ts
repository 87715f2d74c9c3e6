// Embedding: a vector for each whole number.
import { type Constraint, type ConstraintLike, serializeConstraint } from '../constraints/index.js';
import type { Variable } from '../graph/variable.js';
import {
  type Initializer,
  type InitializerLike,
  serializeInitializer,
} from '../initializers/index.js';
import { asTensor } from '../ops/convert.js';
import { cast, notEqual } from '../ops/elementwise.js';
import { gather } from '../ops/movement.js';
import {
  type Regularizer,
  type RegularizerLike,
  serializeRegularizer,
} from '../regularizers/index.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError } from '../util/errors.js';
import { optionsAfter } from '../util/options.js';
import { refuseOptions } from '../util/suggest.js';
import { checkLayerOptions, Layer, type LayerOptions, layers } from './layer.js';
import { setMask } from './structure.js';
import { rulesOf } from './weight-rules.js';

export interface EmbeddingOptions extends Omit<LayerOptions, 'inputDim'> {
  /** Number of vectors: indices are 0 … inputDim − 1. */
  readonly inputDim?: number;
  /** Length of each vector. */
  readonly outputDim?: number;
  /** Default: uniform on [−0.05, 0.05). */
  readonly embeddingsInitializer?: InitializerLike;
  readonly embeddingsRegularizer?: RegularizerLike;
  readonly embeddingsConstraint?: ConstraintLike;
  /** Whether index 0 is padding, which the layers after this one are to skip. Default false. */
  readonly maskZero?: boolean;
  /** The vectors to start from, `[inputDim, outputDim]`. */
  readonly weights?: TensorLike | readonly [Tensor] | null;
  /** Of Keras's past; without effect. */
  readonly inputLength?: unknown;
}

const optionNames = [
  'inputDim',
  'outputDim',
  'embeddingsInitializer',
  'embeddingsRegularizer',
  'embeddingsConstraint',
  'maskZero',
  'weights',
] as const;

/** In Keras's configs, as null. */
const unsupported = ['quantizationConfig', 'loraRank', 'loraAlpha'] as const;

function countOf(option: string, value: number | undefined): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new ConfigError(`Embedding: ${option} must be a whole number above 0, got ${value}.`);
}

/**
 * Learnt vectors by index: `[batch, …] → [batch, …, outputDim]`. An index outside of the table ends
 * the run with a DataError.
 *
 * @example new Embedding(1000, 64, { maskZero: true })
 */
export class Embedding extends Layer {
  readonly inputDim: number;
  readonly outputDim: number;
  readonly embeddingsInitializer: Initializer;
  readonly embeddingsRegularizer: Regularizer | undefined;
  readonly embeddingsConstraint: Constraint | undefined;
  readonly maskZero: boolean;
  /** `[inputDim, outputDim]` */
  embeddings!: Variable;

  constructor(
    inputDim: number | EmbeddingOptions,
    outputDim?: number,
    rest: EmbeddingOptions = {},
  ) {
    const options =
      typeof inputDim === 'number'
        ? { ...optionsAfter(new.target.name, rest), inputDim, outputDim }
        : inputDim;
    const { inputDim: _, ...base } = options;
    super(base);
    checkLayerOptions('Embedding', options, optionNames, ['inputLength', ...unsupported]);
    refuseOptions('Embedding', options, unsupported);
    this.inputDim = countOf('inputDim', options.inputDim);
    this.outputDim = countOf('outputDim', options.outputDim);
    const embeddings = rulesOf(this, options, 'embeddings', 'uniform');
    this.embeddingsInitializer = embeddings.initializer;
    this.embeddingsRegularizer = embeddings.regularizer;
    this.embeddingsConstraint = embeddings.constraint;
    this.maskZero = options.maskZero ?? false;
    this.supportsMasking = this.maskZero;
    if (options.weights) this.startFrom(options.weights);
  }

  private startFrom(weights: TensorLike | readonly [Tensor]): void {
    this.ensureBuilt([null]);
    const [only] = Array.isArray(weights) && weights.length === 1 ? weights : [weights];
    this.embeddings.assign(asTensor(only));
  }

  override build(): void {
    this.embeddings = this.addWeight({
      name: 'embeddings',
      shape: [this.inputDim, this.outputDim],
      initializer: this.embeddingsInitializer,
      regularizer: this.embeddingsRegularizer,
      constraint: this.embeddingsConstraint,
    });
  }

  override call(x: Tensor): Tensor {
    const out = gather(this.embeddings.value, cast(x, 'int32'));
    setMask(out, this.computeMask(x));
    return out;
  }

  override computeMask(x: Tensor): Tensor | undefined {
    return this.maskZero ? notEqual(x, 0) : undefined;
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      input_dim: this.inputDim,
      output_dim: this.outputDim,
      embeddings_initializer: serializeInitializer(this.embeddingsInitializer),
      embeddings_regularizer: serializeRegularizer(this.embeddingsRegularizer),
      activity_regularizer: serializeRegularizer(this.activityRegularizer),
      embeddings_constraint: serializeConstraint(this.embeddingsConstraint),
      mask_zero: this.maskZero,
    };
  }
}
layers.add('Embedding', Embedding);
