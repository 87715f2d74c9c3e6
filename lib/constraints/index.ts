// Constraints: what a weight is brought back to after each update.
export {
  Constraint,
  type ConstraintLike,
  constraints,
  get,
  serializeConstraint,
} from './constraint.js';
export {
  MaxNorm,
  type MaxNormOptions,
  MinMaxNorm,
  type MinMaxNormOptions,
  NonNeg,
  UnitNorm,
  type UnitNormOptions,
} from './norms.js';
