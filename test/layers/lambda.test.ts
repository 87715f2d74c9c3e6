// Lambda: what its function is told, its masks, and how it travels in configs.
import { describe, expect, it } from 'vitest';
import { layers, ops, register, Sequential, type Tensor, tensor } from '../../lib/index.js';
import { layers as registry } from '../../lib/layers/layer.js';
import { maskOf, setMask } from '../../lib/layers/structure.js';
import { ConfigError } from '../../lib/util/errors.js';

const x = tensor([[1, 2, 3]]);

describe('Lambda', () => {
  it('applies a function, to several tensors too, with its arguments', () => {
    expect(new layers.Lambda((t) => t.square()).apply(x).dataSync()).toEqual(
      Float32Array.of(1, 4, 9),
    );
    const scaled = new layers.Lambda((t, { k }) => t.mul(k), { arguments: { k: 2 } });
    expect(scaled.apply(x).dataSync()).toEqual(Float32Array.of(2, 4, 6));
    const sum = new layers.Lambda(([a, b]: readonly Tensor[]) => ops.add(a, b));
    expect(sum.apply([x, x]).dataSync()).toEqual(Float32Array.of(2, 4, 6));
    const parts = new layers.Lambda((t: Tensor): readonly Tensor[] => [t, t.neg()]);
    expect(parts.apply(x).length).toBe(2);
  });

  it('tells training and the mask', () => {
    const told: unknown[] = [];
    const layer = new layers.Lambda((t, { training, mask }) => {
      told.push(training, mask);
      return t;
    });
    const mask = tensor([true]);
    layer.apply(x);
    layer.apply(x, { training: true, mask });
    expect(told).toEqual([false, undefined, true, mask]);
  });

  it('trains in a model', async () => {
    const model = new Sequential([
      new layers.Dense(4, { activation: 'tanh' }),
      new layers.Lambda((t: Tensor) => ops.sum(t, -1, { keepDims: true })),
    ]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const data = tensor([[0], [1], [2], [3], [4]]);
    const { history } = await model.fit(data, data, { epochs: 3, batchSize: 2, verbose: 0 });
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
  });

  it('has no mask by default, and else the one that it is given', () => {
    const masked = tensor([[1, 0, 2]]);
    setMask(masked, tensor([[true, false, true]]));
    const doubled = new layers.Lambda((t) => t.mul(2));
    expect(doubled.supportsMasking).toBe(false);
    expect(maskOf(doubled.apply(masked))).toBeUndefined();

    const kept = new layers.Lambda((t) => t.mul(2), { mask: (_, mask) => mask });
    expect(kept.supportsMasking).toBe(true);
    expect(maskOf(kept.apply(masked))?.dataSync()).toEqual(Uint8Array.of(1, 0, 1));
    expect(maskOf(kept.apply(x))).toBeUndefined();

    const positive = new layers.Lambda((t) => t, { mask: (t) => ops.greater(t, 1) });
    expect(maskOf(positive.apply(x))?.dataSync()).toEqual(Uint8Array.of(0, 1, 1));
    expect(maskOf(x)).toBeUndefined();

    const fixed = new layers.Lambda((t) => t, { mask: tensor([[false, true, true]]) });
    expect(maskOf(fixed.apply(x))?.dataSync()).toEqual(Uint8Array.of(0, 1, 1));
  });

  it('refuses a function that returns no tensor', () => {
    const layer = new layers.Lambda((() => 3) as never);
    expect(() => layer.apply(x)).toThrow(ConfigError);
    expect(() => layer.apply(x)).toThrow(
      /Lambda "lambda.*": expected its function to return a tensor/,
    );
  });
});

describe('a Lambda as config', () => {
  const twice = (t: Tensor, { k = 2 }: { k?: number }): Tensor => t.mul(k);

  it('needs a registered function', () => {
    const layer = new layers.Lambda(twice);
    expect(() => layer.getConfig()).toThrow(ConfigError);
    expect(() => layer.getConfig()).toThrow(/"lambda.*": its function is code.*register\(fn/);
    const masked = new layers.Lambda(register(twice, 'known'), { mask: (t) => t });
    expect(() => masked.getConfig()).toThrow(/its mask function is code/);
    const fixed = new layers.Lambda(twice, { mask: tensor([true]) });
    expect(() => fixed.getConfig()).toThrow(/mask is a tensor/);
  });

  it('has the form of Keras, and comes back', () => {
    register(twice, 'mine>twice');
    const layer = new layers.Lambda(twice, { arguments: { k: 3 }, name: 'f', outputShape: [3] });
    const config = layer.getConfig();
    expect(config).toMatchObject({
      name: 'f',
      function: { module: 'builtins', class_name: 'function', registered_name: 'function' },
      arguments: { k: 3 },
      output_shape: [3],
    });
    const again = registry.get('Lambda').fromConfig(config);
    expect(again.apply(x)).toHaveProperty('shape', [1, 3]);
    expect(again.getConfig()).toEqual(config);
  });

  const load = (config: object) => registry.get('Lambda').fromConfig({ name: 'l', ...config });
  const called = (name: string) => ({ module: 'builtins', class_name: 'function', config: name });

  it('finds functions with or without the package that Keras names', () => {
    register(twice, 'half');
    for (const name of ['half', 'my_package>half']) {
      expect(load({ function: called(name), arguments: {} })).toBeInstanceOf(layers.Lambda);
    }
    const old = { function: 'half', function_type: 'function', module: '__main__', arguments: {} };
    expect(load(old)).toBeInstanceOf(layers.Lambda);
  });

  it('says what is missing', () => {
    expect(() => load({ function: called('unheard_of') })).toThrow(ConfigError);
    expect(() => load({ function: called('unheard_of') })).toThrow(/unknown function "unheard_of"/);
  });

  it('never runs compiled Python', () => {
    const marshalled = { class_name: '__lambda__', config: { code: '4wEAAAA', defaults: null } };
    expect(() => load({ function: marshalled })).toThrow(/compiled Python, which is never run/);
    expect(() => load({ function: ['4wEAAAA', null, null] })).toThrow(ConfigError);
    expect(() => load({ function: marshalled })).toThrow(ConfigError);
  });
});
