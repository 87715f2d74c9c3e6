// Every loss against what Keras 3 on TensorFlow computed (scripts/goldens/loss_catalogue.py): values and
// gradients, with weights, masks and each reduction.
import { describe, expect, it } from 'vitest';
import { activations, grad, ops, type Tensor } from '../../lib/index.js';
import { toCamelCase } from '../../lib/util/registry.js';
import {
  expectTensor,
  type GoldenArray,
  type KerasConfig,
  type KerasObject,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import { loadLoss } from '../support/golden-load.js';

interface LossCase extends KerasObject {
  readonly label: string;
  /** What the loss was made with; Keras's configs leave some of it out. */
  readonly options: KerasConfig;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight?: GoldenArray;
  readonly mask?: GoldenArray;
  readonly activation?: string;
  readonly c: GoldenArray;
  readonly value: GoldenArray;
  readonly gradient: GoldenArray;
  /** What Keras's float32 is off its own float64 by, value and gradient, where that is much. */
  readonly differences?: readonly [number, number];
}

const cases = readGoldens<LossCase>('loss_catalogue');
const optional = (golden: GoldenArray | undefined) => golden && tensorOf(golden);

describe('losses of the catalogue', () => {
  it.each(cases)('$class_name $label $options', async (golden) => {
    const config = { ...golden.config, ...golden.options };
    const loss = loadLoss({ class_name: golden.class_name, config });
    const f = activations.get(golden.activation ?? 'linear');
    const yTrue = tensorOf(golden.y_true);
    const [weight, mask] = [golden.sample_weight, golden.mask].map(optional);
    const value = (x: Tensor): Tensor => loss.apply(yTrue, f(x), weight, mask);
    const [ofValue, ofGradient] = (golden.differences ?? [0, 0]).map((difference) => ({
      absolute: Math.max(8 * difference, 1e-6),
    }));
    await expectTensor('value', value(tensorOf(golden.y_pred)), golden.value, ofValue);
    const c = tensorOf(golden.c);
    const total = (x: Tensor): Tensor => ops.sum(ops.multiply(value(x), c));
    await expectTensor(
      'gradient',
      grad(total)(tensorOf(golden.y_pred)),
      golden.gradient,
      ofGradient,
    );
  });

  it.each(cases.filter(({ label }) => label === '[3, 4]'))(
    '$class_name $options gives its config back',
    ({ class_name, config, options }) => {
      const { reduction, ...rest } = config;
      const made = loadLoss({ class_name, config: { ...config, ...options } }).getConfig();
      expect(made).toMatchObject({ ...rest, reduction: reduction ?? 'none' });
      const known = new Set([...Object.keys(config), ...Object.keys(options)].map(toCamelCase));
      expect(Object.keys(made).filter((key) => !known.has(toCamelCase(key)))).toEqual([]);
    },
  );
});
