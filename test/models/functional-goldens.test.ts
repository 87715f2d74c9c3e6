// Functional models of real Keras: made of its configs, they have its layers in its order, and train to its
// histories and weights.
import { describe, expect, it } from 'vitest';
import type { CompileOptions } from '../../lib/index.js';
import { type AnyModel, Model } from '../../lib/models/model.js';
import { SGD } from '../../lib/optimizers/sgd.js';
import {
  afterTraining,
  expectNumbers,
  type GoldenArray,
  type KerasConfig,
  type MeasuredArray,
  numbers,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import '../../lib/index.js';

interface FunctionalCase {
  readonly label: string;
  readonly config: KerasConfig;
  readonly layers: readonly string[];
  readonly weight_paths: readonly string[];
  readonly params: number;
  readonly compile: {
    readonly loss: CompileOptions['loss'];
    readonly loss_weights?: CompileOptions['lossWeights'];
    readonly metrics?: CompileOptions['metrics'];
    readonly weighted_metrics?: CompileOptions['metrics'];
  };
  readonly extra: { readonly names?: boolean; readonly skip?: number };
  readonly weights: readonly GoldenArray[];
  readonly x: readonly GoldenArray[];
  readonly y: readonly GoldenArray[];
  readonly sample_weight: readonly GoldenArray[] | null;
  readonly history: Readonly<Record<string, MeasuredArray>>;
  readonly after: readonly MeasuredArray[];
}

const cases = readGoldens<FunctionalCase>('functional');

/** Numbers the same, options that only the newest Keras writes left out. */
const withoutPolicies = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutPolicies);
  if (typeof value !== 'object' || value === null) return value;
  const recent = [
    'build_config',
    'compile_config',
    'quantization_config',
    'optional',
    'input_axes',
    'output_axes',
  ];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !recent.includes(key) && !(key === 'mask' && inner === null))
      .map(([key, inner]) => [key, withoutPolicies(inner)]),
  );
};

async function trained(golden: FunctionalCase, model: AnyModel) {
  const { loss, loss_weights, metrics, weighted_metrics } = golden.compile;
  model.setWeights(golden.weights.map(tensorOf));
  model.compile({
    optimizer: new SGD(0.1, { momentum: 0.9 }),
    loss,
    ...(loss_weights && { lossWeights: loss_weights }),
    ...(metrics && { metrics }),
    ...(weighted_metrics && { weightedMetrics: weighted_metrics }),
  });
  const x = golden.x.map(tensorOf);
  const y = golden.y.map(tensorOf);
  const { names, skip } = golden.extra;
  const targets = y.map((t, i) => (i === skip ? null : t));
  const byName = names ? { first: y[0], second: y[1] } : undefined;
  const weights = golden.sample_weight?.map(tensorOf);
  return model.fit(
    names ? { x: x[0] } : x.length === 1 ? x[0] : x,
    byName ?? (y.length === 1 ? y[0] : Object.fromEntries(withNames(model, targets))),
    {
      epochs: 3,
      batchSize: 8,
      shuffle: false,
      verbose: 0,
      ...(weights && { sampleWeight: weights }),
    },
  );
}

const withNames = <T>(model: AnyModel, parts: readonly (T | null)[]): [string, T][] =>
  model.outputNames.flatMap((name, i): [string, T][] => {
    const part = parts[i];
    return part === null || part === undefined ? [] : [[name, part]];
  });

describe.each(cases.map((golden) => [golden.label, golden] as const))('%s', (_, golden) => {
  const model = Model.fromConfig(golden.config);

  it('has the layers and weights of Keras, in its order', () => {
    expect(model.layers.map(({ name }) => name)).toEqual(golden.layers);
    expect(model.weights.map(({ path }) => path.replace(`${model.name}/`, ''))).toHaveLength(
      golden.weight_paths.length,
    );
    expect(model.weights.map(({ path }) => path.split('/').at(-1))).toEqual(
      golden.weight_paths.map((path) => path.split('/').at(-1)),
    );
    expect(model.countParams()).toBe(golden.params);
  });

  it('gives back its config', () => {
    expect(withoutPolicies(JSON.parse(JSON.stringify(model.getConfig())))).toEqual(
      withoutPolicies(golden.config),
    );
  });

  it('trains to the history and weights of Keras', async () => {
    const { history } = await trained(golden, model);
    expect(Object.keys(history).toSorted()).toEqual(Object.keys(golden.history).toSorted());
    for (const [name, expected] of Object.entries(golden.history)) {
      const tolerance = afterTraining(expected.difference);
      expectNumbers(name, history[name], numbers(expected), tolerance);
    }
    for (const [i, expected] of golden.after.entries()) {
      const actual = model.weights[i].value.dataSync();
      expectNumbers(
        golden.weight_paths[i],
        actual,
        numbers(expected),
        afterTraining(expected.difference),
      );
    }
  });
});
