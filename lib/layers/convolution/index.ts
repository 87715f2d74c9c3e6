// Layers that convolve, under Keras's names and its longer ones.
import { Conv1D, Conv2D, Conv3D } from './conv.js';
import { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose } from './conv-transpose.js';
import { DepthwiseConv1D, DepthwiseConv2D } from './depthwise-conv.js';
import { SeparableConv1D, SeparableConv2D } from './separable-conv.js';

export { Conv1D, Conv2D, Conv3D, type ConvLayerOptions } from './conv.js';
export {
  Conv1DTranspose,
  Conv2DTranspose,
  Conv3DTranspose,
  type ConvTransposeLayerOptions,
} from './conv-transpose.js';
export { DepthwiseConv1D, DepthwiseConv2D, type DepthwiseConvOptions } from './depthwise-conv.js';
export { SeparableConv1D, SeparableConv2D, type SeparableConvOptions } from './separable-conv.js';

/** @internal Layers that treat every sample alone and alike. */
export const convolutionLayers: readonly object[] = [
  Conv1D,
  Conv2D,
  Conv3D,
  Conv1DTranspose,
  Conv2DTranspose,
  Conv3DTranspose,
  DepthwiseConv1D,
  DepthwiseConv2D,
  SeparableConv1D,
  SeparableConv2D,
];
