// What metrics refuse, and what they say then; names, aliases and functions.
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError, StateError, type Tensor, tensor } from '../../lib/index.js';
import * as losses from '../../lib/losses/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { expectTensor } from '../support/close.js';

const zeros = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });

describe('options of metrics', () => {
  it.each([
    [
      () => new metrics.AUC({ numThresholds: 1 }),
      'AUC: numThresholds must be a whole number of at least 2, got 1.',
    ],
    [
      () => new metrics.AUC({ thresholds: [0.5, 1.5] }),
      'AUC: thresholds must lie between 0 and 1, got 1.5.',
    ],
    [() => new metrics.AUC({ curve: 'RCO' }), 'AUC: unknown curve "RCO". Known: ROC, PR, PRGAIN.'],
    [
      () => new metrics.AUC({ summationMethod: 'simpson' }),
      'AUC: unknown summationMethod "simpson".',
    ],
    [() => new metrics.AUC({ numLabels: 2 }), 'AUC: numLabels needs multiLabel: true.'],
    [
      () => new metrics.Precision({ thresholds: -0.1 }),
      'Precision: thresholds must lie between 0 and 1, got -0.1.',
    ],
    [
      () => new metrics.Recall({ thresholds: [] }),
      'Recall: thresholds must lie between 0 and 1, got none.',
    ],
    [
      () => new metrics.Precision({ topK: 0 }),
      'Precision: topK must be a whole number of at least 1, got 0.',
    ],
    [
      () => new metrics.Recall({ classId: -1 }),
      'Recall: classId must be a whole number of at least 0, got -1.',
    ],
    [
      () => new metrics.PrecisionAtRecall({ recall: 2 }),
      'PrecisionAtRecall: recall must be a number at least 0 and at most 1, got 2.',
    ],
    [
      () => new metrics.SensitivityAtSpecificity({ specificity: 0.5, numThresholds: 0 }),
      'numThresholds must be a whole number of at least 1, got 0.',
    ],
    [
      () => new metrics.F1Score({ average: 'mean' }),
      'F1Score: unknown average "mean". Known: micro, macro, weighted.',
    ],
    [
      () => new metrics.F1Score({ threshold: 0 }),
      'F1Score: threshold must be above 0 and at most 1, got 0.',
    ],
    [
      () => new metrics.FBetaScore({ beta: 0 }),
      'FBetaScore: beta must be a number above 0, got 0.',
    ],
    [
      () => new metrics.IoU({ numClasses: 2, targetClassIds: [2] }),
      'IoU: targetClassIds must name some of the classes 0 … 1, got 2.',
    ],
    [
      () => new metrics.MeanIoU({ numClasses: 0 }),
      'MeanIoU: numClasses must be a whole number of at least 1, got 0.',
    ],
    [
      () => new metrics.R2Score({ classAggregation: 'sum' }),
      'R2Score: unknown classAggregation "sum".',
    ],
    [
      () => new metrics.R2Score({ numRegressors: -1 }),
      'R2Score: numRegressors must be a whole number of at least 0',
    ],
    [
      () => new metrics.TopKCategoricalAccuracy({ k: 0 }),
      'TopKCategoricalAccuracy: k must be a whole number of at least 1, got 0.',
    ],
    [() => metrics.F1Score.fromConfig({ beta: 2 }), 'F1Score: unknown option "beta".'],
  ])('%#', (make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});

describe('shapes of metrics', () => {
  const update = (metric: metrics.Metric, t: Tensor, p: Tensor, w?: Tensor) => () =>
    metric.updateState(t, p, w);

  it.each([
    [
      update(new metrics.F1Score(), zeros(4), zeros(4)),
      'f1_score: expected targets and predictions [batch, classes], got [4] and [4].',
    ],
    [
      update(new metrics.F1Score(), zeros(4, 2), zeros(4, 2), zeros(3)),
      'f1_score: expected one weight for each of 4 samples, got [3].',
    ],
    [
      update(new metrics.R2Score(), zeros(4), zeros(4)),
      'r2_score: expected targets and predictions [batch, outputs], got [4] and [4].',
    ],
    [
      update(new metrics.AUC({ multiLabel: true }), zeros(4), zeros(4)),
      'auc: expected predictions [batch, labels], got [4].',
    ],
    [
      update(new metrics.AUC({ multiLabel: true, numLabels: 3 }), zeros(4, 2), zeros(4, 2)),
      'auc: expected predictions [batch, 3], got [4, 2].',
    ],
    [
      update(new metrics.AUC({ labelWeights: [1, 2] }), zeros(4, 3), zeros(4, 3)),
      'auc: expected predictions [batch, 2], got [4, 3].',
    ],
    [
      update(new metrics.Precision(), zeros(4, 2), zeros(4, 3)),
      'precision: targets [4, 2] and predictions [4, 3] differ.',
    ],
    [
      update(new metrics.Precision({ topK: 4 }), zeros(4, 3), zeros(4, 3)),
      'precision: topK 4 needs predictions [batch, classes] with at least 4 classes, got [4, 3].',
    ],
    [
      update(new metrics.Recall({ classId: 3 }), zeros(4, 3), zeros(4, 3)),
      'recall: classId 3 needs predictions [batch, classes] with more than 3 classes, got [4, 3].',
    ],
    [
      update(new metrics.Recall(), zeros(4, 3), zeros(4, 3), zeros(3)),
      'recall: weights [3] do not fit predictions [4, 3].',
    ],
    [
      update(new metrics.MeanSquaredError(), zeros(4, 3), zeros(4, 3), zeros(3)),
      'mean_squared_error: weights [3] do not fit values [4].',
    ],
    [
      update(new metrics.SparseCategoricalAccuracy(), zeros(4, 3), zeros(4, 3)),
      'need labels [4], got [4, 3]. For one-hot targets use categorical_accuracy.',
    ],
    [
      update(new metrics.TopKCategoricalAccuracy(), zeros(4), zeros(4, 3)),
      'need one-hot targets [4, 3], got [4].',
    ],
    [update(new metrics.MeanIoU({ numClasses: 2 }), zeros(4), zeros(3)), 'have 4 and 3 labels.'],
  ])('%#', (call, message) => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  });

  it('an area over labels that no batch has told of', () => {
    expect(() => new metrics.AUC({ multiLabel: true }).result()).toThrow(StateError);
  });
});

const context = { loss: undefined, trueShape: [4, 3], predShape: [4, 3] };

describe('names of metrics', () => {
  it.each([
    ['mse', 'MeanSquaredError'],
    ['MAPE', 'MeanAbsolutePercentageError'],
    ['auc', 'AUC'],
    ['precision', 'Precision'],
    ['true_positives', 'TruePositives'],
    ['log_cosh_error', 'LogCoshError'],
    ['KLDivergence', 'KLDivergence'],
    ['kld', 'KLDivergence'],
    ['f1_score', 'F1Score'],
    ['fbeta_score', 'FBetaScore'],
    ['binary_io_u', 'BinaryIoU'],
    ['cosineSimilarity', 'CosineSimilarity'],
    ['huber', 'MeanMetricWrapper'],
    ['logcosh', 'MeanMetricWrapper'],
  ])('%s is %s and keeps its name', (name, className) => {
    const metric = metrics.get(name, context);
    expect([metric.constructor.name, metric.name]).toEqual([className, name]);
  });

  it('functions of ours have their names in Keras', () => {
    expect(metrics.get(losses.meanSquaredError, context).name).toBe('mean_squared_error');
    expect(metrics.get(metrics.topKCategoricalAccuracy, context).name).toBe(
      'top_k_categorical_accuracy',
    );
  });

  it('the cosine is positive as a metric, negative as a loss', () => {
    const y = tensor([[1, 0]]);
    const metric = metrics.get('cosine_similarity', context);
    metric.updateState(y, y);
    expectTensor(metric.result(), [], [1]);
    expectTensor(losses.cosineSimilarity(y, y), [1], [-1]);
  });

  it('a wrapped function comes back from its config, with its options', () => {
    const metric = new metrics.MeanMetricWrapper(losses.huber, { name: 'h' }, { delta: 2 });
    const config = JSON.parse(JSON.stringify(metric.getConfig()));
    expect(config).toMatchObject({ name: 'h', delta: 2, fn: { config: 'huber' } });
    const again = metrics.MeanMetricWrapper.fromConfig(config);
    again.updateState(tensor([[0], [0]]), tensor([[3], [1]]));
    expectTensor(again.result(), [], [(2 * 3 - 2 + 0.5) / 2]);
  });
});
