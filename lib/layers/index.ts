import './operation.js';

export {
  Activation,
  Dropout,
  type DropoutOptions,
  Flatten,
  Rescaling,
  type RescalingOptions,
} from './core.js';
export { Dense, type DenseOptions } from './dense.js';
export { Input, type InputOptions, input } from './input.js';
export {
  type CallOptions,
  Layer,
  type LayerOptions,
  type SymbolicShape,
  type WeightOptions,
} from './layer.js';
export { type LayerNode, SymbolicTensor } from './symbolic.js';
export { TimeDistributed } from './time-distributed.js';
export { Wrapper, type WrapperOptions } from './wrapper.js';
