// The programs of a model: one step of training, testing or predicting, traced per batch shape.
import { lowerTraced, record } from '../graph/compile.js';
import { lazyGradient } from '../graph/gradient.js';
import type { CompiledGraph } from '../graph/run.js';
import { Trace, type Variable } from '../graph/variable.js';
import { type Structure, tensorsOf } from '../layers/structure.js';
import { callAll } from '../ops/define.js';
import { add, checkFiniteOp, multiply } from '../ops/elementwise.js';
import { concatenate, reshape } from '../ops/movement.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { DType } from '../tensor/dtype.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { DataError, StateError } from '../util/errors.js';
import { arrange, type Form } from './data.js';
import type { OutputLoss, OutputMetric, OutputShapes } from './outputs.js';

export type Mode = 'train' | 'test' | 'predict';

/** What a model was compiled with. Losses and metrics are made when the first shapes are known. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly trainable: readonly Variable[];
  /** Makes `losses` and `metrics` for these outputs, once. */
  readonly resolve: (shapes: readonly OutputShapes[]) => void;
  /** The losses for outputs of these names; `'crossentropy'` waits for their shapes. */
  readonly lossesFor: (outputs: {
    readonly names: readonly string[];
    readonly shapes?: readonly OutputShapes[];
  }) => readonly OutputLoss[];
  losses: readonly OutputLoss[];
  metrics: MetricSet | undefined;
}

export interface MetricSet {
  readonly plain: readonly OutputMetric[];
  readonly weighted: readonly OutputMetric[];
}

export const allMetrics = (compiled: Compiled): readonly OutputMetric[] => [
  ...(compiled.metrics?.plain ?? []),
  ...(compiled.metrics?.weighted ?? []),
];

/** The function that a model is. */
export interface StepModel {
  readonly name: string;
  readonly outputNames: readonly string[];
  apply(x: Structure, options: { training: boolean }): Structure;
  /** @param output what the model gives, the first time that it is known */
  noteOutput(output: Structure): void;
  readonly losses: readonly Tensor[];
  readonly randomKey: () => Variable;
}

