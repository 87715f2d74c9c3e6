// The programs of a model: one step of training, testing or predicting, traced per batch shape.
import { lowerTraced, record } from '../graph/compile.js';
import { lazyGradient } from '../graph/gradient.js';
import type { CompiledGraph } from '../graph/run.js';
import { Trace, type Variable } from '../graph/variable.js';
import type { Loss } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';
import { callAll } from '../ops/define.js';
import { add, checkFiniteOp, multiply } from '../ops/elementwise.js';
import { concatenate, reshape } from '../ops/movement.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { DType } from '../tensor/dtype.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { StateError } from '../util/errors.js';

export type Mode = 'train' | 'test' | 'predict';

/** What a model was compiled with. Metrics are made when the first shapes are known. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss | undefined;
  readonly lossWeight: number;
  readonly trainable: readonly Variable[];
  readonly makeMetrics: (yTrue: Shape, yPred: Shape) => MetricSet;
  metrics: MetricSet | undefined;
}

export interface MetricSet {
  readonly plain: readonly Metric[];
  readonly weighted: readonly Metric[];
}

export const allMetrics = (compiled: Compiled): readonly Metric[] => [
  ...(compiled.metrics?.plain ?? []),
  ...(compiled.metrics?.weighted ?? []),
];

/** The function that a model is. */
export interface StepModel {
  readonly name: string;
  apply(x: Tensor, options: { training: boolean }): Tensor;
  readonly losses: readonly Tensor[];
  readonly randomKey: () => Variable;
}

export interface InfoOf {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Shapes and dtypes of the feeds of a step. */
export interface BatchInfo {
  readonly x: InfoOf;
  readonly y: InfoOf | undefined;
  readonly weight: InfoOf | undefined;
}

/** A step's program, and the names of the values that each step logs. */
export interface Step {
  readonly graph: CompiledGraph;
  readonly logNames: readonly string[];
  readonly batch: number;
  /** Running estimate, from which the number of steps per run follows. */
  secondsPerStep: number | undefined;
}

export const keyOfBatch = (mode: Mode, info: BatchInfo): string =>
  [info.x, info.y, info.weight]
    .map((part) => (part ? `${part.dtype}${formatShape(part.shape)}` : '-'))
    .join(mode);

interface Feeds {
  readonly x: Tensor;
  readonly y: Tensor | undefined;
  readonly weight: Tensor | undefined;
}

function addFeeds(trace: Trace, info: BatchInfo): Feeds {
  const feed = (part: InfoOf | undefined) => part && trace.addFeed(part.shape, part.dtype);
  return {
    x: trace.addFeed(info.x.shape, info.x.dtype),
    y: feed(info.y),
    weight: feed(info.weight),
  };
}

/** Loss of a batch, with what layers add to it. */
function lossOf(model: StepModel, compiled: Compiled, feeds: Feeds, yPred: Tensor): Tensor {
  const { loss, lossWeight } = compiled;
  if (!loss || !feeds.y) {
    throw new StateError(
      `${model.name}: training and evaluating need a loss and y. Give compile() a loss.`,
    );
  }
  const data = loss.apply(feeds.y, yPred, feeds.weight);
  const mean = data.rank === 0 ? data : data.mean();
  const scalar = lossWeight === 1 ? mean : multiply(mean, lossWeight);
  return model.losses.reduce((total, penalty) => add(total, penalty), scalar);
}

/** Updates the metrics and gives the values to log: the step's loss, and the metrics so far. */
function track(compiled: Compiled, feeds: Feeds, yPred: Tensor, loss: Tensor): Tensor {
  const y = feeds.y!;
  compiled.metrics ??= compiled.makeMetrics(y.shape, yPred.shape);
  for (const metric of compiled.metrics.plain) metric.updateState(y, yPred);
  for (const metric of compiled.metrics.weighted) metric.updateState(y, yPred, feeds.weight);
  const values = [loss, ...allMetrics(compiled).map((m) => m.result())];
  return concatenate(values.map((value) => reshape(value, [1])));
}

/** Keras's names: a repeated one is numbered, a weighted one that is taken says so. */
function logNamesOf({ metrics }: Compiled): string[] {
  const names = ['loss'];
  const uses = new Map<string, number>();
  const add = (name: string): void => {
    const n = uses.get(name) ?? 0;
    uses.set(name, n + 1);
    names.push(n === 0 ? name : `${name}_${n}`);
  };
  for (const { name } of metrics?.plain ?? []) add(name);
  for (const { name } of metrics?.weighted ?? []) add(uses.has(name) ? `weighted_${name}` : name);
  return names;
}

/** Traces one step. */
export function traceStep(
  model: StepModel,
  compiled: Compiled | undefined,
  mode: Mode,
  info: BatchInfo,
): Step {
  const trace = new Trace();
  const outputs = record(trace, { randomKey: model.randomKey }, () => {
    const feeds = addFeeds(trace, info);
    const yPred = model.apply(feeds.x, { training: mode === 'train' });
    if (mode === 'predict') return [yPred];
    if (!compiled)
      throw new StateError(`${model.name}: call compile() before fit() or evaluate().`);
    const loss = lossOf(model, compiled, feeds, yPred);
    if (mode === 'train') {
      trace.addEffect(() => callAll(checkFiniteOp, [loss]));
      const grads = lazyGradient(
        loss,
        compiled.trainable.map((v) => trace.stateOf(v).initial),
      );
      const logs = track(compiled, feeds, yPred, loss);
      compiled.optimizer.apply(grads, compiled.trainable);
      return [logs];
    }
    return [track(compiled, feeds, yPred, loss)];
  });
  const graph = lowerTraced({ name: `${model.name}_${mode}`, trace, outputs });
  return {
    graph,
    logNames: compiled && mode !== 'predict' ? logNamesOf(compiled) : [],
    batch: info.x.shape[0],
    secondsPerStep: undefined,
  };
}
