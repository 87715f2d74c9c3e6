// Saving and loading: bits survive, training goes on as if it had never stopped, and failures change nothing.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  FormatError,
  input,
  Layer,
  type layers as Layers,
  loadModel,
  Model,
  modelFromJSON,
  Sequential,
  StateError,
  setRandomSeed,
  type Tensor,
  tensor,
} from '../../lib/index.js';
import { Activation, Concatenate, Dense, Dropout, Input } from '../../lib/layers/index.js';
import { Adam, SGD } from '../../lib/optimizers/index.js';
import { ExponentialDecay } from '../../lib/schedules/index.js';
import { classifier, flat, flatOptimizer, temporaryFolder, x, y } from '../support/files.js';

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const quiet = { verbose: 0, batchSize: 16 } as const;

describe.each(['model.keras', 'model.h5'])('%s', (name) => {
  it('keeps weights, optimizer and how it was compiled', async () => {
    const model = classifier();
    await model.fit(x, y, { ...quiet, epochs: 2 });
    await model.save(path(name));
    const again = await loadModel(path(name));
    expect(again).toBeInstanceOf(Sequential);
    expect(await flat(again)).toEqual(await flat(model));
    expect(await flatOptimizer(again)).toEqual(await flatOptimizer(model));
    expect(again.toJSON()).toBe(model.toJSON());
    expect(await again.evaluate(x, y, quiet)).toEqual(await model.evaluate(x, y, quiet));
  });

  it('may be named from the current folder', async () => {
    const model = classifier();
    await model.fit(x, y, quiet);
    const near = relative(process.cwd(), path(name));
    await model.save(near);
    expect(await flat(await loadModel(near))).toEqual(await flat(model));
  });

  it('goes on as if it had never stopped, dropout and shuffles included', async () => {
    setRandomSeed(5);
    const model = classifier();
    await model.fit(x, y, { ...quiet, epochs: 2 });
    await model.save(path(name));
    const again = await loadModel(path(name));
    const first = await model.fit(x, y, { ...quiet, epochs: 3 });
    const second = await again.fit(x, y, { ...quiet, epochs: 3 });
    expect(second.history).toEqual(first.history);
    expect(await flat(again)).toEqual(await flat(model));
    expect(await flatOptimizer(again)).toEqual(await flatOptimizer(model));
  });

  it('can leave out the optimizer, and need not compile', async () => {
    const model = classifier();
    await model.fit(x, y, quiet);
    await model.save(path(name), { includeOptimizer: false });
    const again = await loadModel(path(name), { compile: false });
    expect(await flat(again)).toEqual(await flat(model));
    await expect(again.evaluate(x, y)).rejects.toThrow(StateError);
  });

  it('replaces a file unless told otherwise', async () => {
    const model = classifier();
    await model.save(path(name));
    await expect(model.save(path(name), { overwrite: false })).rejects.toThrow(ConfigError);
    await model.save(path(name));
  });

  it('saves while it is being trained', async () => {
    const model = classifier();
    const training = model.fit(x, y, { ...quiet, epochs: 200 });
    const steps: number[] = [];
    for (let i = 0; i < 3; i++) {
      await model.save(path(name));
      const again = await loadModel(path(name));
      steps.push(again.optimizer.iterations.value.dataSync()[0]);
    }
    await training;
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  });
});

