// Examples of augmentation layers.
import * as k from '../../../lib/layers/index.js';
import type { LayerExample } from './layers.js';

const shape = [4, 6, 5, 3] as const;
const seed = 7;
const one = (layer: LayerExample['layer']): readonly LayerExample[] => [{ layer, shape }];

export const augmentationExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  RandomFlip: [
    { layer: () => new k.RandomFlip('horizontal', { seed }), shape },
    { layer: () => new k.RandomFlip({ mode: 'horizontalAndVertical' }), shape },
  ],
  RandomCrop: one(() => new k.RandomCrop(4, 3, { seed })),
  RandomRotation: [
    { layer: () => new k.RandomRotation(0.1, { seed }), shape },
    {
      layer: () =>
        new k.RandomRotation([-0.2, 0.3], {
          seed,
          fillMode: 'constant',
          fillValue: 0.5,
          interpolation: 'nearest',
          dataFormat: 'channelsFirst',
        }),
      shape,
    },
  ],
  RandomTranslation: one(() => new k.RandomTranslation(0.2, [-0.3, 0.1], { seed })),
  RandomZoom: [
    { layer: () => new k.RandomZoom(0.2, { seed }), shape },
    { layer: () => new k.RandomZoom(0.2, [-0.5, 0], { seed, fillMode: 'wrap' }), shape },
  ],
  RandomShear: one(() => new k.RandomShear(0.3, 0.1, { seed })),
  RandomContrast: one(() => new k.RandomContrast(0.5, { seed, valueRange: [-1, 1] })),
  RandomBrightness: one(() => new k.RandomBrightness([0.1, 0.4], { seed, valueRange: [0, 1] })),
  RandomInvert: one(() => new k.RandomInvert(0.8, { seed, valueRange: [0, 1] })),
  RandomHue: one(() => new k.RandomHue(0.5, { seed, valueRange: [0, 1] })),
  RandomSaturation: one(() => new k.RandomSaturation([0.2, 0.8], { seed })),
  RandomColorDegeneration: one(() => new k.RandomColorDegeneration(0.5, { seed })),
  RandomGrayscale: one(() => new k.RandomGrayscale(0.4, { seed })),
  RandomColorJitter: one(
    () =>
      new k.RandomColorJitter({
        valueRange: [0, 1],
        brightnessFactor: 0.2,
        contrastFactor: [0.1, 0.4],
        saturationFactor: 0.3,
        hueFactor: 0.1,
        seed,
      }),
  ),
  RandomPosterization: one(() => new k.RandomPosterization(5, { seed, valueRange: [0, 1] })),
  Solarization: one(() => new k.Solarization(0.1, [0.2, 0.9], { seed, valueRange: [0, 1] })),
  Equalization: one(() => new k.Equalization({ bins: 64, valueRange: [0, 1] })),
  AutoContrast: one(() => new k.AutoContrast({ valueRange: [0, 1] })),
  RandomSharpness: one(() => new k.RandomSharpness(0.9, { seed, valueRange: [0, 1] })),
  RandomGaussianBlur: one(
    () => new k.RandomGaussianBlur(0.8, { kernelSize: [3, 5], sigma: [0.2, 0.9], seed }),
  ),
  RandomErasing: [
    { layer: () => new k.RandomErasing({ seed, fillValue: [1, 2, 3] }), shape },
    { layer: () => new k.RandomErasing(0.7, { seed, scale: [0.1, 0.2] }), shape },
  ],
  MixUp: one(() => new k.MixUp(0.4, { seed })),
  CutMix: one(() => new k.CutMix([0.5, 0.8], { seed })),
};
