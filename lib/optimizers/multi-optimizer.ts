// MultiOptimizer: an optimizer of its own for each group of variables.
import type { Variable } from '../graph/variable.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, StateError } from '../util/errors.js';
import { isSerialized, type SerializedObject, serialize } from '../util/serialize.js';
import { LossScaleOptimizer } from './loss-scale-optimizer.js';
import { Optimizer, optimizers } from './optimizer.js';

/** Optimizers by the paths of variables: exact, or patterns that match a whole path. */
export class OptimizerMap {
  readonly entries: ReadonlyMap<string, Optimizer>;

  /** `new OptimizerMap(new SGD(0.1), { 'encoder/.*': new Adam() })` */
  constructor(
    readonly defaultOptimizer: Optimizer,
    map: Readonly<Record<string, Optimizer>> = {},
  ) {
    this.entries = new Map(Object.entries(map));
  }

  /** @throws ConfigError if several patterns match. */
  optimizerOf({ path }: Variable): Optimizer {
    const exact = this.entries.get(path);
    if (exact) return exact;
    const matching = [...this.entries].filter(([key]) => new RegExp(`^(?:${key})$`).test(path));
    if (matching.length > 1) {
      const keys = matching.map(([key]) => `"${key}"`).join(' and ');
      throw new ConfigError(`OptimizerMap: ${keys} match variable "${path}". Let one do so.`);
    }
    return matching[0]?.[1] ?? this.defaultOptimizer;
  }

  getConfig(): Record<string, unknown> {
    return {
      default_optimizer: serializeOptimizer(this.defaultOptimizer),
      optimizer_map: Object.fromEntries(
        [...this.entries].map(([key, optimizer]) => [key, serializeOptimizer(optimizer)]),
      ),
    };
  }

  static fromConfig(config: Record<string, unknown>): OptimizerMap {
    const map = config.optimizer_map as Record<string, SerializedObject>;
    return new OptimizerMap(
      deserializeOptimizer(config.default_optimizer),
      Object.fromEntries(Object.entries(map).map(([key, of]) => [key, deserializeOptimizer(of)])),
    );
  }
}

const serializeOptimizer = (optimizer: Optimizer): SerializedObject =>
  serialize('keras.optimizers', optimizer);

function deserializeOptimizer(given: unknown): Optimizer {
  if (given instanceof Optimizer) return given;
  if (isSerialized(given)) return optimizers.get(given.class_name).fromConfig(given.config);
  throw new ConfigError('OptimizerMap: expected optimizers in their serialized form.');
}

/** The optimizer of a variable. */
export type OptimizerSelector = OptimizerMap | ((variable: Variable) => Optimizer);

export interface MultiOptimizerOptions {
  /** In place of the optimizers' own. */
  readonly lossScaleFactor?: number | null;
  readonly name?: string;
}

/** Gives each variable's gradient to the optimizer that a map or a function names for it. */
export class MultiOptimizer extends Optimizer {
  private readonly selector: OptimizerSelector;
  private readonly inner: Optimizer[] = [];
  private readonly chosen = new Map<Variable, Optimizer>();

  /** `new MultiOptimizer(new OptimizerMap(new SGD(0.1), { 'encoder/.*': new Adam() }))` */
  constructor(selector: OptimizerSelector, options: MultiOptimizerOptions = {}) {
    super({ ...options, learningRate: 0 });
    this.selector = selector;
    if (!(selector instanceof OptimizerMap)) return;
    for (const optimizer of [...selector.entries.values(), selector.defaultOptimizer]) {
      this.take(optimizer);
    }
  }

  private take(optimizer: Optimizer): void {
    if (this.inner.includes(optimizer)) return;
    if (optimizer instanceof MultiOptimizer || optimizer instanceof LossScaleOptimizer) {
      throw new ConfigError(
        `${this.name}: a ${optimizer.constructor.name} cannot be one of its optimizers.`,
      );
    }
    optimizer.lossScaleFactor = this.lossScaleFactor;
    this.inner.push(optimizer);
  }

  /** The optimizers that it hands gradients to. */
  get optimizers(): readonly Optimizer[] {
    return [...this.inner];
  }

  override get variables(): readonly Variable[] {
    return [...super.variables, ...this.inner.flatMap((optimizer) => optimizer.variables)];
  }

  /** @throws StateError always: each optimizer has a learning rate of its own. */
  override get learningRate(): number {
    throw this.noRate();
  }

  override set learningRate(_rate: number) {
    throw this.noRate();
  }

  private noRate(): StateError {
    return new StateError(
      `${this.name}: it has no learning rate. Read and set those of its \`optimizers\`.`,
    );
  }

  override build(variables: readonly Variable[]): void {
    const { selector } = this;
    for (const variable of this.adopt(variables)) {
      const optimizer =
        selector instanceof OptimizerMap ? selector.optimizerOf(variable) : selector(variable);
      this.take(optimizer);
      this.chosen.set(variable, optimizer);
    }
    for (const [optimizer, own] of this.grouped(variables)) optimizer.build(own);
  }

  /** The variables of each optimizer that has some. */
  private grouped(variables: readonly Variable[]): [Optimizer, Variable[]][] {
    return this.inner
      .map((optimizer): [Optimizer, Variable[]] => [
        optimizer,
        variables.filter((variable) => this.chosen.get(variable) === optimizer),
      ])
      .filter(([, own]) => own.length > 0);
  }

  override apply(grads: readonly (Tensor | null)[], variables?: readonly Variable[]): void {
    if (grads.length === 0) return;
    const [given, targets] = this.pairs(grads, variables);
    this.build(variables ?? targets);
    const gradientOf = new Map(targets.map((target, i) => [target, given[i]]));
    for (const [optimizer, own] of this.grouped(targets)) {
      optimizer.apply(
        own.map((variable) => gradientOf.get(variable) ?? null),
        own,
      );
    }
    this.countStep();
  }

  override finalizeVariableValues(variables: readonly Variable[]): void {
    for (const [optimizer, own] of this.grouped(variables)) optimizer.finalizeVariableValues(own);
  }

  override updateStep(gradient: Tensor, variable: Variable, learningRate: Tensor): void {
    this.chosen.get(variable)?.updateStep(gradient, variable, learningRate);
  }

  override getConfig(): Record<string, unknown> {
    const { selector } = this;
    if (!(selector instanceof OptimizerMap)) {
      throw new ConfigError(
        `${this.name}: a function has no config. Choose optimizers by an OptimizerMap.`,
      );
    }
    return {
      optimizer_map: serialize('keras.optimizers', selector),
      loss_scale_factor: this.lossScaleFactor,
      name: this.name,
    };
  }

  static override fromConfig(config: Record<string, unknown>): MultiOptimizer {
    const { optimizer_map: map, loss_scale_factor: lossScaleFactor, name } = config;
    if (!isSerialized(map)) {
      throw new ConfigError('MultiOptimizer: expected an OptimizerMap as optimizer_map.');
    }
    return new MultiOptimizer(OptimizerMap.fromConfig(map.config), {
      ...(typeof lossScaleFactor === 'number' && { lossScaleFactor }),
      ...(typeof name === 'string' && { name }),
    });
  }
}
optimizers.add('MultiOptimizer', MultiOptimizer);
