import './ops/methods.js';

export * as activations from './activations/index.js';
export * as applications from './applications/index.js';
export { backend, setBackend } from './backend/select.js';
export * as callbacks from './callbacks/index.js';
export * as constraints from './constraints/index.js';
export * as data from './data/index.js';
export { type Diagnosis, doctor, setNumThreads } from './doctor.js';
export * as explain from './explain/index.js';
export { compile, grad, type Tree, valueAndGrad } from './graph/compile.js';
export { evaluate } from './graph/evaluate.js';
export { type Variable, type VariableOptions, variable } from './graph/variable.js';
export * as initializers from './initializers/index.js';
export { loadModel, modelFromJSON } from './io/methods.js';
export { loadNpy, loadNpz, type SaveNpzOptions, saveNpy, saveNpz } from './io/npy-methods.js';
export { register } from './io/register.js';
export * as layers from './layers/index.js';
export { Input, input } from './layers/input.js';
export { clearSession, Layer } from './layers/layer.js';
export type { SymbolicTensor } from './layers/symbolic.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export { type CloneOptions, cloneModel } from './models/clone.js';
export {
  type AnyModel,
  type CompileOptions,
  type EvaluateOptions,
  type FitOptions,
  Model,
  type ModelOptions,
  type PredictOptions,
} from './models/model.js';
export { Sequential } from './models/sequential.js';
export * as ops from './ops/index.js';
export { setRandomSeed } from './ops/random.js';
export * as optimizers from './optimizers/index.js';
export * as random from './random/index.js';
export * as regularizers from './regularizers/index.js';
export { modelToMermaid, type PlotOptions, plotModel } from './report/plot.js';
export * as schedules from './schedules/index.js';
export type { DataArray, DType } from './tensor/dtype.js';
export type { Shape } from './tensor/shape.js';
export { Tensor, type TensorLike, type TensorOptions, tensor } from './tensor/tensor.js';
export * from './util/errors.js';
