// Augmentation against what Keras 3 on TensorFlow computed (scripts/goldens/augmentation.py): layers in which
// nothing is random, layers whose random choices are given, and the functions of ops.image beneath.
import { describe, expect, it } from 'vitest';
import { ops, type Tensor } from '../../lib/index.js';
import type { Recordable } from '../../lib/ops/define.js';
import { gridOf } from '../../lib/ops/image-sample.js';
import {
  expectTensor,
  type GoldenArray,
  type KerasConfig,
  readGoldens,
  tensorOf,
} from '../support/golden.js';
import { loadAnyLayer, portable } from '../support/golden-load.js';

interface Case {
  readonly label: string;
  readonly kind: 'certain' | 'chosen' | 'function';
  readonly class_name: string;
  readonly config: KerasConfig;
  readonly training: boolean;
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly chosen: Readonly<Record<string, GoldenArray>>;
  readonly labels?: GoldenArray;
  readonly mixed?: GoldenArray;
  readonly name: string;
  readonly args: readonly GoldenArray[];
  readonly options: Readonly<Record<string, never>>;
}

const all = readGoldens<Case>('augmentation');
const of = (kind: Case['kind']) => all.filter((c) => c.kind === kind);

/** Pixels go from 0 to 255, and are sums of four products. */
const tolerance = { relative: 1e-5, absolute: 1e-4 };

/** Calls a step of a layer between its choices and its results, which is its own affair. */
const step = (layer: object, name: string, ...args: readonly unknown[]): Tensor =>
  Reflect.apply(Reflect.get(layer, name), layer, args);

const flat = (t: Tensor): Tensor => ops.reshape(t, [t.size]);

/** Where sheared images are read, by factors [batch, 2] of x and y. */
function shearing(factors: Tensor): unknown {
  const [rows, columns] = gridOf(6, 5);
  const of = (i: number) => ops.reshape(ops.slice(factors, [0, i], [3, 1]), [3, 1, 1]);
  return {
    x: ops.add(columns, ops.multiply(of(0), rows)),
    y: ops.add(rows, ops.multiply(of(1), columns)),
  };
}

/** Keras's choices as the layer here has them. */
const drawnOf: Readonly<Record<string, (t: Readonly<Record<string, Tensor>>) => unknown>> = {
  RandomContrast: (t) => flat(t.contrast_factor),
  RandomHue: (t) => t.factor,
  Solarization: (t) => ({ additions: flat(t.additions), thresholds: flat(t.thresholds) }),
  RandomShear: (t) => shearing(t.shear_factor),
  MixUp: (t) => ({ order: t.permutation_order, weight: t.mix_weight }),
};

describe('layers without a choice', () => {
  it.each(of('certain'))('$class_name $label', async (golden) => {
    const layer = loadAnyLayer(golden);
    const y = layer.apply(tensorOf(golden.x), { training: golden.training });
    expect((y as Tensor).dtype).toBe('float32');
    await expectTensor('y', y as Tensor, golden.y, tolerance);
    const { seed: _, ...config } = golden.config;
    expect(portable(layer.getConfig())).toMatchObject(portable(config) as object);
  });
});

describe('layers with a given choice', () => {
  it.each(of('chosen'))('$class_name $label', async (golden) => {
    const layer = loadAnyLayer(golden);
    const entries = Object.entries(golden.chosen).map(([k, v]) => [k, tensorOf(v)] as const);
    const drawn = drawnOf[golden.class_name](Object.fromEntries(entries));
    await expectTensor(
      'y',
      step(layer, 'transform', tensorOf(golden.x), drawn),
      golden.y,
      tolerance,
    );
    if (!golden.labels || !golden.mixed) return;
    const labels = step(layer, 'transformLabels', tensorOf(golden.labels), drawn);
    await expectTensor('labels', labels, golden.mixed);
  });
});

const functions: Readonly<Record<string, Recordable>> = {
  affine_transform: ops.image.affineTransform,
  gaussian_blur: ops.image.gaussianBlur,
  rgb_to_hsv: ops.image.rgbToHsv,
  hsv_to_rgb: ops.image.hsvToRgb,
  rgb_to_grayscale: ops.image.rgbToGrayscale,
  resize: ops.image.resize,
};

const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());

describe('ops.image', () => {
  it.each(of('function'))('$name $label', async ({ name, x, args, options, y }) => {
    const { size, ...rest } = options;
    const named = Object.fromEntries(Object.entries(rest).map(([k, v]) => [camel(k), v]));
    const given = [tensorOf(x), ...args.map(tensorOf), ...(size ? [size] : []), named];
    const actual: Tensor = Reflect.apply(functions[name], undefined, given);
    expect(actual.dtype).toBe(y.dtype);
    await expectTensor('y', actual, y, tolerance);
  });
});
