// Images: Keras's `ops.image`.
export { type Interpolation, type ResizeOptions, resize } from './image-resize.js';
