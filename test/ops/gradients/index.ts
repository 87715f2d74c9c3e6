// Every op's gradient checks, and the ops that have no gradient.
import type { GradientCases } from './case.js';
import { convolutionCases } from './convolution.js';
import { elementwiseCases } from './elementwise.js';
import { fusedCases } from './fused.js';
import { movementCases } from './movement.js';
import { normalizationCases } from './normalization.js';
import { orderCases } from './order.js';
import { poolingCases } from './pooling.js';
import { updateGradients } from './updates.js';

export const gradientCases: GradientCases = {
  ...elementwiseCases,
  ...movementCases,
  ...fusedCases,
  ...orderCases,
  ...convolutionCases,
  ...poolingCases,
  ...normalizationCases,
  ...updateGradients,
};

/** Ops without a gradient, and why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  sign: 'constant almost everywhere',
  floor: 'constant almost everywhere',
  ceil: 'constant almost everywhere',
  round: 'constant almost everywhere',
  equal: 'bool',
  notEqual: 'bool',
  less: 'bool',
  lessEqual: 'bool',
  greater: 'bool',
  greaterEqual: 'bool',
  logicalAnd: 'bool',
  logicalOr: 'bool',
  logicalNot: 'bool',
  isNan: 'bool',
  isFinite: 'bool',
  any: 'bool',
  all: 'bool',
  argMax: 'whole numbers',
  argMin: 'whole numbers',
  argSort: 'whole numbers',
  topK: 'whole numbers',
  inTopK: 'bool',
  oneHot: 'of whole numbers',
  arange: 'no operands',
  randomBits: 'no float operands',
  randomUniform: 'no float operands',
  randomNormal: 'no float operands',
  randomTruncatedNormal: 'no float operands',
  advanceKey: 'whole numbers',
  stopGradient: 'that is its purpose',
  checkFinite: 'no result',
  gradient: 'stands for other ops',
};
