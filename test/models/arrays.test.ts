// Metrics with a value per class: what is logged is an array, under the metric's name, as in Keras.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, expectTypeOf, it, vi } from 'vitest';
import {
  Callback,
  CSVLogger,
  EarlyStopping,
  type Logs,
  type LogValue,
  ModelCheckpoint,
  ProgbarLogger,
  ReduceLROnPlateau,
  TensorBoard,
} from '../../lib/callbacks/index.js';
import { Activation, Dense } from '../../lib/layers/index.js';
import { F1Score, Metric, Precision } from '../../lib/metrics/index.js';
import { Sequential } from '../../lib/models/sequential.js';
import { add } from '../../lib/ops/elementwise.js';
import { sum } from '../../lib/ops/reduce.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { readEventFile } from '../support/event-file.js';
import { quiet } from '../support/models.js';
import { seeded } from '../support/random.js';
import '../../lib/io/methods.js';

const folder = mkdtempSync(join(tmpdir(), 'arrays-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = 50;
const random = seeded(5);
const x = tensor(Float32Array.from(random.uniforms(rows * 3, 0, 1)), { shape: [rows, 3] });
const y = tensor(Uint8Array.from(random.integers(rows * 3, 0, 2)), { shape: [rows, 3] });

interface Scores {
  readonly loss: number;
  readonly f1_score: number[];
  readonly precision: number;
}

function model(made: Metric[] = [new F1Score({ threshold: 0.5 }), new Precision()]): Sequential {
  const compiled = new Sequential([new Activation('linear')]);
  compiled.compile({ optimizer: 'sgd', loss: 'binary_crossentropy', metrics: made });
  return compiled;
}

function expected(): number[] {
  const metric = new F1Score({ threshold: 0.5 });
  metric.updateState(y, x);
  return Array.from(metric.result().dataSync());
}

describe('an array of a metric', () => {
  it('is in what evaluate, testOnBatch and trainOnBatch give', async () => {
    for (const batchSize of [7, 50]) {
      const logs = await model().evaluate<Scores>(x, y, { ...quiet, batchSize });
      expect(Object.keys(logs)).toEqual(['loss', 'f1_score', 'precision']);
      expect(Array.isArray(logs.f1_score)).toBe(true);
      expectClose(logs.f1_score, expected());
      expect(logs.precision).toBeTypeOf('number');
    }
    expectClose((await model().testOnBatch<Scores>(x, y)).f1_score, expected());
    const trained = new Sequential([new Dense(3, { activation: 'sigmoid' })]);
    trained.compile({ optimizer: 'sgd', loss: 'mse', metrics: [new F1Score()] });
    expect((await trained.trainOnBatch<Scores>(x, y)).f1_score).toHaveLength(3);
  });

  it('is in the history of every epoch', async () => {
    const { history } = await model().fit<Scores & { val_f1_score: number[] }>(x, y, {
      ...quiet,
      epochs: 2,
      batchSize: 8,
      validationData: [x, y],
    });
    expect(history.loss).toHaveLength(2);
    for (const scores of [history.f1_score, history.val_f1_score]) {
      expect(scores).toHaveLength(2);
      for (const epoch of scores) expectClose(epoch, expected());
    }
  });

  it('of one class is an array too', async () => {
    const one = model([new F1Score({ threshold: 0.5 })]);
    const { f1_score } = await one.evaluate<Scores>(
      tensor([[0.9], [0.1]]),
      tensor([[1], [1]]),
      quiet,
    );
    expect(f1_score).toHaveLength(1);
  });

  it('does not put what comes after it out of place', async () => {
    class Columns extends Metric {
      readonly total = this.addVariable({ shape: [3], name: 'total' });
      override updateState(_: Tensor, yPred: Tensor): void {
        this.total.assign(add(this.total.value, sum(yPred, 0)));
      }
      override result(): Tensor {
        return this.total.value;
      }
    }
    const first = model([new Columns(), new F1Score({ threshold: 0.5 }), new Precision()]);
    const logs = await first.evaluate<Record<string, LogValue>>(x, y, { ...quiet, batchSize: 20 });
    const [values, alone] = [
      Array.from(x.dataSync()),
      await model([new Precision()]).evaluate(x, y, quiet),
    ];
    const column = (c: number) => values.filter((_, i) => i % 3 === c).reduce((a, b) => a + b);
    expectClose(logs.columns as number[], [0, 1, 2].map(column));
    expectClose(logs.f1_score as number[], expected());
    expect(logs.precision).toBe(alone.precision);
  });

  it('comes to callbacks after batches and epochs', async () => {
    const seen: LogValue[] = [];
    class Spy extends Callback {
      override readonly batchHooks = 'logsOnly';
      override onTrainBatchEnd(_: number, logs: Logs<LogValue> = {}) {
        seen.push(logs.f1_score);
      }
      override onEpochEnd(_: number, logs: Logs<LogValue> = {}) {
        seen.push(logs.f1_score);
      }
    }
    await model().fit(x, y, { ...quiet, batchSize: 25, callbacks: [new Spy()] });
    expect(seen).toHaveLength(3);
    expect(seen[1]).toEqual(seen[2]);
    expectClose(seen[2] as number[], expected());
    expect(seen[0]).not.toEqual(seen[1]);
  });

  it('shows as its mean', async () => {
    let text = '';
    const stream = new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    });
    await model().fit(x, y, { verbose: 2, callbacks: [new ProgbarLogger(stream)] });
    const mean = expected().reduce((a, b) => a + b) / 3;
    expect(text).toContain(`f1_score: ${mean.toFixed(4)}`);
  });

  it('goes into files: a list in a CSV, a scalar per class for TensorBoard', async () => {
    const csv = join(folder, 'log.csv');
    const logs = join(folder, 'logs');
    await model().fit(x, y, { ...quiet, callbacks: [new CSVLogger(csv), new TensorBoard(logs)] });
    const shortest = expected().map((v) => Number(v.toPrecision(9)));
    const [field] = /"""\[.*\]"""/.exec(readFileSync(csv, 'utf8')) ?? [''];
    expectClose(field.slice(4, -4).split(', ').map(Number), shortest);
    const train = join(logs, 'train');
    const tags = readEventFile(join(train, readdirSync(train)[0])).values.map(({ tag }) => tag);
    for (const i of [0, 1, 2]) expect(tags).toContain(`epoch_f1_score_${i}`);
  });

  it('cannot be watched', async () => {
    for (const Watching of [EarlyStopping, ReduceLROnPlateau]) {
      const callbacks = [new Watching({ monitor: 'f1_score', mode: 'max' })];
      const run = model().fit(x, y, { ...quiet, callbacks });
      await expect(run).rejects.toBeInstanceOf(ConfigError);
      await expect(run).rejects.toThrow(
        `${Watching.name}: "f1_score" is an array of 3 values, of which none is the better one. Watch a number, e.g. of a metric with average: 'macro'.`,
      );
    }
  });

  it('is no reason for a checkpoint, and no part of its name', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const path = join(folder, '{epoch}.weights.h5');
    const options = {
      monitor: 'f1_score',
      mode: 'max',
      saveBestOnly: true,
      saveWeightsOnly: true,
    } as const;
    const learner = new Sequential([new Dense(3, { activation: 'sigmoid' })]);
    learner.compile({ optimizer: 'sgd', loss: 'mse', metrics: [new F1Score()] });
    const callbacks = [new ModelCheckpoint(path, options)];
    await learner.fit(x, y, { ...quiet, epochs: 2, callbacks });
    expect(warning).toHaveBeenCalledWith(
      'ModelCheckpoint: "f1_score" is an array of 3 values, so the model is saved as if it were the best.',
      'NeuroneWarning',
    );
    warning.mockRestore();
    for (const epoch of [1, 2]) readFileSync(join(folder, `${epoch}.weights.h5`));
    const named = new ModelCheckpoint(join(folder, '{f1_score:.2f}.keras'));
    await expect(learner.fit(x, y, { ...quiet, callbacks: [named] })).rejects.toThrow(
      'asks for "f1_score", which is an array of 3 values; only numbers can be part of a name.',
    );
  });

  it('is in types only where it is asked for', () => {
    const some = model();
    expectTypeOf(some.evaluate(x, y, quiet)).resolves.toEqualTypeOf<Record<string, number>>();
    expectTypeOf(some.evaluate<Scores>).returns.resolves.toEqualTypeOf<Scores>();
    expectTypeOf<Logs>().toEqualTypeOf<Readonly<Record<string, number>>>();
  });
});
