// The base of metrics: fixed-size state over ops, accumulated on the engine over an epoch.
import { untraced } from '../graph/compile.js';
import { Variable } from '../graph/variable.js';
import { get as getInitializer, type InitializerLike } from '../initializers/index.js';
import { cast } from '../ops/convert.js';
import type { DType } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { camelKeys, Registry, toSnakeCase } from '../util/registry.js';

export interface MetricOptions {
  /** Default: the metric's name in Keras. */
  readonly name?: string;
  /** Kept for files; metrics compute in float32, but for the counts of the IoU family. */
  readonly dtype?: unknown;
}

export const metricOptionNames = ['name', 'dtype'] as const;

/**
 * A metric; subclasses make state with `addVariable`, change it in `updateState`, read it in `result`.
 * State is float32, so counts are exact up to 2²⁴ (16.7 million), as in Keras.
 */
export abstract class Metric {
  readonly name: string;
  private readonly state: { variable: Variable; initializer: InitializerLike }[] = [];

  constructor(options: MetricOptions = {}, defaultName?: string) {
    this.name = options.name ?? defaultName ?? toSnakeCase(new.target.name);
  }

  /** Adds state of a fixed shape; also in the first `updateState`, once the shape is known. */
  addVariable(options: {
    readonly shape: Shape;
    /** Default: zeros. */
    readonly initializer?: InitializerLike;
    readonly name?: string;
    /** Default: float32. */
    readonly dtype?: DType;
  }): Variable {
    const { shape, initializer = 'zeros', dtype = 'float32' } = options;
    const name = options.name ?? `state_${this.state.length}`;
    const variable = untraced(() => {
      const initial = cast(getInitializer(initializer).call(shape), dtype);
      return new Variable(initial, { name, trainable: false });
    });
    variable.path = `${this.name}/${name}`;
    this.state.push({ variable, initializer });
    return variable;
  }

  get variables(): readonly Variable[] {
    return this.state.map(({ variable }) => variable);
  }

  /** Takes a batch in. */
  abstract updateState(yTrue: Tensor, yPred: Tensor, sampleWeight?: Tensor): void;

  /**
   * The metric of all batches so far: a scalar, logged as a number; or one value per class or threshold,
   * logged as an array.
   */
  abstract result(): Tensor;

  /** Forgets all batches. */
  resetState(): void {
    for (const { variable, initializer } of this.state) {
      variable.assign(getInitializer(initializer).call(variable.shape));
    }
  }

  getConfig(): Record<string, unknown> {
    return { name: this.name, dtype: 'float32' };
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
