// Examples of pooling layers, and of layers that change the size of images.
import * as k from '../../../lib/layers/index.js';
import type { LayerExample } from './layers.js';

const images = [2, 6, 5, 3] as const;
const steps = [2, 6, 3] as const;
const volumes = [2, 4, 3, 5, 2] as const;

const own: Readonly<Record<string, readonly LayerExample[]>> = {
  MaxPooling1D: [{ layer: () => new k.MaxPooling1D(3, { strides: 2 }), shape: steps }],
  MaxPooling2D: [
    { layer: () => new k.MaxPooling2D(), shape: images },
    {
      layer: () => new k.MaxPooling2D([3, 2], { strides: 1, padding: 'same', name: 'pool' }),
      shape: images,
    },
    {
      layer: () => new k.MaxPooling2D({ poolSize: 2, dataFormat: 'channelsFirst' }),
      shape: images,
    },
  ],
  MaxPooling3D: [{ layer: () => new k.MaxPooling3D(2), shape: volumes }],
  AveragePooling1D: [{ layer: () => new k.AveragePooling1D(2), shape: steps }],
  AveragePooling2D: [
    { layer: () => new k.AveragePooling2D(3, { strides: [1, 2], padding: 'same' }), shape: images },
  ],
  AveragePooling3D: [{ layer: () => new k.AveragePooling3D([2, 1, 3]), shape: volumes }],
  GlobalMaxPooling1D: [{ layer: () => new k.GlobalMaxPooling1D(), shape: steps }],
  GlobalMaxPooling2D: [
    { layer: () => new k.GlobalMaxPooling2D('channelsFirst', { keepdims: true }), shape: images },
  ],
  GlobalMaxPooling3D: [{ layer: () => new k.GlobalMaxPooling3D(), shape: volumes }],
  GlobalAveragePooling1D: [{ layer: () => new k.GlobalAveragePooling1D(), shape: steps }],
  GlobalAveragePooling2D: [
    { layer: () => new k.GlobalAveragePooling2D({ keepdims: true }), shape: images },
  ],
  GlobalAveragePooling3D: [{ layer: () => new k.GlobalAveragePooling3D(), shape: volumes }],
  AdaptiveAveragePooling1D: [{ layer: () => new k.AdaptiveAveragePooling1D(4), shape: steps }],
  AdaptiveAveragePooling2D: [
    { layer: () => new k.AdaptiveAveragePooling2D([4, 3]), shape: images },
  ],
  AdaptiveAveragePooling3D: [{ layer: () => new k.AdaptiveAveragePooling3D(2), shape: volumes }],
  AdaptiveMaxPooling1D: [{ layer: () => new k.AdaptiveMaxPooling1D(4), shape: steps }],
  AdaptiveMaxPooling2D: [
    {
      layer: () => new k.AdaptiveMaxPooling2D({ outputSize: 2, dataFormat: 'channelsFirst' }),
      shape: images,
    },
  ],
  AdaptiveMaxPooling3D: [{ layer: () => new k.AdaptiveMaxPooling3D([2, 3, 1]), shape: volumes }],
};

/** `MaxPool2D` of `MaxPooling2D`: Keras's other names. */
const aliases = Object.entries(own).flatMap(([name, examples]) =>
  name.startsWith('Adaptive')
    ? []
    : [[name.replace('Average', 'Avg').replace('Pooling', 'Pool'), examples] as const],
);

export const poolingExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  ...own,
  ...Object.fromEntries(aliases),
};

export const imageExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  ZeroPadding1D: [{ layer: () => new k.ZeroPadding1D([0, 2]), shape: steps }],
  ZeroPadding2D: [
    { layer: () => new k.ZeroPadding2D(), shape: images },
    {
      layer: () =>
        new k.ZeroPadding2D({
          padding: [
            [1, 0],
            [0, 2],
          ],
          dataFormat: 'channelsFirst',
        }),
      shape: images,
    },
  ],
  ZeroPadding3D: [{ layer: () => new k.ZeroPadding3D([1, 0, 2]), shape: volumes }],
  Cropping1D: [{ layer: () => new k.Cropping1D([0, 2]), shape: steps }],
  Cropping2D: [{ layer: () => new k.Cropping2D([1, 2]), shape: images }],
  Cropping3D: [
    {
      layer: () =>
        new k.Cropping3D([
          [1, 0],
          [0, 0],
          [2, 1],
        ]),
      shape: volumes,
    },
  ],
  UpSampling1D: [{ layer: () => new k.UpSampling1D(3), shape: steps }],
  UpSampling2D: [
    { layer: () => new k.UpSampling2D([1, 2]), shape: images },
    { layer: () => new k.UpSampling2D(2, { interpolation: 'bicubic' }), shape: images },
  ],
  UpSampling3D: [{ layer: () => new k.UpSampling3D(2), shape: volumes }],
  Resizing: [
    { layer: () => new k.Resizing(4, 3), shape: images },
    {
      layer: () =>
        new k.Resizing(9, 4, {
          interpolation: 'lanczos3',
          antialias: true,
          padToAspectRatio: true,
          fillValue: 0.5,
        }),
      shape: images,
    },
  ],
  CenterCrop: [{ layer: () => new k.CenterCrop(4, 3), shape: images }],
};
