export { BackupAndRestore, type BackupAndRestoreOptions } from './backupAndRestore.js';
export {
  Callback,
  type CallbackState,
  type FitParams,
  type Logs,
  type LogsOf,
  type LogValue,
  type PredictLogs,
} from './callback.js';
export { CallbackList } from './callbackList.js';
export { CSVLogger, type CSVLoggerOptions } from './csvLogger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './earlyStopping.js';
export { History } from './history.js';
export { type Hooks, LambdaCallback } from './lambdaCallback.js';
export { type EpochSchedule, LearningRateScheduler } from './learningRateScheduler.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './modelCheckpoint.js';
export { ProgbarLogger } from './progbarLogger.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './reduceLROnPlateau.js';
export { RemoteMonitor, type RemoteMonitorOptions } from './remoteMonitor.js';
export { SwapEMAWeights } from './swapEMAWeights.js';
export { TensorBoard, type TensorBoardOptions } from './tensorBoard.js';
export { TerminateOnNaN } from './terminateOnNaN.js';
