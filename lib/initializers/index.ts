// Initializers: what weights are before training. Formulas and defaults are Keras's.
export { Constant, Identity, Ones, Zeros } from './constant.js';
export {
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
} from './fixed.js';
export {
  get,
  Initializer,
  type InitializerLike,
  initializers,
  serializeInitializer,
} from './initializer.js';
export { Orthogonal, type OrthogonalOptions } from './orthogonal.js';
export {
  type NormalOptions,
  RandomNormal,
  RandomUniform,
  type SeedOption,
  TruncatedNormal,
  type UniformOptions,
} from './random.js';
export {
  computeFans,
  type FanAxes,
  type FanOptions,
  VarianceScaling,
  type VarianceScalingOptions,
} from './scaling.js';
export { STFT, type STFTOptions } from './stft.js';
