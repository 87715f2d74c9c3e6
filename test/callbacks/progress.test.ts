// What training prints: lines where there is no terminal, a bar on one, nothing with verbose 0.
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Callback, ProgbarLogger } from '../../lib/callbacks/index.js';
import { formatRate, makeProgress } from '../../lib/callbacks/progress.js';
import { Dataset } from '../../lib/data/index.js';
import { classifier, inputs, labelsOf } from '../support/models.js';

const x = inputs(40);
const labels = labelsOf(x);

/** What is written to standard output and error while `run` runs. */
async function printed(run: () => Promise<unknown>): Promise<string> {
  let text = '';
  const spies = [process.stderr, process.stdout].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    }),
  );
  try {
    await run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return text;
}

const { isTTY } = process.stderr;
afterEach(() => {
  process.stderr.isTTY = isTTY;
});

describe('fit and evaluate', () => {
  it('verbose 0 prints nothing', async () => {
    const model = classifier();
    process.stderr.isTTY = true;
    const options = { verbose: 0, validationSplit: 0.2, epochs: 2 } as const;
    expect(await printed(() => model.fit(x, labels, options))).toBe('');
    expect(await printed(() => model.evaluate(x, labels, { verbose: 0 }))).toBe('');
    expect(await printed(() => model.predict(x))).toBe('');
    expect(await printed(() => model.trainOnBatch(x, labels))).toBe('');
  });

  it.each(['auto', 1, 2] as const)('a line per epoch without a terminal: %s', async (verbose) => {
    process.stderr.isTTY = false;
    const model = classifier();
    const fit = () => model.fit(x, labels, { verbose, validationSplit: 0.2, epochs: 2 });
    const lines = (await printed(fit)).split('\n');
    expect(lines).toHaveLength(3);
    const number = '\\d+\\.\\d{4}';
    const logs = ['loss', 'accuracy', 'val_loss', 'val_accuracy'].map((n) => `${n}: ${number}`);
    const rate = '[\\d.]+[kM]? samples/s';
    expect(lines[1]).toMatch(new RegExp(`^Epoch 2/2 - [\\d.]+s - ${rate} - ${logs.join(' - ')}$`));
    const evaluated = await printed(() => model.evaluate(x, labels, { verbose }));
    expect(evaluated).toMatch(/^Evaluate - .* - loss: [\d.]+ - accuracy: [\d.]+\n$/);
  });

  it('verbose 2 prints lines on a terminal too', async () => {
    process.stderr.isTTY = true;
    const text = await printed(() => classifier().fit(x, labels, { verbose: 2 }));
    expect(text).toMatch(/^Epoch 1\/1 - [^\n]*\n$/);
  });
});

describe('the first epoch on a terminal', () => {
  const slow = <T>(batch: T) => new Promise<T>((resolve) => setTimeout(resolve, 60, batch));
  const batches = Dataset.from(x, labels).batch(10).map(slow);
  it.each([
    ['of a Dataset knows its end', batches, {}, true],
    [
      'of stepsPerEpoch too',
      { [Symbol.asyncIterator]: () => batches[Symbol.asyncIterator]() },
      { stepsPerEpoch: 4 },
      true,
    ],
    [
      'of other batches does not',
      { [Symbol.asyncIterator]: () => batches[Symbol.asyncIterator]() },
      {},
      false,
    ],
    ['of endless ones does', batches.repeat(), { stepsPerEpoch: 4 }, true],
  ] as const)('%s', async (_, data, options, known) => {
    process.stderr.isTTY = true;
    const text = await printed(() => classifier().fit(data, undefined, options));
    if (known) expect(text).toMatch(/Epoch 1\/1 [^|]*(25|50|75)% \| ETA \d+s \| \d+ samples/);
    else expect(text).toMatch(/\| ETA \? \| \d+ samples/);
    expect(text).toMatch(/Epoch 1\/1 - [\d.]+s - .* - loss: /);
  });
});

