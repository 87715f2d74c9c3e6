// Examples of the layers of Keras's catalogue that layers.ts does not hold itself.
import { register } from '../../../lib/index.js';
import * as k from '../../../lib/layers/index.js';
import { square } from '../../../lib/ops/elementwise.js';
import type { Tensor } from '../../../lib/tensor/tensor.js';
import type { LayerExample } from './layers.js';

const pair = [
  [2, 3, 4],
  [2, 3, 4],
] as const;

const scaled = register((x: Tensor, { k = 1 }: { k?: number }) => square(x).mul(k), 'scaledSquare');
const allCount = register((x: Tensor) => x.sum(-1).greater(-1), 'allCount');

export const catalogueExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  Identity: [{ layer: () => new k.Identity(), shape: [2, 3] }],
  Masking: [{ layer: () => new k.Masking(0.5), shape: [2, 3, 4] }],
  Lambda: [
    { layer: () => new k.Lambda(scaled, { arguments: { k: 3 } }), shape: [2, 3] },
    {
      layer: () => new k.Lambda(scaled, { mask: allCount, outputShape: [3, 4] }),
      shape: [2, 3, 4],
    },
  ],
  ActivityRegularization: [
    { layer: () => new k.ActivityRegularization(0.1, { l2: 0.2 }), shape: [2, 3] },
  ],
  Reshape: [
    { layer: () => new k.Reshape([6, -1]), shape: [2, 3, 4] },
    { layer: () => new k.Reshape([12]), shape: [2, 3, 4] },
  ],
  Permute: [{ layer: () => new k.Permute([3, 1, 2]), shape: [2, 3, 4, 5] }],
  RepeatVector: [{ layer: () => new k.RepeatVector(3), shape: [2, 5] }],
  Add: [{ layer: () => new k.Add(), shape: [...pair, [2, 1, 4]] }],
  Subtract: [{ layer: () => new k.Subtract({ name: 'difference' }), shape: pair }],
  Multiply: [{ layer: () => new k.Multiply(), shape: pair }],
  Average: [{ layer: () => new k.Average(), shape: [...pair, [2, 4]] }],
  Maximum: [{ layer: () => new k.Maximum(), shape: pair }],
  Minimum: [{ layer: () => new k.Minimum(), shape: pair }],
  Concatenate: [
    { layer: () => new k.Concatenate(), shape: pair },
    {
      layer: () => new k.Concatenate({ axis: 1 }),
      shape: [
        [2, 3, 4],
        [2, 5, 4],
      ],
    },
  ],
  Dot: [
    {
      layer: () => new k.Dot([1, 2], { normalize: true }),
      shape: [
        [2, 3, 5],
        [2, 4, 3],
      ],
    },
    {
      layer: () => new k.Dot(-1),
      shape: [
        [2, 3],
        [2, 3],
      ],
    },
  ],
  ReLU: [
    { layer: () => new k.ReLU(), shape: [2, 3] },
    { layer: () => new k.ReLU(0.5, { negativeSlope: 0.1, threshold: 0.2 }), shape: [2, 3] },
  ],
  LeakyReLU: [{ layer: () => new k.LeakyReLU({ alpha: 0.2 }), shape: [2, 3] }],
  ELU: [{ layer: () => new k.ELU(0.5), shape: [2, 3] }],
  PReLU: [
    { layer: () => new k.PReLU({ alphaInitializer: 'ones' }), shape: [2, 3] },
    {
      layer: () =>
        new k.PReLU({ sharedAxes: [1], alphaRegularizer: 'l2', alphaConstraint: 'nonNeg' }),
      shape: [2, 3, 4],
    },
  ],
  Softmax: [
    { layer: () => new k.Softmax(), shape: [2, 3] },
    { layer: () => new k.Softmax([1, 2]), shape: [2, 3, 4] },
  ],
  AlphaDropout: [
    { layer: () => new k.AlphaDropout(0.25, { seed: 7, noiseShape: [null, 1] }), shape: [4, 3] },
  ],
  GaussianDropout: [{ layer: () => new k.GaussianDropout(0.25, { seed: 7 }), shape: [4, 3] }],
  GaussianNoise: [{ layer: () => new k.GaussianNoise({ stddev: 0.5, seed: 1 }), shape: [4, 3] }],
  SpatialDropout1D: [{ layer: () => new k.SpatialDropout1D(0.5, { seed: 7 }), shape: [4, 3, 5] }],
  SpatialDropout2D: [
    {
      layer: () => new k.SpatialDropout2D(0.5, { seed: 7, dataFormat: 'channelsFirst' }),
      shape: [2, 3, 4, 5],
    },
  ],
  SpatialDropout3D: [
    { layer: () => new k.SpatialDropout3D({ rate: 0.5, seed: 7 }), shape: [2, 3, 4, 2, 5] },
  ],
  EinsumDense: [
    { layer: () => new k.EinsumDense('ab,bc->ac', 4), shape: [2, 3] },
    {
      layer: () =>
        new k.EinsumDense('...x,xyz->...yz', [4, 2], {
          activation: 'relu',
          biasAxes: 'z',
          kernelInitializer: 'heNormal',
          biasInitializer: 'ones',
          kernelRegularizer: 'l2',
        }),
      shape: [2, 5, 3],
    },
  ],
  Embedding: [
    { layer: () => new k.Embedding(5, 4), shape: [2, 3] },
    {
      layer: () =>
        new k.Embedding({
          inputDim: 5,
          outputDim: 4,
          maskZero: true,
          embeddingsInitializer: 'ones',
          embeddingsRegularizer: 'l2',
          embeddingsConstraint: 'nonNeg',
        }),
      shape: [2, 3],
    },
  ],
};
