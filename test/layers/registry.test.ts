// Reflection: every class that is exported and has a config is registered, and comes back from its
// config as it was; an exported class without an example fails.
import { describe, expect, it } from 'vitest';
import * as constraints from '../../lib/constraints/index.js';
import * as initializers from '../../lib/initializers/index.js';
import * as layers from '../../lib/layers/index.js';
import { layers as layerRegistry } from '../../lib/layers/layer.js';
import { type Structure, tensorsOf } from '../../lib/layers/structure.js';
import * as losses from '../../lib/losses/index.js';
import { losses as lossRegistry } from '../../lib/losses/loss.js';
import * as metrics from '../../lib/metrics/index.js';
import { metrics as metricRegistry } from '../../lib/metrics/metric.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import * as optimizers from '../../lib/optimizers/index.js';
import { optimizers as optimizerRegistry } from '../../lib/optimizers/optimizer.js';
import * as regularizers from '../../lib/regularizers/index.js';
import * as schedules from '../../lib/schedules/index.js';
import { type Shape, sizeOf } from '../../lib/tensor/shape.js';
import { Tensor, tensor } from '../../lib/tensor/tensor.js';
import '../../lib/ops/methods.js';
import { constraintExamples } from '../support/examples/constraints.js';
import { initializerExamples } from '../support/examples/initializers.js';
import { layerExamples } from '../support/examples/layers.js';
import { lossExamples } from '../support/examples/losses.js';
import { metricExamples } from '../support/examples/metrics.js';
import { optimizerExamples } from '../support/examples/optimizers.js';
import { regularizerExamples } from '../support/examples/regularizers.js';
import { scheduleExamples } from '../support/examples/schedules.js';
import { seeded } from '../support/random.js';

interface Configurable {
  getConfig(): Record<string, unknown>;
}

/** The names of the classes of a namespace that extend `base`, without the bases of others. */
function classesOf(namespace: object, base: object, abstract: readonly string[] = []): string[] {
  return Object.entries(namespace).flatMap(([name, value]) => {
    const extending =
      typeof value === 'function' &&
      Object.prototype.isPrototypeOf.call(base, Object(value.prototype));
    return extending && !abstract.includes(name) ? [name] : [];
  });
}

const kinds: [
  string,
  string[],
  Readonly<Record<string, readonly Configurable[]>>,
  (name: string, config: Record<string, unknown>) => Configurable,
][] = [
  [
    'layer',
    classesOf(layers, layers.Layer.prototype),
    Object.fromEntries(
      Object.entries(layerExamples).map(([name, list]) => [name, list.map((e) => e.layer())]),
    ),
    (name, config) => layerRegistry.get(name).fromConfig(config),
  ],
  [
    'loss',
    classesOf(losses, losses.Loss.prototype),
    lossExamples,
    (name, config) => lossRegistry.get(name).Class.fromConfig(config),
  ],
  [
    'metric',
    classesOf(metrics, metrics.Metric.prototype, ['MeanMetricWrapper']),
    metricExamples,
    (name, config) => metricRegistry.get(name).fromConfig(config),
  ],
  [
    'optimizer',
    classesOf(optimizers, optimizers.Optimizer.prototype),
    optimizerExamples,
    (name, config) => optimizerRegistry.get(name).fromConfig(config),
  ],
  [
    'schedule',
    classesOf(schedules, schedules.LearningRateSchedule.prototype),
    scheduleExamples,
    (name, config) => schedules.schedules.get(name).fromConfig(config),
  ],
  [
    'initializer',
    classesOf(initializers, initializers.Initializer.prototype),
    initializerExamples,
    (name, config) => initializers.initializers.get(name).fromConfig(config),
  ],
  [
    'regularizer',
    classesOf(regularizers, regularizers.Regularizer.prototype),
    regularizerExamples,
    (name, config) => regularizers.regularizers.get(name).fromConfig(config),
  ],
  [
    'constraint',
    classesOf(constraints, constraints.Constraint.prototype),
    constraintExamples,
    (name, config) => constraints.constraints.get(name).fromConfig(config),
  ],
];

const throughJson = (config: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(config));

describe.each(kinds)('every %s', (_, exported, examples, fromConfig) => {
  it('has an example, and every example a class', () => {
    expect(exported.length).toBeGreaterThan(0);
    expect(Object.keys(examples).toSorted()).toEqual(exported.toSorted());
  });

  it.each(exported)('%s comes back from its config', (name) => {
    for (const example of examples[name] ?? []) {
      const config = throughJson(example.getConfig());
      const again = fromConfig(name, config);
      expect(again.constructor).toBe(example.constructor);
      expect(throughJson(again.getConfig())).toEqual(config);
      for (const key of Object.keys(config)) expect(key).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });
});

const isShape = (shape: Shape | readonly Shape[]): shape is Shape =>
  shape.every((d) => typeof d === 'number');

const inputOf = (shape: Shape, seed: number) =>
  tensor(Float32Array.from(seeded(seed).uniforms(sizeOf(shape))), { shape });

/** Inputs for a layer of one tensor, or of several. */
const inputsOf = (shape: Shape | readonly Shape[]): Structure =>
  isShape(shape) ? inputOf(shape, 3) : shape.map((one, i) => inputOf(one, 3 + i));

const cases = Object.entries(layerExamples).flatMap(([name, list]) =>
  list
    .filter((example) => !example.outside)
    .map((example, i) => [`${name} ${i}`, example] as const),
);

describe.each(cases)('layer %s', (_, { layer: make, shape }) => {
  const x = inputsOf(shape);

  it.each([false, true])('computes the same after its config, training: %s', (training) => {
    setRandomSeed(1);
    const layer = make();
    layer.apply(x);
    const weights = layer.weights.map((weight) => weight.value);
    const expected = layer.apply(x, { training });
    const again = layerRegistry
      .get(layer.constructor.name)
      .fromConfig(throughJson(layer.getConfig()));
    again.apply(x);
    for (const [i, weight] of again.weights.entries()) weight.assign(weights[i]);
    const [actual, wanted] = [again.apply(x, { training }), expected].map(tensorsOf);
    expect(actual.map((t) => t.shape)).toEqual(wanted.map((t) => t.shape));
    expect(actual[0].shape[0]).toBe(tensorsOf(x)[0].shape[0]);
    expect([again.name, again.trainable]).toEqual([layer.name, layer.trainable]);
    expect(again.weights.map((w) => w.path)).toEqual(layer.weights.map((w) => w.path));
    expect(again.trainableVariables.length).toBe(layer.trainableVariables.length);
    const seededDraws = !training || layer.getConfig().seed !== null;
    if (!seededDraws) return;
    expect(actual.map((t) => t.dataSync())).toEqual(wanted.map((t) => t.dataSync()));
  });

  it.runIf(x instanceof Tensor)('runs in a model, alone and for any batch', async () => {
    if (!(x instanceof Tensor)) return;
    const { Sequential } = await import('../../lib/models/sequential.js');
    const model = new Sequential([make()]);
    const whole = await model.predict(x);
    expect(model.predictSync(x.slice(0, 1)).dataSync()).toEqual(whole.slice(0, 1).dataSync());
    const restored = Sequential.fromConfig(throughJson(model.getConfig()));
    expect(throughJson(restored.getConfig())).toEqual(throughJson(model.getConfig()));
    if (model.built) restored.setWeights(await model.getWeights());
    expect(restored.predictSync(x).dataSync()).toEqual(whole.dataSync());
  });
});
