// Callbacks beside Keras's own, over the same made-up logs: what they decide and what they write.
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatTemplate } from '../../lib/callbacks/format.js';
import {
  type Callback,
  CSVLogger,
  EarlyStopping,
  type EarlyStoppingOptions,
  ModelCheckpoint,
  type ModelCheckpointOptions,
  ReduceLROnPlateau,
} from '../../lib/callbacks/index.js';
import { buckets } from '../../lib/callbacks/tensorboard/summary.js';
import { metrics } from '../../lib/metrics/metric.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { camelKeys } from '../../lib/util/registry.js';
import { expectNumbers, type GoldenArray, numbers, readGoldens } from '../support/golden.js';
import { line } from '../support/models.js';

type Value = number | string | null;

interface Labelled {
  readonly kind: string;
  readonly label: string;
  readonly options: Record<string, unknown>;
}
interface StoppingCase extends Labelled {
  readonly values: readonly Value[];
  readonly last_epoch: number;
  readonly stopped_epoch: number;
  readonly best_epoch: number;
  readonly weight: number;
}
interface PlateauCase extends Labelled {
  readonly values: readonly Value[];
  readonly rate: number;
  readonly logged: readonly number[];
  readonly rates: readonly number[];
}
interface CheckpointCase extends Labelled {
  readonly filepath: string;
  readonly epochs: readonly Record<string, number>[];
  readonly steps: number;
  readonly saved: readonly string[];
  readonly counts: readonly number[];
}
interface CsvCase extends Labelled {
  readonly epochs: readonly Record<string, Value | readonly number[]>[];
  readonly before: string | null;
  readonly text: string;
}
interface FormatCase extends Labelled {
  readonly template: string;
  readonly value: Value;
  readonly text: string;
}
interface DirectionCase extends Labelled {
  readonly class_name: string;
  readonly direction: 'up' | 'down' | null;
}
interface HistogramCase extends Labelled {
  readonly input: GoldenArray;
  readonly buckets: GoldenArray;
}

const goldens = readGoldens<Labelled>('callbacks');
const casesOf = <T extends Labelled>(kind: string): [string, T][] =>
  goldens.filter((c): c is T => c.kind === kind).map((c) => [c.label, c]);

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};
const numberOf = (value: number | string): number =>
  typeof value === 'string' ? special[value] : value;
const logsOf = (value: Value): Record<string, number> =>
  value === null ? { loss: 1 } : { loss: 1, score: numberOf(value) };

/** A callback as in a run of `epochs` epochs of a model with one weight. */
function attach<C extends Callback>(callback: C, epochs: number, rate = 0.1): C {
  callback.setModel(line(new SGD(rate)));
  callback.setParams({ epochs, steps: 1, samples: 1, verbose: 0, validation: false });
  return callback;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'neurone-callbacks-'));
  vi.spyOn(process, 'emitWarning').mockReturnValue();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

describe('EarlyStopping', () => {
  it.each(casesOf<StoppingCase>('EarlyStopping'))('%s', async (_, golden) => {
    const options = { monitor: 'score', ...(camelKeys(golden.options) as EarlyStoppingOptions) };
    const callback = attach(new EarlyStopping(options), golden.values.length);
    const { model } = callback;
    callback.onTrainBegin();
    let last = 0;
    for (const [epoch, value] of golden.values.entries()) {
      model.setWeights([tensor([[epoch]])]);
      await callback.onEpochEnd(epoch, logsOf(value));
      last = epoch;
      if (model.stopTraining) break;
    }
    callback.onTrainEnd();
    const [weight] = model.weights[0].value.dataSync();
    expect({
      last_epoch: last,
      stopped_epoch: callback.stoppedEpoch,
      best_epoch: callback.bestEpoch,
      weight,
    }).toEqual({
      last_epoch: golden.last_epoch,
      stopped_epoch: golden.stopped_epoch,
      best_epoch: golden.best_epoch,
      weight: golden.weight,
    });
  });
});

