// Every metric against what Keras 3 on TensorFlow computed (scripts/goldens/metric_catalogue.py): the
// result after each batch, run op by op and as a program, and after a reset.
import { describe, expect, it } from 'vitest';
import { compile, type Tensor } from '../../lib/index.js';
import * as metrics from '../../lib/metrics/index.js';
import { setMask } from '../../lib/tensor/mask.js';
import { toCamelCase } from '../../lib/util/registry.js';
import {
  expectTensor,
  type GoldenArray,
  type KerasConfig,
  type KerasObject,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import { loadMetric } from '../support/golden-load.js';

interface Batch {
  readonly values?: GoldenArray;
  readonly y_true?: GoldenArray;
  readonly y_pred?: GoldenArray;
  readonly sample_weight?: GoldenArray;
  readonly mask?: GoldenArray;
  readonly result: GoldenArray;
}

interface MetricCase extends KerasObject {
  readonly label: string;
  /** What the metric was made with; Keras's configs leave some of it out. */
  readonly options: KerasConfig;
  readonly batches: readonly Batch[];
  readonly reset: GoldenArray;
}

const cases = ['metric_means', 'metric_confusion', 'metric_areas'].flatMap((family) =>
  readGoldens<MetricCase>(family),
);
const optional = (golden: GoldenArray | undefined) => golden && tensorOf(golden);

const made = ({ class_name, config, options }: MetricCase): metrics.Metric =>
  loadMetric({ class_name, config: { ...config, ...options } });

/** Takes a batch in: one tensor after the other, as far as there are any. */
function update(metric: metrics.Metric, batch: (Tensor | undefined)[], values: boolean): Tensor {
  const [first, second, weight, mask] = batch;
  if (!first) throw new Error('a batch has values or targets');
  if (values && (metric instanceof metrics.Mean || metric instanceof metrics.Sum)) {
    metric.updateState(first, weight);
  } else if (second) {
    setMask(second, mask);
    metric.updateState(first, second, weight);
  }
  return metric.result();
}

const tensorsOf = (b: Batch): (Tensor | undefined)[] =>
  [b.values ?? b.y_true, b.y_pred, b.sample_weight, b.mask].map(optional);

describe('metrics of the catalogue', () => {
  it.each(cases)('$class_name $label $options', async (golden) => {
    const lazy = made(golden);
    const traced = made(golden);
    const step = compile((...batch: (Tensor | undefined)[]) =>
      update(traced, batch, golden.batches[0].values !== undefined),
    );
    for (const [i, batch] of golden.batches.entries()) {
      const result = update(lazy, tensorsOf(batch), batch.values !== undefined);
      await expectTensor(`result ${i}`, result, batch.result);
      await expectTensor(`program's result ${i}`, step(...tensorsOf(batch)), batch.result);
    }
    lazy.resetState();
    await expectTensor('reset', lazy.result(), golden.reset);
  });

  it.each(cases)('$class_name $label $options gives its config back', (golden) => {
    const config = made(golden).getConfig();
    expect(config).toMatchObject(golden.config);
    const known = [...Object.keys(golden.config), ...Object.keys(golden.options)];
    const names = new Set(known.map(toCamelCase));
    expect(Object.keys(config).filter((key) => !names.has(toCamelCase(key)))).toEqual([]);
  });
});