describe('weights alone', () => {
  it('go into another model of the same layers, and bring the optimizer', async () => {
    const model = classifier();
    await model.fit(x, y, quiet);
    await model.saveWeights(path('a.weights.h5'));
    const other = classifier();
    await other.fit(x, y, quiet);
    await other.loadWeights(path('a.weights.h5'));
    expect(await flat(other)).toEqual(await flat(model));
    expect(await flatOptimizer(other)).toEqual(await flatOptimizer(model));
  });

  it('that do not fit are reported by layer, all at once, and nothing changes', async () => {
    await classifier().saveWeights(path('b.weights.h5'));
    const other = new Sequential([
      new Input({ shape: [6] }),
      new Dense(9, { name: 'wide' }),
      new Dense(3, { useBias: false, name: 'bare' }),
      new Dense(3, { name: 'more' }),
    ]);
    const before = await flat(other);
    const failure = await other.loadWeights(path('b.weights.h5')).catch((e: Error) => e);
    expect(failure).toBeInstanceOf(FormatError);
    const message = String(failure);
    expect(message).toContain('wide: kernel [6, 9]: the file has [6, 8]');
    expect(message).toContain('wide: bias [9]: the file has [8]');
    expect(message).toContain('bare: kernel [9, 3]: the file has [8, 3]');
    expect(message).toContain('bare: unexpected: "layers/dense_1/vars/1" [3]');
    expect(message).toContain('more: kernel [3, 3] is missing');
    expect(await flat(other)).toEqual(before);
  });

  it('skipMismatch takes what fits', async () => {
    const model = classifier();
    await model.saveWeights(path('c.weights.h5'));
    const other = new Sequential([new Input({ shape: [6] }), new Dense(8), new Dense(5)]);
    await other.loadWeights(path('c.weights.h5'), { skipMismatch: true });
    const [kernel] = await other.getWeights();
    const [expected] = await model.getWeights();
    expect(await kernel.data()).toEqual(await expected.data());
  });

  it('need the ending that Keras wants, and a built model', async () => {
    await expect(classifier().saveWeights(path('w.h5'))).rejects.toThrow(/\.weights\.h5/);
    await expect(new Sequential([new Dense(1)]).save(path('u.keras'))).rejects.toThrow(StateError);
    const unbuilt = new Sequential([new Dense(1)]);
    await expect(unbuilt.loadWeights(path('c.weights.h5'))).rejects.toThrow(StateError);
    await expect(classifier().save(path('m.txt'))).rejects.toThrow(ConfigError);
  });
});

class Scale extends Layer {
  factor: number;
  constructor(options: Layers.LayerOptions & { factor?: number } = {}) {
    super(options);
    this.factor = options.factor ?? 2;
  }
  override call(t: Tensor): Tensor {
    return t.mul(this.factor);
  }
  override getConfig() {
    return { ...super.getConfig(), factor: this.factor };
  }
}

const halfSquare = (yTrue: Tensor, yPred: Tensor): Tensor =>
  yPred.sub(yTrue).square().mul(0.5).mean(-1);

describe('classes of the user', () => {
  const build = () => {
    const model = new Sequential([
      new Input({ shape: [6] }),
      new Dense(1),
      new Scale({ name: 'triple', factor: 3 }),
    ]);
    model.compile({ optimizer: 'sgd', loss: halfSquare, metrics: [halfSquare] });
    return model;
  };

  it('are given as customObjects, and are unknown again afterwards', async () => {
    const model = build();
    await model.save(path('custom.keras'));
    const again = await loadModel(path('custom.keras'), { customObjects: { Scale, halfSquare } });
    const t = y.cast('float32');
    expect(await again.evaluate(x, t, quiet)).toEqual(await model.evaluate(x, t, quiet));
    const unknown = loadModel(path('custom.keras'));
    await expect(unknown).rejects.toThrow(/unknown classes: Scale \(in "triple"\).*customObjects/);
  });

  it('stand in the config as Keras writes them', () => {
    const config = JSON.parse(build().toJSON());
    const [input, , scale] = config.config.layers;
    expect(input.class_name).toBe('InputLayer');
    expect(scale).toMatchObject({ module: null, class_name: 'Scale', registered_name: 'Scale' });
    expect(config.compile_config.loss).toEqual({
      module: 'builtins',
      class_name: 'function',
      config: 'halfSquare',
      registered_name: 'function',
    });
  });
});

class Net extends Model {
  hiddenOne = new Dense(4, { activation: 'relu' });
  rest = [new Dense(3), { last: new Dense(2) }] as const;
  override call(t: Tensor): Tensor {
    const [first, { last }] = this.rest;
    return last.apply(first.apply(this.hiddenOne.apply(t)));
  }
  override getConfig() {
    return { name: this.name };
  }
  static override fromConfig(): Net {
    return new Net();
  }
}

