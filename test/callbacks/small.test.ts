// The small callbacks: rates under a schedule, losses that are not finite, servers, averages, progress.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  LambdaCallback,
  LearningRateScheduler,
  type Logs,
  ProgbarLogger,
  ReduceLROnPlateau,
  RemoteMonitor,
  SwapEMAWeights,
  TerminateOnNaN,
} from '../../lib/callbacks/index.js';
import { Adam } from '../../lib/optimizers/adam.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import { ExponentialDecay } from '../../lib/schedules/index.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, DataError, StateError } from '../../lib/util/errors.js';
import {
  classifier,
  inputs,
  labelsOf,
  line,
  quiet,
  rejection,
  weightsOf,
} from '../support/models.js';

const x = inputs(40);
const labels = labelsOf(x);
afterEach(() => void vi.restoreAllMocks());

describe('ReduceLROnPlateau with a schedule', () => {
  const schedule = () =>
    new ExponentialDecay({ initialLearningRate: 0.4, decaySteps: 1, decayRate: 0.5 });

  it('scales what the schedule gives', async () => {
    const model = line(new SGD(schedule()), 1);
    const reduce = new ReduceLROnPlateau({
      monitor: 'score',
      mode: 'min',
      factor: 0.1,
      patience: 2,
    });
    const score = new LambdaCallback({
      onEpochEnd: (_, logs) => void Object.assign(logs ?? {}, { score: 1 }),
    });
    const { history } = await model.fit([[1]], [[0]], {
      ...quiet,
      epochs: 4,
      callbacks: [score, reduce],
    });
    // 0.4, 0.2, 0.1 by the schedule; a tenth of it from the third epoch's end on.
    const rates = [0.2, 0.1, 0.05, 0.0025];
    expect(history.learning_rate).toHaveLength(4);
    for (const [i, rate] of rates.entries()) expect(history.learning_rate[i]).toBeCloseTo(rate, 7);
    // d(w²)/dw = 2w: each step multiplies the weight by 1 − 2·rate of that step.
    const weight = [0.4, 0.2, 0.1, 0.005].reduce((w, rate) => w * (1 - 2 * rate), 1);
    expect(weightsOf(model)[0]).toBeCloseTo(weight, 6);
  });

  it('keeps to minLr when it lowers, and changes nothing while the factor is 1', async () => {
    const model = line(new SGD(schedule()));
    const reduce = new ReduceLROnPlateau({
      monitor: 'loss',
      patience: 0,
      minDelta: 9,
      minLr: 0.15,
    });
    await model.fit([[1]], [[0]], { ...quiet, epochs: 2, callbacks: [reduce] });
    // After two steps the schedule is at 0.1, below minLr: the rate stays.
    expect(model.optimizer.learningRate).toBeCloseTo(0.1, 7);
    const plain = line(new Adam(schedule()));
    expect(plain.optimizer.learningRateFactor?.value.dataSync()[0]).toBe(1);
    expect(line(new Adam(0.1)).optimizer.learningRateFactor).toBeUndefined();
  });
});

it('LearningRateScheduler wants a function that returns numbers, and no schedule beneath', async () => {
  const wrong = 3 as unknown;
  expect(() => new LearningRateScheduler(wrong as () => number)).toThrow(ConfigError);
  const nothing = new LearningRateScheduler(vi.fn());
  const train = (callback: LearningRateScheduler, model = classifier()) =>
    rejection(model.fit(x, labels, { ...quiet, callbacks: [callback] }));
  expect(String(await train(nothing))).toMatch(/must return a number, got undefined for epoch 0/);
  const halve = new LearningRateScheduler((_, rate) => rate / 2);
  const decay = new ExponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 });
  const scheduled = line(new SGD(decay));
  const error = await rejection(scheduled.fit([[1]], [[0]], { ...quiet, callbacks: [halve] }));
  expect(error).toBeInstanceOf(StateError);
});

