// Activations against what Keras 3 on TensorFlow computed (scripts/goldens/activations.py).
import { describe, expect, it } from 'vitest';
import { activations, grad, ops, type Tensor } from '../../lib/index.js';
import { camelKeys, toCamelCase } from '../../lib/util/registry.js';
import { expectTensor, type GoldenArray, readGoldens, tensorOf } from '../support/golden.js';

interface ActivationCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly x: GoldenArray;
  readonly c?: GoldenArray;
  readonly y: GoldenArray;
  readonly gradient?: GoldenArray;
  /** Of the value and of the gradient. */
  readonly absolute: readonly [number, number];
}

type WithOptions = (x: Tensor, options?: Readonly<Record<string, unknown>>) => Tensor;

function activation({ name, options }: ActivationCase): (x: Tensor) => Tensor {
  if (Object.keys(options).length === 0) return activations.get(name);
  const entry = Object.entries(activations).find(([key]) => key === toCamelCase(name));
  if (!entry) throw new Error(`No activation "${name}" is exported.`);
  const fn = entry[1] as WithOptions;
  return (x) => fn(x, camelKeys(options));
}

const goldens = readGoldens<ActivationCase>('activations');

describe('activations', () => {
  it.each(goldens)('$name $options $x.shape', async (golden) => {
    const f = activation(golden);
    // Denormals may be flushed to zero.
    const [ofValue, ofGradient] = golden.absolute.map((absolute) => Math.max(absolute, 1.2e-38));
    await expectTensor('y', f(tensorOf(golden.x)), golden.y, { absolute: ofValue });
    if (!golden.c || !golden.gradient) return;
    const c = tensorOf(golden.c);
    const dx = grad((x: Tensor) => ops.sum(ops.multiply(f(x), c)))(tensorOf(golden.x));
    await expectTensor('gradient', dx, golden.gradient, { absolute: ofGradient });
  });

  it('are all covered', () => {
    const covered = new Set(goldens.map(({ name }) => name));
    expect(activations.activations.names.toSorted()).toEqual([...covered].toSorted());
  });
});
