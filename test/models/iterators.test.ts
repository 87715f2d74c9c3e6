// Batches from iterators: sync and async generators, data sets that begin anew, ends and errors.
import { describe, expect, it } from 'vitest';
import { SGD } from '../../lib/optimizers/sgd.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { classifier, inputs, labelsOf, line, quiet } from '../support/models.js';

const zeros = (n: number) => tensor(new Float32Array(n), { shape: [n, 1] });
const column = (...values: number[]) => tensor(values.map((v) => [v]));
const still = () => line(new SGD(0));

/** A data set of `n` batches, each of one sample with target i + 1, that counts its ends. */
class Batches {
  begun = 0;
  closed = 0;
  constructor(
    private readonly n: number,
    private readonly slow = false,
  ) {}
  async *[Symbol.asyncIterator]() {
    this.begun++;
    try {
      for (let i = 0; i < this.n; i++) {
        if (this.slow) await new Promise((resolve) => setTimeout(resolve, 1));
        yield [zeros(1), column(i + 1)];
      }
    } finally {
      this.closed++;
    }
  }
}

describe('fit', () => {
  it('takes [x, y], [x, y, weight] and { x, y, sampleWeight } from a generator', async () => {
    const model = still();
    const { stepLosses, history } = await model.fit(
      (function* () {
        yield [zeros(1), column(1)];
        yield [zeros(2), column(2, 2), [0.5, 1]];
        yield { x: zeros(1), y: column(3), sampleWeight: [2] };
        yield [[[0]], [[4]]];
      })(),
      null,
      quiet,
    );
    expectClose(stepLosses, [1, 3, 18, 16]);
    expectClose(history.loss, [(1 + 3 * 2 + 18 + 16) / 5]);
  });

  it('begins a data set anew each epoch', async () => {
    const batches = new Batches(3, true);
    const { stepLosses, epoch } = await still().fit(batches, null, { ...quiet, epochs: 2 });
    expectClose(stepLosses, [1, 4, 9, 1, 4, 9]);
    expect([epoch, batches.begun, batches.closed]).toEqual([[0, 1], 2, 2]);
  });

  it('with stepsPerEpoch goes on in the next epoch, and begins anew at the end', async () => {
    const batches = new Batches(4);
    const options = { ...quiet, epochs: 3, stepsPerEpoch: 2 };
    const { stepLosses } = await still().fit(batches, null, options);
    expectClose(stepLosses, [1, 4, 9, 16, 1, 4]);
    expect([batches.begun, batches.closed]).toEqual([2, 2]);
  });

  it('leaves a generator open that is the caller’s', async () => {
    const source = new Batches(4)[Symbol.asyncIterator]();
    const options = { ...quiet, stepsPerEpoch: 2 };
    expectClose((await still().fit(source, null, options)).stepLosses, [1, 4]);
    expectClose((await still().fit(source, null, options)).stepLosses, [9, 16]);
  });

  it('closes what it began, whatever ends it', async () => {
    const batches = new Batches(4);
    const bad = { [Symbol.asyncIterator]: () => batches[Symbol.asyncIterator]() };
    const model = still();
    await model.fit(bad, null, { ...quiet, stepsPerEpoch: 1 });
    expect(batches.closed).toBe(1);
    await expect(classifier().fit(bad, null, quiet)).rejects.toThrow();
    expect(batches.closed).toBe(2);
  });

  it('an iterator without batches, or used up', async () => {
    const none: unknown[] = [];
    await expect(still().fit(new Set(none), null, quiet)).rejects.toThrow(
      'fit, epoch 1: the iterator yielded no batch.',
    );
    const once = new Batches(2)[Symbol.asyncIterator]();
    await expect(still().fit(once, null, { ...quiet, epochs: 2 })).rejects.toThrow(
      /^fit, epoch 2: the iterator yielded no batch\. A generator can be read only once/,
    );
    await expect(still().evaluate(new Set(none), null, quiet)).rejects.toThrow(/no batch/);
    await expect(still().predict(new Set(none))).rejects.toThrow(/no batch/);
  });

  it('its own errors reach the caller, and the model goes on', async () => {
    const model = still();
    const failing = async function* () {
      yield [zeros(1), column(1)];
      throw new RangeError('the disk is full');
    };
    await expect(model.fit(failing(), null, quiet)).rejects.toThrow(RangeError);
    await expect(model.fit(zeros(1), column(1), quiet)).resolves.toBeDefined();
  });

  it('what belongs into the batches is refused beside them', async () => {
    const model = still();
    await expect(model.fit(new Batches(1), column(1), quiet)).rejects.toThrow(
      /x yields batches, so y must come in them/,
    );
    await expect(model.fit(new Batches(1), null, { ...quiet, sampleWeight: [1] })).rejects.toThrow(
      /sampleWeight must come in them/,
    );
    await expect(model.fit(new Batches(1), { epochs: 2 } as never)).rejects.toThrow(
      'yield [x, y, sampleWeight]. Options come after y: fit(x, null, { … }).',
    );
    await expect(
      model.fit(new Batches(1), null, { ...quiet, validationSplit: 0.5 }),
    ).rejects.toThrow(/validationSplit needs arrays/);
    await expect(model.fit(new Set([zeros(1)]), null, quiet)).rejects.toThrow(
      'fit: a batch has no y; yield [x, y].',
    );
  });

  it('class weights, and batches of many sizes', async () => {
    const model = classifier();
    const x = inputs(30);
    const y = labelsOf(x);
    const parts = [7, 1, 12, 10];
    const batches = new Set(
      parts.map((n, i) => {
        const from = parts.slice(0, i).reduce((a, b) => a + b, 0);
        return [x.slice(from, from + n), y.slice(from, from + n)];
      }),
    );
    const options = { ...quiet, classWeight: { 0: 0, 1: 0 } };
    const { history, stepLosses } = await model.fit(batches, null, options);
    expect([stepLosses.length, history.loss[0]]).toEqual([4, 0]);
  });
});

describe('evaluate and predict', () => {
  it('equal those of the whole arrays', async () => {
    const model = classifier();
    const x = inputs(30);
    const y = labelsOf(x);
    const cut = [0, 8, 16, 30];
    const batches = new Set(
      cut.slice(1).map((to, i) => [x.slice(cut[i], to), y.slice(cut[i], to)]),
    );
    const [whole, parts] = [
      await model.evaluate(x, y, quiet),
      await model.evaluate(batches, null, quiet),
    ];
    expectClose([parts.loss, parts.accuracy], [whole.loss, whole.accuracy]);
    const predicted = await model.predict(batches);
    expect(predicted.shape).toEqual([30, 2]);
    expectClose(await predicted.data(), await (await model.predict(x)).data());
  });

  it('steps: only the first batches', async () => {
    const model = still();
    const batches = new Batches(5);
    expectClose([(await model.evaluate(batches, null, { ...quiet, steps: 2 })).loss], [2.5]);
    expect((await model.predict(batches, { steps: 3 })).shape).toEqual([3, 1]);
    expect([batches.begun, batches.closed]).toEqual([2, 2]);
  });
});
