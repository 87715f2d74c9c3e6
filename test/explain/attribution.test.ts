// Attributions against what can be worked out by hand, and against the axioms that define them.
import { describe, expect, it } from 'vitest';
import {
  featureMaps,
  filters,
  gradCam,
  integratedGradients,
  saliency,
} from '../../lib/explain/index.js';
import { input, Model, Sequential, setRandomSeed, type Tensor, tensor } from '../../lib/index.js';
import {
  Conv2D,
  Dense,
  Flatten,
  GlobalAveragePooling2D,
  MaxPooling2D,
} from '../../lib/layers/index.js';

const list = async (t: Tensor) => [...(await t.data())];

/** Scores x·w: what counts for a class is a column of w. */
async function linear(activation?: string) {
  const model = new Sequential([new Dense(2, { activation })]);
  model.build([null, 3]);
  const w = tensor([1, -4, 2, 5, 3, -6], { shape: [3, 2] });
  model.setWeights([w, tensor([10, 20])]);
  return model;
}

/** Ones where a bright vertical bar is, for a convolution that sees vertical edges. */
function edges() {
  const x = input([6, 6, 1]);
  const conv = new Conv2D(2, 3, {
    padding: 'same',
    activation: 'relu',
    useBias: false,
    name: 'conv',
  });
  const maps = conv.apply(x);
  const head = new Dense(2, { activation: 'softmax', useBias: false, name: 'head' });
  const model = new Model({
    inputs: x,
    outputs: head.apply(new GlobalAveragePooling2D().apply(maps)),
  });
  const kernel = new Float32Array(18);
  for (const row of [0, 1, 2]) {
    kernel[row * 6] = -1; // first filter: brighter on the right
    kernel[row * 6 + 4] = 1;
    kernel[row * 6 + 1] = 1; // second filter: brighter on the left
    kernel[row * 6 + 5] = -1;
  }
  model.setWeights([
    tensor(kernel, { shape: [3, 3, 1, 2] }),
    tensor([1, 0, 0, 1], { shape: [2, 2] }),
  ]);
  const image = Float32Array.from({ length: 36 }, (_, i) => (i % 6 >= 3 ? 1 : 0));
  return { model, conv, x: tensor(image, { shape: [1, 6, 6, 1] }) };
}

describe('saliency', () => {
  const x = tensor([1, 2, 3, -1, 0.5, 2], { shape: [2, 3] });

  it('is gradient × input of the score before the softmax', async () => {
    for (const activation of [undefined, 'softmax', 'sigmoid']) {
      const model = await linear(activation);
      expect(await list(saliency(model, x, { classIndex: 1 }))).toEqual([-4, 10, -18, 4, 2.5, -12]);
      const plain = saliency(model, x, { classIndex: [0, 1], timesInput: false });
      expect(await list(plain)).toEqual([1, 2, 3, -4, 5, -6]);
    }
  });

  it('explains the most probable class by default', async () => {
    // Scores: 24 and 8, 15 and 14.5.
    expect(await list(saliency(await linear(), x))).toEqual([1, 4, 9, -1, 1, 6]);
  });

  it('says what is wrong', async () => {
    const model = await linear();
    expect(() => saliency(model, x, { classIndex: 2 })).toThrow(/classIndex from 0 to 1.*got 2/);
    expect(() => saliency(model, x, { classIndex: [0] })).toThrow(/one or 2, got 1 of them/);
    expect(() => saliency(model, tensor([1, 2, 3]))).toThrow(/batch axis/);
    expect(() => saliency(new Sequential([new Dense(1)]), x)).toThrow(/not built/);
    expect(() => saliency(model, x, { class: 1 } as never)).toThrow(/classIndex/);
  });
});

