export { type CtcDecodeOptions, ctcDecode } from '../ctc/decode.js';
export { ctcLoss } from '../ctc/loss.js';
export { type ScanOptions, scan } from '../graph/scan.js';
export {
  type AdaptivePoolOptions,
  adaptiveAveragePool,
  adaptiveMaxPool,
} from './adaptive-pooling.js';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  depthwiseConv,
  type GroupedConvOptions,
  type Padding,
  separableConv,
} from './convolve.js';
export { type CumulativeOptions, cumprod, cumsum } from './cumulative.js';
export * from './derived.js';
export { einsum } from './einsum.js';
export * from './elementwise.js';
export {
  absolute as abs,
  divide as div,
  isfinite as isFinite,
  isnan as isNan,
  multiply as mul,
  negative as neg,
  power as pow,
  subtract as sub,
} from './elementwise.js';
export { eye, eye as identity, full, ones, zeros } from './filled.js';
export { dense, type MatmulOptions, matmul } from './gemm.js';
export * as image from './image.js';
export {
  arange,
  broadcastTo,
  concatenate as concat,
  concatenate,
  expandDims,
  gather,
  oneHot,
  pad,
  reshape,
  reverse,
  slice,
  squeeze,
  stack,
  take,
  transpose,
} from './movement.js';
export {
  type AffineOptions,
  batchNormalization,
  layerNormalization,
  rmsNormalization,
} from './normalization.js';
export { averagePool, maxPool, type PoolOptions } from './pooling.js';
export {
  all,
  any,
  argmax,
  argmin,
  logSumExp,
  logSumExp as logsumexp,
  max,
  mean,
  min,
  prod,
  std,
  sum,
  variance,
  variance as var,
} from './reduce.js';
export { segmentSum } from './segment.js';
export { logSoftmax, softmax, sparseSoftmaxCrossEntropy } from './softmax.js';
export { argsort, inTopK, type SortOptions, sort, takeAlongAxis, topK } from './sort.js';
export type { ChannelOrder, PerAxis } from './windows.js';