describe('other models', () => {
  it('a subclass of Model', async () => {
    const model = new Net();
    model.compile({ optimizer: new Adam(0.01), loss: 'mse' });
    const targets = x.matmul(tensor(new Float32Array(12).fill(0.5), { shape: [6, 2] }));
    await model.fit(x, targets, quiet);
    await model.save(path('net.keras'));
    const again = await loadModel(path('net.keras'), { customObjects: { Net } });
    expect(await flat(again)).toEqual(await flat(model));
    expect(await flatOptimizer(again)).toEqual(await flatOptimizer(model));
  });

  it('a nested Sequential, a schedule, and frozen layers', async () => {
    const inner = new Sequential([new Input({ shape: [6] }), new Dense(4), new Activation('tanh')]);
    const frozen = new Dense(4, { trainable: false });
    const model = new Sequential([inner, frozen, new Dropout(0.1), new Dense(3)]);
    const schedule = new ExponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 10,
      decayRate: 0.9,
    });
    model.compile({ optimizer: new SGD(schedule, { momentum: 0.9 }), loss: 'mse' });
    const targets = x.matmul(tensor(new Float32Array(18).fill(0.5), { shape: [6, 3] }));
    await model.fit(x, targets, quiet);
    for (const name of ['nested.keras', 'nested.h5']) {
      await model.save(path(name));
      const again = await loadModel(path(name));
      expect(await flat(again)).toEqual(await flat(model));
      expect(await flatOptimizer(again)).toEqual(await flatOptimizer(model));
      expect(again.optimizer.learningRate).toBe(model.optimizer.learningRate);
    }
  });

  it('a functional model with two inputs, a shared layer and a nested model', async () => {
    const [a, b] = [input([4]), input([4])];
    const shared = new Dense(3, { activation: 'relu' });
    const inner = new Sequential([new Input({ shape: [3] }), new Dense(2)]);
    const joined = new Concatenate().apply([inner.apply(shared.apply(a)), shared.apply(b)]);
    const model = new Model({ inputs: [a, b], outputs: new Dense(1).apply(joined) });
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const xs = [x.slice(0, 40).reshape([60, 4]), x.slice(20, 60).reshape([60, 4])];
    await model.fit(xs, x.slice(0, 10).reshape([60, 1]), quiet);
    for (const name of ['functional.keras', 'functional.h5']) {
      await model.save(path(name));
      const again = await loadModel(path(name));
      expect(await flat(again)).toEqual(await flat(model));
      expect(await flatOptimizer(again)).toEqual(await flatOptimizer(model));
      expect(again.toJSON()).toBe(model.toJSON());
    }
  });

  it('Python tells 0 from 0.0', () => {
    const model = classifier();
    model.compile({ optimizer: new SGD(1), loss: 'mse' });
    expect(model.toJSON()).toContain('"learning_rate":1.0');
    expect(model.toJSON()).toContain('"momentum":0.0');
    expect(model.toJSON()).toContain('"units":8,');
  });

  it('toJSON and modelFromJSON', async () => {
    const model = classifier();
    const again = modelFromJSON(model.toJSON());
    expect(again.toJSON()).toBe(model.toJSON());
    expect(() => modelFromJSON('{')).toThrow(FormatError);
    expect(() => modelFromJSON('[1]')).toThrow(FormatError);
  });
});

describe('failures', () => {
  it('while saving leave the old file, and nothing else', async () => {
    const inside = mkdtempSync(join(folder, 'failing-'));
    const file = join(inside, 'm.keras');
    await classifier().save(file);
    const before = readFileSync(file);
    const model = classifier();
    const [layer] = model.layers;
    layer.getConfig = () => {
      throw new Error('no config');
    };
    await expect(model.save(file)).rejects.toThrow('no config');
    await expect(classifier().save(join(inside, 'missing', 'm.keras'))).rejects.toThrow();
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(inside)).toEqual(['m.keras']);
  });

  it('of files that are none', async () => {
    await expect(loadModel(path('absent.keras'))).rejects.toThrow(/there is no such file/);
    await expect(loadModel(folder)).rejects.toThrow(FormatError);
    writeFileSync(path('text.keras'), 'hello, this is no model at all');
    await expect(loadModel(path('text.keras'))).rejects.toThrow(FormatError);
    writeFileSync(path('empty.keras'), '');
    await expect(loadModel(path('empty.keras'))).rejects.toThrow(FormatError);
    await classifier().saveWeights(path('only.weights.h5'));
    await expect(loadModel(path('only.weights.h5'))).rejects.toThrow(/no model/);
  });
});
