// How activations are named and given parameters, and what they refuse.
import { describe, expect, it } from 'vitest';
import * as a from '../../lib/activations/index.js';
import { input, Model, ops } from '../../lib/index.js';
import { Activation } from '../../lib/layers/core.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { expectTensor } from '../support/close.js';
import '../../lib/graph/evaluate.js';

const x = tensor([-2, 0, 3, 8]);

describe('activations', () => {
  it('are operations of functional models', async () => {
    const inputs = input([4]);
    const outputs = ops.sort(a.sparsemax(a.leakyRelu(inputs, 0.5)), -1, { descending: true });
    const model = new Model({ inputs, outputs });
    const predicted = await model.predict(tensor([[0, 0.5, 4, -4]]));
    expect([predicted].flat()[0].dataSync()).toEqual(Float32Array.of(1, 0, 0, 0));
    expect(model.layers.length).toBe(4);
  });

  it.each([
    ['hard_swish', a.hardSilu],
    ['hardSilu', a.hardSilu],
    ['swish', a.silu],
    ['leaky_relu', a.leakyRelu],
    ['LogSoftmax', a.logSoftmax],
    ['linear', a.linear],
  ])('%s is a name', (name, fn) => expect(a.get(name)).toBe(fn));

  it('may be null, a function, or in the form in which Keras serialises functions', () => {
    const own = (t: Tensor): Tensor => t;
    expect(a.get(null)).toBe(a.linear);
    expect(a.get(own)).toBe(own);
    expect(a.get({ class_name: 'function', config: 'relu6' })).toBe(a.relu6);
    expect(() => a.get('leaky')).toThrow('unknown activation "leaky".');
    expect(() => a.get('sofmax')).toThrow('Did you mean "softmax"?');
  });

  it('keep Keras’s names in configs', () => {
    expect(new Activation('hardSwish').getConfig().activation).toBe('hard_silu');
    expect(new Activation('logSigmoid').getConfig().activation).toBe('log_sigmoid');
  });

  it('take parameters by position or by name', () => {
    expectTensor(a.relu(x, 0.5, 6, 1), [4], [-1.5, -0.5, 3, 6]);
    expectTensor(a.relu(x, { maxValue: 6 }), [4], [0, 0, 3, 6]);
    expectTensor(a.relu(x, { negativeSlope: 0.5, maxValue: null }), [4], [-1, 0, 3, 8]);
    expectTensor(a.leakyRelu(x, 0.5), [4], [-1, 0, 3, 8]);
    expectTensor(a.leakyRelu(x, { negativeSlope: 0.25 }), [4], [-0.5, 0, 3, 8]);
    expectTensor(a.hardShrink(x, { threshold: 4 }), [4], [0, 0, 0, 8]);
    expectTensor(a.threshold(x, 1, -5), [4], [-5, -5, 3, 8]);
    expectTensor(a.threshold(x, { threshold: 3, defaultValue: 1 }), [4], [1, 1, 1, 8]);
    expectTensor(a.glu(tensor([[1, 0]])), [1, 1], [0.5]);
    expectTensor(a.softmax(tensor([[0, 0]]), { axis: null }), [1, 2], [0.5, 0.5]);
  });

  it.each<[() => unknown, string]>([
    [() => a.relu(x, { slope: 1 } as object), 'relu: unknown option "slope"'],
    [() => a.relu(x, { maxValue: -1 }), 'relu: maxValue must be 0 or more'],
    [() => a.elu(x, { alfa: 1 } as object), 'Did you mean "alpha"?'],
    [() => a.softmax(x, { axes: 1 } as object), 'softmax: unknown option "axes"'],
    [() => a.softmax(x, 1), 'axis 1 is outside of a tensor with 1 axes'],
    [() => a.sparsemax(x, -2), 'sparsemax: axis -2'],
    [() => a.glu(tensor([1, 2, 3])), 'glu: expected an even number of elements along axis 0'],
    [() => a.get('threshold')(x), 'threshold: expected a threshold and a defaultValue'],
  ])('refuse what they cannot be given: %#', (call, message) => expect(call).toThrow(message));
});
