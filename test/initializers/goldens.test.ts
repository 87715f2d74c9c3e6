// Initializers against Keras 3 (scripts/goldens/initializers.py): values of those that draw nothing, and
// for the others the distribution that Keras draws from.
import { describe, expect, it } from 'vitest';
import { initializers } from '../../lib/index.js';
import {
  expectNumbers,
  type GoldenArray,
  type KerasObject,
  numbers,
  readGoldens,
} from '../support/golden.js';
import { loadInitializer, portable } from '../support/golden-load.js';

interface InitializerCase extends KerasObject {
  readonly shape: readonly number[];
  readonly values?: GoldenArray;
  readonly mean?: number;
  readonly std?: number;
  readonly low?: number;
  readonly high?: number;
}

const goldens = readGoldens<InitializerCase>('initializers');

describe('initializers', () => {
  it.each(goldens)('$class_name $config on $shape', async (golden) => {
    const drawn = loadInitializer(golden).call(golden.shape);
    expect(drawn.shape).toEqual(golden.shape);
    const values = Array.from(await drawn.data());
    if (golden.values) {
      const expected = numbers(golden.values);
      expectNumbers('values', values.slice(0, expected.length), expected);
      return;
    }
    const { mean = 0, std = 0, low = -Infinity, high = Infinity } = golden;
    // The bounds are float64; the values are float32.
    for (const v of values) {
      if (v < low - 1e-6 || v > high + 1e-6) expect.fail(`${v} is outside of [${low}, ${high}]`);
    }
    const n = values.length;
    const average = values.reduce((sum, v) => sum + v, 0) / n;
    const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - average) ** 2, 0) / n);
    // Five standard errors. With ten values that says little, but it is all there is.
    expect(Math.abs(average - mean)).toBeLessThan((5 * std) / Math.sqrt(n));
    expect(Math.abs(spread / std - 1)).toBeLessThan(n === 10 ? 0.8 : 5 / Math.sqrt(2 * n));
    if (n === 10 || !Number.isFinite(low)) return;
    const reach = values.reduce((most, v) => Math.max(most, Math.abs(v - mean)), 0);
    expect(reach / (high - mean)).toBeGreaterThan(0.97);
  });

  it.each(goldens)('$class_name $config gives its config back', (golden) => {
    expect(portable(loadInitializer(golden).getConfig())).toEqual(portable(golden.config));
  });

  it('are all covered, apart from Orthogonal', () => {
    const covered = new Set(goldens.map(({ class_name }) => class_name));
    expect(initializers.initializers.names.toSorted()).toEqual(
      [...covered, 'Orthogonal'].toSorted(),
    );
  });
});
