// Callbacks: which hooks are called, when, with what; sync and async; stopping.
import { describe, expect, it } from 'vitest';
import { Callback, type Logs } from '../../lib/callbacks/callback.js';
import { LambdaCallback } from '../../lib/callbacks/lambdaCallback.js';
import { TerminateOnNaN } from '../../lib/callbacks/terminateOnNaN.js';
import { classifier, inputs, labelsOf, quiet, rejection, weightsOf } from '../support/models.js';

const x = inputs(40);
const labels = labelsOf(x);
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

/** Writes down every hook. */
class Recorder extends Callback {
  readonly calls: string[] = [];
  readonly logs: (Logs | undefined)[] = [];
  override onTrainBegin() {
    this.calls.push('train begin');
  }
  override async onTrainEnd() {
    await pause();
    this.calls.push('train end');
  }
  override async onEpochBegin(epoch: number) {
    await pause();
    this.calls.push(`epoch ${epoch} begin`);
  }
  override async onEpochEnd(epoch: number, logs?: Logs) {
    await pause();
    this.logs.push(logs);
    this.calls.push(`epoch ${epoch} end`);
  }
  override async onTrainBatchBegin(step: number) {
    await pause();
    this.calls.push(`batch ${step} begin`);
  }
  override async onTrainBatchEnd(step: number, logs?: Logs) {
    await pause();
    this.logs.push(logs);
    this.calls.push(`batch ${step} end`);
  }
  override onTestBegin() {
    this.calls.push('test begin');
  }
  override onTestEnd(logs?: Logs) {
    this.logs.push(logs);
    this.calls.push('test end');
  }
}

class LogsOnly extends Recorder {
  override readonly batchHooks = 'logsOnly';
}

const batch = (i: number) => [`batch ${i} begin`, `batch ${i} end`];
const epochOf = (i: number) => [
  `epoch ${i} begin`,
  ...batch(0),
  ...batch(1),
  'test begin',
  'test end',
  `epoch ${i} end`,
];
const order = ['train begin', ...epochOf(0), ...epochOf(1), 'train end'];
const options = { ...quiet, epochs: 2, batchSize: 16, validationSplit: 0.25 };

