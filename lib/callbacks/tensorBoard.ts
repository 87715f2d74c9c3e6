// TensorBoard: event files of scalars, histograms, images and the graph, as Keras names them.
import { join as joinPath } from 'node:path';
import type { AnyModel } from '../models/model.js';
import { ConfigError } from '../util/errors.js';
import { serialize } from '../util/serialize.js';
import { checkOptions } from '../util/suggest.js';
import { Callback, type CallbackState, type Logs, type LogValue } from './callback.js';
import { logRates } from './learningRate.js';
import { graphOf } from './tensorboard/graph.js';
import type { Bytes } from './tensorboard/protobuf.js';
import { EventFile } from './tensorboard/records.js';
import { kerasModel, scalar } from './tensorboard/summary.js';
import { weightSummaries } from './tensorboard/weights.js';

export interface TensorBoardOptions {
  /** Write histograms of all weights every so many epochs; 0: never. Default 0. */
  readonly histogramFreq?: number;
  /** Whether to write the model's layers, and the program that trains it as a graph. Default true. */
  readonly writeGraph?: boolean;
  /** Whether to write weights as images, with their histograms. Default false. */
  readonly writeImages?: boolean;
  /** Whether to write how fast it trains; per batch too if `updateFreq` is a number. Default false. */
  readonly writeStepsPerSecond?: boolean;
  /** `'epoch'`, `'batch'`, or a number: also write the logs of every so many batches. Default epoch. */
  readonly updateFreq?: 'epoch' | 'batch' | number;
  /** Keras's option; 0 here: `model.profile` makes a trace. */
  readonly profileBatch?: 0;
  /** Keras's option; 0 here: TensorBoard's projector reads TensorFlow's checkpoints only. */
  readonly embeddingsFreq?: 0;
  readonly embeddingsMetadata?: null;
}

const refused = ['profileBatch', 'embeddingsFreq', 'embeddingsMetadata'] as const;
const optionNames = [
  'histogramFreq',
  'writeGraph',
  'writeImages',
  'writeStepsPerSecond',
  'updateFreq',
  ...refused,
];

/** A scalar for each number of logs. */
const scalars = (logs: Logs<LogValue>, before: string, after = ''): Bytes[] =>
  Object.entries(logs).flatMap(([name, value]) =>
    typeof value === 'number'
      ? scalar(`${before}${name}${after}`, value)
      : value.map((v, i) => scalar(`${before}${name}_${i}${after}`, v)),
  );

/**
 * Writes what TensorBoard shows, `tensorboard --logdir logs`: `epoch_loss` and the like into `train/`
 * and `validation/` below `logDir`, by epoch; with `updateFreq`, `batch_loss` and the like by batch;
 * `evaluation_loss_vs_iterations` of each validation and `evaluate`. Of an array every element is a scalar,
 * `epoch_f1_score_0` and so on (Keras fails). Files grow as training goes on.
 *
 * @example new TensorBoard('logs', { histogramFreq: 1 })
 */
export class TensorBoard extends Callback {
  override readonly batchHooks: 'each' | 'logsOnly' | 'none';
  private readonly options: Required<Omit<TensorBoardOptions, (typeof refused)[number]>>;
  /** Batches between two that are written; undefined: none is. */
  private readonly every: number | undefined;
  private train: EventFile;
  private validation: EventFile;
  private drawn = false;
  private batches = 0;
  private batchBegan = 0;
  private epochBegan = { time: 0, iterations: 0 };

