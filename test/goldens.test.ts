// Our layers, losses, metrics, optimizers and whole training runs against what Keras 3 on TensorFlow
// computed (scripts/goldens.py). Keras is right: a difference is a mistake of ours.
import { describe, expect, it } from 'vitest';
import {
  activations,
  callbacks,
  grad,
  metrics,
  ops,
  Sequential,
  type Tensor,
  tensor,
  valueAndGrad,
} from '../lib/index.js';
import { Activation } from '../lib/layers/index.js';
import {
  afterTraining,
  expectNumbers,
  expectTensor,
  type GoldenArray,
  type KerasObject,
  type MeasuredArray,
  numbers,
  readGoldens,
  tensorOf,
} from './support/golden.js';
import {
  loadLayer,
  loadLoss,
  loadMetric,
  loadOptimizer,
  named,
  portable,
} from './support/golden-load.js';

const optionalTensor = (golden: GoldenArray | undefined): Tensor | undefined =>
  golden && tensorOf(golden);

/** Σ y·c: the scalar whose gradient the goldens hold. */
const weightedSum = (y: Tensor, c: Tensor): Tensor => ops.sum(ops.multiply(y, c));

interface LossCase extends KerasObject {
  readonly label: string;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight?: GoldenArray;
  readonly activation?: string;
  readonly c: GoldenArray;
  readonly value: GoldenArray;
  readonly gradient: GoldenArray;
}

describe('losses', () => {
  it.each(readGoldens<LossCase>('losses'))('$class_name $label $config', async (golden) => {
    const loss = loadLoss(golden);
    const f = activations.get(golden.activation ?? 'linear');
    const yTrue = tensorOf(golden.y_true);
    const weight = optionalTensor(golden.sample_weight);
    const value = (x: Tensor): Tensor => loss.apply(yTrue, f(x), weight);
    await expectTensor('value', value(tensorOf(golden.y_pred)), golden.value);
    const c = tensorOf(golden.c);
    const dx = grad((x: Tensor) => weightedSum(value(x), c))(tensorOf(golden.y_pred));
    await expectTensor('gradient', dx, golden.gradient);
  });

  it.each(readGoldens<LossCase>('losses').filter((golden) => golden.label.startsWith('mean,')))(
    '$class_name gives its config back',
    (golden) => {
      expect(loadLoss(golden).getConfig()).toEqual(golden.config);
    },
  );
});

interface MetricBatch {
  readonly values?: GoldenArray;
  readonly y_true?: GoldenArray;
  readonly y_pred?: GoldenArray;
  readonly sample_weight?: GoldenArray;
  readonly result: number;
}

interface UpdatesCase extends KerasObject {
  readonly kind: 'updates';
  readonly label: string;
  readonly batches: readonly MetricBatch[];
  readonly reset: number;
}

interface CompiledCase {
  readonly kind: 'compiled';
  readonly label: string;
  readonly loss: string;
  readonly metrics: readonly string[];
  readonly weighted_metrics?: readonly string[];
  readonly sample_weight?: GoldenArray;
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly batch_size: number;
  readonly names: readonly string[];
  readonly logs: Readonly<Record<string, number>>;
}

const metricCases = readGoldens<UpdatesCase | CompiledCase>('metrics');

