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
export {
  type CallOptions,
  Layer,
  type LayerOptions,
  type SymbolicShape,
  type WeightOptions,
} from './layer.js';
