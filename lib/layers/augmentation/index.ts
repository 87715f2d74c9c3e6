export {
  type AffineLayerOptions,
  RandomRotation,
  type RandomRotationOptions,
  RandomShear,
  type RandomShearOptions,
  RandomTranslation,
  type RandomTranslationOptions,
  RandomZoom,
  type RandomZoomOptions,
} from './affine.js';
export {
  RandomColorDegeneration,
  RandomColorJitter,
  type RandomColorJitterOptions,
  RandomGrayscale,
  type RandomGrayscaleOptions,
  RandomHue,
  RandomSaturation,
} from './color.js';
export {
  RandomCrop,
  type RandomCropOptions,
  RandomFlip,
  type RandomFlipOptions,
} from './flip-and-crop.js';
export {
  AutoContrast,
  type AutoContrastOptions,
  type FactorOptions,
  RandomBrightness,
  RandomContrast,
  RandomInvert,
  type ValueRangeOptions,
} from './light.js';
export {
  CutMix,
  type CutMixOptions,
  MixUp,
  type MixUpOptions,
  RandomErasing,
  type RandomErasingOptions,
} from './mixing.js';
export type { Factor, RandomImageOptions, Range } from './random-image.js';
export {
  Equalization,
  type EqualizationOptions,
  RandomGaussianBlur,
  type RandomGaussianBlurOptions,
  RandomPosterization,
  RandomSharpness,
  Solarization,
  type SolarizationOptions,
} from './tones.js';
