// Normalization layers against what Keras 3 computed (scripts/goldens/normalization.py).
import { describe, expect, it } from 'vitest';
import {
  compile,
  layers,
  ops,
  Sequential,
  tensor,
  valueAndGrad,
  variable,
} from '../../lib/index.js';
import { layers as registry } from '../../lib/layers/layer.js';
import { ConfigError, ShapeError } from '../../lib/util/errors.js';
import {
  afterTraining,
  expectNumbers,
  expectTensor,
  type GoldenArray,
  type KerasConfig,
  type KerasObject,
  type MeasuredArray,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import { portable } from '../support/golden-load.js';

interface Outputs {
  readonly y: GoldenArray;
  readonly gradients: readonly (GoldenArray | null)[];
}

interface LayerCase extends KerasObject {
  readonly label: string;
  /** What building changed of the config. */
  readonly built: KerasConfig;
  readonly weights: readonly GoldenArray[];
  readonly weight_names: readonly string[];
  readonly trainable: number;
  readonly c: GoldenArray;
  readonly mask?: GoldenArray;
  readonly x: readonly GoldenArray[];
  readonly inference: Outputs;
  readonly training: readonly (Outputs & { readonly state: readonly GoldenArray[] })[];
  readonly afterwards: GoldenArray;
}

interface RunCase {
  readonly label: 'run';
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly config: readonly { readonly class_name: string; readonly config: KerasConfig }[];
  readonly initial: readonly GoldenArray[];
  readonly history: Readonly<Record<string, MeasuredArray>>;
  readonly final: readonly MeasuredArray[];
}

const goldens = readGoldens<LayerCase | RunCase>('normalization');
const isRun = (golden: LayerCase | RunCase): golden is RunCase => golden.label === 'run';
const cases = goldens.filter((golden): golden is LayerCase => !isRun(golden));
const runs = goldens.filter(isRun);

const load = (golden: LayerCase): layers.Layer => {
  const layer = registry.get(golden.class_name).fromConfig(golden.config);
  return layer as layers.Layer;
};

function loaded(golden: LayerCase): layers.Layer {
  const layer = load(golden);
  layer.ensureBuilt(golden.x[0].shape);
  for (const [i, weight] of layer.weights.entries()) weight.assign(tensorOf(golden.weights[i]));
  return layer;
}

async function compare(
  golden: LayerCase,
  layer: layers.Layer,
  given: GoldenArray,
  training: boolean,
  expected: Outputs,
): Promise<void> {
  const x = variable(tensorOf(given));
  const c = tensorOf(golden.c);
  const mask = golden.mask && tensorOf(golden.mask);
  const step = compile(() => {
    let y = c;
    const { grads } = valueAndGrad(() => {
      y = layer.apply(x.value, { training, mask });
      return ops.sum(ops.multiply(y, c));
    }, [...layer.trainableVariables, x]);
    return { y, grads };
  });
  const { y, grads } = step();
  await expectTensor('y', y, expected.y, { absolute: 3e-6 });
  for (const [i, gradient] of expected.gradients.entries()) {
    if (gradient) await expectTensor(`gradient ${i}`, grads[i], gradient, { absolute: 1e-5 });
  }
}

describe.each(cases)('$class_name $label', (golden) => {
  it('has the weights of Keras', () => {
    const layer = loaded(golden);
    expect(layer.weights.map((w) => w.name)).toEqual(golden.weight_names);
    expect(layer.weights.map((w) => [...w.shape])).toEqual(golden.weights.map((w) => w.shape));
    expect(layer.trainableVariables.length).toBe(golden.trainable);
  });

  it('gives its config back', () => {
    const built = { ...golden.config, ...golden.built };
    expect(portable(load(golden).getConfig())).toEqual(portable(golden.config));
    expect(portable(loaded(golden).getConfig())).toEqual(portable(built));
  });

  it('computes the same, and its statistics follow', async () => {
    const layer = loaded(golden);
    await compare(golden, layer, golden.x[0], false, golden.inference);
    for (const [i, step] of golden.training.entries()) {
      await compare(golden, layer, golden.x[i], true, step);
      for (const [j, state] of step.state.entries()) {
        await expectTensor(golden.weight_names[j], layer.weights[j].value, state);
      }
    }
    const after = layer.apply(tensorOf(golden.x[0]));
    await expectTensor('afterwards', after, golden.afterwards, { absolute: 3e-6 });
  });
});

describe('a model with normalization', () => {
  it.each(runs)('trains as in Keras', async ({ x, y, config, initial, history, final }) => {
    const model = new Sequential(
      config.map((layer) => registry.get(layer.class_name).fromConfig(layer.config)),
    );
    model.setWeights(initial.map(tensorOf));
    const { Adam } = await import('../../lib/optimizers/index.js');
    model.compile({ optimizer: new Adam(0.01), loss: 'mse' });
    const { history: actual } = await model.fit(tensorOf(x), tensorOf(y), {
      batchSize: 8,
      epochs: 7,
      shuffle: false,
      validationSplit: 0.25,
      verbose: 0,
    });
    for (const [key, values] of Object.entries(history)) {
      expectNumbers(key, actual[key], values.values ?? [], afterTraining(values.difference));
    }
    for (const [i, weight] of (await model.getWeights()).entries()) {
      await expectTensor(`weight ${i}`, weight, final[i], afterTraining(final[i].difference));
    }
  });
});

describe('BatchNormalization', () => {
  const x = tensor([
    [1, 2],
    [3, 5],
  ]);

  it('does not change its statistics outside of training, nor when it is frozen', async () => {
    for (const [trainable, training] of [
      [true, false],
      [false, true],
    ]) {
      const layer = new layers.BatchNormalization({ trainable });
      const y = layer.apply(x, { training });
      expect([...(await layer.movingMean.value.data())]).toEqual([0, 0]);
      await expectTensor('y', y, {
        shape: [2, 2],
        dtype: 'float32',
        values: [1, 2, 3, 5].map((v) => v / Math.sqrt(1.001)),
      });
    }
  });

  it('takes integers', async () => {
    const layer = new layers.BatchNormalization();
    const y = layer.apply(tensor(Uint8Array.of(1, 3), { shape: [2, 1] }), { training: true });
    expectNumbers(
      'y',
      await y.data(),
      [-1, 1].map((v) => v / Math.sqrt(1.001)),
    );
  });

  it('is trained by a model, and used by predict and evaluate as it then is', async () => {
    const layer = new layers.BatchNormalization({ momentum: 0.5 });
    const model = new Sequential([layer, new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(x, tensor([[0], [1]]), { epochs: 1, batchSize: 2, verbose: 0 });
    expectNumbers('moving mean', await layer.movingMean.value.data(), [1, 1.75]);
    expectNumbers('moving variance', await layer.movingVariance.value.data(), [1, 1.625]);
    const before = await layer.movingMean.value.data();
    await model.predict(x);
    await model.evaluate(x, tensor([[0], [1]]), { verbose: 0 });
    expect(await layer.movingMean.value.data()).toEqual(before);
  });

  it('refuses what it does not support, and shapes that do not fit', () => {
    const renorm = (renormClipping: object) => () =>
      new layers.BatchNormalization({ renorm: true, renormClipping });
    expect(renorm({ rmin: 2, rmax: 1 })).toThrow(
      'BatchNormalization: renormClipping: rmax must not be below rmin, got 1 and 2.',
    );
    expect(renorm({ dmax: -1 })).toThrow('renormClipping: dmax must be 0 or more, got -1.');
    expect(renorm({ rmaxx: 1 })).toThrow('rmax');
    expect(() => new layers.BatchNormalization({ axis: 2 }).apply(x)).toThrow(ShapeError);
    const layer = new layers.BatchNormalization();
    layer.apply(x);
    expect(() => layer.apply(tensor([[1, 2, 3]]))).toThrow('expected input of 2 channels');
    const mask = tensor([[true, true]]);
    expect(() => layer.apply(x, { mask })).toThrow('one axis less');
  });
});

describe('the other normalization layers', () => {
  const x = tensor([[1, 2, 3]]);

  it('refuse options that make no sense', () => {
    expect(() => new layers.GroupNormalization(0)).toThrow(ConfigError);
    expect(() => new layers.GroupNormalization(2).apply(x)).toThrow(
      '3 channels (axis -1) do not fall into 2 equal groups',
    );
    expect(() => new layers.LayerNormalization({ axis: 0.5 })).toThrow(ConfigError);
    expect(() => new layers.LayerNormalization({ axis: 4 }).apply(x)).toThrow(ShapeError);
    const dense = new layers.Dense(2);
    expect(() => new layers.SpectralNormalization(dense, { powerIterations: 0 })).toThrow(
      ConfigError,
    );
    const flat = new layers.SpectralNormalization(new layers.Flatten());
    expect(() => flat.apply(x)).toThrow('has neither a kernel nor embeddings');
  });

  it('pass masks on, all but RMSNormalization', async () => {
    const { maskOf } = await import('../../lib/layers/structure.js');
    const steps = tensor(new Float32Array(12).fill(1), { shape: [2, 3, 2] });
    const mask = tensor([
      [true, false, true],
      [true, true, false],
    ]);
    for (const layer of [
      new layers.BatchNormalization(),
      new layers.LayerNormalization(),
      new layers.GroupNormalization(1),
      new layers.UnitNormalization(),
    ]) {
      expect(maskOf(layer.apply(steps, { mask })), layer.name).toBe(mask);
    }
    expect(maskOf(new layers.RMSNormalization().apply(steps, { mask }))).toBeUndefined();
  });
});

describe('SpectralNormalization', () => {
  it('in a model, brings the kernel to a largest singular value near 1 at each step', async () => {
    const inner = new layers.Dense(3, { useBias: false });
    const layer = new layers.SpectralNormalization(inner, { powerIterations: 30 });
    const model = new Sequential([layer]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const x = tensor([
      [1, 2],
      [3, 5],
      [-1, 4],
    ]);
    await model.fit(
      x,
      ops.multiply(x, 0).matmul([
        [0, 0, 0],
        [0, 0, 0],
      ]),
      {
        epochs: 3,
        batchSize: 3,
        verbose: 0,
      },
    );
    inner.kernel.assign([
      [3, 0, 0],
      [0, 2, 0],
    ]);
    layer.apply(x, { training: true });
    expectNumbers('kernel', await inner.kernel.value.data(), [1, 0, 0, 0, 2 / 3, 0], {
      absolute: 1e-4,
    });
  });
});
