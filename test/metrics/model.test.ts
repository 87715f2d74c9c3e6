// Metrics in training: state that is made in the first step, begun anew each epoch, and exact over many
// batches; whole-number and byte targets.
import { describe, expect, it } from 'vitest';
import { compile } from '../../lib/index.js';
import { Activation } from '../../lib/layers/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { Sequential } from '../../lib/models/sequential.js';
import { tensor } from '../../lib/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { quiet } from '../support/models.js';
import { seeded } from '../support/random.js';

const rows = 1000;
const random = seeded(3);
const scores = Float32Array.from(random.uniforms(rows * 3, 0, 1));
const labels = Uint8Array.from(random.integers(rows * 3, 0, 2));
const x = tensor(scores, { shape: [rows, 3] });
const y = tensor(labels, { shape: [rows, 3] });

/** True and false positives and negatives above a threshold, of all values or of one column. */
function count(threshold: number, column?: number) {
  const counts = { tp: 0, fp: 0, tn: 0, fn: 0 };
  for (const [i, score] of scores.entries()) {
    if (column !== undefined && i % 3 !== column) continue;
    const positive = score > threshold;
    if (labels[i]) counts[positive ? 'tp' : 'fn']++;
    else counts[positive ? 'fp' : 'tn']++;
  }
  return counts;
}

/** A model that only passes its input through. */
function passing(made: metrics.Metric[]): Sequential {
  const model = new Sequential([new Activation('linear')]);
  model.compile({ optimizer: 'sgd', loss: 'binary_crossentropy', metrics: made });
  return model;
}

describe('metrics in a model', () => {
  it('count exactly, over batches and a rest, from bytes', async () => {
    const model = passing([
      new metrics.TruePositives(),
      new metrics.FalsePositives({ thresholds: 0.25 }),
      new metrics.Precision({ classId: 1 }),
      new metrics.F1Score({ average: 'macro', threshold: 0.5 }),
      new metrics.MeanIoU({ numClasses: 2 }),
      new metrics.R2Score(),
    ]);
    const all = count(0.5);
    const second = count(0.5, 1);
    const f1 = [0, 1, 2].map((column) => {
      const { tp, fp, fn } = count(0.5, column);
      return (2 * tp) / (2 * tp + fp + fn);
    });
    for (const batchSize of [7, 32, 1000]) {
      const logs = await model.evaluate(x, y, { ...quiet, batchSize });
      expect(logs.true_positives).toBe(all.tp);
      expect(logs.false_positives).toBe(count(0.25).fp);
      expect(logs.precision).toBe(Math.fround(second.tp / (second.tp + second.fp)));
      expectClose([logs.f1_score], [(f1[0] + f1[1] + f1[2]) / 3]);
      expect(Number.isFinite(logs.r2_score)).toBe(true);
    }
  });

  it('begin anew each epoch, also those that made their state in the first step', async () => {
    const model = passing([new metrics.F1Score({ average: 'micro' }), new metrics.AUC()]);
    const { history } = await model.fit(x, y, { ...quiet, epochs: 3, batchSize: 100 });
    for (const name of ['f1_score', 'auc']) {
      expect(new Set(history[name]).size, name).toBe(1);
      expect(history[name][0]).toBeGreaterThan(0);
    }
  });

  it('an area per label is made in a program as it is outside', () => {
    const outside = new metrics.AUC({ multiLabel: true, curve: 'PR' });
    outside.updateState(y, x);
    const inside = new metrics.AUC({ multiLabel: true, curve: 'PR' });
    const step = compile((t: typeof y, p: typeof x) => {
      inside.updateState(t, p);
      return inside.result();
    });
    for (const half of [0, 500]) step(y.slice(half, half + 500), x.slice(half, half + 500));
    expectClose(inside.result().dataSync(), outside.result().dataSync());
    expect(inside.variables.map((v) => v.path)).toEqual([
      'auc/true_positives',
      'auc/false_positives',
      'auc/true_negatives',
      'auc/false_negatives',
    ]);
    inside.resetState();
    for (const { value } of inside.variables) expect(Math.max(...value.dataSync())).toBe(0);
  });

  it('buckets and comparisons count alike', () => {
    const even = Array.from({ length: 11 }, (_, i) => i / 10);
    const bucketed = new metrics.FalseNegatives({ thresholds: even });
    bucketed.updateState(y, x);
    expect(Array.from(bucketed.result().dataSync())).toEqual(even.map((t) => count(t).fn));
    const uneven = [0.05, 0.5, 0.51, 0.9];
    const compared = new metrics.TrueNegatives({ thresholds: uneven });
    compared.updateState(y, x);
    expect(Array.from(compared.result().dataSync())).toEqual(uneven.map((t) => count(t).tn));
  });

  it('a prediction that is no number harms no other', () => {
    const metric = new metrics.TruePositives({ thresholds: [0, 0.5, 1] });
    metric.updateState(tensor([1, 1]), tensor([Number.NaN, 0.7]));
    expect(metric.result().dataSync()[1]).toBe(1);
  });
});
