// One or more normalization layers of every class, with options that differ from the defaults.
import {
  BatchNormalization,
  Dense,
  GroupNormalization,
  LayerNormalization,
  RMSNormalization,
  SpectralNormalization,
  UnitNormalization,
} from '../../../lib/layers/index.js';
import type { LayerExample } from './layers.js';

export const normalizationExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  BatchNormalization: [
    { layer: () => new BatchNormalization(), shape: [5, 3] },
    {
      layer: () =>
        new BatchNormalization({ renorm: true, renormClipping: { rmax: 2 }, synchronized: true }),
      shape: [5, 3],
    },
    {
      layer: () =>
        new BatchNormalization({
          axis: 1,
          momentum: 0.5,
          center: false,
          gammaInitializer: 'zeros',
          gammaRegularizer: 'l2',
          trainable: false,
        }),
      shape: [2, 3, 4],
    },
  ],
  LayerNormalization: [
    { layer: () => new LayerNormalization(), shape: [5, 3] },
    { layer: () => new LayerNormalization({ axis: [2, 1], scale: false }), shape: [2, 3, 4] },
    { layer: () => new LayerNormalization({ rmsScaling: true }), shape: [2, 3, 4] },
  ],
  GroupNormalization: [
    { layer: () => new GroupNormalization(2), shape: [2, 3, 4] },
    {
      layer: () => new GroupNormalization({ groups: -1, axis: 1, epsilon: 0.1 }),
      shape: [2, 3, 4],
    },
  ],
  RMSNormalization: [{ layer: () => new RMSNormalization({ epsilon: 0.01 }), shape: [5, 3] }],
  UnitNormalization: [{ layer: () => new UnitNormalization({ axis: [1, 2] }), shape: [2, 3, 4] }],
  // Of a kernel of zeros, which training calls leave as it is.
  SpectralNormalization: [
    {
      layer: () =>
        new SpectralNormalization(new Dense(2, { kernelInitializer: 'zeros' }), {
          powerIterations: 2,
          name: 'spectral',
        }),
      shape: [4, 3],
    },
  ],
};
