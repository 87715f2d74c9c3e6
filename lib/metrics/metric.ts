// The base of metrics: fixed-size state over ops, accumulated on the engine over an epoch.
import { untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { get as getInitializer, type InitializerLike } from '../initializers/index.js';
import { matchRanks } from '../losses/shapes.js';
import { divide, maximum, multiply } from '../ops/elementwise.js';
import { broadcastTo, expandDims } from '../ops/movement.js';
import { mean, sum } from '../ops/reduce.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { camelKeys, Registry, toSnakeCase } from '../util/registry.js';
import { checkOptions } from '../util/suggest.js';

export interface MetricOptions {
  readonly name?: string;
  /** Kept for files; metrics compute in float32. */
  readonly dtype?: unknown;
}

export const metricOptionNames = ['name', 'dtype'] as const;

/** A metric; subclasses make state with `addVariable`, change it in `updateState`, read it in `result`. */
export abstract class Metric {
  readonly name: string;
  private readonly state: { variable: Variable; initializer: InitializerLike }[] = [];

  constructor(options: MetricOptions = {}, defaultName?: string) {
    this.name = options.name ?? defaultName ?? toSnakeCase(new.target.name);
  }

  /** Adds state of a fixed shape. */
  addVariable(options: { shape: Shape; initializer?: InitializerLike; name?: string }): Variable {
    const { shape, initializer = 'zeros', name = `state_${this.state.length}` } = options;
    const variable = untraced(
      () => new Variable(getInitializer(initializer).call(shape), { name, trainable: false }),
    );
    variable.path = `${this.name}/${name}`;
    this.state.push({ variable, initializer });
    return variable;
  }

  get variables(): readonly Variable[] {
    return this.state.map(({ variable }) => variable);
  }

  /** Takes a batch in. */
  abstract updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void;

  /** The metric of all batches so far, a scalar. */
  abstract result(): Tensor;

  /** Forgets all batches. */
  resetState(): void {
    for (const { variable, initializer } of this.state) {
      variable.assign(getInitializer(initializer).call(variable.shape));
    }
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name };
  }

  static fromConfig(this: new (options: never) => Metric, config: Record<string, unknown>): Metric {
    return new this(camelKeys(config) as never);
  }
}

/** A function that gives one value per sample. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** All metrics by name. */
export const metrics = new Registry<{ fromConfig(config: Record<string, unknown>): Metric }>(
  'metric',
);

/** Keeps 0 / 0 at 0: the smallest normal float32. */
const smallest = 2 ** -126;

/** The weighted mean of values. */
export class Mean extends Metric {
  private readonly total: Variable;
  private readonly count: Variable;

  constructor(options: MetricOptions = {}) {
    checkOptions('Mean', options, metricOptionNames);
    super(options);
    this.total = this.addVariable({ shape: [], name: 'total' });
    this.count = this.addVariable({ shape: [], name: 'count' });
  }

  /** `values` of any shape; `weight` one per leading row, per element, or one for all. */
  override updateState(values: Tensor, weight?: Tensor | number): void {
    if (weight === undefined || typeof weight === 'number') {
      const total = sum(values);
      this.total.assignAdd(weight === undefined ? total : multiply(total, weight));
      this.count.assignAdd((weight ?? 1) * values.size);
      return;
    }
    const { weighted, total } = weigh(values, weight);
    this.total.assignAdd(sum(weighted));
    this.count.assignAdd(total);
  }

  override result(): Tensor {
    return divide(this.total.value, maximum(this.count.value, smallest));
  }
}
metrics.add('Mean', Mean);

/** Values times weights, and the sum of the weights; ranks are matched as Keras does. */
function weigh(values: Tensor, weight: Tensor): { weighted: Tensor; total: Tensor } {
  let [v, w] = matchRanks(values, weight);
  if (w.rank > v.rank) v = mean(v, undefined);
  while (w.rank < v.rank && w.rank > 0) w = expandDims(w, -1);
  const full = w.rank === 0 ? w : broadcastTo(w, v.shape);
  return {
    weighted: multiply(v, full),
    total: full.rank === 0 ? multiply(full, v.size) : sum(full),
  };
}

/** The mean over all samples of a function of targets and predictions. */
export class MeanMetricWrapper extends Metric {
  private readonly mean: Mean;
  protected readonly fn: MetricFunction;

  constructor(fn: MetricFunction, options: MetricOptions = {}, defaultName?: string) {
    super(options, defaultName ?? (fn.name || 'metric'));
    this.fn = fn;
    this.mean = new Mean({ name: this.name });
  }

  override get variables(): readonly Variable[] {
    return this.mean.variables;
  }

  override updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void {
    this.mean.updateState(this.fn(yTrue, yPred), sampleWeight);
  }

  override result(): Tensor {
    return this.mean.result();
  }

  override resetState(): void {
    this.mean.resetState();
  }
}
