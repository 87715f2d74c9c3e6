// One or more constraints of every class, with options that differ from the defaults.
import { type Constraint, NonNeg } from '../../../lib/constraints/index.js';

export const constraintExamples: Readonly<Record<string, readonly Constraint[]>> = {
  NonNeg: [new NonNeg()],
};