describe('hooks', () => {
  it.each([
    ['each', Recorder],
    ['logsOnly', LogsOnly],
  ])('are called in order and awaited: %s', async (_, Kind) => {
    const recorder = new Kind();
    const history = await classifier().fit(x, labels, { ...options, callbacks: [recorder] });
    expect(recorder.calls).toEqual(order);
    const [first, second, validated, epoch] = recorder.logs;
    expect(Object.keys(first ?? {})).toEqual(['loss', 'accuracy']);
    expect(Object.keys(validated ?? {})).toEqual(['loss', 'accuracy']);
    expect(Object.keys(epoch ?? {})).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    expect(first?.loss).toBeCloseTo(history.stepLosses[0], 5);
    expect(second?.loss).toBeCloseTo(history.history.loss[0], 5);
    expect(epoch?.loss).toBe(history.history.loss[0]);
    expect(epoch?.val_loss).toBe(validated?.loss);
  });

  it('know the model and the run', async () => {
    const model = classifier();
    const recorder = new Recorder();
    await model.fit(x, labels, { ...options, callbacks: [recorder] });
    expect(recorder.model).toBe(model);
    expect(recorder.params).toEqual({
      epochs: 2,
      steps: 2,
      samples: 30,
      verbose: 0,
      validation: true,
    });
  });

  it('of several callbacks run in the order given', async () => {
    const seen: string[] = [];
    const named = (name: string) =>
      new LambdaCallback({
        onEpochEnd: async (epoch) => {
          if (name === 'a') await pause();
          seen.push(`${name}${epoch}`);
        },
      });
    await classifier().fit(x, labels, { ...options, callbacks: [named('a'), named('b')] });
    expect(seen).toEqual(['a0', 'b0', 'a1', 'b1']);
  });

  it('between batches see the weights of that very step', async () => {
    const model = classifier();
    const states: number[][] = [];
    const watch = new LambdaCallback({
      onTrainBatchBegin: () => void states.push(weightsOf(model)),
      onTrainBatchEnd: () => void states.push(weightsOf(model)),
    });
    model.build([null, 3]);
    await model.fit(x, labels, { ...quiet, batchSize: 16, callbacks: [watch] });
    expect(states).toHaveLength(6);
    expect(states[1]).not.toEqual(states[0]);
    expect(states[2]).toEqual(states[1]);
    expect(weightsOf(model)).toEqual(states[5]);
  });

  it('train to the same weights with and without batch hooks', async () => {
    const run = async (callbacks: Callback[]) => {
      const model = classifier();
      model.build([null, 3]);
      model.setWeights(model.weights.map((w, i) => inputs(w.size, 1, i + 1).reshape(w.shape)));
      const history = await model.fit(x, labels, { ...options, shuffle: false, callbacks });
      return [...weightsOf(model), ...history.stepLosses];
    };
    expect(await run([new Recorder()])).toEqual(await run([]));
    expect(await run([new LogsOnly()])).toEqual(await run([]));
  });

  it('an error in one ends fit with it; the model can be trained again', async () => {
    const model = classifier();
    for (const hook of ['onTrainBegin', 'onEpochEnd', 'onTrainBatchEnd', 'onTestEnd'] as const) {
      const bad = new LambdaCallback({
        [hook]: async () => {
          await pause();
          throw new RangeError(hook);
        },
      });
      const error = await rejection(model.fit(x, labels, { ...options, callbacks: [bad] }));
      expect(error).toEqual(new RangeError(hook));
    }
    expect((await model.fit(x, labels, options)).epoch).toEqual([0, 1]);
  });

  it('may evaluate, predict and set the learning rate between epochs, but not fit', async () => {
    const model = classifier();
    const losses: number[] = [];
    let inner: Promise<unknown> = Promise.resolve();
    const watch = new LambdaCallback({
      onEpochEnd: async (epoch) => {
        losses.push((await model.evaluate(x, labels, quiet)).loss);
        expect((await model.predict(x)).shape).toEqual([40, 2]);
        model.optimizer.learningRate = 0.1 / (epoch + 1);
        inner = rejection(model.fit(x, labels, quiet));
        await inner;
      },
    });
    const { history } = await model.fit(x, labels, { ...options, callbacks: [watch] });
    expect(losses).toHaveLength(2);
    expect(String(await inner)).toMatch(/fit\(\) was called while fit\(\) is running/);
    expect(model.optimizer.learningRate).toBeCloseTo(0.05, 6);
    expect(history.accuracy).toHaveLength(2);
    const batchHook = new LambdaCallback({
      onTrainBatchEnd: async () => void (await model.evaluate(x, labels, quiet)),
    });
    await expect(model.fit(x, labels, { ...options, callbacks: [batchHook] })).rejects.toThrow(
      /evaluate\(\) was called while fit\(\) is running/,
    );
  });
});

describe('stopTraining', () => {
  it('in an epoch hook ends after that epoch', async () => {
    const stop = new LambdaCallback({
      onEpochEnd(this: Callback, epoch: number) {
        if (epoch === 1) this.model.stopTraining = true;
      },
    });
    const model = classifier();
    const history = await model.fit(x, labels, { ...options, epochs: 9, callbacks: [stop] });
    expect(history.epoch).toEqual([0, 1]);
    expect((await model.fit(x, labels, options)).epoch).toEqual([0, 1]);
  });

  it('in a batch hook ends after that step; the epoch is closed as usual', async () => {
    const recorder = new Recorder();
    const stop = new LambdaCallback({
      onTrainBatchEnd(this: Callback, step: number) {
        if (step === 1) this.model.stopTraining = true;
      },
    });
    const history = await classifier().fit(x, labels, {
      ...quiet,
      epochs: 3,
      batchSize: 4,
      callbacks: [recorder, stop],
    });
    expect(history.stepLosses).toHaveLength(2);
    expect(recorder.calls).toEqual([
      'train begin',
      'epoch 0 begin',
      ...batch(0),
      ...batch(1),
      'epoch 0 end',
      'train end',
    ]);
  });

  it('from a hook that only reads logs: after the epoch', async () => {
    class Stop extends Callback {
      override readonly batchHooks = 'logsOnly';
      override onTrainBatchEnd(): void {
        this.model.stopTraining = true;
      }
    }
    const callbacks = [new Stop(), new TerminateOnNaN()];
    const history = await classifier().fit(x, labels, {
      ...quiet,
      epochs: 3,
      batchSize: 4,
      callbacks,
    });
    expect([history.epoch, history.stepLosses.length]).toEqual([[0], 10]);
  });
});
