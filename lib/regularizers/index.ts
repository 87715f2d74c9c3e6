// Regularizers: penalties on weights and outputs that are added to the loss.
export { L1, L1L2, type L1L2Options, L2 } from './norms.js';
export { OrthogonalRegularizer, type OrthogonalRegularizerOptions } from './orthogonal.js';
export {
  get,
  Regularizer,
  type RegularizerLike,
  regularizers,
  serializeRegularizer,
} from './regularizer.js';
