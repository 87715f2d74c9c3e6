// Layers that convolve.
export { Conv1D, Conv2D, Conv3D, type ConvLayerOptions } from './conv.js';
export {
  Conv1DTranspose,
  Conv2DTranspose,
  Conv3DTranspose,
  type ConvTransposeLayerOptions,
} from './conv-transpose.js';
export { DepthwiseConv1D, DepthwiseConv2D, type DepthwiseConvOptions } from './depthwise-conv.js';
export { SeparableConv1D, SeparableConv2D, type SeparableConvOptions } from './separable-conv.js';
