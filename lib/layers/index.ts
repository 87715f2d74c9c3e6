import './operation.js';

export * from './augmentation/index.js';

export { BatchNormalization, type BatchNormalizationOptions } from './batch-normalization.js';
export { Concatenate, type ConcatenateOptions, concatenate } from './concatenate.js';
export {
  Conv1D,
  Conv1D as Convolution1D,
  Conv1DTranspose,
  Conv1DTranspose as Convolution1DTranspose,
  Conv2D,
  Conv2D as Convolution2D,
  Conv2DTranspose,
  Conv2DTranspose as Convolution2DTranspose,
  Conv3D,
  Conv3D as Convolution3D,
  Conv3DTranspose,
  Conv3DTranspose as Convolution3DTranspose,
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
  DepthwiseConv1D,
  DepthwiseConv2D,
  type DepthwiseConvOptions,
  SeparableConv1D,
  SeparableConv1D as SeparableConvolution1D,
  SeparableConv2D,
  SeparableConv2D as SeparableConvolution2D,
  type SeparableConvOptions,
} from './convolution/index.js';
export {
  Activation,
  Rescaling,
  type RescalingOptions,
} from './core.js';
export { Dense, type DenseOptions } from './dense.js';
export { Dot, type DotOptions, dot } from './dot.js';
export {
  Dropout,
  type DropoutOptions,
  SpatialDropout1D,
  SpatialDropout2D,
  SpatialDropout3D,
  type SpatialDropoutImageOptions,
  type SpatialDropoutOptions,
} from './dropout.js';
export { EinsumDense, type EinsumDenseOptions } from './einsum-dense.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export { GroupNormalization, type GroupNormalizationOptions } from './group-normalization.js';
export {
  ActivityRegularization,
  type ActivityRegularizationOptions,
  Identity,
} from './identity.js';
export * from './image/index.js';
export { Input, type InputOptions, input } from './input.js';
export { Lambda, type LambdaOptions } from './lambda.js';
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
export { Masking, type MaskingOptions } from './masking.js';
export {
  Add,
  Average,
  add,
  average,
  Maximum,
  Minimum,
  Multiply,
  maximum,
  minimum,
  multiply,
  Subtract,
  subtract,
} from './merging.js';
export {
  AlphaDropout,
  type AlphaDropoutOptions,
  GaussianDropout,
  type GaussianDropoutOptions,
  GaussianNoise,
  type GaussianNoiseOptions,
} from './noise-layers.js';
export * from './pooling/index.js';
export { PReLU, type PReLUOptions } from './prelu.js';
export * from './preprocessing/index.js';
export {
  ELU,
  type ELUOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  ReLU,
  type ReLUOptions,
} from './rectifiers.js';
export {
  Flatten,
  type FlattenOptions,
  Permute,
  type PermuteOptions,
  RepeatVector,
  type RepeatVectorOptions,
  Reshape,
  type ReshapeOptions,
} from './reshaping.js';
export { Softmax, type SoftmaxOptions } from './softmax.js';
export {
  SpectralNormalization,
  type SpectralNormalizationOptions,
} from './spectral-normalization.js';
export { type LayerNode, SymbolicTensor } from './symbolic.js';
export { TimeDistributed } from './time-distributed.js';
export { Wrapper, type WrapperOptions } from './wrapper.js';
