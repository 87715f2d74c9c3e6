// BackupAndRestore: a run that is killed goes on where it was, to the same bits.
import { copyFile, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variable } from '../graph/variable.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConfigError, FormatError, StateError } from '../util/errors.js';
import { checkOptions } from '../util/suggest.js';
import { type Backup, readBackup, writeBackup } from './backupFile.js';
import { Callback, type CallbackState } from './callback.js';
import { optimizersOf } from './learningRate.js';
import { modelMetrics } from './monitor.js';
import type { Run, RunPosition } from './run.js';
import { checkFrequency, EveryBatches, type SaveFrequency } from './saveFrequency.js';

export interface BackupAndRestoreOptions {
  /** `'epoch'`, or after how many batches. Default `'epoch'`. */
  readonly saveFreq?: SaveFrequency;
  /** Whether to keep the backup before the last one too, and use it if that is damaged. Default false. */
  readonly doubleCheckpoint?: boolean;
  /** Whether the backup is deleted when training is done. Default true. */
  readonly deleteCheckpoint?: boolean;
}

/** What is saved beside the variables. */
interface SavedState {
  readonly position: RunPosition;
  readonly stopTraining: boolean;
  /** The other callbacks, by class; `tensors` counts theirs. */
  readonly callbacks: readonly {
    readonly name: string;
    readonly values: CallbackState['values'];
    readonly tensors: number;
  }[];
}

/** Reads a value of a variable into it. @throws FormatError if it is another variable's */
function restore(variable: Variable, value: Tensor): void {
  if (!sameShape(value.shape, variable.shape) || value.dtype !== variable.dtype) {
    throw new FormatError(
      `BackupAndRestore: ${variable.path} is ${variable.dtype} ${formatShape(variable.shape)}, in the backup ${value.dtype} ${formatShape(value.shape)}. The backup is of another model: delete it, or use another backupDir.`,
    );
  }
  variable.assign(value);
}

/**
 * Saves the whole state of a run: weights, optimizer, random key, the place in the shuffled data,
 * metrics, and what other callbacks know (`getState`). `fit`, called again with the same arguments in
 * another process, goes on from there, and ends with the bits that it would have ended with. With
 * `saveFreq` in batches it goes on in the midst of an epoch. Batches from an iterator are read again
 * and skipped, so the iterator must yield the same again. History holds only the epochs after that.
 *
 * Its hooks are called after those of all other callbacks, wherever it stands. The model must be built.
 *
 * @example await model.fit(x, y, { epochs: 100, callbacks: [new BackupAndRestore('backup')] })
 */
export class BackupAndRestore extends Callback {
  override readonly comesLast = true;
  override batchHooks: 'each' | 'none';
  readonly saveFreq: SaveFrequency;
  readonly doubleCheckpoint: boolean;
  readonly deleteCheckpoint: boolean;
  private readonly path: string;
  private readonly every: EveryBatches;
  /** A backup from the midst of an epoch, until that epoch goes on. */
  private pending: Backup | undefined;

  /** @param backupDir a folder for this run alone; made if need be */
  constructor(
    readonly backupDir: string,
    options: BackupAndRestoreOptions = {},
  ) {
    super();
    checkOptions('BackupAndRestore', options, ['saveFreq', 'doubleCheckpoint', 'deleteCheckpoint']);
    if (typeof backupDir !== 'string' || backupDir === '') {
      throw new ConfigError('BackupAndRestore: expected the path of a folder as backupDir.');
    }
    this.saveFreq = checkFrequency('BackupAndRestore', options.saveFreq);
    this.doubleCheckpoint = options.doubleCheckpoint ?? false;
    this.deleteCheckpoint = options.deleteCheckpoint ?? true;
    this.path = join(backupDir, 'latest.backup');
    this.every = new EveryBatches(this.saveFreq);
    this.batchHooks = this.saveFreq === 'epoch' ? 'none' : 'each';
  }

  private get former(): string {
    return `${this.path}.former`;
  }

  override async onTrainBegin(): Promise<void> {
    if (!this.model.built) {
      throw new StateError(
        `BackupAndRestore: ${this.model.name} has no weights yet. Call model.build([null, features]) or add an Input layer before fit.`,
      );
    }
    const backup = await this.read();
    if (!backup) return;
    const { position, stopTraining } = this.stateOf(backup);
    this.requireRun().resume(position);
    this.restoreAll(backup);
    if (position.step === 0) {
      this.model.stopTraining = stopTraining;
      return;
    }
    this.pending = backup;
    this.batchHooks = 'each';
  }

  /** Epoch hooks of others have been called once before: what they did is in the backup. */
  override onEpochBegin(): void {
    if (!this.pending) return;
    this.restoreAll(this.pending);
    this.model.stopTraining = this.stateOf(this.pending).stopTraining;
  }