describe('evaluate on a terminal', () => {
  const slow = <T>(batch: T) => new Promise<T>((resolve) => setTimeout(resolve, 60, batch));
  const batches = Dataset.from(x, labels).batch(10).map(slow);
  const anyIterable = { [Symbol.asyncIterator]: () => batches[Symbol.asyncIterator]() };
  it.each([
    ['of a Dataset knows its end', batches, {}, /(25|50|75)% \| ETA \d+s \| \d+ samples/],
    ['of a part of it', batches, { steps: 3 }, /(33|66)% \| ETA \d+s \| \d+ samples/],
    ['of more steps than it has', batches, { steps: 9 }, /(25|50|75)% \| ETA \d+s/],
    ['of steps of other batches', anyIterable, { steps: 4 }, /(25|50|75)% \| ETA \d+s/],
    ['of other batches does not', anyIterable, {}, /\| ETA \? \| \d+ samples/],
  ] as const)('%s', async (_, data, options, expected) => {
    const model = classifier();
    await model.evaluate(x, labels, { verbose: 0 });
    process.stderr.isTTY = true;
    const text = await printed(() => model.evaluate(data, undefined, options));
    expect(text).toMatch(expected);
    expect(text).toMatch(/Evaluate - [\d.]+s - \d+ samples\/s - loss: /);
  });

  it('of arrays counts the samples of the steps alone', async () => {
    process.stderr.isTTY = true;
    const logger = new (class extends Callback {
      override onTestBatchBegin(): Promise<void> {
        return new Promise((resolve) => setTimeout(resolve, 150));
      }
    })();
    const options = { batchSize: 10, steps: 2, callbacks: [logger] };
    const text = await printed(() => classifier().evaluate(x, labels, options));
    expect(text).toMatch(/Evaluate [^|]* 50% \| ETA \d+s/);
    expect(logger.params).toMatchObject({ samples: 20, steps: 2 });
  });
});

describe('ProgbarLogger on a terminal', () => {
  const slow = <T>(batch: T) => new Promise<T>((resolve) => setTimeout(resolve, 150, batch));
  const batches = Dataset.from(x, labels).batch(10).map(slow);
  it.each(['predict', 'evaluate'] as const)('knows the end of a Dataset: %s', async (what) => {
    const { stream, text } = terminal();
    const callbacks = [new ProgbarLogger(stream)];
    await classifier()[what](
      what === 'predict' ? batches.map(([rows]) => rows) : batches,
      ...((what === 'predict' ? [{ callbacks }] : [undefined, { callbacks }]) as [never]),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    const title = what === 'predict' ? 'Predict' : 'Evaluate';
    expect(text()).toMatch(new RegExp(`${title} [^|]* (25|50|75)% \\| ETA \\d+s \\| +\\|`));
    expect(text()).not.toContain('samples/s');
  });
});

/** A stream that says it is a terminal. */
function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 120 });
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  return { stream, text: () => text };
}

describe('the bar', () => {
  it('shows epoch, share, ETA, rate and logs, and leaves a line', async () => {
    const { stream, text } = terminal();
    const progress = await makeProgress({ epochs: 3, samples: 100, verbose: 'auto', stream });
    progress.beginEpoch(1);
    progress.update(50, { loss: 0.25, accuracy: 0.5 });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(text()).toMatch(/Epoch 2\/3 .*50% \| ETA \d+s \| .*samples\/s \| loss: 0\.2500/);
    progress.update(100, { loss: 0.125 });
    progress.endEpoch({ loss: 0.125 });
    progress.end();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(text()).toMatch(/Epoch 2\/3 - [\d.]+s - .* - loss: 0\.1250\n/);
  });
});

it('rates', () => {
  expect([12, 1234, 2_500_000].map(formatRate)).toEqual([
    '12 samples/s',
    '1.2k samples/s',
    '2.50M samples/s',
  ]);
});
