// Examples of convolution layers.
import * as k from '../../../lib/layers/index.js';
import type { LayerExample } from './layers.js';

const both = <T>(name: string, longer: string, list: readonly T[]) => ({
  [name]: list,
  [longer]: list,
});

const rules = {
  biasInitializer: 'ones',
  biasRegularizer: 'l2',
  biasConstraint: 'nonNeg',
  activityRegularizer: 'l1',
} as const;

const kernelRules = {
  ...rules,
  kernelInitializer: 'heNormal',
  kernelRegularizer: 'l1',
  kernelConstraint: 'maxNorm',
} as const;

const depthwiseRules = {
  ...rules,
  depthwiseInitializer: 'heNormal',
  depthwiseRegularizer: 'l1',
  depthwiseConstraint: 'maxNorm',
} as const;

export const convolutionExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  ...both('Conv1D', 'Convolution1D', [
    { layer: () => new k.Conv1D(4, 3), shape: [2, 7, 3] },
    {
      layer: () => new k.Conv1D(4, 2, { padding: 'causal', dilationRate: 3, ...kernelRules }),
      shape: [2, 7, 3],
    },
  ]),
  ...both('Conv2D', 'Convolution2D', [
    { layer: () => new k.Conv2D(3, [2, 3], { activation: 'relu' }), shape: [2, 5, 6, 2] },
    {
      layer: () =>
        new k.Conv2D(6, 3, 2, { padding: 'same', groups: 2, useBias: false, ...kernelRules }),
      shape: [2, 5, 6, 4],
    },
    {
      layer: () => new k.Conv2D({ filters: 3, kernelSize: 2, dataFormat: 'channelsFirst' }),
      shape: [2, 2, 4, 5],
    },
  ]),
  ...both('Conv3D', 'Convolution3D', [
    { layer: () => new k.Conv3D(2, 2, { dilationRate: [1, 2, 1] }), shape: [1, 3, 4, 3, 2] },
  ]),
  ...both('Conv1DTranspose', 'Convolution1DTranspose', [
    { layer: () => new k.Conv1DTranspose(4, 3, { strides: 2 }), shape: [2, 3, 2] },
  ]),
  ...both('Conv2DTranspose', 'Convolution2DTranspose', [
    { layer: () => new k.Conv2DTranspose(4, 3), shape: [2, 3, 4, 2] },
    {
      layer: () =>
        new k.Conv2DTranspose(2, 3, 2, {
          padding: 'same',
          outputPadding: [0, 1],
          activation: 'tanh',
          ...kernelRules,
        }),
      shape: [2, 3, 4, 2],
    },
  ]),
  ...both('Conv3DTranspose', 'Convolution3DTranspose', [
    { layer: () => new k.Conv3DTranspose(2, 2, { strides: 2 }), shape: [1, 2, 2, 3, 2] },
  ]),
  DepthwiseConv1D: [
    { layer: () => new k.DepthwiseConv1D(3, { depthMultiplier: 2 }), shape: [2, 5, 3] },
  ],
  DepthwiseConv2D: [
    { layer: () => new k.DepthwiseConv2D([3, 2]), shape: [2, 5, 4, 3] },
    {
      layer: () =>
        new k.DepthwiseConv2D(3, 2, { dilationRate: 2, padding: 'same', ...depthwiseRules }),
      shape: [2, 5, 4, 3],
    },
  ],
  ...both('SeparableConv1D', 'SeparableConvolution1D', [
    { layer: () => new k.SeparableConv1D(4, 3, { activation: 'relu' }), shape: [2, 5, 3] },
  ]),
  ...both('SeparableConv2D', 'SeparableConvolution2D', [
    { layer: () => new k.SeparableConv2D(4, 3), shape: [2, 5, 4, 3] },
    {
      layer: () =>
        new k.SeparableConv2D(4, 2, {
          depthMultiplier: 2,
          pointwiseInitializer: 'orthogonal',
          pointwiseRegularizer: 'l2',
          pointwiseConstraint: 'nonNeg',
          ...depthwiseRules,
        }),
      shape: [2, 5, 4, 3],
    },
  ]),
};
