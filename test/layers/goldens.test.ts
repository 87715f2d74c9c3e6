// Layers against what Keras 3 on TensorFlow computed (scripts/goldens/layers_*.py): outputs, masks, losses,
// gradients, shapes, weights and configs. Keras is right: a difference is a mistake of ours.
import { describe, expect, it } from 'vitest';
import { grad, ops, type Tensor, valueAndGrad } from '../../lib/index.js';
import { maskOf, type Structure, setMask, tensorsOf } from '../../lib/layers/structure.js';
import {
  expectNumbers,
  expectTensor,
  type GoldenArray,
  type KerasObject,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import { loadAnyLayer, portable } from '../support/golden-load.js';

interface LayerCase extends KerasObject {
  readonly label: string;
  /** Whether the layer takes a list. */
  readonly several: boolean;
  readonly xs: readonly GoldenArray[];
  /** Masks of the inputs. */
  readonly masks?: readonly (GoldenArray | null)[];
  /** A mask given to the call. */
  readonly mask?: GoldenArray;
  readonly weights: readonly GoldenArray[];
  readonly weight_names: readonly string[];
  readonly weight_paths: readonly string[];
  readonly count_params: number;
  readonly supports_masking: boolean;
  readonly output_shape: readonly (number | null)[];
  readonly y: GoldenArray;
  readonly c: GoldenArray;
  /** Of Σ y·c: for each trainable weight, then for each float input. */
  readonly gradients: readonly (GoldenArray | null)[];
  readonly output_mask: GoldenArray | null;
  readonly losses?: readonly number[];
}

const weightedSum = (y: Structure, c: Tensor): Tensor =>
  ops.sum(ops.multiply(tensorsOf(y)[0].cast('float32'), c));

function load(golden: LayerCase) {
  const layer = loadAnyLayer(golden);
  const given = golden.xs.map(tensorOf);
  const training = golden.label === 'certain';
  const call = (xs: readonly Tensor[]): Structure => {
    for (const [i, mask] of (golden.masks ?? []).entries()) {
      if (mask) setMask(xs[i], tensorOf(mask));
    }
    const mask = golden.mask && tensorOf(golden.mask);
    return layer.apply(golden.several ? xs : xs[0], { training, mask });
  };
  call(given);
  for (const [i, weight] of layer.weights.entries()) weight.assign(tensorOf(golden.weights[i]));
  return { layer, given, call };
}

const families = [
  'layers_simple',
  'layers_merging',
  'layers_joining',
  'layers_weights',
  'layers_convolution',
  'layers_pooling',
  'layers_image',
];

describe.each(families)('%s', (family) => {
  const cases = readGoldens<LayerCase>(family);

  it.each(cases)('$class_name $label', async (golden) => {
    const { layer, given, call } = load(golden);
    expect(layer.weights.map((w) => w.name)).toEqual(golden.weight_names);
    expect(layer.weights.map((w) => w.path)).toEqual(golden.weight_paths);
    expect(layer.countParams()).toBe(golden.count_params);
    expect(layer.supportsMasking).toBe(golden.supports_masking);
    const y = call(given) as Tensor;
    await expectTensor('y', y, golden.y);
    expect(y.dtype).toBe(golden.y.dtype);
    expect(y.shape.length).toBe(golden.output_shape.length);
    for (const [i, d] of golden.output_shape.entries()) if (d !== null) expect(y.shape[i]).toBe(d);
    const mask = maskOf(y);
    expect(mask === undefined).toBe(golden.output_mask === null);
    if (mask && golden.output_mask) await expectTensor('mask', mask, golden.output_mask);
    const losses = await Promise.all(layer.losses.map((loss) => loss.data()));
    const penalties = losses.map(([loss]) => loss).filter((loss) => loss !== 0);
    const expected = (golden.losses ?? []).filter((loss) => loss !== 0);
    expectNumbers('losses', penalties.toSorted(), expected.toSorted());
  });

  it.each(cases)('$class_name $label has the derivatives', async (golden) => {
    const { layer, given, call } = load(golden);
    const c = tensorOf(golden.c);
    const variables = layer.trainableVariables;
    const { grads } = valueAndGrad(() => weightedSum(call(given), c), variables);
    const floats = given.flatMap((x, i) => (x.dtype === 'float32' ? [i] : []));
    expect(golden.gradients.length).toBe(variables.length + floats.length);
    for (const [i, g] of grads.entries()) {
      const wanted = golden.gradients[i];
      if (wanted) await expectTensor(`gradient of ${variables[i].name}`, g, wanted);
    }
    for (const [at, i] of floats.entries()) {
      const wanted = golden.gradients[grads.length + at];
      if (!wanted) continue;
      const of = (x: Tensor) => weightedSum(call(given.with(i, x)), c);
      await expectTensor(`gradient of input ${i}`, grad(of)(given[i]), wanted);
    }
  });

  it.each(cases)('$class_name $label gives its config back', (golden) => {
    const again = loadAnyLayer(golden);
    expect(portable(again.getConfig())).toEqual(portable(golden.config));
  });
});
