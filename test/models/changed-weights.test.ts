// Engines keep what they make of convolution weights from run to run: predictions must follow every
// change of the weights, whoever makes it.
import { describe, expect, it } from 'vitest';
import { Conv2D } from '../../lib/layers/convolution/conv.js';
import { Dense } from '../../lib/layers/dense.js';
import { GlobalAveragePooling2D } from '../../lib/layers/pooling/global.js';
import { MaxPooling2D } from '../../lib/layers/pooling/pooling.js';
import { cloneModel } from '../../lib/models/clone.js';
import { Sequential } from '../../lib/models/sequential.js';
import { multiply } from '../../lib/ops/elementwise.js';
import { setRandomSeed } from '../../lib/ops/random.js';
import { type Tensor, tensor } from '../../lib/tensor/tensor.js';
import { quiet } from '../support/models.js';
import { seeded } from '../support/random.js';

const images = (count: number): Tensor =>
  tensor(Float32Array.from(seeded(3).uniforms(count * 8 * 8 * 32)), { shape: [count, 8, 8, 32] });

/** Panels of products, transformed 3×3 kernels, and a convolution that pools. */
function network(): Sequential {
  setRandomSeed(5);
  const model = new Sequential([
    new Conv2D(32, 1, { activation: 'relu', inputShape: [8, 8, 32] }),
    new Conv2D(32, 3, { padding: 'same' }),
    new Conv2D(32, 3, { padding: 'same', activation: 'relu' }),
    new MaxPooling2D(),
    new GlobalAveragePooling2D(),
    new Dense(4800),
    new Dense(32),
  ]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}

/** What a model that has never run predicts with these weights. */
async function fresh(model: Sequential, x: Tensor): Promise<Float32Array> {
  const clone = cloneModel(model);
  clone.setWeights(await model.getWeights());
  return (await (await clone.predict(x)).data()) as Float32Array;
}

const x = images(2);
/** Kernels of few rows are prepared when the same weights come a second time. */
async function predicted(model: Sequential) {
  await (await model.predict(x)).data();
  return (await model.predict(x)).data();
}

describe('predictions after', () => {
  it('weights were set', async () => {
    const model = network();
    const before = await predicted(model);
    for (const scale of [2, 3]) {
      model.setWeights((await model.getWeights()).map((w) => multiply(w, scale)));
      const after = await predicted(model);
      expect(after).toEqual(await fresh(model, x));
      expect(after).not.toEqual(before);
    }
  });

  it('one variable was assigned', async () => {
    const model = network();
    for (const layer of model.layers) {
      if (!(layer instanceof Conv2D || layer instanceof Dense)) continue;
      const { kernel } = layer;
      const before = await predicted(model);
      kernel.assign(multiply(kernel.value, 1.5));
      const after = await predicted(model);
      expect(after).not.toEqual(before);
      expect(after).toEqual(await fresh(model, x));
    }
  });

  it('training, in place', async () => {
    const model = network();
    const many = images(24);
    const targets = tensor(new Float32Array(24 * 32), { shape: [24, 32] });
    let after = await predicted(model);
    for (let round = 0; round < 3; round++) {
      const before = after;
      await model.fit(many, targets, { ...quiet, batchSize: 8 });
      after = await predicted(model);
      expect(after).not.toEqual(before);
    }
    expect(after).toEqual(await fresh(model, x));
  });

  it('predictions between the steps of training', async () => {
    const model = network();
    const many = images(64);
    const targets = tensor(new Float32Array(64 * 32), { shape: [64, 32] });
    let training = true;
    const fit = model
      .fit(many, targets, { ...quiet, batchSize: 2, epochs: 4 })
      .then(() => (training = false));
    let count = 0;
    for (; training; count++) {
      model.predictSync(x);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await fit;
    expect(count).toBeGreaterThan(1);
    expect(await predicted(model)).toEqual(await fresh(model, x));
    expect(model.predictSync(x).dataSync()).toEqual(await fresh(model, x));
  });

  it('training with frozen layers, whose weights were set in between', async () => {
    const model = network();
    model.layers[0].trainable = false;
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const twin = network();
    twin.layers[0].trainable = false;
    const many = images(8);
    const targets = tensor(new Float32Array(8 * 32), { shape: [8, 32] });
    await model.fit(many, targets, { ...quiet, shuffle: false });
    model.setWeights((await model.getWeights()).map((w) => multiply(w, 0.5)));
    twin.setWeights(await model.getWeights());
    twin.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(many, targets, { ...quiet, shuffle: false });
    await twin.fit(many, targets, { ...quiet, shuffle: false });
    expect((await model.getWeights()).map((w) => w.dataSync())).toEqual(
      (await twin.getWeights()).map((w) => w.dataSync()),
    );
  });
});