describe('metrics', () => {
  it.each(metricCases.filter((golden) => golden.kind === 'updates'))(
    '$class_name $label',
    async (golden) => {
      const metric = loadMetric(golden);
      for (const [i, batch] of golden.batches.entries()) {
        const weight = optionalTensor(batch.sample_weight);
        if (batch.values && metric instanceof metrics.Mean) {
          metric.updateState(tensorOf(batch.values), weight);
        } else if (batch.y_true && batch.y_pred) {
          metric.updateState(tensorOf(batch.y_true), tensorOf(batch.y_pred), weight);
        }
        expectNumbers(`result ${i}`, await metric.result().data(), [batch.result]);
      }
      metric.resetState();
      expectNumbers('reset', await metric.result().data(), [golden.reset]);
    },
  );

  it.each(metricCases.filter((golden) => golden.kind === 'compiled'))(
    'compile: $label',
    async (golden) => {
      const model = new Sequential([new Activation('linear')]);
      model.compile({
        optimizer: 'sgd',
        loss: golden.loss,
        metrics: [...golden.metrics],
        weightedMetrics: [...(golden.weighted_metrics ?? [])],
      });
      const logs = await model.evaluate(tensorOf(golden.x), tensorOf(golden.y), {
        batchSize: golden.batch_size,
        sampleWeight: optionalTensor(golden.sample_weight),
        verbose: 0,
      });
      expect(Object.keys(logs).sort()).toEqual([...golden.names].sort());
      for (const name of golden.names) expectNumbers(name, [logs[name]], [golden.logs[name]]);
    },
  );
});

interface LayerCase extends KerasObject {
  readonly label: string;
  readonly x: GoldenArray;
  readonly weights: readonly GoldenArray[];
  readonly y: GoldenArray;
  readonly c: GoldenArray;
  readonly count_params: number;
  readonly gradients: readonly GoldenArray[];
}

describe('layers', () => {
  const cases = readGoldens<LayerCase>('layers');

  it.each(cases)('$class_name $label', async (golden) => {
    const x = tensorOf(golden.x);
    const model = new Sequential([loadLayer(golden)]);
    model.build([null, ...x.shape.slice(1)]);
    expect(model.countParams()).toBe(golden.count_params);
    await model.setWeights(golden.weights.map(tensorOf));
    await expectTensor('apply', model.apply(x), golden.y);
    // To a model a plain list of numbers is one feature each, so predict has no rank-1 batches.
    const predicted = x.rank === 1 ? model.apply(x) : await model.predict(x);
    if (Array.isArray(predicted)) expect.fail('one output was expected');
    else await expectTensor('predict', predicted, golden.y);
    const c = tensorOf(golden.c);
    const { grads } = valueAndGrad(() => weightedSum(model.apply(x), c), model.trainableVariables);
    for (const [i, g] of grads.entries()) {
      await expectTensor(`gradient ${i}`, g, golden.gradients[i]);
    }
    if (golden.gradients.length === grads.length) return;
    const dx = grad((v: Tensor) => weightedSum(model.apply(v), c))(x);
    await expectTensor('gradient of x', dx, golden.gradients[grads.length]);
  });

  it.each(cases)('$class_name $label gives its config back', (golden) => {
    expect(portable(loadLayer(golden).getConfig())).toEqual(portable(golden.config));
  });
});

interface TrainingCase {
  readonly name: string;
  readonly input_shape: readonly number[];
  readonly layers: readonly KerasObject[];
  readonly compile: {
    readonly optimizer: string | KerasObject;
    readonly loss: string | KerasObject;
    readonly metrics?: readonly string[];
    readonly weighted_metrics?: readonly string[];
  };
  readonly fit: {
    readonly batch_size: number;
    readonly epochs: number;
    readonly validation_split?: number;
    readonly class_weight?: Readonly<Record<string, number>>;
  };
  readonly data: Readonly<Record<string, GoldenArray>>;
  readonly initial_weights: readonly GoldenArray[];
  readonly history_names: readonly string[];
  readonly history: Readonly<Record<string, MeasuredArray>>;
  readonly running_losses: MeasuredArray;
  readonly weights: readonly MeasuredArray[];
  readonly evaluate_names: readonly string[];
  readonly evaluate: Readonly<
    Record<string, { readonly value: number; readonly difference: number }>
  >;
  readonly predict: MeasuredArray;
}

/** Keeps the `loss` of each batch's logs: in Keras the mean over the epoch so far. */
class RunningLosses extends callbacks.Callback {
  readonly losses: number[] = [];
  override onTrainBatchEnd(_step: number, logs: Readonly<Record<string, number>>): void {
    this.losses.push(logs.loss);
  }
}