describe('integrated gradients', () => {
  it('add up to the difference of the scores at both ends', async () => {
    setRandomSeed(3);
    const model = new Sequential([new Dense(8, { activation: 'tanh' }), new Dense(3)]);
    model.build([null, 4]);
    const x = tensor([0.5, -1, 2, 0.3], { shape: [1, 4] });
    const baseline = tensor([0.1, 0.2, -0.3, 0], { shape: [1, 4] });
    const found = await list(
      integratedGradients(model, x, { classIndex: 2, baseline, steps: 200 }),
    );
    const score = async (t: Tensor) => (await list(model.apply(t) as Tensor))[2];
    const sum = found.reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo((await score(x)) - (await score(baseline)), 4);
  });

  it('of a linear model are gradient × input, in one step', async () => {
    const x = tensor([1, 2, 3], { shape: [1, 3] });
    const model = await linear('softmax');
    expect(await list(integratedGradients(model, x, { classIndex: 0, steps: 1 }))).toEqual([
      1, 4, 9,
    ]);
    expect(() => integratedGradients(model, x, { steps: 0 })).toThrow(/at least 1/);
  });
});

describe('Grad-CAM', () => {
  it('shows where the evidence is', async () => {
    const { model, x } = edges();
    const map = await list(gradCam(model, x, { classIndex: 0 }));
    expect(map.length).toBe(36);
    const columns = [0, 1, 2, 3, 4, 5].map((c) => map[12 + c]);
    expect(columns).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('leaves out what speaks against the class, and takes a layer by name or itself', async () => {
    const { model, conv, x } = edges();
    const of = (layer: string | Conv2D) => list(gradCam(model, x, { classIndex: 1, layer }));
    const map = await of('conv');
    expect(map).toEqual(await of(conv));
    // The right border looks like an edge to the second filter, because of the padding.
    expect([0, 1, 2, 3, 4, 5].map((c) => map[12 + c])).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('is 0, not negative, where a class has counter-evidence', async () => {
    const { model, x } = edges();
    const [kernel] = await model.getWeights();
    model.setWeights([kernel, tensor([1, -1, -1, 1], { shape: [2, 2] })]);
    const map = await list(gradCam(model, x, { classIndex: 0 }));
    expect([0, 1, 2, 3, 4, 5].map((c) => map[12 + c])).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it('enlarges maps to the image', async () => {
    setRandomSeed(1);
    const model = new Sequential([
      new Conv2D(4, 3, { activation: 'relu' }),
      new MaxPooling2D(2),
      new Flatten(),
      new Dense(3, { activation: 'softmax' }),
    ]);
    model.build([null, 10, 12, 1]);
    const x = tensor(
      Float32Array.from({ length: 240 }, (_, i) => Math.sin(i)),
      { shape: [2, 10, 12, 1] },
    );
    expect(gradCam(model, x).shape).toEqual([2, 10, 12]);
    expect(gradCam(model, x, { resize: false }).shape).toEqual([2, 4, 5]);
    expect(() => gradCam(model, x, { layer: 'dense' })).toThrow(
      /ConfigError|no layer|\[batch, height/,
    );
  });
});

describe('features', () => {
  it('are the outputs of layers, and leave the model as it was', async () => {
    const { model, x } = edges();
    const { conv, head } = featureMaps(model, x, ['conv', 'head']);
    expect(conv.shape).toEqual([1, 6, 6, 2]);
    const values = await list(conv);
    expect([0, 1, 2, 3, 4, 5].map((c) => values[(2 * 6 + c) * 2])).toEqual([0, 0, 3, 3, 0, 0]);
    expect(await list(head)).toEqual(await list((await model.predict(x)) as Tensor));
    expect(Object.hasOwn(model.getLayer('conv'), 'call')).toBe(false);
    expect(() => featureMaps(model, x, ['convv'])).toThrow(/no layer "convv"/);
  });

  it('filters are kernels as images', async () => {
    const { model } = edges();
    const kernels = filters(model, 'conv');
    expect(kernels.shape).toEqual([2, 3, 3, 1]);
    expect(await list(kernels)).toEqual([
      -1, 0, 1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 1, 0, -1, 1, 0, -1,
    ]);
    expect(() => filters(model, 'head')).toThrow(/two-dimensional convolution/);
  });
});
