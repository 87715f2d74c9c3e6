export { BatchNormalization, type BatchNormalizationOptions } from './batch-normalization.js';
export {
  Activation,
  Dropout,
  type DropoutOptions,
  Flatten,
  Input,
  Rescaling,
  type RescalingOptions,
} from './core.js';
export { Dense, type DenseOptions } from './dense.js';
export { GroupNormalization, type GroupNormalizationOptions } from './group-normalization.js';
export {
  type CallOptions,
  Layer,
  type LayerOptions,
  type SymbolicShape,
  type WeightOptions,
} from './layer.js';
export {
  LayerNormalization,
  type LayerNormalizationOptions,
  RMSNormalization,
  type RMSNormalizationOptions,
  UnitNormalization,
} from './layer-normalization.js';
export * from './preprocessing/index.js';
export {
  SpectralNormalization,
  type SpectralNormalizationOptions,
} from './spectral-normalization.js';
