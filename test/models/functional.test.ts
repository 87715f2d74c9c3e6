// Functional models: symbolic tensors, shared and nested layers, operations, several inputs and outputs, and
// what is wrong with a graph.
import { describe, expect, it } from 'vitest';
import { Model, ops } from '../../lib/index.js';
import { Activation } from '../../lib/layers/core.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { Input, input } from '../../lib/layers/input.js';
import { Layer } from '../../lib/layers/layer.js';
import { Flatten } from '../../lib/layers/reshaping.js';
import { maskOf, type Structure, setMask } from '../../lib/layers/structure.js';
import { Sequential } from '../../lib/models/sequential.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { ConfigError, DataError, FormatError, ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { inputs, labelsOf, quiet, sumsOf } from '../support/models.js';

const x = inputs(20, 4);
const other = inputs(20, 3, 7);

/** A layer of two tensors that gives two. */
class Swap extends Layer<readonly Tensor[], readonly Tensor[]> {
  override call([a, b]: readonly Tensor[]): readonly Tensor[] {
    return [b, a];
  }
}

function twoByTwo() {
  const [a, b] = [input([4], { name: 'a' }), input([3], { name: 'b' })];
  const shared = new Dense(5, { activation: 'relu', name: 'shared' });
  const first = shared.apply(a);
  const second = shared.apply(new Dense(4, { name: 'pre' }).apply(b));
  const outputs = [
    new Dense(1, { name: 'sum' }).apply(first),
    new Dense(2, { name: 'class', activation: 'softmax' }).apply(second),
  ];
  const model = new Model({ inputs: [a, b], outputs });
  const loss = { sum: 'mse', class: 'sparse_categorical_crossentropy' };
  model.compile({ optimizer: 'sgd', loss, metrics: { class: ['accuracy'] } });
  return model;
}

describe('a symbolic tensor', () => {
  it('has a shape with unknown sizes, a name, and no values', () => {
    const t = new Input({ shape: [28, null, 3], name: 'image', dtype: 'uint8' }).output;
    expect([t.shape, t.dtype, t.name, t.rank]).toEqual([[null, 28, null, 3], 'uint8', 'image', 4]);
    expect(`${new Flatten({ name: 'flat' }).apply(input([2, 3]))}`).toBe(
      'SymbolicTensor(float32 [null, 6], from flat)',
    );
    expect(() => t.data()).toThrow(/symbolic/);
    expect(new Input({ shape: [3] }).output.shape).toEqual([null, 3]);
  });

  it('keeps sizes unknown through layers that do not fix them', () => {
    const t = new Dense(5).apply(input([null, 3]));
    expect(t.shape).toEqual([null, null, 5]);
    expect(new Activation('relu').apply(t).shape).toEqual([null, null, 5]);
    expect(ops.concatenate([t, t], 1).shape).toEqual([null, null, 5]);
    expect(ops.mean(t, [1]).shape).toEqual([null, 5]);
  });
});

