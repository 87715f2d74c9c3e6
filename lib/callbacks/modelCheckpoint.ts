// ModelCheckpoint: saves the model, or its weights, while it trains.
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { AnyModel } from '../models/model.js';
import { ConfigError } from '../util/errors.js';
import type { CallbackState, Logs, LogValue } from './callback.js';
import { formatTemplate } from './format.js';
import { say, warn } from './messages.js';
import { MonitorCallback, type MonitorOptions } from './monitor.js';
import { checkFrequency, EveryBatches, type SaveFrequency } from './saveFrequency.js';

export interface ModelCheckpointOptions extends MonitorOptions {
  /** Whether to save only what is better than what was saved before, by `monitor`. Default false. */
  readonly saveBestOnly?: boolean;
  /** Whether to save only the weights; `filepath` then ends in `.weights.h5`. Default false. */
  readonly saveWeightsOnly?: boolean;
  /** `'epoch'`, or after how many batches. Default `'epoch'`. */
  readonly saveFreq?: SaveFrequency;
  /** What must be bettered for the first time, with `saveBestOnly`. */
  readonly initialValueThreshold?: number | null;
}

const optionNames = [
  'saveBestOnly',
  'saveWeightsOnly',
  'saveFreq',
  'initialValueThreshold',
] as const;

const wholeNames: ReadonlySet<string> = new Set(['epoch', 'batch']);

/** What a model saves itself with. */
interface Saveable {
  save(path: string): Promise<void>;
  saveWeights(path: string): Promise<void>;
}

/**
 * Saves the model at the end of epochs, or every so many batches. `filepath` may name the epoch (from
 * 1), the batch (from 1, with `saveFreq` in batches) and everything logged, with Python's formats. A
 * file is written beside its place and then renamed: whatever happens, a file of that name is whole.
 *
 * @example new ModelCheckpoint('models/{epoch:02d}-{val_loss:.2f}.keras', { saveBestOnly: true })
 */
export class ModelCheckpoint extends MonitorCallback {
  override readonly batchHooks: 'each' | 'none';
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly saveFreq: SaveFrequency;
  private readonly every: EveryBatches;
  private epoch = 0;

  /** @throws ConfigError for unknown options, and a `filepath` that does not say which format */
  constructor(
    readonly filepath: string,
    options: ModelCheckpointOptions = {},
  ) {
    super(options, optionNames);
    this.saveBestOnly = options.saveBestOnly ?? false;
    this.saveWeightsOnly = options.saveWeightsOnly ?? false;
    this.saveFreq = checkFrequency('ModelCheckpoint', options.saveFreq);
    this.best = options.initialValueThreshold ?? undefined;
    this.every = new EveryBatches(this.saveFreq);
    this.batchHooks = this.saveFreq === 'epoch' ? 'none' : 'each';
    const endings = this.saveWeightsOnly ? ['.weights.h5'] : ['.keras', '.h5'];
    if (typeof filepath !== 'string' || !endings.some((ending) => filepath.endsWith(ending))) {
      throw new ConfigError(
        `ModelCheckpoint: filepath must end in ${endings.join(' or ')}${this.saveWeightsOnly ? ' with saveWeightsOnly' : ''}, got ${JSON.stringify(filepath)}.`,
      );
    }
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  override async onTrainBatchEnd(step: number, logs: Logs<LogValue> = {}): Promise<void> {
    if (this.every.isDue(step)) await this.saveIfWanted(this.epoch, logs, step);
  }

  override async onEpochEnd(epoch: number, logs: Logs<LogValue> = {}): Promise<void> {
    if (this.saveFreq === 'epoch') await this.saveIfWanted(epoch, logs, undefined);
  }

  private pathFor(epoch: number, logs: Logs<LogValue>, step: number | undefined): string {
    const values: Record<string, LogValue> = { epoch: epoch + 1 };
    if (step !== undefined) values.batch = step + 1;
    Object.assign(values, logs);
    return formatTemplate('ModelCheckpoint', this.filepath, values, wholeNames);
  }

  private async saveIfWanted(
    epoch: number,
    logs: Logs<LogValue>,
    step: number | undefined,
  ): Promise<void> {
    const path = this.pathFor(epoch, logs, step);
    if (!this.wants(epoch, logs, path)) return;
    await this.save(path);
    this.tell(epoch, `finished saving model to ${path}`);
  }

  private tell(epoch: number, message: string): void {
    if (this.verbose > 0) say(`Epoch ${epoch + 1}: ${message}`);
  }

  /** Whether to save now; remembers the best value. */
  private wants(epoch: number, logs: Logs<LogValue>, path: string): boolean {
    const { monitor, best } = this;
    if (!this.saveBestOnly) {
      this.tell(epoch, `saving model to ${path}`);
      return true;
    }
    this.findDirection();
    const value = logs[monitor];
    if (typeof value !== 'number') {
      const what =
        value === undefined
          ? `is not logged (logged are ${Object.keys(logs).join(', ')})`
          : `is an array of ${value.length} values`;
      warn(`ModelCheckpoint: "${monitor}" ${what}, so the model is saved as if it were the best.`);
      return true;
    }
    const before = best === undefined ? 'None' : best.toFixed(5);
    if (!this.improves(value, best)) {
      this.tell(epoch, `${monitor} did not improve from ${before}`);
      return false;
    }
    this.best = value;
    this.tell(
      epoch,
      `${monitor} improved from ${before} to ${value.toFixed(5)}, saving model to ${path}`,
    );
    return true;
  }

  private async save(path: string): Promise<void> {
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      throw new ConfigError(`ModelCheckpoint: expected the path of a file, "${path}" is a folder.`);
    }
    const model = this.model as AnyModel & Saveable;
    // The name still ends in what tells the format.
    const unfinished = join(folder, `.${process.pid}-${basename(path)}`);
    try {
      if (this.saveWeightsOnly) await model.saveWeights(unfinished);
      else await model.save(unfinished);
      await rename(unfinished, path);
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  override getState(): CallbackState {
    return { values: { best: this.best ?? null, ...this.every.state }, tensors: [] };
  }

  override setState({ values }: CallbackState): void {
    this.best = values.best ?? undefined;
    this.every.state = { seen: values.seen ?? 0, last: values.last ?? null };
  }
}
