export {
  type NormalizeOptions,
  normalize,
  type SplitOptions,
  splitDataset,
  toCategorical,
} from './arrays.js';
export { type Cifar100Options, cifar10, cifar10Classes, cifar100 } from './cifar.js';
export {
  type Batched,
  type BatchOptions,
  Dataset,
  type Elements,
  type MapOptions,
  type RowSource,
  type ShuffleOptions,
} from './dataset.js';
export { digits } from './digits.js';
export {
  type ArrayImageOptions,
  arrayToImg,
  type Image,
  type ImageArrayOptions,
  imgToArray,
  type LoadImageOptions,
  loadImage,
  type SaveImageOptions,
  saveImage,
} from './image.js';
export {
  ImageDataset,
  type ImageDatasets,
  imageDatasetFromDirectory,
  imageDatasetFromFiles,
  type SkippedImage,
} from './image-dataset.js';
export type {
  ColorMode,
  ImageDatasetOptions,
  Interpolation,
  OnImageError,
} from './image-options.js';
export type { Labelled, LabelledSplits } from './labelled.js';
export { type MnistOptions, mnist } from './mnist.js';
export { type TimeseriesOptions, timeseriesDatasetFromArray } from './timeseries.js';