export interface InfoOf {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Shapes and dtypes of the feeds of a step. */
export interface BatchInfo {
  readonly x: readonly InfoOf[];
  readonly form: Form;
  readonly y: readonly (InfoOf | undefined)[];
  readonly weights: readonly (InfoOf | undefined)[];
}

/** A value that a step logs: where it stands among the step's numbers. */
export interface LogEntry {
  readonly name: string;
  readonly offset: number;
  /** How many numbers an array has; undefined for a single number. */
  readonly length: number | undefined;
}

/** A step's program, and the values that each step logs. */
export interface Step {
  readonly graph: CompiledGraph;
  readonly logs: readonly LogEntry[];
  /** So many of the values, from the first, are losses of the step alone; the rest are metrics so far. */
  readonly means: number;
  readonly batch: number;
  /** Running estimate, from which the number of steps per run follows. */
  secondsPerStep: number | undefined;
}

export const keyOfBatch = (mode: Mode, { x, form, y, weights }: BatchInfo): string => {
  const key = (parts: readonly (InfoOf | undefined)[]) =>
    parts.map((part) => (part ? `${part.dtype}${formatShape(part.shape)}` : '-')).join();
  return [mode, typeof form === 'string' ? form : form.join(), key(x), key(y), key(weights)].join(
    '|',
  );
};

interface Feeds {
  readonly x: readonly Tensor[];
  readonly y: readonly (Tensor | undefined)[];
  readonly weights: readonly (Tensor | undefined)[];
}

function addFeeds(trace: Trace, info: BatchInfo): Feeds {
  const feed = (part: InfoOf) => trace.addFeed(part.shape, part.dtype);
  return {
    x: info.x.map(feed),
    y: info.y.map((part) => part && feed(part)),
    weights: info.weights.map((part) => part && feed(part)),
  };
}

/** Losses of a batch: each as it is, and their weighted sum with what layers add to it. */
function lossesOf(
  model: StepModel,
  compiled: Compiled,
  feeds: Feeds,
  yPred: readonly Tensor[],
): { readonly total: Tensor; readonly each: readonly Tensor[] } {
  const each = compiled.losses.map(({ output, loss }) => {
    const y = feeds.y[output];
    if (!y) throw new DataError(`${model.name}: y${ofOutput(model, output)} is missing.`);
    const value = loss.apply(y, yPred[output], feeds.weights[output]);
    return value.rank === 0 ? value : value.mean();
  });
  const terms = each.map((value, i) => {
    const { weight } = compiled.losses[i];
    return weight === undefined || weight === 1 ? value : multiply(value, weight);
  });
  const all = [...terms, ...model.losses];
  if (all.length === 0) {
    throw new StateError(
      `${model.name}: training and evaluating need a loss. Give compile() a loss, or add one with addLoss().`,
    );
  }
  return { total: all.reduce((sum, term) => add(sum, term)), each };
}

const ofOutput = ({ outputNames }: StepModel, output: number): string =>
  outputNames.length > 1 ? ` of output "${outputNames[output]}"` : '';

/** Updates the metrics and gives the values to log: the step's losses, and the metrics so far. */
function track(
  model: StepModel,
  compiled: Compiled,
  feeds: Feeds,
  yPred: readonly Tensor[],
  losses: readonly { readonly name: string; readonly value: Tensor }[],
): { readonly values: Tensor; readonly entries: readonly LogEntry[] } {
  const logged = [...losses];
  const update = ({ output, metric, name }: OutputMetric, weight: Tensor | undefined): void => {
    const y = feeds.y[output];
    if (!y) throw new DataError(`${model.name}: metrics need y${ofOutput(model, output)}.`);
    metric.updateState(y, yPred[output], weight);
    logged.push({ name, value: metric.result() });
  };
  for (const one of compiled.metrics?.plain ?? []) update(one, undefined);
  for (const one of compiled.metrics?.weighted ?? []) update(one, feeds.weights[one.output]);
  let end = 0;
  const entries = logged.map(({ name, value: { rank, size } }): LogEntry => {
    const offset = end;
    end += size;
    return { name, offset, length: rank === 0 ? undefined : size };
  });
  return {
    values: concatenate(logged.map(({ value }) => reshape(value, [value.size]))),
    entries,
  };
}

/** Traces one step. */
export function traceStep(
  model: StepModel,
  compiled: Compiled | undefined,
  mode: Mode,
  info: BatchInfo,
): Step {
  const trace = new Trace();
  let logs: readonly LogEntry[] = [];
  let means = 0;
  const outputs = record(trace, { randomKey: model.randomKey }, () => {
    const feeds = addFeeds(trace, info);
    const output = model.apply(arrange(info.form, feeds.x), { training: mode === 'train' });
    model.noteOutput(output);
    const yPred = tensorsOf(output);
    if (mode === 'predict') return [...yPred];
    if (!compiled)
      throw new StateError(`${model.name}: call compile() before fit() or evaluate().`);
    compiled.resolve(yPred.map((t, i) => ({ yTrue: feeds.y[i]?.shape, yPred: t.shape })));
    const { total, each } = lossesOf(model, compiled, feeds, yPred);
    const named = each.map((value, i) => ({ name: `${compiled.losses[i].name}_loss`, value }));
    const losses = [{ name: 'loss', value: total }, ...(named.length > 1 ? named : [])];
    means = losses.length;
    const finish = (): Tensor[] => {
      const { values, entries } = track(model, compiled, feeds, yPred, losses);
      logs = entries;
      return [values];
    };
    if (mode === 'test') return finish();
    trace.addEffect(() => callAll(checkFiniteOp, [total]));
    const grads = lazyGradient(
      compiled.optimizer.scaleLoss(total),
      compiled.trainable.map((v) => trace.stateOf(v).initial),
    );
    const logged = finish();
    compiled.optimizer.apply(grads, compiled.trainable);
    return logged;
  });
  const graph = lowerTraced({ name: `${model.name}_${mode}`, trace, outputs });
  const { shape } = info.x[0];
  return { graph, logs, means, batch: shape[0], secondsPerStep: undefined };
}
