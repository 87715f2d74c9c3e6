// cloneModel: the same structure, weights of its own.
import { describe, expect, it } from 'vitest';
import { cloneModel, Model, ops } from '../../lib/index.js';
import { Dense } from '../../lib/layers/dense.js';
import { Dropout } from '../../lib/layers/dropout.js';
import { input } from '../../lib/layers/input.js';
import { Sequential } from '../../lib/models/sequential.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import { StateError } from '../../lib/util/errors.js';
import { inputs } from '../support/models.js';

const x = inputs(6, 4);

describe('cloneModel', () => {
  it('copies functional models with shared layers, nested models and operations', async () => {
    const t = input([4], { name: 't' });
    const shared = new Dense(4, { name: 'shared', activation: 'relu' });
    const inner = new Sequential([new Dense(3, { name: 'deep' })], { name: 'inner' });
    const y = inner.apply(ops.add(shared.apply(t), shared.apply(t.mul(2))));
    const model = new Model({ inputs: t, outputs: { y }, name: 'net' });
    const copy = cloneModel(model);
    expect(copy.name).toBe('net');
    expect(copy.layers.map((l) => l.name)).toEqual(model.layers.map((l) => l.name));
    expect(copy.weights).toHaveLength(model.weights.length);
    expect(copy.weights.some((w) => model.weights.includes(w))).toBe(false);
    copy.setWeights(await model.getWeights());
    const values = ({ y }: { readonly y?: Tensor }) => [...(y?.dataSync() ?? [])];
    const expected = values(await model.predict(x));
    expect(expected).toHaveLength(18);
    expect(values(await copy.predict(x))).toEqual(expected);
  });

  it('copies Sequential models, with layers of the caller’s choice', async () => {
    const model = new Sequential([new Dense(4, { inputShape: [4] }), new Dropout(0.5)]);
    const copy = cloneModel(model, {
      cloneFunction: (layer) =>
        layer instanceof Dropout ? new Dropout(0) : Dense.fromConfig(layer.getConfig()),
    });
    expect(copy).toBeInstanceOf(Sequential);
    copy.setWeights(await model.getWeights());
    expect(copy.layers[1].getConfig().rate).toBe(0);
  });

  it('refuses models without a graph', () => {
    class Own extends Model {}
    expect(() => cloneModel(new Own())).toThrow(StateError);
  });
});
