// One or more regularizers of every class, with options that differ from the defaults.
import {
  L1,
  L1L2,
  L2,
  OrthogonalRegularizer,
  type Regularizer,
} from '../../../lib/regularizers/index.js';

export const regularizerExamples: Readonly<Record<string, readonly Regularizer[]>> = {
  L1: [new L1(0.5)],
  L1L2: [new L1L2({ l1: 0.5, l2: 0.25 })],
  L2: [new L2(0.5)],
  OrthogonalRegularizer: [new OrthogonalRegularizer(0.5, 'columns')],
};