describe('ReduceLROnPlateau', () => {
  it.each(casesOf<PlateauCase>('ReduceLROnPlateau'))('%s', (_, golden) => {
    const { values, rate } = golden;
    const options = { monitor: 'score', ...(camelKeys(golden.options) as { mode: 'min' }) };
    const callback = attach(new ReduceLROnPlateau(options), values.length, rate);
    callback.onTrainBegin();
    const logged: number[] = [];
    const rates: number[] = [];
    for (const [epoch, value] of values.entries()) {
      const logs = logsOf(value);
      callback.onEpochEnd(epoch, logs);
      logged.push(logs.learning_rate);
      rates.push(callback.model.optimizer.learningRate);
    }
    expect({ logged, rates }).toEqual({ logged: golden.logged, rates: golden.rates });
  });
});

describe('ModelCheckpoint', () => {
  it.each(casesOf<CheckpointCase>('ModelCheckpoint'))('%s', async (_, golden) => {
    const options = { monitor: 'score', ...(camelKeys(golden.options) as ModelCheckpointOptions) };
    const path = join(folder, 'checkpoints', golden.filepath);
    const callback = attach(new ModelCheckpoint(path, options), golden.epochs.length);
    const save = async (to: string) => writeFileSync(to, 'a model');
    Object.assign(callback.model, { save, saveWeights: save });
    const saved: string[] = [];
    const counts: number[] = [];
    /** What has been saved is moved away, so that every saving is seen. */
    const collect = () => {
      for (const name of new Set(golden.saved)) {
        const file = join(folder, 'checkpoints', name);
        if (!existsSync(file)) continue;
        renameSync(file, join(folder, 'seen'));
        saved.push(basename(file));
      }
    };
    callback.onTrainBegin();
    for (const [epoch, logs] of golden.epochs.entries()) {
      callback.onEpochBegin(epoch);
      for (let step = 0; step < golden.steps; step++) {
        await callback.onTrainBatchEnd(step, logs);
        collect();
      }
      await callback.onEpochEnd(epoch, logs);
      collect();
      counts.push(saved.length);
    }
    expect({ saved, counts }).toEqual({ saved: golden.saved, counts: golden.counts });
  });
});

describe('CSVLogger', () => {
  it.each(casesOf<CsvCase>('CSVLogger'))('%s', async (_, golden) => {
    const path = join(folder, 'log.csv');
    rmSync(path, { force: true });
    if (golden.before !== null) writeFileSync(path, golden.before);
    const callback = attach(new CSVLogger(path, golden.options), golden.epochs.length);
    await callback.onTrainBegin();
    for (const [epoch, logs] of golden.epochs.entries()) {
      const values = Object.entries(logs).map(([name, v]) => [
        name,
        Array.isArray(v) ? v : numberOf((v as Value) ?? ''),
      ]);
      await callback.onEpochEnd(epoch, Object.fromEntries(values));
    }
    expect(readFileSync(path, 'utf8')).toBe(golden.text);
  });
});

describe('a template', () => {
  it.each(casesOf<FormatCase>('format'))('%s', (_, { template, value, text }) => {
    const given = numberOf(value ?? '');
    const whole = new Set(['epoch']);
    expect(formatTemplate('here', template, { epoch: given, loss: given }, whole)).toBe(text);
  });
});

describe('mode auto', () => {
  const known = casesOf<DirectionCase>('direction').filter(([, c]) => metrics.has(c.class_name));
  it.each(known)('%s', async (_, golden) => {
    const callback = attach(new EarlyStopping({ monitor: 'val_m' }), 2);
    const config = { name: 'm', ...(golden.class_name === 'MeanIoU' && { num_classes: 2 }) };
    const metric = metrics.get(golden.class_name).fromConfig(config);
    const known = { output: 0, metric, name: 'm' };
    callback.model.compiled.metrics = { plain: [known], weighted: [] };
    callback.onTrainBegin();
    const run = async () => {
      await callback.onEpochEnd(0, { val_m: 1 });
      await callback.onEpochEnd(1, { val_m: 2 });
      return callback.bestEpoch === 1 ? 'up' : 'down';
    };
    expect(await run().catch(() => null)).toBe(golden.direction);
  });
});

describe('a histogram', () => {
  it.each(casesOf<HistogramCase>('histogram'))('%s', (_, golden) => {
    expectNumbers('buckets', buckets(numbers(golden.input)), numbers(golden.buckets), {
      relative: 1e-6,
    });
  });
});
