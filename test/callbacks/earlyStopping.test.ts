// EarlyStopping, as Keras decides: patience, least change, modes, baseline, the best weights.
import { describe, expect, it, vi } from 'vitest';
import { Callback, type Logs } from '../../lib/callbacks/callback.js';
import { EarlyStopping, type EarlyStoppingOptions } from '../../lib/callbacks/earlyStopping.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { ConfigError } from '../../lib/util/errors.js';
import { classifier, inputs, labelsOf, line, quiet, rejection } from '../support/models.js';

/** Puts made-up values into the logs, before the callbacks after it see them. */
class Script extends Callback {
  constructor(private readonly values: readonly number[]) {
    super();
  }
  override onEpochEnd(epoch: number, logs: Record<string, number> = {}): void {
    logs.score = this.values[epoch];
    this.model.setWeights([tensor([[epoch]])]);
  }
}

/** The epoch that training ended with, and the final weight: the number of the epoch it is from. */
async function run(values: readonly number[], options: EarlyStoppingOptions) {
  const model = line(new SGD(0));
  const stopping = new EarlyStopping({ monitor: 'score', mode: 'min', ...options });
  const callbacks = [new Script(values), stopping];
  const { epoch } = await model.fit([[1]], [[1]], { ...quiet, epochs: values.length, callbacks });
  const [weight] = model.weights[0].value.dataSync();
  return { last: epoch.at(-1), weight, stopping };
}

describe('stops', () => {
  it.each([
    ['at once when it does not improve', [3, 2, 2, 1], {}, 2],
    ['not while it improves', [3, 2, 1, 0], {}, 3],
    ['after `patience` epochs', [3, 2, 4, 4, 4, 4], { patience: 3 }, 4],
    ['not if it recovers in time', [3, 2, 4, 4, 1, 4, 4], { patience: 3 }, 6],
    ['when changes are below minDelta', [3, 2.95, 2.9, 2.85], { minDelta: 0.2, patience: 2 }, 2],
    ['upwards in mode max', [1, 2, 3, 2, 1], { mode: 'max' }, 3],
    ['below the baseline, even if it improves', [3, 2.9, 2.8], { baseline: 1, patience: 2 }, 2],
    ['not before startFromEpoch', [1, 2, 3, 4, 5, 6], { startFromEpoch: 3, patience: 1 }, 4],
  ] as const)('%s', async (_, values, options, last) => {
    expect((await run(values, options)).last).toBe(last);
  });

  it('says where', async () => {
    const { stopping } = await run([3, 1, 2, 2], { patience: 2 });
    expect([stopping.stoppedEpoch, stopping.bestEpoch]).toEqual([3, 1]);
  });

  it('in the direction that the name tells', async () => {
    const model = classifier();
    const x = inputs(30);
    const stopping = new EarlyStopping({ monitor: 'accuracy', minDelta: 10 });
    const options = { ...quiet, epochs: 5, callbacks: [stopping] };
    expect((await model.fit(x, labelsOf(x), options)).epoch).toEqual([0, 1]);
    expect(stopping.stoppedEpoch).toBe(1);
  });
});

describe('restoreBestWeights', () => {
  it('ends with the weights of the best epoch, stopped or not', async () => {
    const restoreBestWeights = true;
    const stopped = await run([3, 1, 2, 2, 2], { restoreBestWeights, patience: 2 });
    expect([stopped.last, stopped.weight]).toEqual([3, 1]);
    const ended = await run([3, 1, 2], { restoreBestWeights, patience: 9 });
    expect([ended.last, ended.weight]).toEqual([2, 1]);
    const kept = await run([3, 1, 2, 2, 2], { patience: 2 });
    expect(kept.weight).toBe(3);
  });

  it('begins anew with each fit', async () => {
    const model = line(new SGD(0));
    const stopping = new EarlyStopping({
      monitor: 'score',
      mode: 'min',
      restoreBestWeights: true,
    });
    const train = (values: number[]) =>
      model.fit([[1]], [[1]], {
        ...quiet,
        epochs: values.length,
        callbacks: [new Script(values), stopping],
      });
    await train([1, 2]);
    await train([9, 8, 8]);
    expect([stopping.bestEpoch, model.weights[0].value.dataSync()[0]]).toEqual([1, 1]);
  });
});

describe('what it watches', () => {
  const x = inputs(30);
  const labels = labelsOf(x);

  it('is warned of once per run if it is not logged, with what is', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const callbacks = [new EarlyStopping()];
    const { epoch } = await classifier().fit(x, labels, { ...quiet, epochs: 4, callbacks });
    expect(epoch).toEqual([0, 1, 2, 3]);
    expect(warning.mock.calls).toEqual([
      [
        'EarlyStopping: "val_loss" is not logged, so nothing is done; logged are loss, accuracy.',
        'NeuroneWarning',
      ],
    ]);
    warning.mockRestore();
  });

  it('must be a metric that tells which way is better, or mode must say it', async () => {
    const train = (options: EarlyStoppingOptions) =>
      classifier().fit(x, labels, {
        ...quiet,
        epochs: 2,
        validationSplit: 0.2,
        callbacks: [new EarlyStopping(options)],
      });
    const error = await rejection(train({ monitor: 'val_acc' }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/cannot tell whether "val_acc" should grow or shrink/);
    await expect(train({ monitor: 'val_accuracy' })).resolves.toBeDefined();
    await expect(train({ monitor: 'val_accuracy', mode: 'max' })).resolves.toBeDefined();
  });

  it('may be missing in the epochs that are not validated', async () => {
    const seen: Logs[] = [];
    class Watch extends Callback {
      override onEpochEnd(_: number, logs: Logs = {}): void {
        seen.push(logs);
      }
    }
    const history = await classifier().fit(x, labels, {
      ...quiet,
      epochs: 6,
      validationSplit: 0.2,
      validationFreq: 2,
      callbacks: [new EarlyStopping({ minDelta: 1e9, patience: 1 }), new Watch()],
    });
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(seen.map((logs) => 'val_loss' in logs)).toEqual([false, true, false, true]);
  });

  it('an unknown mode or option', () => {
    const mode = 'up' as 'min';
    expect(() => new EarlyStopping({ mode })).toThrow('mode must be auto, min or max, got "up"');
    const options = { patiense: 1 } as EarlyStoppingOptions;
    expect(() => new EarlyStopping(options)).toThrow(/unknown option "patiense".*"patience"/);
  });
});
