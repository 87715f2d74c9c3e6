export {
  type Borders,
  Cropping1D,
  Cropping2D,
  Cropping3D,
  type CroppingOptions,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
  type ZeroPaddingOptions,
} from './borders.js';
export type { ImageLayerOptions, ImageRecord } from './image-layer.js';
export { CenterCrop, type CropOptions, Resizing, type ResizingOptions } from './resizing.js';
export {
  UpSampling1D,
  UpSampling2D,
  type UpSampling2DOptions,
  UpSampling3D,
  type UpSamplingOptions,
} from './upsampling.js';
