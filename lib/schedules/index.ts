// Learning-rate schedules: functions of the step, computed inside the training program.
export {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
} from './cosine.js';
export {
  type DecayOptions,
  ExponentialDecay,
  type ExponentialDecayOptions,
  InverseTimeDecay,
  PolynomialDecay,
  type PolynomialDecayOptions,
} from './decay.js';
export { PiecewiseConstantDecay, type PiecewiseConstantDecayOptions } from './piecewise.js';
export { LearningRateSchedule, type ScheduleFunction, schedules } from './schedule.js';
