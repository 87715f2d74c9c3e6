// Metrics that add up values: their mean, their sum, and the mean of a function of targets and predictions.
import type { Variable } from '../graph/variable.js';
import { divideNoNan } from '../losses/arithmetic.js';
import { losses, nameOfLoss } from '../losses/loss.js';
import { applyMask } from '../losses/reduction.js';
import { matchRanks } from '../losses/shapes.js';
import { asTensor, cast } from '../ops/convert.js';
import { multiply } from '../ops/elementwise.js';
import { broadcastTo } from '../ops/movement.js';
import { mean, type ReduceOptions, sum } from '../ops/reduce.js';
import { maskOf } from '../tensor/mask.js';
import { broadcastShapes, formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { ConfigError, ShapeError } from '../util/errors.js';
import { camelKeys, Registry, snakeKeys } from '../util/registry.js';
import { type FunctionName, isFunctionName } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import {
  Metric,
  type MetricFunction,
  type MetricOptions,
  metricOptionNames,
  metrics,
} from './metric.js';

type Reduce = (x: TensorLike, axis?: readonly number[], options?: ReduceOptions) => Tensor;

/** `x` reduced over the axes from `first` on. */
function reduceFrom(reduce: Reduce, x: Tensor, first: number): Tensor {
  const axes = x.shape.flatMap((_, axis) => (axis >= first ? [axis] : []));
  return axes.length === 0 ? x : reduce(x, axes);
}

/**
 * One value per sample, times its weight, and the weights. Values of a sample are reduced first to the
 * rank of the weights, then to one.
 */
function samplewise(
  where: string,
  given: Tensor,
  sampleWeight: Tensor | undefined,
  reduce: Reduce,
): { values: Tensor; weights: Tensor | undefined } {
  const all = cast(given, 'float32');
  if (!sampleWeight) return { values: reduceFrom(reduce, all, 1), weights: undefined };
  const masked = applyMask(sampleWeight, maskOf(given), 'sum') ?? sampleWeight;
  const [v, w] = matchRanks(all, cast(masked, 'float32'));
  const inner = reduceFrom(reduce, v, w.rank);
  const shape = broadcastShapes(inner.shape, w.shape);
  if (!shape || !sameShape(shape, inner.shape)) {
    throw new ShapeError(
      `${where}: weights ${formatShape(sampleWeight.shape)} do not fit values ${formatShape(given.shape)}. Give one weight per sample, or one per value.`,
    );
  }
  const full = broadcastTo(w, inner.shape);
  return {
    values: reduceFrom(reduce, multiply(inner, full), 1),
    weights: reduceFrom(reduce, full, 1),
  };
}

/** The weighted sum of values. */
export class Sum extends Metric {
  private readonly total: Variable;

  constructor(options: MetricOptions = {}) {
    checkOptions('Sum', options, metricOptionNames);
    super(options);
    this.total = this.addVariable({ shape: [], name: 'total' });
  }

  /** `values` of any shape; `weight` one per leading row, per value, or one for all. */
  override updateState(values: Tensor, weight?: Tensor | number): void {
    const w = weight === undefined ? undefined : asTensor(weight);
    this.total.assignAdd(sum(samplewise(this.name, values, w, sum).values));
  }

  override result(): Tensor {
    return this.total.value;
  }
}
metrics.add('Sum', Sum);

/** The weighted mean of values; of nothing it is 0. */
export class Mean extends Metric {
  private readonly total: Variable;
  private readonly count: Variable;

  constructor(options: MetricOptions = {}) {
    checkOptions('Mean', options, metricOptionNames);
    super(options);
    this.total = this.addVariable({ shape: [], name: 'total' });
    this.count = this.addVariable({ shape: [], name: 'count' });
  }

  /** `values` of any shape; `weight` one per leading row, per value, or one for all. */
  override updateState(values: Tensor, weight?: Tensor | number): void {
    const w = weight === undefined ? undefined : asTensor(weight);
    const { values: ofSamples, weights } = samplewise(this.name, values, w, mean);
    this.total.assignAdd(sum(ofSamples));
    this.count.assignAdd(weights ? sum(weights) : ofSamples.size);
  }

  override result(): Tensor {
    return divideNoNan(this.total.value, this.count.value);
  }
}
metrics.add('Mean', Mean);

/** The functions of metrics, by Keras's names. */
export const metricFunctions = new Registry<MetricFunction>('metric function');

const nameOf = (fn: MetricFunction): string =>
  metricFunctions.nameOf(fn) ?? nameOfLoss(fn) ?? (fn.name || 'metric');

const functionNamed = (name: string): MetricFunction =>
  metricFunctions.has(name) ? metricFunctions.get(name) : losses.get(name).fn;

/**
 * The mean over all samples of a function of targets and predictions. Samples that the mask of the
 * predictions leaves out do not count.
 *
 * @param formula options for the function, its third argument
 */
export class MeanMetricWrapper extends Metric {
  protected readonly fn: MetricFunction;
  private readonly mean: Mean;

  constructor(
    fn: MetricFunction,
    options: MetricOptions = {},
    private readonly formula: object = {},
  ) {
    super(options, nameOf(fn));
    this.fn = fn;
    this.mean = new Mean({ name: this.name });
  }

  override get variables(): readonly Variable[] {
    return this.mean.variables;
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    const fn: (...args: [Tensor, Tensor, object]) => Tensor = this.fn;
    const values = fn(yTrue, yPred, this.formula);
    this.mean.updateState(values, applyMask(sampleWeight, maskOf(yPred), 'sum'));
  }

  override result(): Tensor {
    return this.mean.result();
  }

  override resetState(): void {
    this.mean.resetState();
  }

  override getConfig(): Record<string, unknown> {
    const fn: FunctionName = {
      module: 'builtins',
      class_name: 'function',
      config: nameOf(this.fn),
      registered_name: 'function',
    };
    return { ...super.getConfig(), fn, ...snakeKeys({ ...this.formula }) };
  }

  static override fromConfig(
    this: new (
      options: never,
    ) => Metric,
    config: Record<string, unknown>,
  ): Metric {
    const { fn, name, dtype, ...formula } = config;
    if (fn === undefined) return new this(camelKeys(config) as never);
    if (!isFunctionName(fn)) {
      throw new ConfigError(
        `MeanMetricWrapper: fn must be the name of a function, got ${typeof fn}.`,
      );
    }
    const options = { ...(typeof name === 'string' && { name }), dtype };
    return new MeanMetricWrapper(functionNamed(fn.config), options, camelKeys(formula));
  }
}
metrics.add('MeanMetricWrapper', MeanMetricWrapper);

/** What `FormulaMetric` is made of. */
interface Definition<Formula extends object> {
  /** The name in Keras. */
  readonly name: string;
  readonly fn: (yTrue: Tensor, yPred: Tensor, formula: Formula) => Tensor;
  /** The options of the formula and their defaults. */
  readonly defaults: Required<Formula>;
  /** Options that Keras's config leaves out: written only where they differ from the default. */
  readonly unwritten?: readonly string[];
}

/** @internal The mean of a built-in function, whose options are also the class's. */
export abstract class FormulaMetric<Formula extends object = object> extends MeanMetricWrapper {
  protected readonly options: Required<Formula>;
  private readonly definition: Definition<Formula>;

  constructor(definition: Definition<Formula>, options: Formula & MetricOptions) {
    const { defaults, fn, name } = definition;
    checkOptions(new.target.name, options, [...Object.keys(defaults), ...metricOptionNames]);
    const given = Object.entries(options ?? {}).filter(
      ([key, value]) => key in defaults && value !== undefined && value !== null,
    );
    const formula = { ...defaults, ...Object.fromEntries(given) };
    super((t, p) => fn(t, p, formula), { ...options, name: options.name ?? name });
    this.definition = definition;
    this.options = formula;
  }

  override getConfig(): Record<string, unknown> {
    const { defaults, unwritten = [] } = this.definition;
    const initial: Record<string, unknown> = { ...defaults };
    const written = Object.entries(this.options).filter(
      ([key, value]) => !unwritten.includes(key) || value !== initial[key],
    );
    const { fn: _, ...config } = super.getConfig();
    return { ...config, ...snakeKeys(Object.fromEntries(written)) };
  }
}
