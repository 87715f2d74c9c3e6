// One or more metrics of every class, with options that differ from the defaults.
import * as metrics from '../../../lib/metrics/index.js';

export const metricExamples: Readonly<Record<string, readonly metrics.Metric[]>> = {
  Mean: [new metrics.Mean({ name: 'average' })],
  Accuracy: [new metrics.Accuracy()],
  BinaryAccuracy: [new metrics.BinaryAccuracy({ threshold: 0.75, name: 'sure' })],
  CategoricalAccuracy: [new metrics.CategoricalAccuracy()],
  SparseCategoricalAccuracy: [new metrics.SparseCategoricalAccuracy()],
  MeanSquaredError: [new metrics.MeanSquaredError()],
  MeanAbsoluteError: [new metrics.MeanAbsoluteError({ name: 'distance' })],
};