  /** Metrics begin anew with an epoch, so theirs come back once it has begun. */
  override onTrainBatchBegin(): void {
    if (!this.pending) return;
    this.restoreVariables(this.pending, 'metric', this.metricVariables);
    this.pending = undefined;
  }

  override async onTrainBatchEnd(step: number): Promise<void> {
    if (this.every.isDue(step)) await this.save();
  }

  override async onEpochEnd(): Promise<void> {
    this.pending = undefined;
    this.batchHooks = this.saveFreq === 'epoch' ? 'none' : 'each';
    if (this.saveFreq === 'epoch') await this.save();
  }

  override async onTrainEnd(): Promise<void> {
    if (!this.deleteCheckpoint) return;
    for (const path of [this.path, this.former, `${this.path}.unfinished`]) {
      await rm(path, { force: true });
    }
    // Only if nothing of somebody else's is in it.
    await rmdir(this.backupDir).catch(() => {});
  }

  private requireRun(): Run {
    if (this.run) return this.run;
    throw new StateError('BackupAndRestore: works in fit only.');
  }

  /** The last backup that is whole. */
  private async read(): Promise<Backup | undefined> {
    try {
      return await readBackup(this.path);
    } catch (error) {
      const former = error instanceof FormatError ? await readBackup(this.former) : undefined;
      if (former) return former;
      throw error;
    }
  }

  private stateOf(backup: Backup): SavedState {
    return backup.state as SavedState;
  }

  private get others(): readonly Callback[] {
    return this.requireRun().callbacks.filter((callback) => callback !== this);
  }

  /** All that training changes, but for metrics. */
  private get variables(): readonly Variable[] {
    const { model } = this;
    const factors = optimizersOf(model.optimizer).map(
      ({ optimizer }) => optimizer.learningRateFactor,
    );
    model.optimizer.build(model.compiled.trainable);
    return [
      ...new Set([
        ...model.weights,
        ...model.optimizer.variables,
        ...factors.filter((factor) => factor !== undefined),
        model.randomKey(),
      ]),
    ];
  }

  private get metricVariables(): readonly Variable[] {
    return modelMetrics(this.model).flatMap((metric) => metric.variables);
  }

  private async save(): Promise<void> {
    const named = (kind: string, tensors: readonly Tensor[]) =>
      tensors.map((tensor) => [kind, tensor] as const);
    const callbacks = this.others.flatMap((callback) => {
      const state = callback.getState();
      return state ? [{ name: callback.constructor.name, ...state }] : [];
    });
    const state: SavedState = {
      position: this.requireRun().position(),
      stopTraining: this.model.stopTraining,
      callbacks: callbacks.map((saved) => ({ ...saved, tensors: saved.tensors.length })),
    };
    const valuesOf = (variables: readonly Variable[]) => variables.map((v) => v.value);
    const tensors = [
      ...named('variable', valuesOf(this.variables)),
      ...named('metric', valuesOf(this.metricVariables)),
      ...named(
        'callback',
        callbacks.flatMap((saved) => saved.tensors),
      ),
    ];
    await mkdir(this.backupDir, { recursive: true });
    if (this.doubleCheckpoint) await this.keepFormer();
    await writeBackup(this.path, { state, tensors });
  }

  /** Copies the last backup; it stays in its place until the new one is there. */
  private async keepFormer(): Promise<void> {
    const unfinished = `${this.former}.unfinished`;
    try {
      await copyFile(this.path, unfinished);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    await rename(unfinished, this.former);
  }

  private restoreAll(backup: Backup): void {
    this.restoreVariables(backup, 'variable', this.variables);
    const { callbacks } = this.stateOf(backup);
    const tensors = backup.tensors.filter(([kind]) => kind === 'callback').map(([, t]) => t);
    const unclaimed = [...this.others];
    let next = 0;
    for (const { name, values, tensors: count } of callbacks) {
      const state = { values, tensors: tensors.slice(next, next + count) };
      next += count;
      const i = unclaimed.findIndex((callback) => callback.constructor.name === name);
      if (i >= 0) unclaimed.splice(i, 1)[0].setState(state);
    }
  }

  private restoreVariables(backup: Backup, kind: string, variables: readonly Variable[]): void {
    const saved = backup.tensors.filter(([of]) => of === kind);
    if (saved.length !== variables.length) {
      throw new FormatError(
        `BackupAndRestore: the backup has ${saved.length} ${kind}s, the model ${variables.length}. It is of another model or optimizer: delete it, or use another backupDir.`,
      );
    }
    for (const [i, variable] of variables.entries()) restore(variable, saved[i][1]);
  }
}
