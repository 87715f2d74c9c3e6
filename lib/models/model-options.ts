// The options of a model's methods, and what they give.
import type { Callback } from '../callbacks/callback.js';
import type { Program } from '../graph/program.js';
import type { LayerOptions } from '../layers/layer.js';
import type { Structure } from '../layers/structure.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SerializedObject } from '../util/serialize.js';
import type { BatchSource, SamplesOf } from './data.js';
import type { Losses, LossWeights, Metrics } from './outputs.js';

export interface CompileOptions {
  /** Default: `rmsprop`, as in Keras. */
  readonly optimizer?: string | Optimizer | SerializedObject;
  /** One for all outputs, a list with one for each, or by the outputs' names. */
  readonly loss?: Losses;
  /** For several outputs: a list for each, or by name. */
  readonly metrics?: Metrics;
  /** Metrics that sample weights count in. */
  readonly weightedMetrics?: Metrics;
  /** What each output's loss counts in the sum. */
  readonly lossWeights?: LossWeights;
}

export interface FitOptions {
  /** Samples per step. Default 32. */
  readonly batchSize?: number;
  /** Passes over the data. Default 1. */
  readonly epochs?: number;
  /** Fraction of the data, taken from its end before shuffling, to validate on. */
  readonly validationSplit?: number;
  /** `[x, y]` or `[x, y, sampleWeight]` to validate on after each epoch, or an iterable of batches. */
  readonly validationData?: readonly [SamplesOf, SamplesOf, SamplesOf?] | BatchSource;
  /** Whether each epoch takes the samples in a fresh order. Default true. */
  readonly shuffle?: boolean;
  readonly callbacks?: Callback | readonly Callback[];
  /** 0 silent, 1 a bar, 2 a line per epoch; `auto`: a bar on a terminal, else lines. */
  readonly verbose?: number | 'auto';
  /** Weight of each class in the loss: `{ 0: 1, 1: 5 }`. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Weight of each sample in the loss. */
  readonly sampleWeight?: SamplesOf;
  /** The epoch to begin at. Default 0. */
  readonly initialEpoch?: number;
  readonly stepsPerEpoch?: number;
  readonly validationSteps?: number;
  readonly validationBatchSize?: number;
  /** Validate every so many epochs. Default 1. */
  readonly validationFreq?: number;
  /** Ends the run after the step that is being computed; `fit` rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface EvaluateOptions {
  readonly batchSize?: number;
  readonly sampleWeight?: SamplesOf;
  readonly steps?: number;
  readonly verbose?: number | 'auto';
  readonly callbacks?: Callback | readonly Callback[];
  readonly signal?: AbortSignal;
}

export interface PredictOptions {
  readonly batchSize?: number;
  readonly steps?: number;
  readonly verbose?: number | 'auto';
  readonly callbacks?: Callback | readonly Callback[];
  readonly signal?: AbortSignal;
}

/** Options of trainOnBatch and testOnBatch. */
export interface BatchOptions {
  readonly sampleWeight?: SamplesOf;
  readonly classWeight?: Readonly<Record<number, number>>;
}

/** A program with its text. */
export type PrintableProgram = Program & { toString(): string };

/** What a model gives for data: tensors in the structure of its outputs. */
export type OutputsOf<Out extends Structure> = Out extends Tensor
  ? Tensor
  : Out extends readonly Tensor[]
    ? Tensor[]
    : { [Name in keyof Out]: Tensor };

/** Options of a model; `inputs` and `outputs` make a functional one. */
export interface ModelOptions<In extends Structure, Out extends Structure> extends LayerOptions {
  /** Symbolic tensors: one, a list, or by name. */
  readonly inputs?: In;
  readonly outputs?: Out;
}