  /** @throws ConfigError for unknown options, and frequencies that are no whole numbers */
  constructor(
    readonly logDir: string = 'logs',
    options: TensorBoardOptions = {},
  ) {
    super();
    checkOptions('TensorBoard', options, optionNames);
    const unsupported = refused.find((name) => options[name]);
    if (unsupported) {
      throw new ConfigError(
        `TensorBoard: ${unsupported} is not supported; leave it out. For timings use model.profile().`,
      );
    }
    this.options = {
      histogramFreq: 0,
      writeGraph: true,
      writeImages: false,
      writeStepsPerSecond: false,
      updateFreq: 'epoch',
      ...options,
    };
    const { updateFreq, histogramFreq, writeStepsPerSecond } = this.options;
    this.every = updateFreq === 'epoch' ? undefined : updateFreq === 'batch' ? 1 : updateFreq;
    if (this.every !== undefined && !(Number.isInteger(this.every) && this.every > 0)) {
      throw new ConfigError(
        `TensorBoard: updateFreq: expected 'epoch', 'batch' or a whole number, got ${JSON.stringify(updateFreq)}.`,
      );
    }
    if (!Number.isInteger(histogramFreq) || histogramFreq < 0) {
      throw new ConfigError(
        `TensorBoard: histogramFreq: expected a whole number of epochs, got ${histogramFreq}.`,
      );
    }
    this.batchHooks = !this.every ? 'none' : writeStepsPerSecond ? 'each' : 'logsOnly';
    this.train = new EventFile(joinPath(logDir, 'train'));
    this.validation = new EventFile(joinPath(logDir, 'validation'));
  }

  override setModel(model: AnyModel): void {
    super.setModel(model);
    this.train = new EventFile(joinPath(this.logDir, 'train'));
    this.validation = new EventFile(joinPath(this.logDir, 'validation'));
    this.drawn = false;
  }

  override onTrainBegin(): void {
    this.batches = 0;
  }

  private get iterations(): number {
    return this.model.optimizer.iterations.value.dataSync()[0];
  }

  /** Writes the layers and the program, once both are there. */
  private async draw(): Promise<void> {
    if (this.drawn || !this.options.writeGraph) return;
    this.drawn = true;
    const { model } = this;
    if (['Sequential', 'Functional'].includes(model.constructor.name)) {
      await this.train.write(0, [kerasModel('keras', JSON.stringify(serialize('keras', model)))]);
    }
    await this.train.write(0, [graphOf(model.program('train'))]);
  }

  override onEpochBegin(): void {
    if (!this.options.writeStepsPerSecond) return;
    this.epochBegan = { time: performance.now(), iterations: this.iterations };
  }

  override onTrainBatchBegin(): void {
    this.batches += 1;
    this.batchBegan = performance.now();
  }

  override async onTrainBatchEnd(_step: number, logs: Logs<LogValue> = {}): Promise<void> {
    await this.draw();
    if (!this.every || this.batches % this.every !== 0) return;
    const summaries = scalars(logs, 'batch_');
    if (this.options.writeStepsPerSecond) {
      const perSecond = 1000 / (performance.now() - this.batchBegan);
      summaries.unshift(scalar('batch_steps_per_second', perSecond));
    }
    await this.train.write(this.batches, summaries);
  }

  override async onTestEnd(logs: Logs<LogValue> = {}): Promise<void> {
    await this.validation.write(this.iterations, scalars(logs, 'evaluation_', '_vs_iterations'));
  }

  override async onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    await this.draw();
    await this.writeEpoch(epoch, logs);
    const { histogramFreq, writeImages } = this.options;
    if (histogramFreq === 0 || epoch % histogramFreq !== 0) return;
    for (const weight of this.model.layers.flatMap((layer) => layer.weights)) {
      await this.train.write(epoch, await weightSummaries(weight, writeImages));
    }
  }

  private async writeEpoch(epoch: number, logs: Logs<LogValue>): Promise<void> {
    const names = Object.keys(logs);
    if (names.length === 0) return;
    const isValidation = (name: string) => name.startsWith('val_');
    const trained: Record<string, LogValue> = {};
    for (const name of names) if (!isValidation(name)) trained[name] = logs[name];
    logRates(this.model.optimizer, trained);
    if (this.options.writeStepsPerSecond) {
      const { time, iterations } = this.epochBegan;
      const seconds = (performance.now() - time) / 1000;
      trained.steps_per_second = (this.iterations - iterations) / seconds;
    }
    await this.train.write(epoch, scalars(trained, 'epoch_'));
    const validated = names.filter(isValidation);
    if (validated.length === 0) return;
    const values = validated.map((name) => [name.slice('val_'.length), logs[name]]);
    await this.validation.write(epoch, scalars(Object.fromEntries(values), 'epoch_'));
  }

  override getState(): CallbackState {
    return { values: { batches: this.batches }, tensors: [] };
  }

  override setState({ values }: CallbackState): void {
    this.batches = values.batches ?? 0;
  }
}
