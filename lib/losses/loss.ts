// The base of losses: values per sample, then weights, masks and a reduction.
import { cast } from '../ops/convert.js';
import { logicalAnd } from '../ops/elementwise.js';
import { maskOf } from '../tensor/mask.js';
import type { Tensor } from '../tensor/tensor.js';
import { camelKeys, Registry, snakeKeys } from '../util/registry.js';
import { checkOptions } from '../util/suggest.js';
import { type Reduction, reduceWeighted, reductionOf } from './reduction.js';
import { matchRanks } from './shapes.js';

export type { Reduction } from './reduction.js';

export interface LossOptions {
  /** Default: the loss's name in Keras. */
  readonly name?: string;
  /** A `Reduction`, in either spelling; null for none. Default: `sum_over_batch_size`. */
  readonly reduction?: string | null;
  /** Kept for files; losses compute in float32. */
  readonly dtype?: unknown;
}

const lossOptionNames = ['name', 'reduction', 'dtype'] as const;

/** A function of targets and predictions that gives one value per sample. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

const bothMasks = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined =>
  a && b ? logicalAnd(a, b) : (a ?? b);

/**
 * A loss; subclasses define `call`, which gives one value per sample.
 *
 * @example
 * class Fourth extends Loss { call(yTrue, yPred) { return ops.mean(ops.power(ops.subtract(yPred, yTrue), 4), -1); } }
 * new Fourth('fourth', { reduction: 'sum' }).apply(yTrue, yPred)
 */
export abstract class Loss {
  readonly name: string;
  readonly reduction: Reduction;

  /** @throws ConfigError for an unknown reduction. */
  constructor(defaultName: string, options: LossOptions = {}) {
    this.name = options.name ?? defaultName;
    this.reduction = reductionOf(this.name, options.reduction);
  }

  /** Values per sample, before weights and reduction. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * The loss of a batch.
   *
   * @param sampleWeight one weight per sample `[batch]` or `[batch, 1]`, or one per value
   * @param mask which values count; default: the mask of `yPred`. What a loss masks itself (an ignored
   *   class) never counts.
   */
  apply(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor, mask = maskOf(yPred)): Tensor {
    const values = this.call(yTrue, yPred);
    return reduceWeighted(this.name, values, {
      sampleWeight,
      mask: bothMasks(mask, maskOf(values)),
      reduction: this.reduction,
    });
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name, reduction: this.reduction };
  }

  static fromConfig(this: new (options: never) => Loss, config: Record<string, unknown>): Loss {
    return new this(camelKeys(config) as never);
  }
}

/** A loss that a function defines: it gets targets in float32, their rank made that of the predictions. */
export class FunctionLoss extends Loss {
  constructor(
    private readonly fn: LossFunction,
    options: LossOptions = {},
  ) {
    super(fn.name || 'loss', options);
  }
  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.fn(...matchRanks(cast(yTrue, 'float32'), yPred));
  }
}

/** What `FormulaLoss` is made of. */
interface Definition<Formula extends object> {
  /** The name in Keras. */
  readonly name: string;
  readonly fn: (yTrue: Tensor, yPred: Tensor, formula: Formula) => Tensor;
  /** The options of the formula and their defaults. */
  readonly defaults: Required<Formula>;
  /** Options that Keras's config leaves out: written only where they differ from the default. */
  readonly unwritten?: readonly string[];
}

/** @internal A built-in loss: a function whose options are also the class's. */
export abstract class FormulaLoss<Formula extends object = object> extends Loss {
  protected readonly formula: Required<Formula>;
  private readonly definition: Definition<Formula>;

  constructor(definition: Definition<Formula>, options: Formula & LossOptions) {
    const { defaults, name } = definition;
    checkOptions(new.target.name, options, [...Object.keys(defaults), ...lossOptionNames]);
    super(name, options ?? {});
    const given = Object.entries(options ?? {}).filter(
      ([key, value]) => key in defaults && value !== undefined && value !== null,
    );
    this.definition = definition;
    this.formula = { ...defaults, ...Object.fromEntries(given) };
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.definition.fn(yTrue, yPred, this.formula);
  }

  override getConfig(): Record<string, unknown> {
    const { defaults, unwritten = [] } = this.definition;
    const initial: Record<string, unknown> = { ...defaults };
    const written = Object.entries(this.formula).filter(
      ([key, value]) => !unwritten.includes(key) || value !== initial[key],
    );
    return { ...super.getConfig(), ...snakeKeys(Object.fromEntries(written)) };
  }
}

/** A loss class with Keras's config. */
export interface LossClass {
  fromConfig(config: Record<string, unknown>): Loss;
}

/** A built-in loss: its class, and the function of the same formula. */
export interface LossEntry {
  readonly Class: LossClass;
  readonly fn: LossFunction;
}

/** All losses by the names of their classes and functions. */
export const losses = new Registry<LossEntry>('loss');

/** The name in Keras of a function of ours; undefined for any other. */
export const nameOfLoss = (fn: LossFunction): string | undefined =>
  losses.names.find((known) => losses.get(known).fn === fn);
