// The hooks of evaluate and predict, what the callbacks of a list see of each other, and who comes last.
import { describe, expect, it, vi } from 'vitest';
import {
  BackupAndRestore,
  Callback,
  CallbackList,
  LambdaCallback,
  LearningRateScheduler,
  type Logs,
  type PredictLogs,
} from '../../lib/callbacks/index.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import { ConfigError } from '../../lib/util/errors.js';
import { classifier, inputs, labelsOf, quiet, rejection } from '../support/models.js';

const x = inputs(40);
const labels = labelsOf(x);

/** Writes down the hooks of tests and predictions. */
class Recorder extends Callback {
  readonly calls: string[] = [];
  readonly logs: Logs[] = [];
  readonly outputs: Tensor[] = [];
  override onTestBegin() {
    this.calls.push('test begin');
  }
  override onTestEnd(logs: Logs = {}) {
    this.calls.push('test end');
    this.logs.push(logs);
  }
  override async onTestBatchBegin(step: number) {
    this.calls.push(`begin ${step}`);
  }
  override async onTestBatchEnd(step: number, logs: Logs = {}) {
    this.calls.push(`end ${step}`);
    this.logs.push(logs);
  }
  override onPredictBegin() {
    this.calls.push('predict begin');
  }
  override onPredictEnd() {
    this.calls.push('predict end');
  }
  override async onPredictBatchBegin(step: number) {
    this.calls.push(`begin ${step}`);
  }
  override async onPredictBatchEnd(step: number, logs?: PredictLogs) {
    this.calls.push(`end ${step}`);
    if (logs) this.outputs.push(logs.outputs as Tensor);
  }
}
class LogsOnly extends Recorder {
  override readonly batchHooks = 'logsOnly';
}
class None extends Recorder {
  override readonly batchHooks = 'none';
}

const batchCalls = (steps: number) =>
  Array.from({ length: steps }, (_, i) => [`begin ${i}`, `end ${i}`]).flat();
const kinds = [
  ['each', Recorder],
  ['logsOnly', LogsOnly],
] as const;

function* batches() {
  for (let from = 0; from < 40; from += 16) {
    yield [x.slice(from, Math.min(from + 16, 40)), labels.slice(from, Math.min(from + 16, 40))];
  }
}

describe.each(kinds)('batch hooks called %s', (_, Kind) => {
  it('of evaluate, in order, with the means so far', async () => {
    const recorder = new Kind();
    const options = { ...quiet, batchSize: 16, callbacks: [recorder] };
    const logs = await classifier().evaluate(x, labels, options);
    expect(recorder.calls).toEqual(['test begin', ...batchCalls(3), 'test end']);
    expect(recorder.logs).toHaveLength(4);
    expect(recorder.logs[2]).toEqual(logs);
    expect(recorder.logs[3]).toEqual(logs);
    expect(recorder.params).toEqual({
      epochs: 1,
      steps: 3,
      samples: 40,
      verbose: 0,
      validation: false,
    });
  });

  it('of evaluate over batches', async () => {
    const recorder = new Kind();
    await classifier().evaluate(batches(), null, { ...quiet, callbacks: [recorder] });
    expect(recorder.calls).toEqual(['test begin', ...batchCalls(3), 'test end']);
  });

  it('of validation in fit', async () => {
    const recorder = new Kind();
    const options = { ...quiet, batchSize: 16, validationSplit: 0.5, callbacks: [recorder] };
    await classifier().fit(x, labels, { ...options, epochs: 2 });
    const validation = ['test begin', ...batchCalls(2), 'test end'];
    expect(recorder.calls).toEqual([...validation, ...validation]);
  });

  it('of predict, with the outputs of each batch', async () => {
    const model = classifier();
    for (const source of [x, batches()]) {
      const recorder = new Kind();
      const all = await model.predict(source, { batchSize: 16, callbacks: [recorder] });
      expect(recorder.calls).toEqual(['predict begin', ...batchCalls(3), 'predict end']);
      expect(recorder.outputs.map((output) => output.shape)).toEqual([
        [16, 2],
        [16, 2],
        [8, 2],
      ]);
      const parts = recorder.outputs.flatMap((output) => [...output.dataSync()]);
      expect(parts).toEqual([...all.dataSync()]);
    }
  });
});

it('batch hooks of a callback that says it has none are not called', async () => {
  const recorder = new None();
  await classifier().evaluate(x, labels, { ...quiet, callbacks: [recorder] });
  expect(recorder.calls).toEqual(['test begin', 'test end']);
});

it('the steps of batches from an iterator are numbered', async () => {
  const steps: number[] = [];
  const callbacks = [new LambdaCallback({ onTrainBatchBegin: (step) => void steps.push(step) })];
  await classifier().fit(batches(), null, { ...quiet, callbacks });
  expect(steps).toEqual([0, 1, 2]);
});

it('the old names onBatchBegin and onBatchEnd still work', async () => {
  const calls: string[] = [];
  class Old extends Callback {
    override onBatchBegin(step: number) {
      calls.push(`begin ${step}`);
    }
    override onBatchEnd(step: number, logs: Logs = {}) {
      calls.push(`end ${step} ${Object.keys(logs)}`);
    }
  }
  await classifier().fit(x, labels, { ...quiet, batchSize: 32, callbacks: [new Old()] });
  expect(calls).toEqual(['begin 0', 'end 0 loss,accuracy', 'begin 1', 'end 1 loss,accuracy']);
});