async function builtModel(golden: TrainingCase): Promise<Sequential> {
  const model = new Sequential(golden.layers.map(loadLayer));
  model.build([null, ...golden.input_shape]);
  await model.setWeights(golden.initial_weights.map(tensorOf));
  model.compile({
    optimizer: named(golden.compile.optimizer, loadOptimizer),
    loss: named(golden.compile.loss, loadLoss),
    metrics: [...(golden.compile.metrics ?? [])],
    weightedMetrics: [...(golden.compile.weighted_metrics ?? [])],
  });
  return model;
}

function validationData({ data }: TrainingCase): [Tensor, Tensor, Tensor?] | undefined {
  if (!data.validation_x) return undefined;
  const pair: [Tensor, Tensor] = [tensorOf(data.validation_x), tensorOf(data.validation_y)];
  const weight = optionalTensor(data.validation_sample_weight);
  return weight ? [...pair, weight] : pair;
}

describe('training', () => {
  const cases = readGoldens<TrainingCase>('training');

  it.each(cases)('$name', async (golden) => {
    const model = await builtModel(golden);
    const x = tensorOf(golden.data.x);
    const y = tensorOf(golden.data.y);
    const sampleWeight = optionalTensor(golden.data.sample_weight);
    const { history } = await model.fit(x, y, {
      batchSize: golden.fit.batch_size,
      epochs: golden.fit.epochs,
      validationSplit: golden.fit.validation_split,
      validationData: validationData(golden),
      classWeight: golden.fit.class_weight,
      sampleWeight,
      shuffle: false,
      verbose: 0,
    });
    expect(Object.keys(history).sort()).toEqual([...golden.history_names].sort());
    for (const [name, expected] of Object.entries(golden.history)) {
      expectNumbers(name, history[name], numbers(expected), afterTraining(expected.difference));
    }
    const weights = await model.getWeights();
    expect(weights.length).toBe(golden.weights.length);
    for (const [i, expected] of golden.weights.entries()) {
      await expectTensor(`weight ${i}`, weights[i], expected, afterTraining(expected.difference));
    }
    const evaluated = await model.evaluate(x, y, { batchSize: 9, sampleWeight, verbose: 0 });
    expect(Object.keys(evaluated).sort()).toEqual([...golden.evaluate_names].sort());
    for (const [name, { value, difference }] of Object.entries(golden.evaluate)) {
      expectNumbers(`evaluate ${name}`, [evaluated[name]], [value], afterTraining(difference));
    }
    const predicted = await model.predict(x, { batchSize: 11 });
    if (Array.isArray(predicted)) expect.fail('one output was expected');
    else
      await expectTensor(
        'predict',
        predicted,
        golden.predict,
        afterTraining(golden.predict.difference),
      );
  });

  it.each(cases.slice(0, 3))('running losses in batch logs: $name', async (golden) => {
    const model = await builtModel(golden);
    const running = new RunningLosses();
    await model.fit(tensorOf(golden.data.x), tensorOf(golden.data.y), {
      batchSize: golden.fit.batch_size,
      epochs: golden.fit.epochs,
      validationSplit: golden.fit.validation_split,
      shuffle: false,
      verbose: 0,
      callbacks: [running],
    });
    const { difference } = golden.running_losses;
    expectNumbers(
      'loss',
      running.losses,
      numbers(golden.running_losses),
      afterTraining(difference),
    );
  });
});

it('the float32 numbers of goldens survive JSON', () => {
  const golden: GoldenArray = { shape: [2], dtype: 'float32', values: [0.1, 1.1920929e-7] };
  expect(Array.from(numbers(golden))).toEqual([Math.fround(0.1), 2 ** -23]);
  expect(tensor(numbers(golden)).shape).toEqual([2]);
});
