// One or more preprocessing layers of every class, with options that differ from the defaults.
import {
  CategoryEncoding,
  Discretization,
  Hashing,
  IntegerLookup,
  Normalization,
  StringLookup,
} from '../../../lib/layers/index.js';
import type { LayerExample } from './layers.js';

export const preprocessingExamples: Readonly<Record<string, readonly LayerExample[]>> = {
  Normalization: [
    { layer: () => new Normalization(), shape: [4, 3] },
    { layer: () => new Normalization({ axis: null, mean: 2, variance: 3 }), shape: [2, 3, 4] },
  ],
  Discretization: [
    { layer: () => new Discretization([0.2, 0.5], { outputMode: 'count' }), shape: [4, 3] },
  ],
  CategoryEncoding: [
    { layer: () => new CategoryEncoding(3, { outputMode: 'one_hot' }), shape: [4, 3] },
  ],
  IntegerLookup: [
    { layer: () => new IntegerLookup({ vocabulary: [0, 4], numOovIndices: 2 }), shape: [4, 3] },
  ],
  Hashing: [
    { layer: () => new Hashing(7, { salt: [1, 2], maskValue: 0 }), shape: [4, 3], outside: true },
  ],
  StringLookup: [
    {
      layer: () => new StringLookup({ vocabulary: ['a', 'b'], maskToken: '', outputMode: 'count' }),
      shape: [4, 3],
      outside: true,
    },
  ],
};
