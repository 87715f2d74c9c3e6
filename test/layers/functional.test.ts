// The catalogue's layers in functional models: several inputs, unknown sizes, masks, configs.
import { describe, expect, it } from 'vitest';
import { input, layers, Model, ops, Sequential, type Tensor, tensor } from '../../lib/index.js';
import { Conv2D, Dense, Flatten } from '../../lib/layers/index.js';
import { layers as registry } from '../../lib/layers/layer.js';
import { expectClose } from '../support/close.js';
import { seeded } from '../support/random.js';

const dataOf = (t: Tensor): number[] => Array.from(t.dataSync());
const random = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from(
      seeded(4).uniforms(
        shape.reduce((n, d) => n * d, 1),
        -1,
        1,
      ),
    ),
    { shape },
  );

describe('merging symbolic tensors', () => {
  const [a, b] = [input([3, 4]), input([3, 4])];
  it.each([
    ['add', layers.add([a, b]), [null, 3, 4]],
    ['concatenate', layers.concatenate([a, b], 1), [null, 6, 4]],
    ['dot', layers.dot([a, b], [1, 1]), [null, 4, 4]],
    ['dot of vectors', layers.dot([input([4]), input([4])], 1), [null, 1]],
    ['maximum of two ranks', layers.maximum([a, input([4])]), [null, 3, 4]],
    ['einsum', ops.einsum('bij,bkj->bik', a, b), [null, 3, 3]],
  ])('%s', (_, t, shape) => expect(t.shape).toEqual(shape));

  it('refuses what does not fit, at the call', () => {
    expect(() => layers.add([a, input([5])])).toThrow(/Add "add.*broadcast, got/);
    expect(() => layers.concatenate([a, input([2, 5])], 1)).toThrow(/Concatenate "/);
    expect(() => new layers.Permute([1]).apply(a)).toThrow(/with 2 axes/);
  });

  it('computes what the layers compute, before and after its config', async () => {
    const [x, y] = [input([3, 4], { name: 'x' }), input([3, 4], { name: 'y' })];
    const shared = new layers.TimeDistributed(new layers.Dense(2, { name: 'inner' }));
    const both = layers.multiply([shared.apply(x), shared.apply(y)]);
    const joined = layers.concatenate([both, layers.average([x, y])]);
    const model = new Model({ inputs: [x, y], outputs: new layers.PReLU().apply(joined) });
    const [u, v] = [random(5, 3, 4), ops.multiply(random(5, 3, 4), 0.5)];
    const products = layers.multiply([shared.apply(u), shared.apply(v)]);
    const expected = layers.concatenate([products, layers.average([u, v])]);
    expectClose(dataOf((await model.predict([u, v])) as Tensor), dataOf(ops.relu(expected)));
    const config = JSON.parse(JSON.stringify(model.getConfig()));
    const again = registry.get('Functional').fromConfig(config) as Model;
    again.setWeights(await model.getWeights());
    const [before, after] = [await model.predict([u, v]), await again.predict([u, v])];
    expect(dataOf(after as Tensor)).toEqual(dataOf(before as Tensor));
    expect(JSON.parse(JSON.stringify(again.getConfig()))).toEqual(config);
  });
});

describe('unknown sizes', () => {
  it.each([
    ['TimeDistributed', new layers.TimeDistributed(new layers.Dense(3)), [null, null, 3]],
    ['Reshape', new layers.Reshape([-1, 2]), [null, null, 2]],
    ['Permute', new layers.Permute([2, 1]), [null, 4, null]],
    ['Flatten', new layers.Flatten(), [null, null]],
    ['EinsumDense', new layers.EinsumDense('abc,cd->abd', [null, 5]), [null, null, 5]],
    ['Masking', new layers.Masking(), [null, null, 4]],
    ['SpatialDropout1D', new layers.SpatialDropout1D(0.5), [null, null, 4]],
    ['PReLU', new layers.PReLU({ sharedAxes: [1] }), [null, null, 4]],
    ['Lambda', new layers.Lambda((t: Tensor) => ops.sum(t, 1)), [null, 4]],
  ])('%s', async (_, layer, shape) => {
    const x = input([null, 4]);
    const y = layer.apply(x);
    expect(y.shape).toEqual(shape);
    const model = new Model({ inputs: x, outputs: y });
    for (const time of [2, 6]) {
      const data = random(3, time, 4);
      expect(dataOf((await model.predict(data)) as Tensor)).toEqual(dataOf(layer.apply(data)));
    }
  });

  it('joins along them', () => {
    const joined = layers.concatenate([input([null, 4]), input([null, 4])], 1);
    expect(joined.shape).toEqual([null, null, 4]);
  });
});

describe('configs', () => {
  it('of wrapped models say where Keras has them', () => {
    const inner = new Sequential([new layers.Dense(2)], { name: 'inner' });
    const wrapped = new layers.TimeDistributed(inner);
    expect(wrapped.getConfig().layer).toMatchObject({ module: 'keras', class_name: 'Sequential' });
    const config = JSON.parse(JSON.stringify(wrapped.getConfig()));
    const again = registry.get('TimeDistributed').fromConfig(config);
    expect(again.apply(random(2, 3, 4))).toHaveProperty('shape', [2, 3, 2]);
    const outer = new Sequential([inner]);
    expect(outer.getConfig().layers).toMatchObject([{ module: 'keras', class_name: 'Sequential' }]);
  });
});

describe('input and output', () => {
  const model = () => {
    const x = input([6, 6, 1]);
    const conv = new Conv2D(2, 3, { name: 'seen' });
    return new Model({
      inputs: x,
      outputs: new Dense(3).apply(new Flatten().apply(conv.apply(x))),
    });
  };

  it('of a layer are where another model can begin and end', async () => {
    const whole = model();
    const seen = whole.getLayer('seen');
    const part = new Model({ inputs: whole.input, outputs: seen.output });
    const x = random(2, 6, 6, 1);
    const maps = (await part.predict(x)) as Tensor;
    expect(maps.shape).toEqual([2, 4, 4, 2]);
    const rest = new Model({ inputs: seen.output, outputs: whole.output });
    const there = (await rest.predict(maps)) as Tensor;
    expect([...there.dataSync()]).toEqual([...((await whole.predict(x)) as Tensor).dataSync()]);
    expect(seen.input).toBe(whole.inputs[0]);
  });

  it('are there in a Sequential model once it is built', async () => {
    const whole = new Sequential([new Dense(4, { name: 'h' }), new Dense(2)]);
    expect(() => whole.getLayer('h').output).toThrow(/Dense "h" has no output yet/);
    whole.build([null, 3]);
    const part = new Model({ inputs: whole.input, outputs: whole.getLayer('h').output });
    expect(((await part.predict(random(2, 3))) as Tensor).shape).toEqual([2, 4]);
  });
});
