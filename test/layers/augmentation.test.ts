// What is random in augmentation layers: identity outside of training, seeds, statistics, what belongs to the
// images, the same bits on both backends, and training in models.
import { describe, expect, it } from 'vitest';
import { jsBackend } from '../../lib/backend/js/js.js';
import { currentBackend, useBackend } from '../../lib/backend/select.js';
import { compile, layers, ops, Sequential, type Tensor, tensor } from '../../lib/index.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { Adam } from '../../lib/optimizers/index.js';
import { ConfigError, DataError, ShapeError } from '../../lib/util/errors.js';
import { expectClose } from '../support/close.js';
import { augmentationExamples } from '../support/examples/augmentation.js';
import { seeded } from '../support/random.js';

const dataOf = (t: Tensor): number[] => Array.from(t.dataSync());
const training = { training: true };

function noise(shape: readonly number[], seed = 1, high = 255): Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return tensor(Float32Array.from(seeded(seed).uniforms(n, 0, high)), { shape });
}

/** The images of a batch, each as a list of its values. */
function each(batch: Tensor): number[][] {
  const data = dataOf(batch);
  const size = data.length / batch.shape[0];
  return Array.from({ length: batch.shape[0] }, (_, i) => data.slice(i * size, (i + 1) * size));
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

/** Images whose pixels say where they are: their column, or their row. */
const ramp = (n: number, size: number, along: 'rows' | 'columns'): Tensor =>
  tensor(
    Float32Array.from({ length: n * size * size }, (_, i) =>
      along === 'columns' ? i % size : Math.floor(i / size) % size,
    ),
    { shape: [n, size, size, 1] },
  );

const random = Object.entries(augmentationExamples).filter(([name]) => name !== 'AutoContrast');

describe('outside of training', () => {
  it.each(random)('%s leaves images alone, as floats', (_, examples) => {
    const images = noise([2, 6, 5, 3]);
    const bytes = images.cast('uint8');
    for (const { layer } of examples) {
      expect(dataOf(layer().apply(images) as Tensor)).toEqual(dataOf(images));
      const y = layer().apply(bytes, { training: false }) as Tensor;
      expect(y.dtype).toBe('float32');
      expect(dataOf(y)).toEqual(dataOf(bytes));
    }
  });
});

describe('seeds', () => {
  const images = noise([8, 6, 6, 3], 2, 1);
  const certain = ['AutoContrast', 'Equalization'];

  it.each(random.filter(([name]) => !certain.includes(name)))('of %s decide', (_, examples) => {
    for (const { layer: make } of examples) {
      if (make().getConfig().seed === null) continue;
      const [a, b] = [make(), make()];
      const first = dataOf(a.apply(images, training) as Tensor);
      expect(dataOf(b.apply(images, training) as Tensor)).toEqual(first);
      const later = Array.from({ length: 4 }, () => dataOf(a.apply(images, training) as Tensor));
      expect(later.some((y) => y.join() !== first.join())).toBe(true);
    }
  });

  it('of the library decide where a layer has none', () => {
    const run = (seed: number) => {
      setRandomSeed(seed);
      return dataOf(new layers.RandomRotation(0.5).apply(images, training));
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it('draw anew at each step of a compiled function', () => {
    const layer = new layers.RandomTranslation(0.5, 0.5);
    const step = compile((x: Tensor) => layer.apply(x, training));
    const [a, b] = [dataOf(step(images)), dataOf(step(images))];
    expect(a).not.toEqual(b);
  });
});

describe('the same bits on both backends', () => {
  const images = noise([16, 8, 7, 3]);
  const seed = 5;
  it.each([
    ['RandomFlip', () => new layers.RandomFlip({ seed })],
    ['RandomCrop', () => new layers.RandomCrop(5, 4, { seed })],
    ['RandomTranslation', () => new layers.RandomTranslation(0.3, 0.3, { seed })],
    ['RandomZoom', () => new layers.RandomZoom(0.3, 0.3, { seed, fillMode: 'constant' })],
    ['RandomShear', () => new layers.RandomShear(0.5, 0.3, { seed, fillMode: 'wrap' })],
    ['RandomBrightness', () => new layers.RandomBrightness(0.4, { seed })],
    ['RandomInvert', () => new layers.RandomInvert(1, { seed })],
    ['RandomPosterization', () => new layers.RandomPosterization(6, { seed })],
    ['Solarization', () => new layers.Solarization(0.4, 0.7, { seed })],
    ['RandomErasing', () => new layers.RandomErasing(1, { seed, fillValue: 3 })],
    ['RandomHue', () => new layers.RandomHue(0.7, { seed })],
  ])('%s', (_, make) => {
    const here = dataOf(make().apply(images, training) as Tensor);
    const before = currentBackend();
    useBackend(jsBackend());
    try {
      expect(dataOf(make().apply(images, training) as Tensor)).toEqual(here);
    } finally {
      useBackend(before);
    }
  });
});

describe('statistics', () => {
  it('RandomFlip flips about half of the images, each alone', () => {
    const images = noise([400, 3, 4, 1], 3);
    const layer = new layers.RandomFlip('horizontal', { seed: 1 });
    const [before, after] = [each(images), each(layer.apply(images, training))];
    const turned = each(ops.reverse(images, 2));
    const flips = after.map((y, i) => {
      const kept = y.join() === before[i].join();
      if (!kept) expect(y).toEqual(turned[i]);
      return kept ? 0 : 1;
    });
    expect(Math.abs(mean(flips) - 0.5)).toBeLessThan(0.08);
  });

  it('RandomFlip of both directions turns images round', () => {
    const images = noise([50, 3, 4, 1], 3);
    const y = each(new layers.RandomFlip({ seed: 1 }).apply(images, training));
    const turned = each(ops.reverse(ops.reverse(images, 2), 1)).map((image) => image.join());
    const kept = each(images).map((image) => image.join());
    const changed = y.filter((image, i) => image.join() !== kept[i]);
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.every((image) => turned.includes(image.join()))).toBe(true);
  });

  it.each(['rows', 'columns'] as const)(
    'RandomTranslation shifts %s by all of its range',
    (along) => {
      const [down, right] = along === 'rows' ? [[-0.1, 0.3], 0] : [0, [-0.1, 0.3]];
      const layer = new layers.RandomTranslation(down, right, { seed: 2, fillMode: 'nearest' });
      const images = ramp(300, 20, along);
      const middle = 20 * 10 + 10;
      const shifts = each(layer.apply(images, training)).map((y) => (10 - y[middle]) / 20);
      expect(Math.min(...shifts)).toBeGreaterThan(-0.1001);
      expect(Math.max(...shifts)).toBeLessThan(0.3001);
      expect(Math.abs(mean(shifts) - 0.1)).toBeLessThan(0.02);
      expect(new Set(shifts).size).toBeGreaterThan(250);
    },
  );

  it('RandomZoom draws rows and columns together unless told otherwise', () => {
    const slopes = (layer: layers.RandomZoom) =>
      (['rows', 'columns'] as const).map((along) =>
        each(layer.apply(ramp(50, 21, along), training)).map((y) =>
          along === 'rows' ? y[21 * 11 + 10] - y[21 * 10 + 10] : y[21 * 10 + 11] - y[21 * 10 + 10],
        ),
      );
    const fixed = () => new layers.RandomZoom(0.5, undefined, { seed: 3, fillMode: 'nearest' });
    const rows = slopes(fixed())[0];
    const columns = each(fixed().apply(ramp(50, 21, 'columns'), training)).map(
      (y) => y[21 * 10 + 11] - y[21 * 10 + 10],
    );
    expectClose(rows, columns, { absolute: 1e-4 });
    expect(Math.min(...rows)).toBeGreaterThan(0.499);
    expect(Math.max(...rows)).toBeLessThan(1.501);
    expect(Math.max(...rows) - Math.min(...rows)).toBeGreaterThan(0.7);
  });

  it('RandomShear and RandomHue go in both directions', () => {
    const layer = new layers.RandomShear([0.4, 0.4], 0, { seed: 1, fillMode: 'nearest' });
    const shifts = each(layer.apply(ramp(60, 9, 'columns'), training)).map((y) => y[9 * 4 + 4] - 4);
    const right = shifts.filter((s) => Math.abs(s - 1.6) < 1e-4).length;
    const left = shifts.filter((s) => Math.abs(s + 1.6) < 1e-4).length;
    expect(right + left).toBe(60);
    expect(Math.min(right, left)).toBeGreaterThan(15);
    const red = ops.broadcastTo(tensor([255, 0, 0]), [60, 1, 1, 3]);
    const hues = each(new layers.RandomHue([0.5, 0.5], { seed: 1 }).apply(red, training));
    const greens = hues.filter(([, g, b]) => g > b).length;
    expect(Math.min(greens, 60 - greens)).toBeGreaterThan(15);
  });

  it('RandomCrop takes one window for the batch, anywhere', () => {
    const images = ops.concatenate([ramp(4, 6, 'rows'), ramp(4, 6, 'columns')], 3);
    const layer = new layers.RandomCrop(4, 5, { seed: 1 });
    const corners = Array.from({ length: 60 }, () => {
      const y = layer.apply(images, training);
      expect(y.shape).toEqual([4, 4, 5, 2]);
      const windows = each(y);
      for (const w of windows) expect(w).toEqual(windows[0]);
      const [top, left] = windows[0];
      expect(windows[0].slice(-2)).toEqual([top + 3, left + 4]);
      return `${top},${left}`;
    });
    expect(new Set(corners)).toEqual(new Set(['0,0', '0,1', '1,0', '1,1', '2,0', '2,1']));
  });

  it('RandomErasing erases boxes of the size asked for, of some images', () => {
    const images = ops.broadcastTo(tensor(1), [300, 20, 20, 1]);
    const options = { seed: 4, fillValue: 0, scale: [0.25, 0.25] as const };
    const lost = each(new layers.RandomErasing([0.7, 0.7], options).apply(images, training)).map(
      (y) => y.filter((v) => v === 0).length,
    );
    const chosen = lost.filter((n) => n > 0);
    expect(Math.abs(chosen.length / 300 - 0.7)).toBeLessThan(0.08);
    for (const n of chosen) expect([81, 90, 100, 110, 121]).toContain(n);
    const noisy = new layers.RandomErasing([1, 1], { seed: 4 }).apply(images, training);
    const values = dataOf(noisy);
    expect(Math.max(...values)).toBe(255);
    expect(Math.min(...values)).toBe(0);
    expect(new Set(values).size).toBeGreaterThan(1000);
  });

  it('RandomPosterization leaves 1 to 3 bits where 4 are the limit', () => {
    const gradient = ops.reshape(ops.arange(0, 256, 1, { dtype: 'float32' }), [1, 16, 16, 1]);
    const images = ops.broadcastTo(gradient, [120, 16, 16, 1]);
    const y = each(new layers.RandomPosterization(4, { seed: 1 }).apply(images, training));
    const counts = y.map((image) => new Set(image).size);
    expect(new Set(counts)).toEqual(new Set([2, 4, 8]));
  });

  it.each([0.2, 1, 3])('MixUp of alpha %d mixes images and labels alike', (alpha) => {
    const n = 600;
    const labels = ops.oneHot(ops.arange(0, n), n);
    const images = ops.broadcastTo(
      ops.reshape(ops.arange(0, n, 1, { dtype: 'float32' }), [n, 1, 1, 1]),
      [n, 2, 2, 1],
    );
    const out = new layers.MixUp(alpha, { seed: 3 }).apply({ images, labels }, training);
    const rows = each(out.labels);
    const pixels = each(out.images);
    const weights = rows.map((row, i) => {
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      const said = row.reduce((sum, w, j) => sum + w * j, 0);
      for (const v of pixels[i]) expect(Math.abs(v - said)).toBeLessThan(1e-2);
      return row[i];
    });
    const spread = mean(weights.map((w) => (w - mean(weights)) ** 2));
    expect(Math.abs(mean(weights) - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(spread - 1 / (4 * (2 * alpha + 1)))).toBeLessThan(0.02);
  });

  it('CutMix mixes labels by the area of the box', () => {
    const n = 200;
    const labels = ops.oneHot(ops.arange(0, n), n);
    const images = ops.broadcastTo(
      ops.reshape(ops.arange(0, n, 1, { dtype: 'float32' }), [n, 1, 1, 1]),
      [n, 30, 30, 1],
    );
    const out = new layers.CutMix(1, { seed: 3 }).apply({ images, labels }, training);
    const [rows, pixels] = [each(out.labels), each(out.images)];
    const kept = pixels.map((image, i) => image.filter((v) => v === i).length / 900);
    for (const [i, row] of rows.entries()) {
      const others = new Set(pixels[i].filter((v) => v !== i));
      expect(others.size).toBeLessThanOrEqual(1);
      if (others.size === 0) continue;
      expect(Math.abs(row[i] - kept[i])).toBeLessThan(0.08);
      expect(row[[...others][0]]).toBeCloseTo(1 - row[i], 5);
    }
    // Of the areas, uniform between 0 and 1, the mean is a half.
    expect(Math.abs(mean(rows.map((row, i) => row[i])) - 0.5)).toBeLessThan(0.07);
  });
});

describe('records', () => {
  const images = noise([4, 6, 6, 3], 5);
  const masks = ops.slice(images, [0, 0, 0, 0], [4, 6, 6, 1]).cast('uint8');
  const labels = tensor([1, 2, 3, 4]);

  it.each([
    ['RandomFlip', () => new layers.RandomFlip({ seed: 1 })],
    ['RandomTranslation', () => new layers.RandomTranslation([0.5, 0.5], 0, { fillMode: 'wrap' })],
    ['RandomCrop', () => new layers.RandomCrop(3, 3, { seed: 1 })],
    ['Resizing', () => new layers.Resizing(3, 3, { interpolation: 'nearest' })],
  ])('%s moves masks with the images, and leaves labels and the rest', (_, make) => {
    const whole = ops.multiply(ops.broadcastTo(masks.cast('float32'), [4, 6, 6, 3]), 1);
    const ids = tensor([9, 8, 7, 6]);
    const given = { images: whole, labels, segmentationMasks: masks, ids };
    const out = make().apply(given, training);
    const first = ops.slice(out.images, [0, 0, 0, 0], [...out.images.shape.slice(0, 3), 1]);
    expect(out.segmentationMasks.dtype).toBe('uint8');
    expect(dataOf(out.segmentationMasks)).toEqual(dataOf(first));
    expect(dataOf(out.labels)).toEqual([1, 2, 3, 4]);
    expect(dataOf(out.ids)).toEqual([9, 8, 7, 6]);
  });

  it('of colours leave masks alone', () => {
    const out = new layers.RandomBrightness([0.2, 0.2]).apply(
      { images, segmentationMasks: masks },
      training,
    );
    expect(dataOf(out.segmentationMasks)).toEqual(dataOf(masks));
    expect(dataOf(out.images)).not.toEqual(dataOf(images));
  });

  it('may hold one image', () => {
    const image = ops.reshape(ops.slice(images, [0, 0, 0, 0], [1, 6, 6, 3]), [6, 6, 3]);
    const out = new layers.RandomFlip({ seed: 1 }).apply({ images: image, labels }, training);
    expect(out.images.shape).toEqual([6, 6, 3]);
    expect(new layers.RandomRotation(0.1).apply(image, training).shape).toEqual([6, 6, 3]);
  });

  it('that nothing can be done with are refused', () => {
    const layer = new layers.RandomFlip({ name: 'flip' });
    expect(() => layer.apply([images, labels], training)).toThrow(DataError);
    expect(() => layer.apply({ x: images }, training)).toThrow(
      'RandomFlip "flip": expected images, or a record { images, labels, segmentationMasks }, got { x }.',
    );
    expect(() => layer.apply({ images, boundingBoxes: labels }, training)).toThrow(
      'boundingBoxes are not supported',
    );
    expect(() => layer.apply(labels, training)).toThrow(ShapeError);
    expect(() => new layers.MixUp().apply({ images, labels }, training)).toThrow(
      /expected labels of one row for each image, got \[4\].*ops\.oneHot/,
    );
  });
});

describe('errors', () => {
  it.each([
    [() => new layers.RandomRotation(2), 'RandomRotation: factor must be a number from -1 to 1'],
    [() => new layers.RandomRotation({ seed: 1 }), 'got undefined'],
    [() => new layers.RandomRotation(0.1, { fillMode: 'mirror' }), 'fillMode must be one of'],
    [() => new layers.RandomRotation(0.1, { interpolation: 'cubic' }), 'nearest or bilinear'],
    [() => new layers.RandomTranslation([0, 1.5], 0), 'RandomTranslation: heightFactor'],
    [() => new layers.RandomZoom(-1), 'RandomZoom: heightFactor must be above -1'],
    [() => new layers.RandomShear(-0.5), 'RandomShear: xFactor must be a number from 0 to 1'],
    [() => new layers.RandomContrast(1.5), 'RandomContrast: factor'],
    [() => new layers.RandomBrightness(0.1, { valueRange: [1] }), 'valueRange must be a list'],
    [() => new layers.RandomFlip('sideways'), 'RandomFlip: mode must be horizontal'],
    [() => new layers.RandomFlip({ sed: 1 } as object), 'Did you mean "seed"?'],
    [() => new layers.RandomCrop(0, 3), 'RandomCrop: height must be a whole number ≥ 1'],
    [() => new layers.RandomGrayscale(1.5), 'between 0 and 1'],
    [() => new layers.RandomPosterization(9), 'from 1 to 8'],
    [() => new layers.RandomGaussianBlur(1, { kernelSize: 4 }), 'kernelSize must be odd'],
    [() => new layers.RandomErasing(1, { fillValue: [1, 2] }), 'one for each of three channels'],
    [() => new layers.MixUp(0), 'alpha must be a number above 0'],
    [() => new layers.Equalization({ bins: 1 }), 'bins must be a whole number ≥ 2'],
  ])('%#', (make, message) => {
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });

  it('of colours that are not there', () => {
    const grey = noise([1, 3, 3, 2]);
    for (const layer of [new layers.RandomHue(0.1), new layers.RandomGrayscale(0.5)]) {
      expect(() => layer.apply(grey, training)).toThrow(ShapeError);
    }
  });
});

describe('in models', () => {
  it('images change while it trains, and not when it predicts', async () => {
    setRandomSeed(8);
    const y = noise([30, 1], 7, 1);
    const x = ops.multiply(noise([30, 8, 8, 3], 6, 1), ops.reshape(y, [30, 1, 1, 1]));
    const model = new Sequential([
      new layers.RandomFlip('horizontal', { inputShape: [8, 8, 3] }),
      new layers.RandomRotation(0.1),
      new layers.RandomTranslation(0.1, 0.1, { fillMode: 'constant' }),
      new layers.RandomZoom(0.1),
      new layers.RandomContrast(0.2, { valueRange: [0, 1] }),
      new layers.RandomColorJitter({ hueFactor: 0.1, valueRange: [0, 1] }),
      new layers.MaxPooling2D(2),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense(1),
    ]);
    model.compile({ optimizer: new Adam(0.03), loss: 'mse' });
    const before = await model.evaluate(x, y, { verbose: 0 });
    await model.fit(x, y, { epochs: 40, batchSize: 7, verbose: 0 });
    const after = await model.evaluate(x, y, { verbose: 0 });
    expect(after.loss).toBeLessThan(before.loss / 2);
    expect(dataOf(await model.predict(x))).toEqual(dataOf(await model.predict(x)));
    const plain = new Sequential(model.layers.slice(6));
    expect(dataOf(await plain.predict(x))).toEqual(dataOf(await model.predict(x)));
  });

  it('images of unknown size go through', () => {
    const x = layers.input([null, null, 3]);
    const y = new layers.RandomZoom(0.2).apply(new layers.RandomFlip().apply(x));
    expect(y.shape).toEqual([null, null, null, 3]);
    expect(new layers.RandomCrop(4, 5).apply(x).shape).toEqual([null, null, null, 3]);
  });
});