describe('TerminateOnNaN', () => {
  /** Diverges: the weight grows by a factor of about 2e20 each step. */
  const diverging = () => line(new SGD(1e20), 1);
  const many = Array.from({ length: 4 }, () => [1]);
  const zeros = many.map(() => [0]);
  const options = { ...quiet, epochs: 3, batchSize: 1 };

  it('closes the epoch with that loss, and ends in good order', async () => {
    const said = vi.spyOn(console, 'error').mockReturnValue();
    const calls: string[] = [];
    const watch = new LambdaCallback({
      onEpochEnd: (epoch, logs: Logs = {}) => void calls.push(`epoch ${epoch} ${logs.loss}`),
      onTrainEnd: () => void calls.push('end'),
    });
    const model = diverging();
    const callbacks = [new TerminateOnNaN(), watch];
    const { history, epoch } = await model.fit(many, zeros, { ...options, callbacks });
    expect(epoch).toEqual([0]);
    expect(history.loss).toEqual([Number.POSITIVE_INFINITY]);
    expect(calls).toEqual(['epoch 0 Infinity', 'end']);
    expect(said.mock.calls).toEqual([['Batch 1: invalid loss, terminating training.']]);
    expect(Number.isFinite(weightsOf(model)[0])).toBe(true);
    const batches = many.map((row) => [[row], [[0]]]);
    expect(
      (await diverging().fit(batches.values(), null, { ...options, callbacks })).epoch,
    ).toEqual([0]);
  });

  it('with raiseError rejects, and does not call onTrainEnd', async () => {
    const onTrainEnd = vi.fn();
    const callbacks = [
      new TerminateOnNaN({ raiseError: true }),
      new LambdaCallback({ onTrainEnd }),
    ];
    const model = diverging();
    const error = await rejection(model.fit(many, zeros, { ...options, callbacks }));
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(/the loss became Infinity in batch 1/);
    expect(onTrainEnd).not.toHaveBeenCalled();
    const without = await rejection(diverging().fit(many, zeros, options));
    expect(String(without)).toMatch(/the loss became Infinity/);
  });
});

describe('RemoteMonitor', () => {
  interface Request {
    readonly method: string | undefined;
    readonly url: string | undefined;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }
  let server: Server;
  let root: string;
  const requests: Request[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      const { method, url, headers } = request;
      requests.push({ method, url, headers, body });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close());

  const train = (monitor: RemoteMonitor) =>
    classifier().fit(x, labels, { ...quiet, epochs: 2, callbacks: [monitor] });

  it('posts a form', async () => {
    requests.length = 0;
    const { history } = await train(new RemoteMonitor({ root, headers: { 'x-run': '7' } }));
    expect(requests).toHaveLength(2);
    const [first] = requests;
    expect([first.method, first.url, first.headers['x-run']]).toEqual([
      'POST',
      '/publish/epoch/end/',
      '7',
    ]);
    expect(first.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    const sent = requests.map(({ body }) =>
      JSON.parse(new URLSearchParams(body).get('data') ?? ''),
    );
    const logsOf = (epoch: number) => ({
      epoch,
      loss: history.loss[epoch],
      accuracy: history.accuracy[epoch],
    });
    expect(sent).toEqual([logsOf(0), logsOf(1)]);
  });

  it('posts JSON', async () => {
    requests.length = 0;
    await train(new RemoteMonitor({ root, path: '/here', sendAsJson: true }));
    const [{ url, headers, body }] = requests;
    expect([url, headers['content-type']]).toEqual(['/here', 'application/json']);
    expect(Object.keys(JSON.parse(body))).toEqual(['epoch', 'loss', 'accuracy']);
  });

  it('warns if there is no server, and training goes on', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { epoch } = await train(new RemoteMonitor({ root: 'http://127.0.0.1:1' }));
    expect(epoch).toEqual([0, 1]);
    expect(warning.mock.calls).toHaveLength(2);
    expect(String(warning.mock.calls[0][0])).toMatch(/could not reach http:\/\/127\.0\.0\.1:1/);
  });
});

