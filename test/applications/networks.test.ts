// Networks that Keras has no function for, and options that are refused.
import { describe, expect, it } from 'vitest';
import {
  Autoencoder,
  LeNet5,
  MobileNetV2,
  preprocessInput,
  ResNet20,
  ResNet32,
  ResNet50,
  ResNet56,
  UNet,
} from '../../lib/applications/index.js';
import { input, type Model, type Tensor, tensor } from '../../lib/index.js';
import { Adam } from '../../lib/optimizers/index.js';

const outputShape = (model: Model) => model.outputs[0].shape;

describe('networks from literature', () => {
  it('LeNet-5 has the weights of the paper, but for its sparse connections', () => {
    expect(LeNet5().countParams()).toBe(61_706);
    expect(outputShape(LeNet5({ pooling: 'max', classes: 4 }))).toEqual([null, 4]);
  });

  it('residual networks of 20, 32 and 56 layers count their layers as the paper does', () => {
    for (const [network, depth] of [
      [ResNet20, 20],
      [ResNet32, 32],
      [ResNet56, 56],
    ] as const) {
      const model = network();
      const counted = model.layers.filter(
        ({ className, name }) =>
          className === 'Dense' || (className === 'Conv2D' && !name.includes('_0_')),
      );
      expect(counted.length).toBe(depth);
      expect(outputShape(model)).toEqual([null, 10]);
    }
  });

  it('a U-Net puts out classes for each pixel', () => {
    const model = UNet({ inputShape: [32, 48, 1], classes: 3, filters: 4, depth: 3 });
    expect(outputShape(model)).toEqual([null, 32, 48, 3]);
    expect(() => UNet({ inputShape: [30, 48, 1], depth: 3 })).toThrow(/divisible by 8/);
  });

  it('an autoencoder learns to put out its input', async () => {
    const model = Autoencoder({ inputShape: [8, 8, 1], filters: [8], codeSize: 4 });
    expect(outputShape(model)).toEqual([null, 8, 8, 1]);
    expect((model.getLayer('code').nodes[0].output as Tensor).shape).toEqual([null, 4]);
    const x = tensor(
      Float32Array.from({ length: 16 * 64 }, (_, i) => (((i >> 3) & 7) === (i >> 6) % 8 ? 1 : 0)),
      { shape: [16, 8, 8, 1] },
    );
    model.compile({ optimizer: new Adam(0.01), loss: 'mse' });
    const { history } = await model.fit(x, x, { epochs: 150, batchSize: 16, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(0.3 * history.loss[0]);
    expect(() => Autoencoder({ inputShape: [9, 8, 1] })).toThrow(/divisible by 4/);
  });

  it('builds on a tensor that it is given', () => {
    const x = input([32, 32, 3]);
    const model = ResNet20({ inputTensor: x, includeTop: false, pooling: 'max' });
    expect(model.inputs[0]).toBe(x);
    expect(outputShape(model)).toEqual([null, 64]);
  });

  it('refuses weights to download, small images and unknown options', () => {
    expect(() => ResNet50({ weights: 'imagenet' as never })).toThrow(/loadWeights/);
    expect(() => ResNet50({ inputShape: [16, 16, 3] })).toThrow(/at least 32 × 32/);
    expect(() => MobileNetV2({ alpha: 0 })).toThrow(/positive alpha/);
    expect(() => ResNet20({ clases: 3 } as never)).toThrow(/classes/);
    expect(() => ResNet20({ pooling: 'mean' as never })).toThrow(/'avg', 'max' or null/);
  });

  it('prepares images as each family expects them', async () => {
    const pixel = tensor([255, 127.5, 0], { shape: [1, 1, 3] });
    const close = async (t: Tensor, expected: number[]) => {
      for (const [i, value] of [...(await t.data())].entries())
        expect(value).toBeCloseTo(expected[i], 3);
    };
    await close(preprocessInput(pixel), [-103.939, 127.5 - 116.779, 255 - 123.68]);
    await close(preprocessInput(pixel, 'tf'), [1, 0, -1]);
    await close(preprocessInput(pixel, 'torch'), [2.2489, 0.1964, -1.8044]);
    expect(() => preprocessInput(tensor([1, 2]))).toThrow(/3 channels/);
    expect(() => preprocessInput(pixel, 'x' as never)).toThrow(/'caffe', 'tf' or 'torch'/);
  });
});
