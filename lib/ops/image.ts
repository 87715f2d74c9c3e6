// Images: Keras's `ops.image`.
export { type GaussianBlurOptions, gaussianBlur } from './image-blur.js';
export { type ColorOptions, hsvToRgb, rgbToGrayscale, rgbToHsv } from './image-color.js';
export { type Interpolation, type ResizeOptions, resize } from './image-resize.js';
export { type AffineTransformOptions, affineTransform, type FillMode } from './image-sample.js';