it('stopEvaluating and stopPredicting end after the present step', async () => {
  const model = classifier();
  const stop = new LambdaCallback({
    onTestBatchEnd: (step) => {
      if (step === 1) model.stopEvaluating = true;
    },
    onPredictBatchEnd: (step) => {
      if (step === 1) model.stopPredicting = true;
    },
  });
  const callbacks = [stop];
  const { loss } = await model.evaluate(x, labels, { ...quiet, batchSize: 16, callbacks });
  const first = await model.evaluate(x.slice(0, 32), labels.slice(0, 32), quiet);
  expect(loss).toBeCloseTo(first.loss, 6);
  expect((await model.predict(x, { batchSize: 16, callbacks })).shape).toEqual([32, 2]);
  expect((await model.predict(batches(), { callbacks })).shape).toEqual([32, 2]);
  expect((await model.predict(x)).shape).toEqual([40, 2]);
});

it('an error in a hook ends evaluate or predict with it; the model can be used again', async () => {
  const model = classifier();
  const hooks = ['onTestBegin', 'onTestBatchEnd', 'onTestEnd', 'onPredictBegin'] as const;
  for (const hook of [...hooks, 'onPredictBatchBegin', 'onPredictEnd'] as const) {
    const fail = () => Promise.reject(new RangeError(hook));
    const callbacks = [new LambdaCallback({ [hook]: fail })];
    const run = hook.includes('Test')
      ? model.evaluate(x, labels, { ...quiet, callbacks })
      : model.predict(x, { callbacks });
    expect(await rejection(run)).toEqual(new RangeError(hook));
  }
  await model.evaluate(x, labels, quiet);
  await model.predict(x);
});

describe('logs', () => {
  const options = { ...quiet, epochs: 2, batchSize: 16 };

  it('that a callback adds are seen by those behind it and by the history', async () => {
    const seen: (number | undefined)[] = [];
    const add = new LambdaCallback({
      onEpochEnd: (epoch, logs) => void Object.assign(logs ?? {}, { extra: epoch * 10 }),
    });
    const look = new LambdaCallback({ onEpochEnd: (_, logs) => void seen.push(logs?.extra) });
    const { history } = await classifier().fit(x, labels, {
      ...options,
      callbacks: [look, add, look],
    });
    expect(seen).toEqual([undefined, 0, undefined, 10]);
    expect(history.extra).toEqual([0, 10]);
  });

  it('hold the learning rate if a callback sets it', async () => {
    const rates = new LearningRateScheduler((epoch, rate) => (epoch === 0 ? 0.5 : rate / 2));
    const { history } = await classifier().fit(x, labels, { ...options, callbacks: [rates] });
    expect(history.learning_rate).toEqual([0.5, 0.25]);
  });

  it('of onTrainEnd are those of the last epoch', async () => {
    const ends: Logs[] = [];
    const callbacks = [new LambdaCallback({ onTrainEnd: (logs = {}) => void ends.push(logs) })];
    const { history } = await classifier().fit(x, labels, { ...options, callbacks });
    expect(ends).toEqual([{ loss: history.loss[1], accuracy: history.accuracy[1] }]);
  });
});

describe('a list', () => {
  it('calls its callbacks in order, awaits each, and copies logs once', async () => {
    const calls: string[] = [];
    const named = (name: string) =>
      new LambdaCallback({
        onEpochEnd: async (epoch, logs) => {
          await new Promise((resolve) => setTimeout(resolve, name === 'a' ? 5 : 0));
          calls.push(`${name}${epoch} ${Object.keys(logs ?? {})}`);
          Object.assign(logs ?? {}, { [name]: 1 });
        },
      });
    const list = new CallbackList([named('a'), new CallbackList([named('b')])], classifier());
    const logs = { loss: 1 };
    await list.onEpochEnd(3, logs);
    expect(calls).toEqual(['a3 loss', 'b3 loss,a']);
    expect(logs).toEqual({ loss: 1 });
  });

  it('puts what saves the others behind them', () => {
    const backup = new BackupAndRestore('backup');
    const other = new LambdaCallback({});
    expect(new CallbackList([backup, other]).callbacks).toEqual([other, backup]);
  });

  it('calls every hook there is', async () => {
    const prototype = Object.getOwnPropertyNames(Callback.prototype);
    const hooks = prototype.filter((name) => name.startsWith('on')) as 'onTrainBegin'[];
    expect(hooks).toHaveLength(16);
    const called = new LambdaCallback(Object.fromEntries(hooks.map((hook) => [hook, vi.fn()])));
    const list = new CallbackList([called], classifier());
    for (const hook of hooks) {
      await list[hook]();
      expect(called[hook]).toHaveBeenCalledOnce();
    }
  });

  it('may stand for an array of them', async () => {
    const listed = new Recorder();
    const callbacks = new CallbackList([listed]);
    await classifier().evaluate(x, labels, { ...quiet, callbacks });
    expect(listed.calls).toEqual(['test begin', ...batchCalls(2), 'test end']);
  });

  it('takes callbacks only; a LambdaCallback functions only', () => {
    expect(() => new CallbackList([{} as Callback])).toThrow(ConfigError);
    const wrong = { onEpochEnds: () => {} } as object;
    expect(() => new LambdaCallback(wrong)).toThrow(/unknown option "onEpochEnds".*"onEpochEnd"/);
    expect(() => new LambdaCallback({ onEpochEnd: 3 } as object)).toThrow(
      'LambdaCallback: onEpochEnd: expected a function, got number.',
    );
  });
});
