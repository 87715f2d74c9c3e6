// The base of callbacks that watch one logged value: which way is better, and what counts as better.

import { losses } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';
import type { AnyModel } from '../models/model.js';
import { ConfigError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { Callback, type Logs, type LogValue } from './callback.js';
import { warn } from './messages.js';

export type MonitorMode = 'auto' | 'min' | 'max';

export interface MonitorOptions {
  /** The logged value to watch. Default `val_loss`. */
  readonly monitor?: string;
  /** Which way is better. Default `auto`: as the metric of that name says. */
  readonly mode?: MonitorMode;
  /** What it does is told on standard error if this is above 0. Default 0. */
  readonly verbose?: number;
}

/** Classes of metrics of which more is better; of Keras's other ones less is. */
const growing = new Set([
  'Accuracy',
  'BinaryAccuracy',
  'CategoricalAccuracy',
  'SparseCategoricalAccuracy',
  'TopKCategoricalAccuracy',
  'SparseTopKCategoricalAccuracy',
  'Precision',
  'Recall',
  'SensitivitySpecificityBase',
  'SensitivityAtSpecificity',
  'SpecificityAtSensitivity',
  'PrecisionAtRecall',
  'RecallAtPrecision',
  'AUC',
  'PearsonCorrelation',
  'ConcordanceCorrelation',
  'FBetaScore',
  'F1Score',
  'IoU',
  'BinaryIoU',
  'MeanIoU',
  'OneHotIoU',
  'OneHotMeanIoU',
  'CosineSimilarity',
  'R2Score',
]);

const shrinking = new Set([
  'MeanSquaredError',
  'RootMeanSquaredError',
  'MeanAbsoluteError',
  'MeanAbsolutePercentageError',
  'MeanSquaredLogarithmicError',
  'LogCoshError',
  'Hinge',
  'SquaredHinge',
  'CategoricalHinge',
  'KLDivergence',
  'Poisson',
  'BinaryCrossentropy',
  'CategoricalCrossentropy',
  'SparseCategoricalCrossentropy',
]);

/** 1 if more is better, −1 if less is, undefined if nobody can know: a mean or sum of anything. */
function directionOf(metric: Metric): 1 | -1 | undefined {
  // What a user derives from one of them is as good as it.
  for (let proto = Object.getPrototypeOf(metric); proto; proto = Object.getPrototypeOf(proto)) {
    const { name } = proto.constructor;
    if (growing.has(name)) return 1;
    if (shrinking.has(name)) return -1;
  }
  const isLoss = losses.has(metric.name) || ['crossentropy', 'ce'].includes(metric.name);
  return isLoss ? -1 : undefined;
}

/** @internal The metrics that a model was compiled with; none before its first step. */
export const modelMetrics = (model: AnyModel): readonly Metric[] => {
  const { metrics } = model.compiled;
  return [...(metrics?.plain ?? []), ...(metrics?.weighted ?? [])].map(({ metric }) => metric);
};

/** Watches a value. Keras's rules, down to comparing in float32. */
export abstract class MonitorCallback extends Callback {
  readonly monitor: string;
  readonly mode: MonitorMode;
  readonly verbose: number;
  private readonly minDelta: number;
  private direction: 1 | -1 | undefined;
  /** The best value so far; undefined before the first. */
  protected best: number | undefined;
  private warned = false;

  /** @throws ConfigError for unknown options, a mode that does not exist, a monitor that is no name */
  constructor(options: MonitorOptions & { readonly minDelta?: number }, names: readonly string[]) {
    super();
    const where = new.target.name;
    checkOptions(where, options, ['monitor', 'mode', 'verbose', ...names]);
    const { monitor = 'val_loss', mode = 'auto', verbose = 0, minDelta = 0 } = options;
    if (typeof monitor !== 'string') {
      throw new ConfigError(`${where}: monitor: expected a name, got ${typeof monitor}.`);
    }
    if (!['auto', 'min', 'max'].includes(mode)) {
      throw new ConfigError(`${where}: mode must be auto, min or max, got "${mode}".`);
    }
    this.monitor = monitor;
    this.mode = mode;
    this.verbose = verbose;
    this.minDelta = Math.abs(minDelta);
  }

  override onTrainBegin(): void {
    this.warned = false;
  }

  /**
   * Finds out which way is better, which needs the metrics: they exist once a step has been made.
   *
   * @throws ConfigError if no metric of that name tells
   */
  protected findDirection(): void {
    if (this.direction !== undefined) return;
    if (this.mode !== 'auto') {
      this.direction = this.mode === 'max' ? 1 : -1;
      return;
    }
    const name = this.monitor.replace(/^val_/, '');
    let found: 1 | -1 | undefined = name === 'loss' ? -1 : undefined;
    for (const metric of modelMetrics(this.model)) {
      if (metric.name === name) found = directionOf(metric) ?? found;
    }
    if (found === undefined) {
      throw new ConfigError(
        `${this.constructor.name}: cannot tell whether "${this.monitor}" should grow or shrink. Say so with mode: 'max' or mode: 'min'.`,
      );
    }
    this.direction = found;
  }

  /** Whether `value` is better than `reference` by more than `minDelta`; anything is better than nothing. */
  protected improves(value: number, reference: number | undefined): boolean {
    if (reference === undefined) return true;
    return this.direction === 1
      ? Math.fround(value - this.minDelta) > Math.fround(reference)
      : Math.fround(value + this.minDelta) < Math.fround(reference);
  }

  /**
   * The value watched, if it is logged; else warns, once per run.
   *
   * @throws ConfigError if it is an array
   */
  protected monitored(logs: Logs<LogValue>): number | undefined {
    const value = logs[this.monitor];
    if (typeof value === 'number') return value;
    if (value !== undefined) {
      throw new ConfigError(
        `${this.constructor.name}: "${this.monitor}" is an array of ${value.length} values, of which none is the better one. Watch a number, e.g. of a metric with average: 'macro'.`,
      );
    }
    // With validationFreq some epochs are not validated, which nobody needs to be told.
    const validated = Object.keys(logs).some((name) => name.startsWith('val_'));
    const later = this.monitor.startsWith('val_') && this.params.validation && !validated;
    if (!later && !this.warned) {
      this.warned = true;
      warn(
        `${this.constructor.name}: "${this.monitor}" is not logged, so nothing is done; logged are ${Object.keys(logs).join(', ')}.`,
      );
    }
    return undefined;
  }
}
