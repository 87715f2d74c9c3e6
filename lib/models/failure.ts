// What a failed step says to the user: which row, which layer, what to do.
import type { Feed } from '../backend/backend.js';
import { instructionAt } from '../graph/program.js';
import { describeFailure } from '../graph/run.js';
import { DataError, type NeuroneError } from '../util/errors.js';
import { type Dataset, findNonFinite, rowsOf } from './data.js';
import { findNonFiniteOp, NonFiniteLossError } from './probe.js';
import type { Step } from './steps.js';

export interface FailedStep {
  readonly step: Step;
  readonly failure: Parameters<typeof describeFailure>[1];
  readonly data: Dataset;
  /** Rows of the failed batch, in the data set. */
  readonly rows: Int32Array;
  readonly feeds: readonly Feed[];
}

/** The batch that failed, row by row. */
function badRow({ data, rows }: FailedStep): DataError | undefined {
  for (const row of rows) {
    const found = findNonFinite(rowsOf(data, row, row + 1));
    if (found) return new DataError(found.message.replace('row 0', `row ${row}`));
  }
  return undefined;
}

/** The error that `fit` and `evaluate` reject with. */
export function explainFailure(failed: FailedStep): NeuroneError {
  const { step, failure, rows, feeds } = failed;
  if (failure.status === 'indexOutOfRange') {
    const { instruction, program } = instructionAt(step.graph.program, failure.instruction);
    const { kernel, inputs } = instruction;
    if (!kernel.startsWith('sparseSoftmaxCrossEntropy') || program !== step.graph.program) {
      return describeFailure(step.graph.program, failure);
    }
    const labels = program.values[inputs[1]];
    const perRow = labels.shape.slice(1).reduce((n, d) => n * d, 1);
    const row = rows[Math.floor(failure.position / perRow)];
    return describeFailure(step.graph.program, { ...failure, position: row });
  }
  if (failure.status !== 'nonFinite') return describeFailure(step.graph.program, failure);
  // An infinity can leave the loss of its own batch finite, and spoil the weights for a later one.
  const inData = badRow(failed) ?? findNonFinite(failed.data);
  if (inData) return inData;
  const origin = findNonFiniteOp(step, failure.instruction, feeds);
  return new NonFiniteLossError(
    `the loss became ${failure.value}${origin ? `: ${origin} first` : ''}. The weights are as before that step. Try a smaller learning rate, scaled inputs, or a loss on logits.`,
  );
}
