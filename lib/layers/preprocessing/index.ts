export {
  CategoryEncoding,
  type CategoryEncodingCallOptions,
  type CategoryEncodingOptions,
} from './category-encoding.js';
export type { Batches, NumericData, ShapedArray } from './data.js';
export { Discretization, type DiscretizationOptions } from './discretization.js';
export { Hashing, type HashingOptions } from './hashing.js';
export type { IndexLookupOptions } from './index-lookup-options.js';
export { IntegerLookup, type IntegerLookupOptions } from './integer-lookup.js';
export { Normalization, type NormalizationOptions } from './normalization.js';
export { StringLookup, type StringLookupOptions } from './string-lookup.js';
export type { NestedStrings, TokenData } from './tokens.js';