describe('SwapEMAWeights', () => {
  function make() {
    // Averages that stay as they are: with momentum 1, after a first step.
    const optimizer = new SGD(0, { useEma: true, emaMomentum: 1 });
    const model = line(optimizer, 2);
    optimizer.build(model.weights);
    optimizer.iterations.assign(tensor(Int32Array.of(1), { shape: [] }));
    const average = optimizer.averageOf(model.weights[0]);
    average.assign([[5]]);
    const seen: number[] = [];
    const note = () => void seen.push(weightsOf(model)[0]);
    return { model, average, seen, note };
  }

  it('puts the averages in while the model is validated, evaluated, and predicts', async () => {
    const { model, average, seen, note } = make();
    const watch = new LambdaCallback({ onTestBatchEnd: note, onEpochEnd: note });
    const callbacks = [new SwapEMAWeights(), watch];
    const validationData = [[[1]], [[1]]] as const;
    await model.fit([[1]], [[1]], { ...quiet, epochs: 2, validationData, callbacks });
    expect(seen).toEqual([5, 2, 5, 2]);
    expect((await model.evaluate([[1]], [[1]], { ...quiet, callbacks })).loss).toBe(16);
    expect([...(await model.predict([[1]], { callbacks })).dataSync()]).toEqual([5]);
    // The end of fit leaves the averages in the model.
    expect([weightsOf(model)[0], average.value.dataSync()[0]]).toEqual([5, 5]);
  });

  it('with swapOnEpoch also for the callbacks behind it; in the end both are the averages', async () => {
    const { model, average, seen, note } = make();
    const callbacks = [
      new SwapEMAWeights({ swapOnEpoch: true }),
      new LambdaCallback({ onEpochBegin: note, onEpochEnd: note }),
    ];
    await model.fit([[1]], [[1]], { ...quiet, epochs: 2, callbacks });
    expect(seen).toEqual([2, 5, 2, 5]);
    expect([weightsOf(model)[0], average.value.dataSync()[0]]).toEqual([5, 5]);
  });

  it('needs an optimizer that keeps averages', async () => {
    const callbacks = [new SwapEMAWeights()];
    const error = await rejection(line().evaluate([[1]], [[1]], { ...quiet, callbacks }));
    expect(error).toBeInstanceOf(StateError);
    expect(String(error)).toMatch(/Make it with useEma: true/);
  });
});

describe('ProgbarLogger', () => {
  const shown = async (run: (logger: ProgbarLogger) => Promise<unknown>): Promise<string[]> => {
    let text = '';
    const stream = new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    });
    const error = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await run(new ProgbarLogger(stream));
    expect(error).not.toHaveBeenCalled();
    return text.split('\n').filter((part) => part !== '');
  };

  it('shows fit, evaluate and predict in their stead; validation is silent', async () => {
    const model = classifier();
    const options = { verbose: 2, epochs: 2, batchSize: 16, validationSplit: 0.25 };
    const lines = await shown((logger) =>
      model.fit(x, labels, { ...options, callbacks: [logger] }),
    );
    const logged = (title: string) =>
      new RegExp(`^${title} - .*samples/s - loss: .* - accuracy: .* - val_loss: .* - val_accuracy`);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(logged('Epoch 1/2'));
    expect(lines[1]).toMatch(logged('Epoch 2/2'));
    const evaluated = await shown((logger) =>
      model.evaluate(x, labels, { verbose: 2, callbacks: [logger] }),
    );
    expect(evaluated).toHaveLength(1);
    expect(evaluated[0]).toMatch(/^Evaluate - .*loss: /);
    const predicted = await shown((logger) =>
      model.predict(x, { verbose: 2, callbacks: [logger] }),
    );
    expect(predicted).toHaveLength(1);
    expect(predicted[0]).toMatch(/^Predict - \d+\.\d+s - .*samples\/s$/);
  });

  it('is silent with verbose 0', async () => {
    const options = { ...quiet, epochs: 2 };
    const lines = await shown((logger) =>
      classifier().fit(x, labels, { ...options, callbacks: [logger] }),
    );
    expect(lines).toEqual([]);
  });
});
