// Models of images in bytes: where Keras keeps bytes in a model and where it computes in float32
// (scripts/goldens/byte_images.py), read from its configs, and saved.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  layers,
  loadModel,
  type Model,
  modelFromJSON,
  type Tensor,
  tensor,
} from '../../lib/index.js';
import { temporaryFolder } from '../support/files.js';
import { expectTensor, type GoldenArray, readGoldens, tensorOf } from '../support/golden.js';

interface Case {
  readonly kind: 'functional' | 'sequential';
  readonly label: string;
  readonly config: string;
  readonly x: GoldenArray;
  readonly y: GoldenArray;
}

const tolerance = { relative: 1e-5, absolute: 2e-4 };

describe('images in bytes', () => {
  it.each(readGoldens<Case>('byte_images'))('$kind $label', async ({ config, x, y }) => {
    const model = modelFromJSON(config) as Model;
    const bytes = tensorOf(x);
    const predicted = (await model.predict(bytes)) as Tensor;
    expect(predicted.dtype).toBe(y.dtype);
    await expectTensor('y', predicted, y, tolerance);
    const file = join(temporaryFolder(), 'model.keras');
    await model.save(file);
    const again = (await ((await loadModel(file)) as Model).predict(bytes)) as Tensor;
    expect(again.dtype).toBe(predicted.dtype);
    expect(again.dataSync()).toEqual(predicted.dataSync());
  });

  it('are rounded by a Resizing that is called directly, as in Keras', () => {
    const pixels = tensor([0, 0, 255, 255], { shape: [1, 1, 4, 1], dtype: 'uint8' });
    const y = new layers.Resizing(1, 7, { interpolation: 'bicubic' }).apply(pixels);
    expect([y.dtype, ...y.dataSync()]).toEqual(['uint8', 0, 0, 0, 128, 255, 255, 255]);
  });
});