describe('a functional model', () => {
  it('of one input is what the same Sequential model is', async () => {
    const t = input([4]);
    const [hidden, out] = [new Dense(6, { activation: 'tanh' }), new Dense(2)];
    const model = new Model({ inputs: t, outputs: out.apply(hidden.apply(t)) });
    const chain = new Sequential([new Dense(6, { activation: 'tanh' }), new Dense(2)]);
    chain.build([null, 4]);
    chain.setWeights(await model.getWeights());
    expect((await model.predict(x)).dataSync()).toEqual((await chain.predict(x)).dataSync());
    expect(model.countParams()).toBe(chain.countParams());
  });

  it('trains, evaluates and predicts with several inputs and outputs, by order or by name', async () => {
    const model = twoByTwo();
    const [sums, labels] = [sumsOf(x), labelsOf(other)];
    const { history } = await model.fit([x, other], [sums, labels], { ...quiet, epochs: 3 });
    const logged = ['loss', 'sum_loss', 'class_loss', 'class_accuracy'];
    expect(Object.keys(history)).toEqual(logged);
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
    const byOrder = await model.evaluate([x, other], [sums, labels], quiet);
    const byName = await model.evaluate({ b: other, a: x }, { class: labels, sum: sums }, quiet);
    expect(byName).toEqual(byOrder);
    expectClose([byOrder.loss], [byOrder.sum_loss + byOrder.class_loss]);
    const predicted = await model.predict([x, other]);
    expect(predicted.map((t) => t.shape)).toEqual([
      [20, 1],
      [20, 2],
    ]);
    const single = model.predictSync({ a: x.slice(0, 1), b: other.slice(0, 1) });
    expectClose(single[1].dataSync(), predicted[1].slice(0, 1).dataSync());
    const batches = new Set([
      [
        [x, other],
        [sums, labels],
      ],
    ]);
    expect(await model.evaluate(batches, null, quiet)).toEqual(
      await model.evaluate([x, other], [sums, labels], { ...quiet, batchSize: 20 }),
    );
    const validated = await model.fit([x, other], [sums, labels], {
      ...quiet,
      validationSplit: 0.25,
    });
    expect(validated.history.val_class_loss).toHaveLength(1);
  });

  it('gives a record where its outputs are one, and a tensor for a list of one', async () => {
    const t = input([4]);
    const y = new Dense(1).apply(t);
    const record = new Model({ inputs: { in: t }, outputs: { twice: y.mul(2), once: y } });
    const { once, twice } = await record.predict({ in: x });
    expectClose(twice.dataSync(), once.mul(2).dataSync());
    expect(record.outputNames).toEqual(['once', 'twice']);
    const list = new Model({ inputs: [t], outputs: [y] });
    expect((await list.predict(x)).toString()).toBe('Tensor(float32 [20, 1])');
  });

  it('shares layers: they are trained once, by both uses', async () => {
    const model = twoByTwo();
    expect(model.weights).toHaveLength(8);
    expect(new Set(model.weights).size).toBe(8);
    expect(model.layers.map(({ name }) => name)).toEqual([
      'b',
      'a',
      'pre',
      'shared',
      'sum',
      'class',
    ]);
  });

  it('holds models and passes training on to dropout in them', async () => {
    const inner = new Sequential([new Input({ shape: [4] }), new Dropout(0.9, { seed: 1 })]);
    const t = input([4]);
    const model = new Model({ inputs: t, outputs: inner.apply(t) });
    expect((await model.predict(x)).dataSync()).toEqual(x.dataSync());
    expect(model.apply(x, { training: true }).dataSync()).not.toEqual(x.dataSync());
    const fixed = new Model({ inputs: t, outputs: inner.apply(t, { training: false }) });
    expect(fixed.apply(x).dataSync()).toEqual(x.dataSync());
  });

  it('lets the call of the model say whether it is training, before those of its layers, as Keras does', async () => {
    const t = input([4]);
    const never = new Model({
      inputs: t,
      outputs: new Dropout(0.9, { seed: 1 }).apply(t, { training: false }),
    });
    expect(never.apply(x).dataSync()).toEqual(x.dataSync());
    expect(never.apply(x, { training: true }).dataSync()).not.toEqual(x.dataSync());
    const always = new Model({
      inputs: t,
      outputs: new Dropout(0.9, { seed: 1 }).apply(t, { training: true }),
    });
    expect(always.apply(x).dataSync()).not.toEqual(x.dataSync());
    expect((await always.predict(x)).dataSync()).toEqual(x.dataSync());
  });

  it('takes masks in with its inputs, and drops them where its layers do', () => {
    const t = input([3, 2]);
    const flat = new Model({ inputs: t, outputs: new Dense(1).apply(new Flatten().apply(t)) });
    const kept = new Model({ inputs: t, outputs: new Dense(2).apply(t) });
    const sequence = ops.broadcastTo(1, [2, 3, 2]);
    const mask = tensor([
      [1, 1, 0],
      [1, 0, 0],
    ]).cast('bool');
    setMask(sequence, mask);
    expect(maskOf(flat.apply(sequence))).toBeUndefined();
    expect(maskOf(kept.apply(sequence))).toBe(mask);
    expect(maskOf(kept.apply(ops.broadcastTo(1, [2, 3, 2]), { mask }))).toBe(mask);
  });

  it('freezes all layers within when it is frozen, as one frozen part does', async () => {
    const inner = new Sequential([new Dense(3, { inputShape: [4], name: 'in' })], { name: 'part' });
    const t = input([4]);
    const model = new Model({
      inputs: t,
      outputs: new Dense(1, { name: 'head' }).apply(inner.apply(t)),
    });
    inner.trainable = false;
    expect(inner.layers[0].trainable).toBe(false);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const before = model.weights.map((w) => [...w.value.dataSync()]);
    await model.fit(x, sumsOf(x), quiet);
    const changed = model.weights.map((w, i) => `${[...w.value.dataSync()]}` !== `${before[i]}`);
    expect(changed).toEqual([false, false, true, true]);
    model.trainable = false;
    expect(model.trainableVariables).toEqual([]);
    model.trainable = true;
    expect(inner.layers[0].trainable).toBe(true);
  });

  it('begins at any tensor, with an input of its own', async () => {
    const t = input([4]);
    const hidden = new Dense(3, { name: 'hidden' }).apply(t);
    const out = new Dense(1).apply(hidden);
    const [whole, head, tail] = [
      new Model({ inputs: t, outputs: out }),
      new Model({ inputs: t, outputs: hidden }),
      new Model({ inputs: hidden, outputs: out }),
    ];
    const steps = await tail.predict(await head.predict(x));
    expectClose(steps.dataSync(), (await whole.predict(x)).dataSync());
    expect(tail.layers[0].name).toBe('hidden_input');
  });

  it('has layers of several tensors, and operations', async () => {
    const [a, b] = [input([4]), input([4])];
    const [first, second] = new Swap().apply([a, b]);
    const outputs = ops.where(ops.greater(first, second), first, second.sub(1)).reshape([-1, 2, 2]);
    const model = new Model({ inputs: [a, b], outputs });
    const y = inputs(20, 4, 9);
    const expected = ops.where(y.greater(x), y, x.sub(1)).dataSync();
    const actual = await model.predict([x, y]);
    expect(actual.shape).toEqual([20, 2, 2]);
    expectClose(actual.dataSync(), expected);
    expect(model.getConfig().name).toBe(model.name);
  });

  it('takes inputs in its dtype, and of ranks that differ by an axis of 1', async () => {
    const t = input([], { dtype: 'int32' });
    const model = new Model({ inputs: t, outputs: ops.oneHot(t, 3) });
    const given = await model.predict([[2], [0]]);
    expect([...given.dataSync()]).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('adds losses of its layers, also without a loss of its own', async () => {
    class Center extends Layer {
      override call(t: Tensor): Tensor {
        this.addLoss(ops.mean(ops.square(t)));
        return t;
      }
    }
    const t = input([4]);
    const model = new Model({ inputs: t, outputs: new Center().apply(new Dense(2).apply(t)) });
    model.compile({ optimizer: 'sgd' });
    const { history } = await model.fit(x, undefined, { ...quiet, epochs: 3 });
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
    const p = await model.predict(x);
    const { loss } = await model.evaluate(x, undefined, quiet);
    expectClose([loss], ops.mean(ops.square(p)).dataSync());
  });
});

describe('weights and targets', () => {
  const [sums, labels] = [sumsOf(x), labelsOf(other)];

  it('sample weights for each output, or one for all', async () => {
    const model = twoByTwo();
    const half = Array.from({ length: 20 }, (_, i) => (i < 10 ? 1 : 0));
    const both = await model.evaluate([x, other], [sums, labels], { ...quiet, sampleWeight: half });
    const each = await model.evaluate([x, other], [sums, labels], {
      ...quiet,
      sampleWeight: { sum: half, class: half },
    });
    expect(each).toEqual(both);
    const first = await model.evaluate(
      [x.slice(0, 10), other.slice(0, 10)],
      [sums.slice(0, 10), labels.slice(0, 10)],
      quiet,
    );
    expectClose([both.loss], [first.loss / 2]);
  });

  it('an output without a loss needs no target', async () => {
    const model = twoByTwo();
    model.compile({ optimizer: 'sgd', loss: { sum: 'mse' } });
    const logs = await model.evaluate([x, other], { sum: sums }, quiet);
    expect(Object.keys(logs)).toEqual(['loss']);
    await expect(model.evaluate([x, other], { class: labels }, quiet)).rejects.toThrow(
      /y of output "sum" is missing/,
    );
  });
});

describe('what is wrong', () => {
  it('with a graph', () => {
    const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
    const y = new Dense(1, { name: 'y' }).apply(ops.add(a, b));
    expect(() => new Model({ inputs: a, outputs: y })).toThrow(
      /disconnected: SymbolicTensor\(float32 \[null, 4\], from b\)/,
    );
    expect(() => new Model({ inputs: [a, a, b], outputs: y })).toThrow(/twice/);
    expect(() => new Model({ inputs: [a, b], outputs: x })).toThrow(/outputs: expected tensors/);
    expect(() => new Model({ inputs: a })).toThrow(/outputs are missing/);
    const again = new Dense(1, { name: 'y' }).apply(y);
    expect(() => new Model({ inputs: [a, b], outputs: again })).toThrow(
      /two layers are called "y"/,
    );
    expect(() => ops.matmul(a, input([3, 2]))).toThrow(ShapeError);
  });

  it('with a config: cycles, layers and classes that do not exist', () => {
    const t = input([4], { name: 't' });
    const config = new Model({
      inputs: t,
      outputs: new Dense(2, { name: 'd' }).apply(t),
    }).getConfig();
    const text = JSON.stringify(config);
    const load = (changed: string) => () => Model.fromConfig(JSON.parse(changed));
    expect(load(text.replace('["t",0,0]}', '["d",0,0]}'))).toThrow(/cycle or loose ends: "d"/);
    expect(load(text.replace('["t",0,0]}', '["u",0,0]}'))).toThrow(/there is no layer "u"/);
    expect(load(text.replace('"Dense"', '"Dnse"'))).toThrow(/unknown layer "Dnse".*"Dense"/);
    expect(load('{"name":"m"}')).toThrow(FormatError);
    expect(
      load(text.replace('[["d",0,0]]', '[["d",3,0]]').replace('["d",0,0]', '["d",3,0]')),
    ).toThrow(/outputs do not exist/);
  });

  it('with data', async () => {
    const model = twoByTwo();
    const y: Structure = [sumsOf(x), labelsOf(other)];
    await expect(model.fit(x, y, quiet)).rejects.toThrow(/expected 2 inputs \(a, b\), got 1/);
    await expect(model.fit({ a: x, c: other }, y, quiet)).rejects.toThrow(/input "b" is missing/);
    await expect(model.fit([x, other], y[0], quiet)).rejects.toThrow(DataError);
    await expect(model.fit([x, other], { sum: y[0], clas: y[1] }, quiet)).rejects.toThrow(
      /no output "clas"\. Did you mean "class"\?/,
    );
    await expect(model.fit([other, x], y, quiet)).rejects.toThrow(
      /input "a" \[null, 4\], got \[null, 3\]/,
    );
    await expect(model.fit([x, other.slice(0, 5)], y, quiet)).rejects.toThrow(
      /x\[0\] has 20 samples, but x\[1\] has 5/,
    );
    await expect(model.fit([x, other], y, { ...quiet, classWeight: { 0: 2 } })).rejects.toThrow(
      ConfigError,
    );
  });

  it('with what is compiled', () => {
    const model = twoByTwo();
    expect(() => model.compile({ loss: { sun: 'mse' } })).toThrow(/"sun"\. Did you mean "sum"\?/);
    expect(() => model.compile({ loss: ['mse'] })).toThrow(/one for each of 2 outputs/);
    expect(() => model.compile({ loss: 'mse', lossWeights: { clas: 1 } })).toThrow(ConfigError);
    expect(() => model.compile({ loss: { sum: 'mze' } })).toThrow(/unknown loss "mze"/);
    expect(() => model.compile({ loss: 'mse', metrics: { sum: ['maee'] } })).toThrow(ConfigError);
  });
});
