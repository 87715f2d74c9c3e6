// One or more constraints of every class, with options that differ from the defaults.
import {
  type Constraint,
  MaxNorm,
  MinMaxNorm,
  NonNeg,
  UnitNorm,
} from '../../../lib/constraints/index.js';

export const constraintExamples: Readonly<Record<string, readonly Constraint[]>> = {
  NonNeg: [new NonNeg()],
  MaxNorm: [new MaxNorm(3), new MaxNorm({ maxValue: 1, axis: [0, 1] })],
  UnitNorm: [new UnitNorm(1)],
  MinMaxNorm: [new MinMaxNorm(0.5, 2, { rate: 0.75, axis: [0, 1, 2] })],
};
